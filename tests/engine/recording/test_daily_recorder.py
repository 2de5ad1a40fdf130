"""One file after the other: no tick between them, places counted anew, a disk that makes no new file."""

from pathlib import Path

from engine.model.errors import InputError
from engine.model.marks import EventMark
from engine.model.types import Instrument
from engine.recording import FileRecorder, MqrSource
from engine.recording.daily_recorder import DailyRecorder
from engine.text.sanitize import CleanText
from tests.support.builders import tick
from tests.support.recordings.recording_samples import header
from tests.support.waiting import until


class Files:
    """Makes the files of a recorder in `folder`, unless it is `full`."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.made, self.full = folder, 0, False

    def __call__(self) -> FileRecorder:
        if self.full:
            raise InputError("no room")
        self.made += 1
        return FileRecorder(self.folder / f"{self.made}.mqr", header(), flush_ms=10)


def test_a_tick_is_in_one_file_or_the_next_and_places_are_those_of_its_own(tmp_path: Path) -> None:
    recorder = DailyRecorder(Files(tmp_path))
    for seq in (1, 2, 3):
        recorder.tick(tick(seq, 100 + seq, "10:00:00"))
    until(recorder.prepare)
    recorder.go_on(3)
    recorder.tick(tick(4, 104, "10:00:01"))
    recorder.mark(EventMark(4, "note", "after the fourth", 0))
    assert recorder.kept == 4
    recorder.close()
    until(lambda: not MqrSource(tmp_path / "1.mqr").losses() and MqrSource(tmp_path / "1.mqr").count() == 3)
    second = MqrSource(tmp_path / "2.mqr")
    assert [each.price for each in second.ticks()] == [10_400]
    assert [mark.ticks for mark in second.marks()] == [1]
    assert (recorder.problem, second.losses()) == ("", ())


def test_where_no_new_file_can_be_made_the_old_one_goes_on(tmp_path: Path) -> None:
    files = Files(tmp_path)
    recorder = DailyRecorder(files)
    files.full = True
    assert not recorder.prepare()
    until(lambda: recorder.not_begun)
    recorder.tick(tick(1, 100, "10:00:00"))
    assert recorder.not_begun == "no room"
    files.full = False
    until(recorder.prepare)
    assert recorder.not_begun == ""
    recorder.close()
    assert MqrSource(tmp_path / "1.mqr").count() == 1


def test_a_file_of_other_instruments_takes_the_place_of_one_that_was_made_in_vain(tmp_path: Path) -> None:
    files, others = Files(tmp_path), (Instrument(CleanText("OTHER")),)
    noted: list[Path] = []
    asked: list[tuple[Instrument, ...]] = []

    def begin_with(instruments: tuple[Instrument, ...]) -> FileRecorder:
        asked.append(instruments)
        return files()

    recorder = DailyRecorder(files, begin_with, noted.append)
    until(recorder.prepare)
    until(lambda: recorder.prepare(others))
    assert asked == [others]
    assert not (tmp_path / "2.mqr").exists()
    recorder.go_on(0)
    until(recorder.prepare)  # the next day's is of the others, too
    assert asked == [others, others]
    recorder.forget_prepared()
    until(lambda: not (tmp_path / "4.mqr").exists())
    until(lambda: noted[-1] == tmp_path / "3.mqr")
    recorder.close()
