"""Judges the ticks of one instrument: refuses what cannot be a trade, counts it by reason, notices gaps. Pure."""

from math import inf
from typing import Final

from engine.config import RiskConfig, StrategyConfig
from engine.model.state import Fields, Plain, dump, load
from engine.model.types import (
    FLAG_AHEAD,
    FLAG_LATE,
    FLAG_NEW_LINK,
    FLAG_UNCHAINED,
    MAX_PRICE,
    PRICE_INFINITE,
    PRICE_MISSING,
    PRICE_NAN,
    Tick,
)
from engine.trading.reach import Reach

HELD: Final = "held"
NOT_WATCHED: Final = "not_watched"

# A sequence number below the last one is a restarted numbering when the line was silent this long before it.
_NEW_NUMBERING_MS = 60_000
_HOLD_MS = 1000
_HOLD_NS = _HOLD_MS * 1_000_000
_NEVER_MS = -(1 << 62)
_FAR_AHEAD_MS = 60_000
_AHEAD_OF_RECEIPT_MS = 3_600_000  # a tick's own time may be ahead of its receipt by this much, no more
_TOLD_BY_FEED: Final = FLAG_NEW_LINK | FLAG_AHEAD | FLAG_LATE
_RESTART_AFTER = 3  # so many lower numbers in rising order are a numbering that began anew


class TickFilter:
    """Admits or refuses each tick of one instrument.

    After `nan_streak_threshold` refusals in a row `halted` is set, until `nan_recovery_threshold` good ticks in a row.
    With `jump_percent` a tick that jumps is held until the next one confirms it or one second has passed; `released`
    is then the held tick, to be worked before the one that released it. `new_link` stands from the first tick of a
    link until one was admitted: a refused one must not take the news with it.
    """

    STATE = (
        "newest_ms",
        "bad_streak",
        "good_streak",
        "halted",
        "last_exch_seq",
        "late_seq",
        "late_streak",
        "sequence_gaps",
        "good_price",
    )
    __slots__ = (
        *STATE,
        "_jump_percent",
        "_linked",
        "_lowest_price",
        "_max_backwards_ms",
        "_reach",
        "_recovery",
        "_streak_limit",
        "held",
        "missing",
        "new_link",
        "refused",
        "released",
    )

    def __init__(self, risk: RiskConfig, strategy: StrategyConfig, reach: Reach, lowest_price: int = 1) -> None:
        self._lowest_price = lowest_price
        self._reach = reach
        self._max_backwards_ms = risk.max_backwards_ms
        self._jump_percent = risk.jump_percent
        self._streak_limit = strategy.nan_streak_threshold
        self._recovery = strategy.nan_recovery_threshold
        self.newest_ms = _NEVER_MS
        self.bad_streak = 0
        self.good_streak = 0
        self.halted = False
        self.last_exch_seq = 0
        self.late_seq = 0  # number of the last tick that came late, and how many did so in rising order
        self.late_streak = 0
        self.sequence_gaps = 0  # jumps of the exchange's numbering this day
        self.missing = 0  # numbers skipped before the tick just admitted
        self.refused: dict[str, int] = {}
        self.good_price = 0
        self.new_link = False
        # Whether the ticks come over links. No state but a trait of the source, told by the very first tick: a live feed
        # judges the times of its ticks itself, and better, for it knows how far the two clocks are apart.
        self._linked = False
        self.held: Tick | None = None
        self.released: Tick | None = None

    def start_day(self) -> None:
        """Begin the day's count of gaps anew."""
        self.sequence_gaps = 0

    def admit(self, tick: Tick, last_price: int) -> str:
        """Judge `tick`, which follows one at `last_price`: empty when admitted, HELD, or the reason of its refusal (counted)."""
        if tick.flags & _TOLD_BY_FEED and self._heed(tick):
            return self._refuse("future", tick)
        price = tick.price
        if not self._lowest_price <= price <= MAX_PRICE:
            return self._refuse(_what_is_wrong(price), tick)
        exch_ms = tick.exch_ms
        ahead_ms = exch_ms - self.newest_ms
        if not 0 <= ahead_ms <= _FAR_AHEAD_MS:
            reason = self._judge_time(tick, ahead_ms)
            if reason:
                return self._refuse(reason, tick)
        number = tick.exch_seq
        if number:
            # Nearly every one follows its predecessor, and a call would be most of its cost.
            if number == self.last_exch_seq + 1 and not self.new_link:
                self.last_exch_seq = number
                self.missing = self.late_streak = self.late_seq = 0
            else:
                reason = self._judge_sequence(tick, last_price)
                if reason:
                    return reason
        if self._jump_percent:
            reason = self._judge_jump(tick)
            if reason:
                return reason
            ahead_ms = exch_ms - self.newest_ms  # a tick that was held may have come to be the newest
        if ahead_ms > 0:
            self.newest_ms = exch_ms
        self.new_link = False
        if self.bad_streak or self.halted:
            self._recover()
        return ""

    def is_wild(self, tick: Tick) -> bool:
        """Whether `tick` will be refused because its own time cannot be."""
        return tick.flags & FLAG_AHEAD != 0 or (not self._linked and _is_future(tick))

    def _heed(self, tick: Tick) -> bool:
        """Take note of what the feed tells; whether it says that the tick's own time cannot be."""
        if tick.flags & FLAG_NEW_LINK:
            self._linked = self.new_link = True
        if tick.flags & FLAG_AHEAD:
            return True
        if tick.flags & FLAG_LATE:
            self._reach.late.note(tick)
        return False

    def _judge_time(self, tick: Tick, ahead_ms: int) -> str:
        """Judge a tick that is older than the newest one by `-ahead_ms`, or newer by very much: the reason of its refusal, or empty."""
        if ahead_ms < -self._max_backwards_ms:
            return "backwards"
        return "future" if ahead_ms > 0 and not self._linked and _is_future(tick) else ""

    def _refuse(self, reason: str, tick: Tick) -> str:
        self.drop(reason, tick)
        self.good_streak = 0
        self.bad_streak += 1
        if self.bad_streak >= self._streak_limit:
            self.halted = True
        return reason

    def _recover(self) -> None:
        self.bad_streak = 0
        self.good_streak += 1
        if self.good_streak >= self._recovery:
            self.good_streak = 0
            self.halted = False

    def drop(self, reason: str, tick: Tick) -> str:
        """Count a repeated or late packet; it says nothing about the quality of the prices."""
        self.refused[reason] = self.refused.get(reason, 0) + 1
        self._reach.refuse(reason, tick)
        return reason

    def _judge_sequence(self, tick: Tick, last_price: int) -> str:
        last = self.last_exch_seq
        self.missing = 0
        if self.new_link:
            if tick.exch_seq == last and self._is_known(tick, last_price):
                return self.drop("duplicate", tick)
            last = 0  # never compared across connections
        if last and tick.exch_seq <= last:
            if tick.exch_seq == last:
                return self.drop("duplicate", tick)
            rising = tick.exch_seq > self.late_seq and tick.exch_ms >= self.newest_ms
            self.late_streak = self.late_streak + 1 if rising else 1
            self.late_seq = tick.exch_seq
            silent = tick.exch_ms - self.newest_ms >= _NEW_NUMBERING_MS
            if not silent and self.late_streak < _RESTART_AFTER:
                return self.drop("out_of_order", tick)
        elif last and tick.exch_seq > last + 1 and not tick.flags & FLAG_UNCHAINED:
            self.missing = tick.exch_seq - last - 1
            self.sequence_gaps += 1
        self.new_link = False
        self.last_exch_seq = tick.exch_seq
        self.late_streak = self.late_seq = 0
        return ""

    def _is_known(self, tick: Tick, last_price: int) -> bool:
        """Whether a link begins with the trade that the one before it ended with."""
        newest_price = last_price if self.held is None else self.held.price
        newest_ms = self.newest_ms if self.held is None else self.held.exch_ms
        return tick.price == newest_price and tick.exch_ms <= newest_ms

    def _judge_jump(self, tick: Tick) -> str:
        held, self.held = self.held, None
        if held is not None:
            if _outlasted(held, tick) or not self._jumps(held.price, tick.price):
                self.released = self._believe(held)
            else:
                self._refuse("jump", held)
        if self.good_price and self._jumps(self.good_price, tick.price):
            self.held = tick
            return HELD
        self.good_price = tick.price
        return ""

    def _jumps(self, from_price: int, to_price: int) -> bool:
        return abs(to_price - from_price) * 100 > abs(from_price) * self._jump_percent

    def _believe(self, held: Tick) -> Tick:
        self.good_price = held.price
        self.newest_ms = max(self.newest_ms, held.exch_ms)
        return held

    def take_released(self) -> Tick | None:
        """The held tick that the tick just judged has confirmed; once."""
        released, self.released = self.released, None
        return released

    @property
    def believed_ms(self) -> int | None:
        """When the held tick's second is over where ticks move the clock; None where none is held."""
        held = self.held
        return None if held is None else max(_received_ms(held), held.exch_ms) + _HOLD_MS

    def take_waited(self, now_ms: int) -> Tick | None:
        """The held tick when its second is over at `now_ms` by our clock and none came to contradict it; once."""
        held = self.held
        if held is None:
            return None
        if now_ms - _received_ms(held) < _HOLD_MS:
            return None
        self.held = None
        return self._believe(held)

    def dump(self, prefix: str, into: Fields) -> None:
        """Add the deciding state to `into`."""
        dump(self, prefix, into)
        for reason, count in self.refused.items():
            into[f"{prefix}refused.{reason}"] = count
        if self.held is not None:
            into[prefix + "held"] = [getattr(self.held, name) for name in Tick.__struct_fields__]
        if self.new_link:
            into[prefix + "new_link"] = True

    def load(self, prefix: str, fields: dict[str, Plain]) -> None:
        """Take the deciding state back from what `dump` wrote."""
        load(self, prefix, fields)
        start = f"{prefix}refused."
        self.refused = {
            name.removeprefix(start): value
            for name, value in fields.items()
            if name.startswith(start) and isinstance(value, int)
        }
        held = fields.get(prefix + "held")
        self.held = Tick(*held) if isinstance(held, list) else None
        self.released = None
        self.new_link = bool(fields.get(prefix + "new_link"))


class ClosedDoor(TickFilter):
    """Refuses every tick of an instrument that was taken off the list: what was on its way then is dropped, and counted."""

    __slots__ = ()

    def admit(self, tick: Tick, last_price: int) -> str:  # noqa: ARG002 - whatever the price was
        """Refuse it."""
        return self.drop(NOT_WATCHED, tick)


def _received_ms(held: Tick) -> int:
    """When it was received, where that is known: the exchange's clock is not ours, and our second begins with the receipt."""
    return held.recv_wall_ns // 1_000_000 if held.recv_wall_ns > 0 else held.exch_ms


def _outlasted(held: Tick, tick: Tick) -> bool:
    """Whether the held price stood for a second before `tick`.

    By the exchange's time, and by receipt where it is known: two stamps of whole seconds may be a millisecond apart.
    """
    if tick.exch_ms - held.exch_ms < _HOLD_MS:
        return False
    received = held.recv_wall_ns > 0 and tick.recv_wall_ns > 0
    return not received or tick.recv_wall_ns - held.recv_wall_ns >= _HOLD_NS


def _is_future(tick: Tick) -> bool:
    """Whether the tick's own time is far ahead of the time it was received at; one such stamp would refuse all others."""
    return 0 < tick.recv_wall_ns < (tick.exch_ms - _AHEAD_OF_RECEIPT_MS) * 1_000_000


def _what_is_wrong(price: int) -> str:
    """Name the reason to refuse `price`, which need not even be an integer."""
    if price == PRICE_MISSING:
        return "missing"
    if price in {PRICE_NAN, PRICE_INFINITE}:
        return "nan" if price == PRICE_NAN else "infinite"
    if price != price:  # noqa: PLR0124 - only NaN differs from itself
        return "nan"
    if price > MAX_PRICE:
        return "infinite" if price == inf else "too_large"
    return "infinite" if price == -inf else "non_positive"
