"""Numbers as texts: money, prices, quantities, ages, latencies, times of day. Pure; reads no clock.

Every text is plain ASCII but for the `µ` of a latency, and none of these functions raises on any number.
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from math import isfinite
from zoneinfo import ZoneInfo

from engine.model.snapshot import Snapshot
from engine.model.trading_views import NOT_YET_DURABLE
from engine.model.types import Instrument
from engine.presentation import money as money_text
from engine.text.sanitize import CleanText

NOTHING = money_text.NOTHING
money = money_text.grouped
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LEAST_DECIMALS = 2
_STAMP = re.compile(r"\b[0-9]{8}T[0-9]{6}Z\b")
_UNKNOWN = Instrument(CleanText("?"))


def instrument_at(snapshot: Snapshot, index: int) -> Instrument:
    """The instrument `index`, or one called `?` where the snapshot has none."""
    return snapshot.instruments[index] if 0 <= index < len(snapshot.instruments) else _UNKNOWN


@lru_cache(maxsize=256)
def _decimals(price_scale: int, tick_size: int) -> int:
    """Decimals that show one tick exactly, two at least; -1 where the scale is no power of ten."""
    digits = len(str(price_scale)) - 1
    if price_scale != 10**digits:
        return -1
    while digits > _LEAST_DECIMALS and tick_size > 0 and tick_size % 10 == 0:
        tick_size //= 10
        digits -= 1
    return digits


def date(iso: str) -> str:
    """A date given as ISO text, as `2 Nov 2026`; what is no date stays as it is."""
    try:
        day = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    return f"{day.day} {day:%b %Y}"


def price(instrument: Instrument, minor: int) -> str:
    """A price in minor units as `157.05`: as many decimals as the tick size has, two at least.

    A tick of one minor unit says nothing of the market: there zeros beyond the second decimal are left out.
    """
    scale = instrument.price_scale
    decimals = _decimals(scale, instrument.tick_size)
    if decimals < 0:
        return instrument.price_words(minor)
    unit = scale // 10**decimals
    units, rest = divmod((abs(minor) + unit // 2) // unit, 10**decimals)
    behind = f"{rest:0{decimals}d}" if decimals else ""
    if instrument.tick_size <= 1:
        behind = behind[:_LEAST_DECIMALS] + behind[_LEAST_DECIMALS:].rstrip("0")
    return f"{'-' if minor < 0 and (units or rest) else ''}{units}.{behind:0<{_LEAST_DECIMALS}}"


def points(instrument: Instrument, minor: int) -> str:
    """A difference of prices with its sign: `+9.70`."""
    return ("+" if minor > 0 else "") + price(instrument, minor)


def quantity(instrument: Instrument, units: int) -> str:
    """A quantity as `1,800`, with decimals only where the instrument has fractions."""
    scale = instrument.quantity_scale
    if scale == 1:
        return f"{units:,}"
    return f"{(Decimal(units) / scale).normalize():,f}"


def side(instrument: Instrument, units: int) -> str:
    """A position as `LONG 150` or `SHORT 75`."""
    return f"{'LONG' if units >= 0 else 'SHORT'} {quantity(instrument, abs(units))}"


def percent(part: float, whole: float, decimals: int = 2) -> str:
    """`part` of `whole` as `+0.65`, without the percent sign; nothing is a percentage of 0."""
    if not whole:
        return NOTHING
    share = part / whole * 100
    if abs(share) >= 100_000:
        return ">" + "9" * 5 if share > 0 else "<-" + "9" * 5
    if abs(share) >= 999.5:  # seven cells at most
        decimals = 0
    text = f"{share:+.{decimals}f}"
    return text if text.strip("+-0.") else text.lstrip("+-")


def age(seconds: float) -> str:
    """An age in at most six cells: `0.2s`, `59s`, `3m12s`, `5h07m`, `12d`."""
    if not isfinite(seconds):
        return NOTHING
    seconds = max(0.0, seconds)
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86_400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86_400}d" if whole < 86_400 * 10_000 else ">9999d"


def seconds(value: float) -> str:
    """Seconds in a sentence: `4.1 s`, `75 s`."""
    return (f"{value:.1f} s" if value < 59.95 else f"{value:,.0f} s") if isfinite(value) else NOTHING


def duration(value: float) -> str:
    """Whole seconds in a sentence: `9 s`, `4 min 10 s`, `2 h 05 min`."""
    whole = max(0, round(value))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def latency(ns: int) -> str:
    """A duration in nanoseconds with three digits at most: `0.78 µs`, `14.2 µs`, `120 µs`, `1.94 ms`, `2.3 s`."""
    for unit, size in (("µs", 1e3), ("ms", 1e6)):
        value = ns / size
        if value < 9.995:
            return f"{value:.2f} {unit}"
        if value < 99.95:
            return f"{value:.1f} {unit}"
        if value < 999.5:
            return f"{value:.0f} {unit}"
    return seconds(ns / 1e9)


@lru_cache(maxsize=16)
def _zone(name: str) -> ZoneInfo | None:
    """The zone called `name`; None where the machine has none of that name."""
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return None


def _local(ms: int, zone: str) -> datetime | None:
    """UTC milliseconds as a local time; None where no calendar has it."""
    try:
        return (_EPOCH + timedelta(milliseconds=ms)).astimezone(_zone(zone) or UTC)
    except (OverflowError, ValueError):
        return None


def clock(ms: int, zone: str, millis: bool = False) -> str:
    """The time of day `11:42:17`, or `11:42:17.331`, of UTC milliseconds `ms` in `zone`."""
    local = _local(ms, zone)
    if local is None:
        return "--:--:--.---" if millis else "--:--:--"
    text = f"{local.hour:02d}:{local.minute:02d}:{local.second:02d}"
    return f"{text}.{local.microsecond // 1000:03d}" if millis else text


def day(ms: int, zone: str) -> str:
    """The date `2025-10-03` of UTC milliseconds `ms` in `zone`; empty where no calendar has it."""
    local = _local(ms, zone)
    return local.date().isoformat() if local else ""


def local_stamps(words: str, zone: str) -> str:
    """`words` with every moment such as `20261130T215155Z` as a local one: `1 Dec 03:21`."""
    return _STAMP.sub(lambda found: _local_stamp(found[0], zone), words)


def _local_stamp(stamp: str, zone: str) -> str:
    try:
        at = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        local = at.astimezone(_zone(zone) or UTC)
    except (ValueError, OverflowError):
        return stamp
    return f"{local.day} {local:%b %H:%M}"


def minute(ms: int, zone: str) -> str:
    """The time of day `11:42` of UTC milliseconds `ms` in `zone`."""
    return clock(ms, zone)[:5]


@lru_cache(maxsize=16)
def _zone_word(zone: str, day: int) -> str:
    """Short name of `zone` on that day since the epoch; cached because asking the zone is slow."""
    local = _local(day * 86_400_000, zone)
    return (local.tzname() or "") if local else ""


def zone_word(ms: int, zone: str) -> str:
    """What the zone is called at `ms`: `IST`."""
    return _zone_word(zone, ms // 86_400_000) if abs(ms) < 10**14 else ""


def scaled(counted: int) -> str:
    """A count as `18,233`, shortened where it is very long: `12.3M`, `4.1G`."""
    if abs(counted) < 10_000_000:
        return f"{counted:,}"
    for unit, size in (("M", 10**6), ("G", 10**9), ("T", 10**12)):
        if abs(counted) < size * 1000:
            return f"{counted / size:.1f}{unit}"
    return f"{counted:.1e}"


def not_kept(seen: Snapshot, at_ms: int | None = None) -> str:
    """`NOT YET DURABLE` for what happened at `at_ms` (None: for what is held now) where the journal may not have it; else ""."""
    since_ms = seen.unkept_from_ms
    return NOT_YET_DURABLE if since_ms and (at_ms is None or at_ms >= since_ms) else ""
