"""Why a run, or a file that is to be run, comes to no entry: the one main reason, and what to change. Pure words."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final

from msgspec import Struct

from engine.config import Config
from engine.model.types import Instrument
from engine.trading.reach import NO_LOT, NO_WINDOW, WATCH_ONLY, Places, Reach
from engine.trading.session import NO_DAY, SessionDay, TradingHours

_STEP_MS: Final = 300_000  # hours are proposed in steps of five minutes
_REFUSED_ADVICE: Final = {
    "backwards": "is the file in order of time? risk.max_backwards_ms",
    "future": "their stamps are far ahead: is a clock wrong?",
    "past_day": "they are of days that were over: is the file in order of time?",
    "too_large": "are prices written in parts? --price-divisor",
    **dict.fromkeys(("missing", "nan", "infinite", "non_positive"), "is the price in another column? --columns"),
}
_OBJECTION_ADVICE: Final = {
    WATCH_ONLY: "an index cannot be bought: its options or futures in feed.symbols, or [instruments.X] watch_only = false",
    NO_WINDOW: "session.start_buffer_minutes, no_trade_start_minutes, end_buffer_minutes, no_trade_end_minutes",
    "warming up": "strategy.min_warmup_ticks",
    "EMA fast not above slow": "--set strategy.use_ema_crossover=false",
    "MACD not above signal": "--set strategy.use_macd=false",
    "price not above VWAP": "--set strategy.use_vwap=false",
    "price not above HTF trend": "--set strategy.use_htf_trend=false",
    "RSI out of range": "--set strategy.use_rsi_filter=false",
    "price outside Bollinger bands": "--set strategy.use_bollinger_bands=false",
    "day's limit of positions reached": "risk.max_positions_per_day",
    "unprotected: no stop": "risk.base_sl_points, or risk.unprotected=warn",
    "paused": "`p` resumes",
    "the price is late": "the feed is behind the exchange",
}


class Facts(Struct, frozen=True):
    """What came of a run's `ticks`: how many the strategies have `taken`, most of one day and instrument, and how far all came.

    `in_window` of them could have entered; None: not counted. `prices` are the last ones, in minor units.
    """

    ticks: int
    taken: int
    most_ticks: int
    reach: Reach
    prices: Sequence[int] = ()
    in_window: int | None = None
    at_ms: int = 0  # when one of those taken was


class Undecided:
    """Says why there was no entry; `hours_of` gives the hours of an instrument by its number."""

    def __init__(
        self, config: Config, instruments: Sequence[Instrument], hours_of: Callable[[int], TradingHours]
    ) -> None:
        self._config = config
        self._instruments = instruments
        self._hours_of = hours_of

    def why(self, facts: Facts) -> str:
        """The main reason, in one line with what to change."""
        reach, warmup = facts.reach, self._config.strategy.min_warmup_ticks
        if not facts.ticks:
            return "there was no tick"
        cold = facts.most_ticks < warmup
        if not facts.taken or (cold and reach.kept_out() > facts.taken):
            return self._left_out(facts)
        if cold:
            most = f"no instrument had more than {facts.most_ticks:,} ticks of the session in a day"
            return f"never warmed up: {most}, and {warmup:,} are asked for: --set strategy.min_warmup_ticks=…"
        if reach.objections:
            return self._not_followed(facts)
        if facts.in_window == 0:
            return f"no tick within the entry window{self._window(facts)}: {_OBJECTION_ADVICE[NO_WINDOW]}"
        if facts.in_window:
            return ""  # of a file: whether there is a signal, only a run can say
        green = self._config.strategy.consecutive_green_ticks
        return f"no signal in {facts.taken:,} ticks of the session: never {green} rising ticks in a row: --set strategy.consecutive_green_ticks=…"

    def mostly(self, facts: Facts) -> str:
        """Why most of the ticks reached no strategy, though there was an entry; empty where most did."""
        return self._left_out(facts) if 2 * facts.reach.kept_out() > facts.ticks else ""

    def _left_out(self, facts: Facts) -> str:
        reach = facts.reach
        reason, places = max(
            (("", reach.outside), *reach.refused.items()), key=lambda item: item[1].count, default=("", reach.outside)
        )
        share = f"{places.count:,} of {facts.ticks:,} ticks"
        if not reason:
            return f"{share} {self._outside(places, both=facts.taken > 0)}"
        return f"{share} were refused: {reason}: {_REFUSED_ADVICE.get(reason, 'see where the first of them stands')}"

    def _outside(self, places: Places, *, both: bool) -> str:
        hours = self._hours_of(places.first.instrument)
        day = hours.day_of(places.first.exch_ms)
        if day is NO_DAY:
            return "have stamps of no calendar: --time-format says how they are written"
        if day.end_ms < day.start_ms:
            return f"lie on days without a session, first {day.date.isoformat()}: [session] says which days are closed"
        first, last = hours.local(places.first.exch_ms), hours.local(places.last.exch_ms)
        form = "%H:%M:%S" if first.date() == last.date() else "%Y-%m-%d %H:%M:%S"
        zone = hours.zone.key
        session = f"{hours.local(day.start_ms):%H:%M}-{hours.local(day.end_ms):%H:%M} {zone}"
        return (
            f"lie outside the session {session} ({first:{form}}-{last:{form}}): {_wider(day, hours, places, both=both)}"
            + _if_utc(day, hours, places)
        )

    def _not_followed(self, facts: Facts) -> str:
        counts = facts.reach.objections
        objection, count = max(counts.items(), key=lambda item: item[1])
        share = f"{count:,} of {sum(counts.values()):,} signals were not followed: {objection}"
        if objection == NO_LOT:
            return share + self._no_lot(facts)
        if objection.startswith(("locked: ", "halted: ")):
            return f"{share}: UNLOCK on the screen (`k`), or a start with --unlock"
        if objection == NO_WINDOW:
            share += self._window(facts)
        advice = _OBJECTION_ADVICE.get(objection, "")
        return f"{share}: {advice}" if advice else share

    def _window(self, facts: Facts) -> str:
        hours = self._hours_of(0)
        day = hours.day_of(facts.at_ms)
        if not day.daily or day.end_ms < day.start_ms:
            return ""
        return f" ({hours.local(day.entry_from_ms):%H:%M:%S}-{hours.local(day.entry_until_ms):%H:%M:%S})"

    def _no_lot(self, facts: Facts) -> str:
        capital, share = self._config.capital.initial_capital, self._config.risk.max_position_value_percent
        spendable = min(capital, capital * share / Decimal(100))
        told = f"; spendable are {share} % of {capital}, {spendable:.2f}"
        lots = [
            (instrument.money(price * instrument.lot_size), instrument)
            for instrument, price in zip(self._instruments, facts.prices, strict=False)
            if price
        ]
        if lots:
            value, instrument = min(lots, key=lambda lot: lot[0])
            told += f", a lot of {instrument.symbol} costs {value:.2f}"
        return f"{told}: --set capital.initial_capital=… or risk.max_position_value_percent=…"


def _if_utc(day: SessionDay, hours: TradingHours, places: Places) -> str:
    """What to say where all begin hours before the session, and lie within it if what was read as local time is UTC."""
    offset = hours.local(places.first.exch_ms).utcoffset()
    offset_ms = int(offset.total_seconds() * 1000) if offset else 0
    if offset_ms <= 0 or day.start_ms - places.first.exch_ms < offset_ms // 2:
        return ""
    for each in (places.first, places.last):
        at_ms = each.exch_ms + offset_ms
        if not hours.day_of(at_ms).start_ms <= at_ms <= hours.day_of(at_ms).end_ms:
            return ""
    return "; are its stamps UTC? --zone UTC reads a CSV file so"


def _wider(day: SessionDay, hours: TradingHours, places: Places, *, both: bool) -> str:
    """Hours in which these ticks could enter, the time without entries at both ends included; `both`: and those of now."""
    start_ms = (places.first.exch_ms - (day.entry_from_ms - day.start_ms)) // _STEP_MS * _STEP_MS
    end_ms = -(-(places.last.exch_ms + 1000 + day.end_ms - day.entry_until_ms) // _STEP_MS) * _STEP_MS
    if both:
        start_ms, end_ms = min(start_ms, day.start_ms), max(end_ms, day.end_ms)
    start, end = hours.local(start_ms), hours.local(end_ms)
    if start.date() != end.date():
        return "--set session.start=… --set session.end=…"
    return f"--set session.start={start:%H:%M} --set session.end={end:%H:%M}"
