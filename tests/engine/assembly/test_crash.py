"""How a run ends that is not left to end by itself: by a signal in good order, by a kill with nothing lost that was promised."""

import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.config import bundled
from engine.journal import JOURNAL_FILE, read_events, verify
from engine.journal.rows import RunEnded
from engine.recording import MqrSource
from tests.soak.crash_replay import Experiment, Outcome, experiment, figures
from tests.support.processes.command_home import Home
from tests.support.processes.fork_server import Answer
from tests.support.thorough import LONG
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.slow

KILLS = 6 if LONG else 3
RECORDING = bundled("nifty-synthetic.mqr")
SLOWLY = ("replay", RECORDING, "--headless", "--json", "--speed", "1000", "--state-dir", "state")
RECORDED = ("--set", "recording.enabled=on", "--set", "recording.directory=recordings")


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> list[Outcome]:
    return experiment(tmp_path_factory.mktemp("kills"), KILLS, seed=7)


def test_nothing_acknowledged_is_lost_and_the_next_start_works(outcomes: list[Outcome]) -> None:
    assert [outcome.problem for outcome in outcomes] == [""] * KILLS


def test_the_kills_landed_while_rows_and_ticks_were_being_written(outcomes: list[Outcome]) -> None:
    landed = [outcome for outcome in outcomes if not outcome.finished]
    assert sum(outcome.acknowledged for outcome in landed) > 10
    assert sum(outcome.written for outcome in landed) > 1000


def test_the_figures_name_every_loss() -> None:
    lost = Outcome(acknowledged=9, rows=7, written=500, ticks=400, finished=False, problem="2 rows are gone")
    said = figures([lost, lost._replace(rows=9, ticks=500, problem="")])
    assert said[0].startswith("2 kills, 2 while the run was under way")
    assert "lost 2" in said[1]
    assert "lost 100" in said[2]
    assert said[3:] == ["kill 1: 2 rows are gone"]


def test_the_experiment_notices_rows_and_ticks_that_are_gone(tmp_path: Path) -> None:
    trial = Experiment(tmp_path, days=1)
    home = Home(tmp_path / "cut")
    home.run(
        *("replay", tmp_path / "long.mqr", "--headless", "--quiet", "--state-dir", home.folder / "state"),
        *("--set", "recording.enabled=on", "--set", f"recording.directory={home.folder / 'recordings'}"),
    )
    [recording] = (home.folder / "recordings").glob("*.mqr")
    with recording.open("r+b") as file:
        file.truncate(recording.stat().st_size // 2)
    claimed = trial.judge(home, b"100000 32664\n", "")
    assert "100000 rows were acknowledged" in claimed.problem
    assert "32664 ticks were written" in claimed.problem
    (home.folder / "state" / JOURNAL_FILE).write_bytes(b"")
    assert "100000 rows were acknowledged, 0 are there" in trial.judge(home, b"100000 0\n", "").problem


# ── Signals and a second instance. ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@contextmanager
def running(home: Home, *words: str | Path) -> Iterator[subprocess.Popen[str]]:
    """The command, once its first tick was worked; killed at the end if it is still there."""
    with home.start(*words) as process:
        assert process.stderr is not None
        try:
            while "begins" not in process.stderr.readline():
                assert process.poll() is None
            yield process
        finally:
            process.kill()


def ended(process: subprocess.Popen[str]) -> Answer:
    """What it said; fails when it goes on as if nothing had been asked, which would take twice that long."""
    out, err = process.communicate(timeout=PATIENCE_S)
    return Answer(process.returncode, out, err)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_ends_the_run_in_good_order(home: Home, number: signal.Signals) -> None:
    with running(home, *SLOWLY, *RECORDED) as process:
        process.send_signal(number)
        answer = ended(process)
    found = json.loads(answer.out)
    assert (answer.status, "Traceback" in answer.err) == (0, False)
    assert 0 < found["ticks"] < MqrSource(RECORDING).count()
    [recording] = (home.cwd / "recordings").glob("*.mqr")
    kept = MqrSource(recording)
    assert (kept.count(), kept.losses()) == (found["ticks"], ())
    journal = home.cwd / "state" / JOURNAL_FILE
    assert verify(journal) is None
    assert isinstance(list(read_events(journal))[-1].entry(), RunEnded)


def test_a_signal_to_a_suspended_run_is_not_lost(home: Home) -> None:
    with running(home, *SLOWLY) as process:
        for number in (signal.SIGSTOP, signal.SIGTERM, signal.SIGCONT):
            process.send_signal(number)
        answer = ended(process)
    assert answer.status == 0
    assert json.loads(answer.out)["ticks"] < MqrSource(RECORDING).count()


def test_a_second_signal_ends_it_at_once(home: Home) -> None:
    with running(home, *SLOWLY) as process:
        # Stopped, it finds both waiting when it goes on.
        for number in (signal.SIGSTOP, signal.SIGINT, signal.SIGTERM, signal.SIGCONT):
            process.send_signal(number)
        answer = ended(process)
    assert answer.status in {128 + signal.SIGINT, 128 + signal.SIGTERM}
    assert answer.out == ""
    assert home.run("replay", RECORDING, "--headless", "--quiet", "--state-dir", "state").status == 0


def test_a_run_that_was_stopped_for_a_while_decides_the_same(home: Home) -> None:
    fast = ("replay", RECORDING, "--headless", "--json", "--state-dir", "state")
    with running(home, *fast) as process:
        process.send_signal(signal.SIGSTOP)
        process.send_signal(signal.SIGCONT)
        answer = ended(process)
    undisturbed = home.run("replay", RECORDING, "--headless", "--json")
    assert json.loads(answer.out)["state_hash"] == json.loads(undisturbed.out)["state_hash"]


def test_one_state_directory_has_one_owner_until_that_is_gone(home: Home) -> None:
    again = ("replay", RECORDING, "--headless", "--state-dir", "state")
    with running(home, *SLOWLY) as process:
        refused, other_mode = home.run_all([again, ("run", "--source", "mock", *again[2:])])
        process.kill()
        assert ended(process).status == -signal.SIGKILL
    assert (refused.status, refused.out, len(refused.lines)) == (3, "", 1)
    assert f"process {process.pid};" in refused.err
    assert (other_mode.status, len(other_mode.lines)) == (2, 1)
    assert "belongs to mode 'replay'" in other_mode.err
    started = home.run(*again)
    assert started.status == 0
    assert any("did not end in good order" in line for line in started.lines)
    assert verify(home.cwd / "state" / JOURNAL_FILE) is None


def test_after_a_kill_a_run_that_is_no_replay_comes_up_locked(home: Home) -> None:
    mock = ("run", "--source", "mock", "--headless", "--json", "--state-dir", "state", "--set")
    with running(home, *mock, "mock.speed=1000") as process:
        process.kill()
        ended(process)
    locked = home.run(*mock, "mock.speed=max")
    assert json.loads(locked.out)["entries"] == 0
    assert any("entries locked: the last run ended uncleanly" in line for line in locked.lines)


def test_runs_without_a_directory_of_their_own_do_not_meet(home: Home) -> None:
    answers = home.run_all([("replay", RECORDING, "--headless", "--quiet")] * 4)
    assert [answer.status for answer in answers] == [0] * 4
    assert len(list((home.folder / "state/myquant-tui/replay").iterdir())) == 4
