"""A flat of a lot that is held at a broker, in every state that an engine may be in: closed, and proven by what the broker has."""

import signal
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.support.processes.flat_harness import STATES
from tests.support.processes.live_shell import HOLDING, LOT, SYMBOL, LiveShell, live_shell
from tests.support.thorough import LONG
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.slow


@contextmanager
def _told(shell: LiveShell, *words: str) -> Iterator[None]:
    for each in words:
        shell.broker.tell(each)
    yield


def _state(shell: LiveShell, name: str) -> AbstractContextManager[None]:
    """The state of that name: one of those that every engine knows, else what the broker is told."""
    return STATES[name](shell) if name in STATES else _told(shell, *name.split(" + "))


@pytest.mark.parametrize(
    "state",
    [
        "paused",
        "disk failing",
        "screen hung",
        "silence 60",
        "silence 60 + place reset taken",
        "updates down 60000 + place 5xx x2",
    ],
)
def test_a_flat_goes_through(tmp_path: Path, state: str) -> None:
    with live_shell(tmp_path, *HOLDING) as shell:
        shell.trading()
        assert shell.broker.wait(f"held {SYMBOL} {LOT}", PATIENCE_S)
        shell.holds()
        with _state(shell, state):
            shell.ask_flat()
            assert shell.broker.truth().net == {}
            shell.no_order_twice()


def test_an_engine_that_stands_still_is_ended_and_what_it_held_is_closed(tmp_path: Path) -> None:
    with live_shell(tmp_path, *HOLDING) as shell:
        shell.trading()
        assert shell.broker.wait(f"held {SYMBOL} {LOT}", PATIENCE_S)
        shell.holds()
        shell.signal(signal.SIGSTOP)
        answer = shell.flat_of_the_dead()
        assert answer.status == 0, (answer, shell.broker.truth())
        assert shell.broker.truth().net == {}
        shell.no_order_twice()


@pytest.mark.skipif(not LONG, reason="takes a minute: make thorough")
def test_an_address_that_is_not_registered_is_escalated_and_asked_again_it_goes_through(tmp_path: Path) -> None:
    with live_shell(tmp_path, *HOLDING) as shell:
        shell.trading()
        assert shell.broker.wait(f"held {SYMBOL} {LOT}", PATIENCE_S)
        shell.holds()
        shell.broker.tell("ip")
        answer = shell.ask("flat", "--yes")
        assert answer.status == 1
        assert "REJ IP" in answer.out
        assert "flat ESCALATED" in answer.out
        assert shell.broker.truth().net == {SYMBOL: LOT}
        shell.broker.tell("orders recover")
        shell.ask_flat()
        assert shell.broker.truth().net == {}
        shell.no_order_twice()
