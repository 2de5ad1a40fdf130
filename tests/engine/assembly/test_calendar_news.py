"""A calendar that is brought up to date while an engine is up: it goes by the newer one, and each recording by its own."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from threading import Event

import pytest
from msgspec.structs import replace

from engine.assembly.calendar_news import CalendarNews
from engine.assembly.market_hours import calendar_path, shipped_calendar
from engine.markets.calendar import CalendarDay, written
from engine.model.events import DayStarted, HeldOver
from engine.recording import MqrSource
from engine.runtime.new_day import NewDay
from tests.support.builders import ms
from tests.support.clocked_runs import ClockedRun, account
from tests.support.waiting import until

MONDAY, HOLIDAY, WEDNESDAY = "2027-01-25", "2027-01-26", "2027-01-27"  # beyond the table that came with the program


@pytest.fixture(autouse=True)
def _no_table_of_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))


class LongRun:
    """A run that stays up, with what its engine's thread does once a second."""

    def __init__(self, folder: Path, at: int, **more: object) -> None:
        self.run = ClockedRun(folder, at=at, **more)  # type: ignore[arg-type]
        run, self.renewed = self.run, 0
        self.news = CalendarNews(run.hours_of, run.trader)
        markets = tuple(run.state.markets.values())
        self.new_day = NewDay(
            run.turn, run.clock, run.parts.cursor, run.parts.persistence, markets, run.recorder, self._renew, self.news
        )
        self.looked_ns = 0

    def _renew(self) -> tuple[str, ...]:
        self.renewed += 1
        return ()

    def look(self, condition: Callable[[], object]) -> None:
        def met() -> bool:
            self.looked_ns += 1_000_000_001
            self.new_day.look(self.looked_ns)
            return bool(condition())

        until(met)


def bring_up_to_date() -> None:
    """What `calendar update` does: the year 2027 with a holiday."""
    known = shipped_calendar("NSE")
    assert known is not None
    days = {**known.days, date.fromisoformat(HOLIDAY): CalendarDay("closed", why="Republic Day")}
    path = calendar_path("NSE")
    path.parent.mkdir(parents=True)
    path.write_text(written(replace(known, known_until=date(2027, 12, 31), days=days)))
    path.chmod(0o600)


def test_a_holiday_that_is_learned_of_ahead_of_its_opening_is_none_to_trade_on(tmp_path: Path, caplog) -> None:
    kept = account(tmp_path, "10:00:00", "15:00:00", MONDAY)
    it = LongRun(tmp_path / "long", ms("20:00:00", MONDAY), takes_over=kept)
    run = it.run.beat()
    assert len(run.events_of(HeldOver)) == 1
    assert list(run.hours_of.ages(date(2027, 1, 25), ["NSE"])) != []
    bring_up_to_date()
    run.until(ms("09:05:00", HOLIDAY), 60_000)
    it.look(lambda: run.state.hours.closed(ms("10:00:00", HOLIDAY)))
    assert "the calendar of NSE was read anew, known to 2027-12-31: 2027-01-26 closed" in caplog.text
    assert list(run.hours_of.ages(date(2027, 1, 25), ["NSE"])) == []
    run.until(ms("09:05:00", WEDNESDAY), 60_000)
    assert (it.new_day.date.isoformat(), it.renewed) == (MONDAY, 0)
    assert not run.events_of(DayStarted)
    assert run.exits == []  # nothing is sold on a holiday
    it.look(lambda: it.new_day.date.isoformat() == WEDNESDAY)
    run.until(ms("15:12:00", WEDNESDAY), 1_000)
    assert [reason for reason, _, _ in run.exits] == ["Session End"]
    days = [MqrSource(path).header.markets["NSE"].days for path in run.paths]
    assert [HOLIDAY in (each or {}) for each in days] == [False, True, True]
    assert run.verified() == "same"


def test_where_nothing_is_newer_or_can_be_read_all_stays(tmp_path: Path, caplog) -> None:
    it = LongRun(tmp_path / "long", ms("20:00:00", MONDAY))
    run, known = it.run, it.run.state.hours.calendar_ends(ms("12:00:00", HOLIDAY))
    calendar_path("NSE").parent.mkdir(parents=True)
    calendar_path("NSE").write_text("no table")
    run.until(ms("09:05:00", HOLIDAY), 60_000)
    it.look(lambda: it.new_day.date.isoformat() == HOLIDAY)
    until(lambda: it.renewed == 1)
    assert (len(run.paths), run.state.hours.calendar_ends(ms("12:00:00", HOLIDAY))) == (2, known)
    assert "read anew" not in caplog.text


def test_a_disk_that_hangs_holds_up_no_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    it, gone_on = LongRun(tmp_path / "long", ms("20:00:00", MONDAY)), Event()
    monkeypatch.setattr(it.news, "read", gone_on.wait)
    it.run.until(ms("09:05:00", HOLIDAY), 60_000)
    it.look(lambda: it.new_day.date.isoformat() == HOLIDAY)
    gone_on.set()
