"""The watch over a served engine's threads: who is judged to stand still, what is done about it, and what it looks at."""

import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some
from msgspec.structs import replace

from engine.assembly import Run
from engine.link import LinkServer, OperatorPolicy
from engine.model.clock import SystemClock
from engine.model.ports import FeedView
from engine.serving.liveness import Liveness, ThreadProgress, feed_stamp
from engine.serving.watchdog import ABORT_NS, DUMP_NS, STACKS_FILE, Watchdog, WatchedThreads
from tests.support.link_harness import FakeEngine
from tests.support.processes.process_harness import unstarted_run
from tests.support.waiting import until

S = 1_000_000_000
VITAL = frozenset({"loop"})


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with unstarted_run(tmp_path) as built:
        yield built


# ── The watch ───────────────────────────────────────────────────────────────────────────────────────────────────────


def judged(watch: WatchedThreads, stamp_ns: int, *looks_ns: int, name: str = "loop") -> list[str]:
    """The words of the watch about one thread, whose stamp stays, in a row of looks."""
    return [verdict.word for now_ns in looks_ns for verdict in watch.judge({name: stamp_ns}, now_ns)]


def every(step_ns: int, until_ns: int) -> list[int]:
    return list(range(step_ns, until_ns + 1, step_ns))


def test_a_thread_that_stands_still_is_dumped_once_and_then_ended() -> None:
    words = judged(WatchedThreads(VITAL, 0), 1, *every(S // 4, 5 * S))
    assert words == ["dump"]
    assert judged(WatchedThreads(VITAL, 0), 1, *every(S // 4, 5 * S + S // 4)) == ["dump", "abort"]


def test_what_is_not_vital_is_told_and_nothing_more() -> None:
    watch = WatchedThreads(VITAL, 0)
    assert judged(watch, 1, *every(S // 4, 20 * S), name="journal") == ["dump"]
    assert judged(watch, 20 * S, 20 * S + 1, name="journal") == ["well"]


def test_who_has_nothing_to_do_is_never_blamed() -> None:
    watch = WatchedThreads(VITAL, 0)
    assert judged(watch, 0, *every(S // 4, 20 * S)) == []
    assert judged(watch, 18 * S, 20 * S + S // 4) == ["dump"]
    assert judged(watch, 0, 20 * S + S // 2) == ["well"]


def test_after_a_pause_of_the_whole_process_everybody_begins_anew() -> None:
    watch = WatchedThreads(VITAL, 0)
    assert judged(watch, 1, 31 * S, *(31 * S + each for each in every(S // 2, 2 * S))) == []
    assert judged(watch, 1, 33 * S + S // 4) == ["dump"]
    assert judged(watch, 1, *(33 * S + each for each in every(S // 2, 3 * S + S // 2))) == ["abort"]


@given(some.lists(some.integers(0, 900_000_000), min_size=1, max_size=60))
def test_nobody_is_ended_before_its_time_nor_without_a_dump(steps_ns: list[int]) -> None:
    watch, now_ns, dumped = WatchedThreads(VITAL, 0), 1, False
    for step_ns in steps_ns:
        now_ns += step_ns
        for verdict in watch.judge({"loop": 1}, now_ns):
            assert verdict.age_ns > (ABORT_NS if verdict.word == "abort" else DUMP_NS)
            assert dumped == (verdict.word == "abort")
            dumped = True


def test_the_watchdog_dumps_tells_and_survives_what_fails(tmp_path: Path) -> None:
    said: list[str] = []
    ended: list[str] = []
    failing = [OSError("no more"), OSError("no more")]
    age_ns = [3 * S]

    def look(_now_ns: int) -> None:
        if failing:
            raise failing.pop()

    watchdog = Watchdog(
        stamps=lambda: {"loop": time.perf_counter_ns() - age_ns[0], "link": time.perf_counter_ns() - 3 * S},
        vital=VITAL,
        folder=tmp_path,
        clock=SystemClock(),
        say=said.append,
        abort=ended.append,
        each_look=(look,),
        do=lambda errand: errand(),
    )
    watchdog.start()
    until(lambda: len(said) >= 2)
    age_ns[0] = 6 * S
    until(lambda: ended)
    age_ns[0] = 0
    until(lambda: "loop goes on" in said)
    watchdog.stop()
    assert said[0] == "the watchdog failed and goes on: OSError: no more"
    assert (
        said[1]
        == "loop has stood still for 3.0 s; link has stood still for 3.0 s; stacks of all threads are in stacks.txt"
    )
    assert set(ended) == {"loop has stood still for 6.0 s"}
    stacks = (tmp_path / STACKS_FILE).read_text()
    assert "loop has stood still for 3.0 s; link" in stacks.splitlines()[1]
    assert "watchdog.py" in stacks
    assert stat.S_IMODE((tmp_path / STACKS_FILE).stat().st_mode) == 0o600


def test_stacks_are_never_written_through_a_link(tmp_path: Path, run: Run) -> None:
    (tmp_path / STACKS_FILE).symlink_to(tmp_path / "elsewhere")
    Watchdog(
        stamps=dict, vital=VITAL, folder=tmp_path, clock=SystemClock(), say=print, abort=print, each_look=(), do=print
    )  # fmt: skip
    assert not (tmp_path / "elsewhere").exists()
    assert (tmp_path / STACKS_FILE).stat(follow_symlinks=False).st_size == 0
    assert [path.is_symlink() for path in tmp_path.glob(f"{STACKS_FILE}.*")] == [True]  # put aside


# ── What it looks at ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_writer_with_work_is_judged_by_its_progress() -> None:
    now = {"waiting": 0, "done": 0}
    progress = ThreadProgress(lambda: now["waiting"], lambda: now["done"], patience_ns=7)
    assert progress.stamp(100) == 0
    now["waiting"] = 5
    assert progress.stamp(200) == 207
    assert progress.stamp(300) == 207
    now["waiting"] = 9
    assert progress.stamp(400) == 207
    now["done"] = 1
    assert progress.stamp(500) == 507
    now["waiting"] = 8
    assert progress.stamp(600) == 607
    now["waiting"] = 0
    assert progress.stamp(700) == 0


FEED = FeedView(
    source="x", state="UP", link=1, since_ns=10 * S, up_ns=10 * S, frame_ns=0, pong_ns=0, retry_ns=0, attempt=0,
    because="", rtt_ms=0.0, clock_ms=None, frames=0, books=0, bad={}, wanted=1, ticking=0,
)  # fmt: skip


def test_a_live_feed_has_the_time_that_its_state_may_take() -> None:
    assert feed_stamp(None) == 0
    assert feed_stamp(FEED) == 40 * S
    assert feed_stamp(replace(FEED, frame_ns=12 * S)) == 42 * S
    assert feed_stamp(replace(FEED, state="WAITING", retry_ns=20 * S)) == 30 * S
    assert feed_stamp(replace(FEED, state="CONNECTING")) == 30 * S
    assert feed_stamp(replace(FEED, state="LOGIN")) == 70 * S
    assert feed_stamp(replace(FEED, state="REFUSED")) == feed_stamp(replace(FEED, state="STOPPED")) == 0


def test_every_thread_that_must_go_on_has_a_stamp(tmp_path: Path, run: Run) -> None:
    server = LinkServer(
        tmp_path / "s", FakeEngine(), policy=OperatorPolicy("keep", 1), clock=SystemClock(), note=print
    )  # fmt: skip
    begun_ns = time.perf_counter_ns()
    stamps = Liveness(run, server)
    assert set(stamps()) == {"engine loop", "strategy", "feed", "link", "edges", "journal", "recorder"}
    assert stamps()["engine loop"] >= begun_ns
    assert stamps()["strategy"] == stamps()["feed"] == stamps()["link"] == 0
    with run.engine.turn.lock:
        run.engine.housekeeping.watch_time()
    assert stamps()["engine loop"] == run.engine.stats.beat_ns > begun_ns
    run.engine.cursor.last_seq = 1
    assert run.engine.cursor.deciding
    assert stamps()["strategy"] == run.engine.stats.beat_ns
