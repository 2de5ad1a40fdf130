"""SmartAPI's stamps are of India's clock, and some have no date."""

from datetime import UTC, datetime

import pytest

from engine.venues.angelone.orders.stamps import stamp_ms, time_ms


def utc(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize("told", ["20-Oct-2020 13:10:59", "20-OCT-2020 13:10:59", " 20-oct-2020 13:10:59 "])
def test_a_stamp_is_of_india(told: str) -> None:
    assert stamp_ms(told) == utc("2020-10-20T07:40:59")


@pytest.mark.parametrize(
    "told", ["", None, "20-10-2020 13:10:59", "31-Feb-2020 13:10:59", "20-Okt-2020 13:10:59", "20-Oct-2020 25:10:59"]
)
def test_what_is_no_stamp_is_none(told: str | None) -> None:
    assert stamp_ms(told) == 0


@pytest.mark.parametrize(
    ("told", "now", "at"),
    [
        ("13:27:53", "2026-10-06T08:00:00", "2026-10-06T07:57:53"),
        ("13:27:53", "2026-10-06T07:57:00", "2026-10-06T07:57:53"),  # their clock is a little ahead
        ("23:54:00", "2026-10-06T18:35:00", "2026-10-06T18:24:00"),  # the day after, in India
        ("00:04:00", "2026-10-06T18:35:00", "2026-10-06T18:34:00"),
    ],
)
def test_a_time_without_a_date_is_the_newest_such(told: str, now: str, at: str) -> None:
    assert time_ms(told, utc(now)) == utc(at)


@pytest.mark.parametrize("told", ["", None, "1:2:3", "24:00:00", "soon"])
def test_what_is_no_time_is_none(told: str | None) -> None:
    assert time_ms(told, utc("2026-10-06T08:00:00")) == 0
