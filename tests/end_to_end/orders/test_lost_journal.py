"""Somebody deletes the journal of an engine that holds something at a broker, and the engine is killed: the next one knows what is held, and books it once."""

from pathlib import Path
from typing import Any

import pytest

from engine.journal import JOURNAL_FILE
from engine.model.errors import InputError
from tests.support.processes.live_shell import HOLDING, LOT, SYMBOL, LiveShell, live_shell
from tests.support.waiting import PATIENCE_S, until

pytestmark = pytest.mark.slow


def rows(shell: LiveShell, *kinds: str) -> list[Any]:
    """The journal's rows of these kinds; none while there is no file."""
    try:
        return shell.journal(*kinds)
    except InputError:
        return []


def test_a_kill_behind_a_deleted_journal_makes_no_phantom(tmp_path: Path) -> None:
    with live_shell(tmp_path, *HOLDING) as shell:
        shell.trading()
        assert shell.broker.wait(f"held {SYMBOL} {LOT}", PATIENCE_S)
        shell.holds()
        until(lambda: rows(shell, "Ended"))
        told = rows(shell, "PlaceOrder", "PartFilled", "Ended")
        (shell.state / JOURNAL_FILE).unlink()
        until(lambda: rows(shell, "StateKept"))
        assert "begun anew" in str(rows(shell, "RunStarted"))
        assert rows(shell, "PlaceOrder", "PartFilled", "Ended") == told
        shell.kill()
        shell.live()
        seen = shell.known()
        assert [(each.state.quantity, each.state.entry_price) for each in seen.positions] == [
            (LOT, told[1]["fill"]["price"])
        ]
        assert rows(shell, "Adopted") == []
        shell.no_order_twice()
