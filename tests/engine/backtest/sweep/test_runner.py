"""Units in a pool and in one process: what is done once is not done again, what dies takes nothing with it, and no order shows."""

import os
import signal
import sqlite3
import subprocess
import sys
from functools import partial
from pathlib import Path
from random import Random
from threading import Event

import pytest

from engine.backtest.sweep.plan import Plan, Search
from engine.backtest.sweep.runner import Progress, Runner
from engine.backtest.sweep.same import same_as_engine
from engine.backtest.sweep.store import Store
from engine.backtest.sweep.sweeping import planned, planned_again
from engine.backtest.sweep.told import as_csv
from engine.model.errors import InputError
from tests.support.known_days import whole
from tests.support.oracle import Row
from tests.support.paths import ROOT
from tests.support.processes import dying_worker
from tests.support.thorough import LONG
from tests.support.waiting import until

pytestmark = pytest.mark.slow

SETS = ("strategy.fast_ema=3..7", "risk.base_sl_points=2..8/2", "strategy.slow_ema=6,20")


def written(folder: Path, days: int = 4, ticks: int = 1500) -> Path:
    """A folder with so many short sessions."""
    folder.mkdir(exist_ok=True)
    for day in range(days):
        rows = whole("1")[200 * day : 200 * day + ticks]
        (folder / f"day{day}.csv").write_text("timestamp,price,volume\n" + "".join(map(line, shifted(rows, day))))
    return folder


def shifted(rows: list[Row], day: int) -> list[Row]:
    return [row._replace(at_ms=row.at_ms + (3 + day) * 86_400_000) for row in rows]


def line(row: Row) -> str:
    return f"{row.at_ms},{row.price},{row.quantity}\n"


@pytest.fixture
def sessions(tmp_path: Path) -> Path:
    return written(tmp_path / "sessions")


def plan_of(sessions: Path, *overrides: str, **more: object) -> Plan:
    return planned([sessions], overrides or SETS, Search(None, (), **more))


def ran(plan: Plan, path: Path, jobs: int = 1, stop_after: int = 0, work: object = None) -> Store:
    """The store of a run, which is ended after so many units."""
    store, ending, told = Store.made(path, plan), Event(), []

    def tell(progress: Progress) -> None:
        told.append(progress)
        if stop_after and len(told) >= stop_after:
            ending.set()

    Runner(plan, store, jobs, tell, ending, *([work] if work else [])).run()
    return store


def test_what_is_done_is_not_done_again_and_no_number_of_processes_shows(sessions: Path, tmp_path: Path) -> None:
    plan = plan_of(sessions)
    assert (len(plan.sets), plan.sets.dropped, len(plan.sessions)) == (32, 8, 4)
    at_once = ran(plan, tmp_path / "one.sqlite")
    assert len(at_once.finished()) == 4
    begun = ran(plan, tmp_path / "two.sqlite", stop_after=2)
    assert len(begun.finished()) == 2
    assert [*as_csv(begun)] != [*as_csv(at_once)]
    begun.close()
    assert [*as_csv(ran(plan, tmp_path / "two.sqlite"))] == [*as_csv(at_once)]
    assert [*as_csv(ran(plan, tmp_path / "three.sqlite", jobs=2))] == [*as_csv(at_once)]


def test_what_dies_takes_no_other_with_it(sessions: Path, tmp_path: Path) -> None:
    (tmp_path / "always-1").touch()
    (tmp_path / "once-2").touch()
    store = ran(plan_of(sessions), tmp_path / "out.sqlite", jobs=2, work=partial(dying_worker.work, tmp_path))
    assert store.failures() == {1: "its process was killed twice"}
    assert store.finished() == {0, 2, 3}
    store.close()
    (tmp_path / "always-1").unlink()
    assert ran(plan_of(sessions), tmp_path / "out.sqlite").failures() == {}


def test_a_file_that_changes_meanwhile_is_named(sessions: Path, tmp_path: Path) -> None:
    plan = plan_of(sessions)
    text = (sessions / "day1.csv").read_text().splitlines(keepends=True)
    (sessions / "day1.csv").write_text("".join(text[:-1]))
    store = ran(plan, tmp_path / "out.sqlite")
    assert [*store.failures().values()] == ["day1.csv 2025-10-07: the file is another one than when the sweep began"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda sessions: plan_of(sessions, *SETS[:2]), "is of other sets"),
        (lambda sessions: plan_of(sessions, trials=5), "is of other sets"),
        (lambda sessions: plan_of(written(sessions, days=3, ticks=1400)), "is of other sessions"),
        (lambda sessions: plan_of(sessions, *SETS, "risk.gst_percent=5"), "was made under another configuration"),
    ],
)
def test_another_sweep_is_refused_by_name(change: object, words: str, sessions: Path, tmp_path: Path) -> None:
    Store.made(tmp_path / "out.sqlite", plan_of(sessions)).close()
    with pytest.raises(InputError, match=words):
        Store.made(tmp_path / "out.sqlite", change(sessions))


def test_what_is_no_sweep_is_left_alone(sessions: Path, tmp_path: Path) -> None:
    other, text = tmp_path / "other.sqlite", tmp_path / "text"
    with sqlite3.connect(other) as database:
        database.execute("CREATE TABLE mine (number)")
    database.close()
    text.write_text("a line of mine that is long enough to be a header of something\n" * 50)
    for path in (other, text):
        before = path.read_bytes()
        with pytest.raises(InputError, match="not a sweep"):
            Store.made(path, plan_of(sessions))
        assert path.read_bytes() == before
    (tmp_path / "link").symlink_to(text)
    for path in (tmp_path / "link", tmp_path):
        with pytest.raises(InputError, match="is not an ordinary file"):
            Store.made(path, plan_of(sessions))
    with pytest.raises(InputError, match="no such file"):
        Store.opened(tmp_path / "none")


def test_the_engine_itself_comes_to_the_same_and_a_changed_result_is_found(sessions: Path, tmp_path: Path) -> None:
    plan = plan_of(sessions, "strategy.fast_ema=3,5", "strategy.min_warmup_ticks=10")
    store = ran(plan, tmp_path / "kernel.sqlite")
    by_engine = ran(
        plan_of(sessions, "strategy.fast_ema=3,5", "strategy.min_warmup_ticks=10", by_engine=True),
        tmp_path / "engine.sqlite",
    )
    assert [*as_csv(store)] == [*as_csv(by_engine)]
    places = [(row, session) for row in range(2) for session in range(4)]
    assert same_as_engine(planned_again(store), store, places).words == "SAME AS ENGINE 8/8"
    [unit] = [each for each in plan.units() if each.session == 2]
    changed = store.results(unit).copy()
    changed["net"][1] += 0.01
    store.done(unit.number, changed.tobytes())
    found = same_as_engine(plan, store, places)
    assert (found.same, found.checked) == (7, 8)
    assert "NOT AS BY THE ENGINE 7/8: row 2, day2.csv 2025-10-08" in found.words


def command(sessions: Path, out: Path) -> list[str]:
    sets = [word for each in SETS for word in ("--set", each)]
    return [sys.executable, "-m", "tui", "sweep", "--sessions", str(sessions), *sets, "--jobs", "2", "--out", str(out)]


def done_in(path: Path) -> int:
    """How many units are in a file that another process writes."""
    if not path.exists():
        return 0
    try:
        database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            return int(database.execute("SELECT count(*) FROM units").fetchone()[0])
        finally:
            database.close()
    except sqlite3.OperationalError:
        return 0


@pytest.mark.parametrize("number", range(20 if LONG else 1))
def test_killed_or_interrupted_it_goes_on_and_comes_to_the_same(sessions: Path, tmp_path: Path, number: int) -> None:
    out, environ = tmp_path / "out.sqlite", {**os.environ, "XDG_DATA_HOME": str(tmp_path / "data")}
    process = subprocess.Popen(
        command(sessions, out),
        cwd=ROOT,
        env=environ,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wanted = Random(number).randrange(0, 4)
    until(lambda: done_in(out) >= wanted or process.poll() is not None)
    interrupted = number % 2 == 1
    if interrupted:
        process.send_signal(signal.SIGINT)
    else:
        os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() in ({0, 130, -signal.SIGINT} if interrupted else {0, -signal.SIGKILL})
    again = subprocess.run(command(sessions, out), cwd=ROOT, env=environ, capture_output=True, text=True, check=False)
    assert again.returncode == 0, again.stderr
    assert "TOO FEW DAYS" in again.stdout
    assert "SAME AS ENGINE 20/20" in again.stdout
    whole_one = ran(plan_of(sessions), tmp_path / "whole.sqlite")
    assert [*as_csv(Store.opened(out))] == [*as_csv(whole_one)]


def test_whoever_works_for_a_process_that_is_killed_ends_with_it(sessions: Path, tmp_path: Path) -> None:
    out, environ = tmp_path / "out.sqlite", {**os.environ, "XDG_DATA_HOME": str(tmp_path / "data")}
    process = subprocess.Popen(
        [*command(sessions, out), "--engine"], cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    until(lambda: done_in(out) > 0 or process.poll() is not None)
    process.kill()
    process.communicate(timeout=60)  # its end comes when nobody has the other end of it any more
