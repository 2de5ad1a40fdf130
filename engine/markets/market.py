"""The markets that the program knows by name: zone and usual hours of each. Knows no dates but the change of the clocks."""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from msgspec import Struct


class Market(Struct, frozen=True):
    """Where and when a market usually trades; times of day in `zone`, both included.

    `winter_end` is its end while New York has no summer time, where that is another one. A market that is not `daily` has
    no Session End.
    """

    name: str
    zone: str
    start: time
    end: time
    daily: bool = True
    winter_end: time | None = None

    def end_on(self, day: date) -> time:
        """When the session of `day` usually ends."""
        return self.end if self.winter_end is None or summer_in_new_york(day) else self.winter_end


# NSE and BSE: the hours of equities. Their derivatives have traded on to 15:40 since 3 August 2026 (NSE/FAOP/74467), to
# 15:45 from 7 December (SEBI, 15 October 2026), but index contracts that expire stop at 15:30 then: who wants the later end
# says it. MCX ends by New York's clock (SEBI, 30 November 2018: 23:30 and 23:55, internationally referenced, not farm goods).
# CDS: pairs with the rupee. US: New York Stock Exchange and Nasdaq, without what they call extended hours.
_IST = "Asia/Kolkata"
ROUND_THE_CLOCK: Final = Market("24x7", "UTC", time(), time(23, 59, 59), daily=False)
MARKETS: Final[Mapping[str, Market]] = {
    market.name: market
    for market in (
        Market("NSE", _IST, time(9, 15), time(15, 30)),
        Market("BSE", _IST, time(9, 15), time(15, 30)),
        Market("MCX", _IST, time(9), time(23, 30), winter_end=time(23, 55)),
        Market("CDS", _IST, time(9), time(17)),
        Market("US", "America/New_York", time(9, 30), time(16)),
        ROUND_THE_CLOCK,
    )
}

# Exchange segments, as Indian brokers call them, with the market whose hours they keep.
_OF_SEGMENT: Final[Mapping[str, str]] = {
    "NSE": "NSE",
    "NFO": "NSE",
    "BSE": "BSE",
    "BFO": "BSE",
    "MCX": "MCX",
    "CDS": "CDS",
    "BCD": "CDS",
}


def market_of_segment(segment: str) -> str:
    """Name of the market whose hours an exchange's segment keeps; "" for one that is not known."""
    return _OF_SEGMENT.get(segment.upper(), "")


def summer_in_new_york(day: date) -> bool:
    """Whether New York has summer time at noon of `day`."""
    return bool(datetime(day.year, day.month, day.day, 12, tzinfo=ZoneInfo("America/New_York")).dst())
