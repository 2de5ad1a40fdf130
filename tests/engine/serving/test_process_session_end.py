"""What is due at a session's end happens in a real process whose feed says nothing, and in one that stood still over it."""

import shutil
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.model.errors import EXIT_WELL
from tests.simulator import Generated, Simulator
from tests.support.processes.process_harness import OperatorShell, coin_shell
from tests.support.waiting import until

pytestmark = pytest.mark.slow
SESSIONS_S = (6, 15, 40)  # the first of them that is long enough on this machine to hold something by then


def in_session(seconds: float) -> tuple[tuple[str, ...], datetime]:
    """Hours that end in so many seconds, with the moment of the end."""
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=seconds)
    start = end - timedelta(hours=2)
    keys = ("session.start_buffer_minutes=0", "session.end_buffer_minutes=0", "session.no_trade_start_minutes=0")
    hours = (f"session.start={start:%H:%M:%S}", f"session.end={end:%H:%M:%S}", "session.zone=UTC")
    return (*hours, *keys, "session.no_trade_end_minutes=0", "session.calendar=none"), end


def holds_shortly_before_the_end(shell: OperatorShell) -> datetime:
    """Have an engine hold something in a session that is soon over; the moment of its end."""
    rules = shell.rules
    for seconds in SESSIONS_S:
        hours, end = in_session(seconds)
        shell.rules = (*rules, *hours)
        shell.start()
        late = end - timedelta(seconds=2.5)
        if shell.sees(lambda seen, late=late: seen.positions or datetime.now(UTC) > late).positions:
            return end
        shell.kill()
        shutil.rmtree(shell.state)
        shutil.rmtree(shell.kept)
    raise AssertionError("this machine is too slow")


@pytest.mark.parametrize("stands_still", [False, True])
def test_what_is_held_is_closed_at_the_end_and_the_recording_says_so(tmp_path: Path, stands_still: bool) -> None:
    with (
        Simulator(Generated(symbols=["BTCUSDT"], rate=200, seed=5)) as sim,
        coin_shell(tmp_path, sim, "BTCUSDT") as shell,
    ):
        end = holds_shortly_before_the_end(shell)
        sim.fault("half_open 1000")  # so that no tick of the end waits for a process that goes on
        if stands_still:
            shell.signal(signal.SIGSTOP)
        until(lambda: datetime.now(UTC) > end + timedelta(seconds=1))
        if stands_still:
            shell.signal(signal.SIGCONT)
        until(lambda: shell.journal("TradeClosed"), lambda: shell.log)
        (closed,) = shell.journal("ClosedBlind")
        assert (closed["reason"], closed["instrument"]) == ("Session End", 0)
        blind = [each["trade"] for each in shell.journal("TradeClosed") if each["trade"].get("blind")]
        assert [each["reason"] for each in blind] == ["Session End"]
        until(lambda: "closed BLIND at the last known price" in shell.log)
        if stands_still:
            assert len(shell.journal("Paused")) == 1
        shell.signal(signal.SIGTERM)
        assert shell.ended() == EXIT_WELL, "nothing is held"
        (recording,) = shell.kept.iterdir()
        answer = shell.run("verify", recording)
        assert answer.status == 0, answer
