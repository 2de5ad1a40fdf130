"""An engine in a process of its own: its card, its journal and its list of exits say the same, while it runs, killed, and ended."""

import csv
import io
import json
from pathlib import Path

import pytest

from engine.model.commands import Unlock
from tests.support.day_journals import counted
from tests.support.processes.process_harness import BUSY, OperatorShell

pytestmark = pytest.mark.slow
RULES = (*BUSY, "risk.max_positions_per_day=60", "risk.max_daily_loss=0")


def told(shell: OperatorShell, *words: str) -> dict:
    answer = shell.ask(*words, "--json")
    assert answer.status == 0, answer.err
    return json.loads(answer.out)


def test_what_was_killed_and_went_on_agrees_with_its_fills(tmp_path: Path) -> None:
    listed = tmp_path / "work" / "exits.csv"
    with OperatorShell(tmp_path, *RULES) as shell:
        shell.start("--quiet", "--speed", "1000")
        shell.sees(lambda seen: seen.account.exits >= 5)
        shell.kill()
        assert_days_are_the_fills(shell)
        shell.start("--quiet", "--trades", listed, "--paused")
        shell.command(Unlock())
        while_running = told(shell, "days")["days"]
        assert [day["date"] for day in while_running] == ["2025-10-03"]
        assert shell.ask("stop", "--leave-open").status in {0, 75}
        shell.ended()
        assert_days_are_the_fills(shell)
    assert "exits.csv" in (shell.state / "engine.log").read_text()
    with listed.open() as file:
        assert next(csv.reader(file))[:2] == ["entry_time", "exit_time"]


def assert_days_are_the_fills(shell: OperatorShell) -> None:
    ((date, made),) = counted(shell.state).items()
    (day,) = told(shell, "days")["days"]
    found = told(shell, "trades")
    assert (day["date"], day["entries"], day["exits"], day["won"]) == (date, made.entries, made.exits, made.won)
    assert (day["net"], found["total"]["net"], found["total"]["exits"]) == (
        float(round(made.net, 2)),
        float(round(made.net, 2)),
        made.exits,
    )
    rows = list(csv.DictReader(io.StringIO(shell.ask("trades", "--csv").out)))
    assert len(rows) == len(found["trades"])
