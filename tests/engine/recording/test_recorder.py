"""The recorder keeps all it is given in order, and when the disk refuses it stops, says why, and lets the caller go on."""

import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.marks import EventMark, InputMark, Mark
from engine.model.types import Instrument, Tick
from engine.recording import FileRecorder, Header, MqrSource
from tests.support.paths import ROOT
from tests.support.recordings import recording_samples as samples
from tests.support.recordings.recording_samples import NIFTY, book_tick, header, read, tick
from tests.support.thorough import examples
from tests.support.waiting import until

THREE = header(NIFTY, Instrument("B"), Instrument("C"))


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(samples.ticks | samples.marks, max_size=80), st.integers(1, 50))
def test_what_goes_in_comes_out_in_order(
    tmp_path_factory: pytest.TempPathFactory, items: list[Tick | Mark], flush_ms: int
) -> None:
    path = tmp_path_factory.mktemp("recorder") / "a.mqr"
    recorder = FileRecorder(path, THREE, flush_ms)
    for item in items:
        if isinstance(item, Tick):
            recorder.tick(item)
        else:
            recorder.mark(item)
    put = [item for item in items if isinstance(item, Tick)]
    assert recorder.kept == len(put)
    recorder.close()
    assert (recorder.problem, recorder.waiting, recorder.kept) == ("", 0, len(put))
    ticks, marks, losses = read(path)
    for each in ticks:
        each.seq = 0
    assert ticks == put
    assert marks == [item for item in items if not isinstance(item, Tick)]
    assert losses == ()


def test_many_ticks_with_and_without_book_over_many_buffers(tmp_path: Path) -> None:
    recorder = FileRecorder(tmp_path / "a.mqr", header())
    put = [tick(seq) if seq < 3000 or seq % 3 else book_tick(seq) for seq in range(1, 12_001)]
    for each in put:
        recorder.tick(each)
        if each.seq % 1000 == 0:
            recorder.mark(EventMark(each.seq, "bookmark", str(each.seq), 0))
    recorder.close()
    ticks, marks, losses = read(tmp_path / "a.mqr")
    assert (recorder.problem, losses) == ("", ())
    assert ticks == put
    assert [mark.ticks for mark in marks] == [*range(1000, 12_001, 1000)]


def test_a_mark_stands_behind_the_ticks_that_came_before_it(tmp_path: Path) -> None:
    recorder = FileRecorder(tmp_path / "a.mqr", header())
    recorder.tick(tick(1))
    recorder.mark(EventMark(1, "fill", "bought", 0))
    recorder.tick(tick(2))
    recorder.close()
    data = (tmp_path / "a.mqr").read_bytes()
    places = [data.index((1000 + seq).to_bytes(8, "little")) for seq in (1, 2)]
    assert places[0] < data.index(b"bought") < places[1]


def test_a_silent_market_still_gets_to_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "a.mqr"
    recorder = FileRecorder(path, header(), flush_ms=10)
    recorder.tick(tick(1))
    while MqrSource(path).count() == 0:  # no further tick comes; the flush interval must do it
        os.sched_yield()
    assert list(MqrSource(path).ticks()) == [tick(1)]
    recorder.close()


def test_closing_does_not_wait_for_the_flush_interval(tmp_path: Path) -> None:
    recorder = FileRecorder(tmp_path / "a.mqr", header(), flush_ms=60_000)
    recorder.tick(tick(1))
    recorder.close()
    assert (recorder.problem, read(tmp_path / "a.mqr")) == ("", ([tick(1)], [], ()))


def test_nothing_recorded_is_a_whole_recording_too(tmp_path: Path) -> None:
    recorder = FileRecorder(tmp_path / "a.mqr", header())
    recorder.close()
    recorder.close()
    assert read(tmp_path / "a.mqr") == ([], [], ())
    assert stat.S_IMODE((tmp_path / "a.mqr").stat().st_mode) == 0o600


def test_a_file_that_cannot_be_created_is_a_problem_and_no_more(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"precious")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    for path, told in (
        (tmp_path / "there", "cannot be created: File exists"),
        (tmp_path / "link", "cannot be created: File exists"),
        (tmp_path / "there" / "a.mqr", "cannot be created: Not a directory"),
        (Path("/proc/a.mqr"), "cannot be created: "),
    ):
        recorder = FileRecorder(path, header())
        recorder.tick(tick(1))
        recorder.mark(EventMark(1, "note", "", 0))
        recorder.close()
        assert recorder.problem.startswith(f"{path}: {told}")
        assert recorder.kept == 1  # in the buffer that nobody writes
    assert (tmp_path / "there").read_bytes() == b"precious"
    assert not (tmp_path / "elsewhere").exists()


def test_a_disk_that_is_nearly_full_is_left_to_the_journal(tmp_path: Path) -> None:
    recorder = FileRecorder(tmp_path / "a.mqr", header(), reserve_bytes=1 << 60)
    for seq in range(1, 5000):
        recorder.tick(tick(seq))
    recorder.close()
    assert recorder.problem.endswith("a.mqr: less than 1099511627776 MiB are free on the disk")
    ticks, _, losses = read(tmp_path / "a.mqr")
    assert ticks == []
    assert "without its end mark" in losses[0]


def test_a_disk_that_is_too_slow_stops_the_recording_and_what_came_before_is_kept(tmp_path: Path) -> None:
    interval = sys.getswitchinterval()
    recorder = FileRecorder(tmp_path / "a.mqr", header(), backlog_bytes=100_000)
    sys.setswitchinterval(60)  # the writing thread gets no turn, as if the disk had it
    try:
        for seq in range(1, 5001):
            recorder.tick(tick(seq))
        assert "a.mqr: the disk is too slow, 97 KiB wait for it" in recorder.problem
        kept, left = divmod(recorder.kept, 1023)  # whole buffers; the thread may have got in one turn before
        assert (2 <= kept <= 4, left, recorder.waiting > 100_000) == (True, 0, True)
    finally:
        sys.setswitchinterval(interval)
    recorder.close()
    ticks, _, losses = read(tmp_path / "a.mqr")
    assert ticks == [tick(seq) for seq in range(1, 1023 * kept + 1)]
    assert "without its end mark" in losses[0]


@pytest.mark.parametrize("wrong", [tick(3, price=2**63), tick(3, instrument=2**16), tick(2**32)])
def test_a_tick_that_fits_no_record_stops_the_recording_there(tmp_path: Path, wrong: Tick) -> None:
    recorder = FileRecorder(tmp_path / "a.mqr", header())
    for each in (tick(1), tick(2), wrong, tick(4)):
        recorder.tick(each)
    recorder.close()
    assert f"tick {wrong.seq} does not fit a record" in recorder.problem
    assert read(tmp_path / "a.mqr")[0] == [tick(1), tick(2)]


def test_a_tick_of_an_unknown_instrument_stops_the_recording(tmp_path: Path) -> None:
    recorder = FileRecorder(tmp_path / "a.mqr", header())
    recorder.tick(tick(1, instrument=1))
    recorder.close()
    assert "a tick speaks of an instrument beyond the 1 of the header" in recorder.problem
    assert read(tmp_path / "a.mqr")[0] == []


@pytest.mark.parametrize("text", ["\ud800", "x" * (1 << 20)])
def test_a_mark_that_cannot_be_written_stops_the_recording(tmp_path: Path, text: str) -> None:
    recorder = FileRecorder(tmp_path / "a.mqr", header())
    recorder.tick(tick(1))
    recorder.mark(EventMark(1, "note", text, 0))
    recorder.tick(tick(2))
    recorder.close()
    assert "a mark cannot be written" in recorder.problem
    assert read(tmp_path / "a.mqr")[0] == [tick(1)]


# ── A way back ──────────────────────────────────────────────────────────────────────────────────────────────────────

LOST: dict[str, Callable[[Path], object]] = {
    "removed": Path.unlink,
    "moved away": lambda path: path.rename(path.with_name("elsewhere")),
    "replaced": lambda path: [path.unlink(), path.write_bytes(b"another")],
    "replaced by a copy": lambda path: [
        shutil.copy(path, path.with_name("copy")),
        path.with_name("copy").replace(path),
    ],
    "truncated": lambda path: os.truncate(path, 10),
    "permissions taken": lambda path: path.chmod(0),
    "directory removed": lambda path: shutil.rmtree(path.parent),
    "directory replaced": lambda path: [path.parent.rename(path.parent.with_name("moved")), path.parent.mkdir()],
}


class Following:
    """Where recordings go on: in files of their own, one after the other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.began: list[tuple[Path, str]] = []
        self.asked = 0

    def go_on(self) -> tuple[Path, Header]:
        self.asked += 1
        return self.folder / f"next{self.asked}.mqr", header()


def recorded(recorder: FileRecorder, first: int, condition: Callable[[], object]) -> int:
    """Let ticks come until the condition holds; the number of the next."""
    numbers = count(first)

    def one() -> object:
        recorder.tick(tick(next(numbers)))
        return condition()

    until(one, lambda: recorder.problem)
    return next(numbers)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.recording.recorder._AGAIN_S", 0.01)
    monkeypatch.setattr("engine.recording.recorder._LIVES_S", 0.0)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("what", LOST)
def test_a_file_that_was_taken_away_is_told_and_recording_goes_on_in_another(tmp_path: Path, what: str) -> None:
    path = tmp_path / "kept" / "a.mqr"
    following = Following(path.parent)
    recorder = FileRecorder(
        path, header(), 1, go_on=following.go_on, began=lambda *told: following.began.append(told), reserve_bytes=1
    )
    after = recorded(recorder, 1, lambda: path.stat().st_size > 500)
    LOST[what](path)
    after = recorded(recorder, after, lambda: following.began)
    recorder.mark(EventMark(after, "note", "kept", 0))
    recorder.mark(InputMark(after, None, 0))
    after = recorded(recorder, after, lambda: read(following.began[0][0])[0])
    recorder.close()
    ((new, why),) = following.began
    assert why.startswith((f"{path}: it ", f"{path}: its ", f"{path}: another "))
    assert (recorder.problem, recorder.waiting) == ("", 0)
    ticks, marks, losses = read(new)
    assert (len(ticks) > 0, losses) == (True, ())
    assert [mark.kind for mark in marks] == ["note"]  # inputs and checkpoints would be those of another beginning


@pytest.mark.usefixtures("quick")
def test_a_full_disk_is_gone_on_with_as_soon_as_there_is_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    following = Following(tmp_path)
    told: list[Path] = []
    recorder = FileRecorder(
        tmp_path / "a.mqr",
        header(),
        1,
        reserve_bytes=1 << 60,
        go_on=following.go_on,
        began=lambda new, _: told.append(new),
    )
    after = recorded(recorder, 1, lambda: following.asked > 2)
    assert "are free on the disk" in recorder.problem
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.mqr"]  # nothing is begun where there is no room
    recorder._reserve_bytes = 1
    recorded(recorder, after, lambda: told and read(told[0])[0])
    recorder.close()
    assert recorder.problem == ""


@pytest.mark.usefixtures("quick")
def test_what_is_not_the_disks_fault_is_not_begun_again(tmp_path: Path) -> None:
    following = Following(tmp_path)
    recorder = FileRecorder(tmp_path / "a.mqr", header(), 1, go_on=following.go_on)
    for number in (1, 2**32, 3):
        recorder.tick(tick(number))
    until(lambda: not recorder._thread.is_alive())
    recorder.close()
    assert "does not fit a record" in recorder.problem
    assert following.asked == 0


def child(what: str, path: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.support.recordings.recording_process", what, str(path)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.mark.slow
def test_a_full_disk_stops_the_recording_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.mqr"
    with child("refuse", path) as process:
        out, errors = process.communicate()
    assert (out.decode().strip(), errors) == (f"went on: {path}: File too large", b"")
    ticks, _, losses = read(path)
    assert ticks == [tick(seq) for seq in range(1, len(ticks) + 1)]
    assert len(ticks) > 1000
    assert "without its end mark" in losses[0]  # cut back to the last good block: nothing is torn


@pytest.mark.slow
@pytest.mark.parametrize("after", [1, 2, 7, 31, 60])
def test_a_killed_recording_is_good_up_to_its_last_block(tmp_path: Path, after: int) -> None:
    path = tmp_path / "a.mqr"
    with child("kill", path) as process:
        assert process.stdout is not None
        assert len(process.stdout.read(after)) == after
        process.send_signal(signal.SIGKILL)
    ticks, marks, losses = read(path)
    assert ticks == [tick(seq) for seq in range(1, len(ticks) + 1)]
    assert [mark.ticks for mark in marks] == [500 * number for number in range(1, len(marks) + 1)]
    assert len(losses) == 1
