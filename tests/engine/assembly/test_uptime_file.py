"""Minutes watched outlive the run that counted them: after an end, a kill, and beside files that are none of ours."""

import json
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.assembly import Run, build
from engine.assembly.uptime_file import UPTIME_FILE, UptimeFile, read_uptime, uptime_of
from engine.model.run_views import UptimeView
from engine.runtime.uptime import MOST_DAYS, Uptime, WatchedDay
from engine.trading.session import TradingHours
from engine.venues.simulated.source import mock_source
from tests.support.builders import DAY, config, ms
from tests.support.processes.process_harness import BUSY
from tests.support.waiting import until

HOURS = (TradingHours(config().session),)
LINE = '[{"date":"2025-10-01","from_minute":29320950,"minutes":375,"mask":"7000000000000000000000000000000"}]'


def watched(uptime: Uptime, minutes: int) -> Uptime:
    first_ms = ms("09:15:00") if not uptime.view.date else ms("09:15:00") + uptime.view.minutes * 60_000
    for second in range(60 * minutes + 1):
        uptime.look(first_ms + 1000 * second, second * 1_000_000_000, fresh=True)
    return uptime


def test_what_was_counted_is_kept_in_a_private_file_whose_keys_do_not_change(tmp_path: Path) -> None:
    uptime = uptime_of("paper", HOURS, tmp_path)
    assert uptime is not None
    file = UptimeFile(tmp_path, uptime)
    assert file.look() == ""
    assert not (tmp_path / UPTIME_FILE).exists()  # nothing was watched so far
    watched(uptime, 3)
    file.look()
    place = tmp_path / UPTIME_FILE
    day = WatchedDay(DAY, ms("00:00:00") // 60_000, 375, f"{0b111 << 555:x}")
    assert uptime.kept == read_uptime(tmp_path) == (day,)
    assert list(json.loads(place.read_text())[0]) == ["date", "from_minute", "minutes", "mask"]
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    place.unlink()
    file.look()
    assert not place.exists()  # nothing is new
    watched(uptime, 1)
    file.look()
    assert [each.watched for each in read_uptime(tmp_path)] == [4]
    assert [each.name for each in tmp_path.iterdir()] == [UPTIME_FILE]


def test_a_full_file_is_read_whole(tmp_path: Path) -> None:
    uptime = Uptime(HOURS)
    days = tuple(
        WatchedDay(f"20{year}-{month:02}-28", 1 << 32, 3000, "f" * 750)
        for year in range(20, 25)
        for month in range(1, 13)
    )
    assert len(days) == MOST_DAYS
    file = UptimeFile(tmp_path, uptime)
    uptime.kept = days
    file.look()
    assert read_uptime(tmp_path) == days


def test_a_replay_watches_no_market(tmp_path: Path) -> None:
    assert uptime_of("replay", HOURS, tmp_path) is None


ODD: dict[str, Callable[[Path], object]] = {
    "a pipe": os.mkfifo,
    "a folder": Path.mkdir,
    "a link into nowhere": lambda path: path.symlink_to(path.parent / "nowhere"),
    "an endless device": lambda path: path.symlink_to("/dev/zero"),
    "nothing": lambda path: path.write_bytes(b""),
    "half of it": lambda path: path.write_text(LINE[:60]),
    "no text": lambda path: path.write_bytes(bytes(range(256))),
    "of others": lambda path: path.write_text('{"date": "2025-10-01"}'),
    "no date": lambda path: path.write_text(LINE.replace("2025-10-01", "today")),
    "no number": lambda path: path.write_text(LINE.replace("375", '"375"')),
    "too large a number": lambda path: path.write_text(LINE.replace("29320950", "9" * 40)),
    "too large a mask": lambda path: path.write_text(LINE.replace("7000", "7" * 4000)),
    "huge": lambda path: path.write_text(f"[{','.join([LINE[1:-1]] * 4000)}]"),
}


@pytest.mark.parametrize("kind", ODD)
def test_what_is_no_file_of_ours_is_told_and_begun_anew(
    tmp_path: Path, kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    ODD[kind](tmp_path / UPTIME_FILE)
    assert read_uptime(tmp_path) == ()
    assert ("cannot be read" in caplog.text) is (kind != "a link into nowhere")
    uptime = Uptime(HOURS)
    file = UptimeFile(tmp_path, uptime)
    watched(uptime, 1)
    file.look()
    assert [each.watched for each in read_uptime(tmp_path)] == [1]


def test_days_that_stand_twice_or_in_another_order_count_once(tmp_path: Path) -> None:
    days = [LINE[1:-1].replace("10-01", day) for day in ("10-03", "10-01", "10-03")]
    (tmp_path / UPTIME_FILE).write_text(f"[{','.join(days)}]")
    assert [each.date for each in read_uptime(tmp_path)] == ["2025-10-01", "2025-10-03"]


def test_a_disk_that_refuses_is_told_and_tried_again(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    uptime = watched(Uptime(HOURS), 1)
    file = UptimeFile(folder, Uptime(HOURS))
    file._uptime = uptime
    with pytest.raises(OSError, match="No such file"):
        file.look()
    folder.mkdir()
    assert file.look() == ""
    assert [each.watched for each in read_uptime(folder)] == [1]


@contextmanager
def generated(folder: Path) -> Iterator[Run]:
    chosen = config("feed.source=mock", *BUSY, f"recording.directory={folder / 'kept'}")
    with build(chosen, mock_source(chosen), "mock", state_root=folder / "state", speed=1000) as run:
        run.engine.start()
        yield run


def seen(run: Run) -> UptimeView:
    view = run.engine.snapshot.uptime
    assert view is not None
    return view


@pytest.mark.slow
def test_a_run_goes_on_counting_where_one_was_ended_or_killed(tmp_path: Path) -> None:
    place = tmp_path / "state" / UPTIME_FILE
    with generated(tmp_path) as run:
        until(lambda: seen(run).watched > 10)
        until(lambda: place.exists() and read_uptime(place.parent)[0].watched > 10)
        shutil.copytree(place.parent, tmp_path / "killed" / "state", ignore=shutil.ignore_patterns("*.sock"))
        until(lambda: read_uptime(place.parent)[0].watched > 30)
    for folder, least in ((tmp_path, 30), (tmp_path / "killed", 10)):
        before = read_uptime(folder / "state")[0]
        assert before.watched > least
        with generated(folder) as again:
            until(lambda again=again: seen(again).minutes > 0)
            first = seen(again)
            assert first.date == before.date
            until(lambda again=again, first=first: seen(again).watched > first.watched)
        assert read_uptime(folder / "state")[0].date == before.date
