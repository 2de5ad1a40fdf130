"""All that belongs to one instrument while it is traded: its tick filter, its strategy, its last tick. Decides nothing."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from engine.config import RiskConfig, StrategyConfig
from engine.model.bars import NOTHING, Bar
from engine.model.state import Fields, Plain, dump, load
from engine.model.types import MAX_PRICE, MAX_QUANTITY, Instrument, Tick
from engine.trading.chart import STEP_MS, Chart
from engine.trading.positions import Levels, Position
from engine.trading.reach import Reach
from engine.trading.session import NO_DAY, SessionDay, TradingHours
from engine.trading.strategy.ema_macd_vwap import Strategy, entry_reason
from engine.trading.stretches import EntryRefusals, Silences
from engine.trading.tick_filter import ClosedDoor, TickFilter

_NO_TOUCH: Final = (0, 0)
_NO_SILENCE_MS: Final = (
    1 << 62
)  # `last_ms` of an instrument taken over: the time until its first tick is no gap of the feed


class InstrumentState:
    """One instrument's place in the trader; `index` is its number in a tick.

    `day` is the date whose first tick was worked; `session` is looked up anew wherever it does not hold a tick.
    """

    STATE = ("last_price", "day_open", "last_ms", "halt_shown", "objection", "gaps")
    __slots__ = (
        *STATE,
        "_at_touch",
        "_kept_touch",
        "day",
        "bar_ms",
        "close",
        "close_date",
        "day_begun_ms",
        "entered_at",
        "entered_on",
        "held_ticks",
        "high",
        "history",
        "hours",
        "index",
        "instrument",
        "last_tick",
        "left",
        "levels",
        "low",
        "median_gap_ms",
        "most_ticks",
        "passed_ticks",
        "off_grid_told",
        "opened",
        "refusals",
        "sample_at_ms",
        "session",
        "silences",
        "strategy",
        "tick_filter",
        "traded",
        "traded_before",
    )

    def __init__(
        self,
        index: int,
        instrument: Instrument,
        hours: TradingHours,
        risk: RiskConfig,
        strategy: StrategyConfig,
        reach: Reach,
        sample_ms: int = STEP_MS,
        circuit: tuple[int, int] = (0, 0),
        *,
        at_touch: bool = False,
    ) -> None:
        """`at_touch`: orders are priced by bid and ask, where its ticks have them."""
        self.index = index
        self.instrument = instrument
        self.hours = hours  # of its market
        self.session: SessionDay = NO_DAY  # of its newest tick
        self.levels = Levels.of(risk, instrument, circuit)
        door = ClosedDoor if instrument.removed else TickFilter
        self.tick_filter = door(risk, strategy, reach, instrument.lowest_price)
        self.strategy = Strategy(strategy, instrument.tick_size)
        self.day: date = NO_DAY.date
        self.last_price = 0
        self.day_open = 0
        self.last_ms = 0
        # For a screen; none of these decides anything.
        self.last_tick: Tick | None = None
        self.close = 0  # the last price of the session day before its own, 0 = not known …
        self.close_date = NO_DAY.date  # … and which day that was
        self.left = (0, NO_DAY.date)  # last price and day of the session that its ticks have left
        self.day_begun_ms = 0  # when its first tick came
        self.median_gap_ms = 0  # follows the median of the silences between ticks, a millisecond a tick
        self.history = Chart(sample_ms, len(self.strategy.lines()))
        self.sample_at_ms = 0
        self.traded = 0  # by its ticks: the day's volume, where nobody tells it
        self.bar_ms = self.opened = self.high = self.low = self.traded_before = 0  # of the bar that runs, if `bar_ms`
        self.gaps = 0  # silences in session longer than allowed
        self.halt_shown = False
        self.objection = ""  # why the last signal was not followed
        self.passed_ticks = 0  # that its strategy took on earlier days
        self.most_ticks = 0  # that it took on one of them
        self.entered_at = self.held_ticks = 0  # how many it had taken at the entry; how many while a position was open
        self.entered_on: tuple[int, Mapping[str, float | None]] | None = (
            None  # green ticks and values of its last entry
        )
        # What of both was told: once per change, counted otherwise.
        self.silences = Silences()
        self.refusals = EntryRefusals()
        self.off_grid_told = False
        self._at_touch = at_touch
        self._kept_touch = _NO_TOUCH  # while no tick has come since the state was taken back

    def entry_reason(self) -> str:
        """Why it was last entered, in words; empty where this run has not."""
        return entry_reason(*self.entered_on, self.instrument.price_scale) if self.entered_on is not None else ""

    def count_on(self, before: "InstrumentState") -> None:
        """Go on with what was counted of the instrument, which leaves the list or comes back to it; all else begins fresh."""
        self.gaps = before.gaps
        self.tick_filter.refused = before.tick_filter.refused
        self.passed_ticks, self.most_ticks = before.taken, max(before.most_ticks, before.strategy.ticks)
        self.held_ticks = before.held_ticks

    def start_day(self, day: SessionDay, price: int, at_ms: int) -> None:
        """Begin a day with its first tick; where the market has no Session End, a new date begins counts and chart only."""
        goes_on = not day.daily and self.day != NO_DAY.date
        self.day = day.date
        self.day_open = price
        self.day_begun_ms = at_ms
        if self.left[1] < day.date:
            self.close, self.close_date = self.left
        self.history.clear()
        self.bar_ms = self.sample_at_ms = 0
        self.tick_filter.start_day()
        if goes_on:
            return
        self.last_ms = at_ms
        self.objection = ""
        self.passed_ticks += self.strategy.ticks
        self.most_ticks = max(self.most_ticks, self.strategy.ticks)
        self.strategy.start_day()

    @property
    def touch(self) -> tuple[int, int]:
        """Bid and ask that its orders are priced by; nought where the last price is taken."""
        if not self._at_touch:
            return _NO_TOUCH
        tick = self.last_tick
        if tick is None:
            return self._kept_touch
        return (tick.bid, tick.ask) if 0 < tick.bid <= tick.ask <= MAX_PRICE else _NO_TOUCH

    def buy_price(self, price: int) -> int:
        """The price of an entry that is decided at tick price `price`: the ask, else that price with the slippage."""
        return self.touch[1] or self.levels.buy_price(price)

    def sell_price(self, price: int) -> int:
        """The price of an exit that is decided at tick price `price`: the bid, else that price less the slippage."""
        return self.touch[0] or self.levels.sell_price(price)

    def sample(self, tick: Tick, before: Tick | None, position: Position | None) -> None:
        """End the bar that runs with the tick `before`, and begin the next with `tick`."""
        history, now_ms, day_volume = self.history, tick.exch_ms, tick.day_volume
        traded = self._traded(before)
        if self.bar_ms and before is not None:
            history.add(self._bar(before.price, traded, position))
        elif not self.bar_ms:
            history.begun_ms = history.begun_ms or now_ms
            traded = max(day_volume - tick.quantity, 0) if day_volume else traded
        self.opened = self.high = self.low = tick.price
        self.traded_before = traded
        interval_ms = history.interval_ms
        self.bar_ms = bar_ms = now_ms - now_ms % interval_ms
        self.sample_at_ms = bar_ms + interval_ms

    def bars(self, position: Position | None) -> tuple[Bar, ...]:
        """The day's bars, the one that runs among them; from any thread."""
        tick = self.last_tick
        running = self._bar(tick.price, self._traded(tick), position) if self.bar_ms and tick is not None else None
        over = self.history.bars()  # after it: that bar may be over by now
        return over if running is None or (over and over[-1][0] >= running[0]) else (*over, running)

    def _bar(self, close: int, traded: int, position: Position | None) -> Bar:
        """The bar that runs, as if it ended with the price `close`."""
        stop = NOTHING if position is None or not position.quantity else position.protected_at
        volume = traded - self.traded_before
        if not 0 <= volume <= MAX_QUANTITY:
            volume = 0 if volume < 0 else MAX_QUANTITY
        high, low = self.high, self.low
        if close > high:
            high = close
        if close < low:
            low = close
        return (self.bar_ms, self.opened, high, low, close, volume, stop, *self.strategy.line_ends())

    def _traded(self, tick: Tick | None) -> int:
        """How much was traded by then: what the exchange says with `tick`, or what all ticks come to."""
        return (tick.day_volume if tick is not None else 0) or self.traded

    def leave_session(self, before: Tick | None) -> None:
        """A tick has come that its newest session does not hold: the one `before` was that day's last, as far as is known."""
        if before is not None and before.exch_ms == self.last_ms:
            self.left = (before.price, self.day)

    @property
    def heard_ms(self) -> int:
        """The own time of its newest tick in trading time; 0 while this run has had none."""
        return 0 if self.last_ms == _NO_SILENCE_MS else self.last_ms

    def age_ms(self, now_ms: int) -> int:
        """How old its last price is at `now_ms`; -1 where this run has had none."""
        return now_ms - self.heard_ms if self.heard_ms else -1

    def unpriced_since_ms(self, now_ms: int) -> int:
        """When the session of `now_ms` began, while no tick of it has come: its last price is of an earlier one; else 0."""
        day = self.hours.day_of(now_ms)
        return day.start_ms if day.daily and self.heard_ms < day.start_ms <= now_ms <= day.end_ms else 0

    @property
    def taken(self) -> int:
        """How many ticks its strategy has taken in all."""
        return self.passed_ticks + self.strategy.ticks

    def dump(self, into: Fields) -> None:
        """Add the deciding state to `into`."""
        name = f"{self.index}."
        dump(self, name, into)
        into[name + "day"] = self.day.isoformat()
        if touch := self.touch[1] and self.touch:
            into[name + "touch"] = list(touch)
        self.tick_filter.dump(name + "door.", into)
        self.strategy.dump(name + "strategy.", into)

    def keep(self, into: Fields) -> None:
        """Add to `into` what a restart must know of an instrument that is held: its day and its last price."""
        name = f"{self.index}."
        into[name + "day"] = self.day.isoformat()
        into[name + "day_open"] = self.day_open
        into[name + "last_price"] = self.last_price

    def restore(self, fields: Mapping[str, Plain], number: int) -> None:
        """Take over what `keep` wrote of the instrument that was number `number` then; everything else begins fresh."""
        name = f"{number}."
        self.day = date.fromisoformat(str(fields[name + "day"]))
        self.day_open = int(str(fields[name + "day_open"]))
        self.last_price = int(str(fields[name + "last_price"]))
        self.last_ms = _NO_SILENCE_MS
        self.left = (self.last_price, self.day)

    def load(self, fields: dict[str, Plain]) -> None:
        """Take the deciding state back from what `dump` wrote."""
        name = f"{self.index}."
        load(self, name, fields)
        self.day = date.fromisoformat(str(fields[name + "day"]))
        self.tick_filter.load(name + "door.", fields)
        self.strategy.load(name + "strategy.", fields)
        self.last_tick = None
        touch = fields.get(name + "touch")
        self._kept_touch = (touch[0], touch[1]) if isinstance(touch, list) else _NO_TOUCH
        self.session = NO_DAY
        self.bar_ms = self.sample_at_ms = 0
        self.history.cut(self.last_ms)
        self.silences.clear()
        self.refusals.clear()

    def dump_told(self, into: Fields) -> None:
        """Add what was told of silences and refusals: no part of the deciding state, but what a replay takes back with it."""
        into[f"{self.index}.silences"] = self.silences.dump()
        into[f"{self.index}.refusals"] = self.refusals.dump()
        into[f"{self.index}.off_grid_told"] = self.off_grid_told
        into[f"{self.index}.closed"] = [
            self.close, self.close_date.toordinal(), self.left[0], self.left[1].toordinal(), self.day_begun_ms
        ]  # fmt: skip
        into[f"{self.index}.taken"] = [self.passed_ticks, self.most_ticks, self.entered_at, self.held_ticks]

    def load_told(self, fields: Mapping[str, Plain]) -> None:
        """Take that back, where `fields` have it."""
        silences, refusals = fields.get(f"{self.index}.silences"), fields.get(f"{self.index}.refusals")
        if isinstance(silences, list) and isinstance(refusals, str):
            self.silences.load(silences)
            self.refusals.load(refusals)
            self.off_grid_told = fields.get(f"{self.index}.off_grid_told") is True
        if isinstance(closed := fields.get(f"{self.index}.closed"), list):
            self.close, self.close_date = closed[0], date.fromordinal(closed[1])
            self.left, self.day_begun_ms = (closed[2], date.fromordinal(closed[3])), closed[4]
        if isinstance(taken := fields.get(f"{self.index}.taken"), list):
            self.passed_ticks, self.most_ticks, self.entered_at, self.held_ticks = taken
