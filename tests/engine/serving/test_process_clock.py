"""What the clocks of a machine may do to a run: nothing. Zones of the host, and a wall clock that is set while it trades."""

import json
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.model.errors import EXIT_POSITION_OPEN, EXIT_WELL
from tests.simulator import Generated, Simulator
from tests.support.processes.live_processes import SCALPING
from tests.support.processes.process_harness import OperatorShell, coin_shell, environment
from tests.support.waiting import until

pytestmark = pytest.mark.slow

ZONES = ("Asia/Kolkata", "UTC", "America/New_York", "Pacific/Chatham", "Asia/Pyongyang")
WHOLE_DAY = ("run", "--source", "mock", "--headless", "--quiet", "--json", "--trades", "trades.csv")
KEYS = ("--set", "mock.speed=max", "--set", "recording.enabled=off")
OUTCOME = ("ticks", "entries", "exits", "cash", "net_pnl", "state_hash")


def day(folder: Path, *program: str, **environ: str) -> tuple[object, ...]:
    """What a whole generated day comes to, and every exit of it."""
    folder.mkdir()
    done = subprocess.run(
        [sys.executable, *(program or ("-m", "engine")), *WHOLE_DAY, *KEYS],
        cwd=folder, env=environment(folder, **environ), capture_output=True, text=True, check=False, timeout=90,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (EXIT_WELL, "")
    found = json.loads(done.stdout)
    return (*(found[name] for name in OUTCOME), (folder / "trades.csv").read_text())


def test_a_day_is_the_same_in_every_zone_and_under_a_clock_that_is_set_all_the_time(tmp_path: Path) -> None:
    with ThreadPoolExecutor(2) as pool:
        days = [pool.submit(day, tmp_path / f"zone{place}", TZ=zone) for place, zone in enumerate(ZONES)]
        restless = pool.submit(
            day, tmp_path / "restless", "-m", "tests.support.processes.broken_engine_process", "restless clock"
        )
        first, *others = [each.result() for each in (*days, restless)]
    assert first[OUTCOME.index("exits")] > 20  # type: ignore[operator]
    assert "+05:30" in str(first[-1])  # the session's own offset, whatever the host thinks
    for other in others:
        assert other == first


@pytest.fixture(scope="module")
def set_clock(tmp_path_factory: pytest.TempPathFactory) -> OperatorShell:
    """A paper run that has ended, whose machine's clock was set 5 min ahead and then 5 min back while it traded."""
    folder = tmp_path_factory.mktemp("clock")
    with (
        Simulator(Generated(symbols=["BTCUSDT"], rate=400, seed=4)) as sim,
        coin_shell(folder, sim, "BTCUSDT") as shell,
    ):
        shell.rules = (*shell.rules, *SCALPING, "recording.checkpoint_ticks=10")
        shell.start("--quiet", program=("-m", "tests.support.processes.broken_engine_process", "clock"))
        for place, ahead_s in enumerate((300, -300, 0)):
            entries = shell.snapshot.account.total.entries
            shell.sees(lambda seen, entries=entries: seen.account.total.entries > entries + 2)
            shell.lay("ahead", str(ahead_s))
            until(lambda place=place: len(shell.journal("ClockStepped")) > place)
        entries = shell.snapshot.account.total.entries
        shell.sees(lambda seen: seen.account.total.entries > entries + 2)
        shell.signal(signal.SIGTERM)
        assert shell.ended() in {EXIT_WELL, EXIT_POSITION_OPEN}
    return shell


def test_a_clock_that_is_set_is_told(set_clock: OperatorShell) -> None:
    steps = [round(row["step_ms"] / 1000) for row in set_clock.journal("ClockStepped")]
    assert steps == [300, -600, 300]


def test_no_moment_of_the_engines_own_goes_along(set_clock: OperatorShell) -> None:
    stamps = [row["at_ms"] for row in set_clock.journal("EntriesChanged", "ClockStepped", "StateKept") if row["at_ms"]]
    assert max(stamps) - min(stamps) < 60_000
    assert stamps == sorted(stamps)


def test_what_was_decided_meanwhile_a_replay_decides_as_well(set_clock: OperatorShell) -> None:
    (recording,) = set_clock.kept.iterdir()
    verified = set_clock.run("verify", "--json", recording)
    found = json.loads(verified.out)
    assert (verified.status, found["outcome"], found["reason"]) == (EXIT_WELL, "same", "")
    assert found["same"] == found["checkpoints"] > 5
    assert len(found["exits"]) > 5
