"""Calendars as text, what they say of a date, and the tables that come with the program."""

from datetime import date, time

import pytest

from engine.assembly.market_hours import shipped_calendar
from engine.markets.calendar import CalendarDay, parse, written
from engine.markets.market import MARKETS, market_of_segment

TABLE = """# a remark

market X
source nobody
known 2025-01-01 2026-12-31
2025-10-02 closed Gandhi Jayanti
2025-10-21 13:45-14:45 Diwali
2025-11-28 -13:00
2026-03-03 17:00- Holi
2026-11-08 unsure hours not announced
"""


def test_a_table_says_what_is_not_as_usual():
    found = parse(TABLE)
    assert (found.market, found.source) == ("X", "nobody")
    assert found.on(date(2025, 10, 2)) == CalendarDay("closed", why="Gandhi Jayanti")
    assert found.on(date(2025, 10, 21)) == CalendarDay("hours", time(13, 45), time(14, 45), "Diwali")
    assert found.on(date(2025, 11, 28)).end == time(13)
    assert found.on(date(2026, 3, 3)).start == time(17)
    assert found.on(date(2025, 10, 3)).kind == "usual"
    assert [found.on(date(2025, 10, day)).closed for day in (3, 4, 5, 6)] == [False, True, True, False]


def test_a_day_of_which_it_is_unsure_counts_as_closed():
    assert parse(TABLE).on(date(2026, 11, 8)).closed


def test_what_is_written_is_read_again():
    assert parse(written(parse(TABLE), ["remarks", "of two lines"])) == parse(TABLE)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("2025-10-02 closed again", "line 11: 2025-10-02 stands there twice"),
        ("2025-02-30 closed", "line 11: day is out of range for month"),
        ("2025-10-03 sometimes", "line 11: 'sometimes' is neither closed"),
        ("2025-10-03 25:00-26:00", "line 11: hour must be in 0..23"),
        ("2025-10-03 18:00-18:00", "line 11: 18:00-18:00 ends when it starts"),
        ("2025-10-03 -", "line 11: '-' is neither"),
        ("market Y", "line 11: 'market Y' is no line of a calendar"),
        ("<html>", "line 11: '<html>' is no line of a calendar"),
    ],
)
def test_a_line_that_is_none_is_named(line: str, why: str):
    with pytest.raises(ValueError, match="line 11") as caught:
        parse(TABLE + line)
    assert str(caught.value).startswith(why)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "says no known and no market and no source"),
        ("market X\nsource y\nknown 2026-01-01", "known '2026-01-01' is not two dates"),
        ("market X\nsource y\nknown 2026-01-02 2026-01-01", "is not two dates, the earlier one first"),
    ],
)
def test_a_table_without_its_head_is_refused(text: str, why: str):
    with pytest.raises(ValueError, match=why):
        parse(text)


@pytest.mark.parametrize("name", [name for name, market in MARKETS.items() if market.daily])
def test_each_market_with_an_end_has_a_table_of_its_own(name: str):
    found = shipped_calendar(name)
    assert found is not None
    assert found.market == name
    assert found.known_until >= date(2026, 12, 31)
    assert all(found.known_from <= day <= found.known_until for day in found.days)
    assert not [day for day, what in found.days.items() if what.kind == "closed" and day.weekday() > 4]
    years = range(found.known_from.year, found.known_until.year + 1)
    assert all(4 <= sum(what.kind == "closed" for _, what in found.of_year(year)) <= 25 for year in years)


# Taken down by hand from what the exchanges have announced, not out of the tables.
KNOWN = [
    ("NSE", "2013-11-14", "usual"),
    ("NSE", "2013-11-15", "closed"),
    ("NSE", "2014-04-24", "closed"),
    ("NSE", "2014-10-23", "18:30-19:30"),
    ("BSE", "2015-10-23", "usual"),
    ("NSE", "2025-10-02", "closed"),
    ("NSE", "2025-10-21", "13:45-14:45"),
    ("NSE", "2024-11-01", "18:00-19:00"),
    ("NSE", "2024-03-02", "09:15-12:30"),
    ("NSE", "2024-11-20", "closed"),
    ("NSE", "2026-01-15", "closed"),
    ("NSE", "2026-02-01", "09:15-15:30"),
    ("NSE", "2023-06-28", "usual"),
    ("BSE", "2023-06-29", "closed"),
    ("MCX", "2025-01-01", "09:00-17:00"),
    ("MCX", "2025-02-01", "09:00-17:00"),
    ("MCX", "2025-10-21", "13:45-14:45"),
    ("MCX", "2025-10-22", "17:00-"),
    ("MCX", "2026-01-15", "17:00-"),
    ("MCX", "2026-02-01", "09:00-17:00"),
    ("MCX", "2026-03-03", "17:00-"),
    ("MCX", "2026-01-01", "09:00-17:00"),
    ("MCX", "2026-12-25", "closed"),
    ("CDS", "2026-02-19", "closed"),
    ("NSE", "2026-02-19", "usual"),
    ("US", "2026-11-27", "-13:00"),
    ("US", "2026-07-03", "closed"),
    ("US", "2018-12-05", "closed"),
    ("US", "2025-07-03", "-13:00"),
    ("US", "2027-11-26", "-13:00"),
    ("US", "2027-12-23", "usual"),
]


@pytest.mark.parametrize(("market", "day", "what"), KNOWN)
def test_days_that_everybody_knows(market: str, day: str, what: str):
    found = shipped_calendar(market)
    assert found is not None
    assert found.on(date.fromisoformat(day)).text() == what


# Market, year → each day of the week that its exchange announced as closed.
CLOSED = {
    # NSE/CMTR/65587
    ("NSE", 2025): "02-26 03-14 03-31 04-10 04-14 04-18 05-01 08-15 08-27 10-02 10-22 11-05 12-25",
    # NSE/CMTR/71775 and 72260
    ("NSE", 2026): "01-15 01-26 03-03 03-26 03-31 04-03 04-14 05-01 05-28 06-26 09-14 10-02 10-20 11-10 11-24 12-25",
    # MCX, of both sessions
    ("MCX", 2025): "04-18 08-15 10-02 12-25",
    ("MCX", 2026): "01-26 04-03 10-02 12-25",
    # NSE/CD/71962 and 72233
    (
        "CDS",
        2026,
    ): "01-15 01-26 02-19 03-03 03-19 03-26 03-31 04-01 04-03 04-14 05-01 05-28 06-26 08-26 09-14 10-02 10-20 11-10 11-24 12-25",
    # NYSE Group, 8 November 2024; 9 January 2025 for mourning
    ("US", 2025): "01-01 01-09 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25",
    ("US", 2026): "01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25",
    ("US", 2027): "01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24",
}


@pytest.mark.parametrize(("market", "year"), CLOSED)
def test_what_an_exchange_announced_is_closed_and_nothing_else(market: str, year: int):
    found = shipped_calendar(market)
    assert found is not None
    closed = [f"{day:%m-%d}" for day, what in found.of_year(year) if what.kind == "closed"]
    assert " ".join(closed) == CLOSED[market, year]


def test_bse_keeps_the_days_of_nse():
    nse, bse = shipped_calendar("NSE"), shipped_calendar("BSE")
    assert nse is not None
    assert bse is not None
    assert bse.days == nse.days


def test_segments_keep_the_hours_of_their_market():
    assert [market_of_segment(name) for name in ("NFO", "bfo", "MCX", "CDS", "NCDEX")] == [
        "NSE",
        "BSE",
        "MCX",
        "CDS",
        "",
    ]


def test_mcx_ends_later_in_new_yorks_winter():
    ends = [MARKETS["MCX"].end_on(date.fromisoformat(day)) for day in ("2026-03-06", "2026-03-09", "2026-11-02")]
    assert ends == [time(23, 55), time(23, 30), time(23, 55)]
