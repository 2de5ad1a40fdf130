"""A newer calendar: what it adds, what it never changes, and when it is refused."""

import stat
from datetime import date, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.assembly.calendar_update import Holidays, asked, merged, update
from engine.assembly.market_hours import calendar_path, read_calendar, shipped_calendar
from engine.markets.calendar import Calendar, CalendarDay
from engine.model.errors import InputError

TODAY = date(2026, 11, 30)


def shipped(market: str) -> Calendar:
    found = shipped_calendar(market)
    assert found is not None
    return found


def source(before: Calendar, **more: str) -> Holidays:
    """What the shipped calendar knows as closed, and more days of `{date: name}`."""
    closed = {day: what.why for day, what in before.days.items() if what.kind == "closed"}
    return Holidays(
        "a source", closed | {date.fromisoformat(day[1:].replace("_", "-")): name for day, name in more.items()}, {}
    )


def year_of(year: int, count: int, name: str = "feast") -> dict[str, str]:
    """`count` weekdays of `year`, each of its own month or nearly so."""
    mondays = [date(year, 1, 4) + timedelta(days=20 * n) for n in range(count)]
    return {f"_{day - timedelta(days=day.weekday())}".replace("-", "_"): name for day in mondays}


def test_a_complete_year_is_added_and_the_days_before_stay():
    before = shipped("NSE")
    after, told = merged(before, source(before, **year_of(2027, 14)), TODAY)
    assert after.known_until == date(2027, 12, 31)
    assert {day: what for day, what in after.days.items() if day.year < 2027} == before.days
    assert sum(day.year == 2027 for day in after.days) == 14
    assert told == ("NSE: 2027, 14 closed days",)
    assert "a source" in after.source


@pytest.mark.parametrize(
    "days",
    [year_of(2027, 7), year_of(2027, 18, "feast") | year_of(2027, 9, "Eid (estimated)"), year_of(2028, 14), {}],
    ids=["too few", "estimated", "not the next one", "none"],
)
def test_a_year_that_is_not_known_yet_is_left_out(days: dict[str, str]):
    before = shipped("NSE")
    assert merged(before, source(before, **days), TODAY) == (before, ())


def test_a_closure_announced_since_is_added_and_a_special_session_is_not_taken_away():
    before = shipped("NSE")
    after, told = merged(before, source(before, _2026_12_09="election", _2025_10_21="Diwali"), TODAY)
    assert after.on(date(2026, 12, 9)).kind == "closed"
    assert after.on(date(2025, 10, 21)).text() == "13:45-14:45"
    assert told == ("NSE: 2026-12-09 closed, election",)


def moved(before: Calendar, **moves: str) -> Holidays:
    """What the shipped calendar knows as closed and as half days, of that `_{date}` on another date, or (`""`) on none."""
    closed = source(before).closed
    half = {day: what.why for day, what in before.days.items() if what.text() == "-13:00"}
    for name, to in moves.items():
        day = date.fromisoformat(name[1:].replace("_", "-"))
        kind = closed if day in closed else half
        why = kind.pop(day)
        kind |= {date.fromisoformat(to): why} if to else {}
    return Holidays("a source", closed, half)


def test_a_feast_that_has_moved_is_closed_on_its_new_date_alone():
    before = shipped("NSE")
    after, told = merged(before, moved(before, _2026_11_24="2026-11-25"), date(2026, 11, 1))
    assert [after.on(date(2026, 11, day)).kind for day in (24, 25)] == ["usual", "closed"]
    assert told == (
        "NSE: 2026-11-24 as usual, no longer closed, Guru Nanak Jayanti",
        "NSE: 2026-11-25 closed, Guru Nanak Jayanti",
    )
    assert "a source" in after.source
    assert merged(before, moved(before, _2026_11_24="2026-11-25"), TODAY) == (before, ())  # it is past


def test_half_days_within_what_is_known_come_and_go():
    before = shipped("US")
    after, told = merged(before, moved(before, _2026_11_27="2026-07-02"), date(2026, 6, 1))
    assert (after.on(date(2026, 7, 2)).text(), after.on(date(2026, 11, 27)).kind) == ("-13:00", "usual")
    why = "Day after Thanksgiving Day (markets close at 1:00pm)"
    assert told == (f"US: 2026-07-02 -13:00, {why}", f"US: 2026-11-27 as usual, no longer -13:00, {why}")
    whole = moved(before, _2026_12_24="")
    after, told = merged(before, replace(whole, closed=whole.closed | {date(2026, 12, 24): "Christmas Eve"}), TODAY)
    assert (after.on(date(2026, 12, 24)).kind, told) == ("closed", ("US: 2026-12-24 closed, Christmas Eve",))


def test_a_closure_by_order_stays_and_that_is_told():
    before, day = shipped("NSE"), date(2026, 12, 9)
    ordered = replace(before, days=before.days | {day: CalendarDay("closed", why="election")})
    assert merged(ordered, source(before), TODAY) == (
        ordered,
        ("NSE: 2026-12-09 stays closed, election: the source does not have it; session.special opens it",),
    )
    # Nor is a feast gone of a year that the source has not whole.
    sparse = {each: name for each, name in source(before).closed.items() if each != date(2026, 12, 25)}
    sparse |= {date(2026, 12, 8): "Eid (estimated)"}
    after, told = merged(before, Holidays("a source", sparse, {}), TODAY)
    assert after.on(date(2026, 12, 25)).kind == "closed"
    assert "2026-12-25 stays closed, Christmas Day" in told[-1]


def test_a_source_that_lost_or_invented_days_is_refused_and_the_copy_stays():
    before = shipped("NSE")
    whole = source(before)
    for closed in (
        {},
        dict(list(whole.closed.items())[::2]),
        {day: "feast" for day in before.days if day.year < 2020},
        whole.closed | {date(2025, 1, 1) + timedelta(days=7 * n): "every Wednesday" for n in range(40)},
    ):
        with pytest.raises(InputError, match=r"is not plausible: .*the calendar known to 2026-12-31 stays"):
            merged(before, replace(whole, closed=closed), TODAY)


@pytest.mark.slow
@pytest.mark.parametrize("market", ["NSE", "BSE", "US"])
def test_the_package_itself_is_plausible_and_what_is_written_is_read(
    market: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    pytest.importorskip("holidays")
    before = shipped(market)
    older = replace(
        before, known_until=date(2025, 12, 31), days={day: each for day, each in before.days.items() if day.year < 2026}
    )
    after, _ = merged(older, asked(market, range(2019, 2030)), date(2025, 11, 30))
    missing = {
        day for day, each in before.days.items() if day.year == 2026 and each.kind == "closed"
    } - after.days.keys()
    assert missing <= {date(2026, 1, 15)}  # by order of the state, after the lists were out
    lines = update(market)
    if calendar_path(market).exists():
        assert stat.S_IMODE(calendar_path(market).stat().st_mode) == 0o600
        again, warning = read_calendar(market)
        assert warning == ""
        assert again is not None
        assert again.known_until > before.known_until
    else:
        assert "nothing newer" in lines[-1]
