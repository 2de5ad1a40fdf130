"""All that belongs to one instrument while it is traded: its tick filter, its strategy, its last tick. Decides nothing."""

from array import array
from bisect import bisect_right
from collections.abc import Mapping
from datetime import date
from typing import Final

from engine.config import RiskConfig, StrategyConfig
from engine.model.state import Fields, Plain, dump, load
from engine.model.types import MAX_PRICE, Instrument, Tick
from engine.trading.positions import Levels
from engine.trading.reach import Reach
from engine.trading.session import NO_DAY, SessionDay, TradingHours
from engine.trading.strategy.ema_macd_vwap import Strategy
from engine.trading.stretches import EntryRefusals, Silences
from engine.trading.tick_filter import TickFilter

SAMPLE_MS: Final = 5000
COARSE_SAMPLE_MS: Final = 60_000  # where the instruments are many
# A session of 6:15 h has 4,500 points of 5 s; an even number, so that thinning keeps both ends.
_MOST_VALUES: Final = 2 * 4800
_NO_TOUCH: Final = (0, 0)
_NO_SILENCE_MS: Final = (
    1 << 62
)  # `last_ms` of an instrument taken over: the time until its first tick is no gap of the feed


class Chart:
    """The day's prices of one instrument for a screen: a point every few seconds, 16 bytes each.

    When there are too many, every second one is forgotten and the points come half as often, so that the whole day
    stays. Reading is safe beside the turn: the copy that it begins with is atomic, and so is adding a point.
    """

    __slots__ = ("_first_ms", "_flat", "interval_ms")

    def __init__(self, interval_ms: int) -> None:
        self._first_ms = interval_ms
        self.interval_ms = interval_ms  # between two points
        self._flat = array("q")  # ms, price, ms, price, …

    def points(self) -> tuple[tuple[int, int], ...]:
        """All points as (ms, price in minor units), oldest first."""
        values = iter(self._flat[:])
        return tuple(zip(values, values, strict=False))

    @property
    def begun_ms(self) -> int:
        """When the day's first point was; 0 before it."""
        flat = self._flat
        return flat[0] if flat else 0

    def add(self, at_ms: int, price: int) -> None:
        """Add the newest point."""
        flat = self._flat
        flat.extend((at_ms, price))
        if len(flat) > _MOST_VALUES:
            self._flat = array("q", (value for point in self.points()[::2] for value in point))
            self.interval_ms *= 2

    def clear(self) -> None:
        """Begin a day."""
        self._flat = array("q")
        self.interval_ms = self._first_ms

    def cut(self, last_ms: int) -> None:
        """Forget what is later than `last_ms`."""
        keep = bisect_right(self._flat[::2], last_ms)
        self._flat = self._flat[: 2 * keep]


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
        "entered_at",
        "held_ticks",
        "history",
        "hours",
        "index",
        "instrument",
        "last_tick",
        "levels",
        "median_gap_ms",
        "most_ticks",
        "passed_ticks",
        "off_grid_told",
        "refusals",
        "sample_at_ms",
        "session",
        "silences",
        "strategy",
        "tick_filter",
    )

    def __init__(
        self,
        index: int,
        instrument: Instrument,
        hours: TradingHours,
        risk: RiskConfig,
        strategy: StrategyConfig,
        reach: Reach,
        sample_ms: int = SAMPLE_MS,
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
        self.tick_filter = TickFilter(risk, strategy, reach, instrument.lowest_price)
        self.strategy = Strategy(strategy, instrument.tick_size)
        self.day: date = NO_DAY.date
        self.last_price = 0
        self.day_open = 0
        self.last_ms = 0
        # For a screen; none of these decides anything.
        self.last_tick: Tick | None = None
        self.median_gap_ms = 0  # follows the median of the silences between ticks, a millisecond a tick
        self.history = Chart(sample_ms)
        self.sample_at_ms = 0
        self.gaps = 0  # silences in session longer than allowed
        self.halt_shown = False
        self.objection = ""  # why the last signal was not followed
        self.passed_ticks = 0  # that its strategy took on earlier days
        self.most_ticks = 0  # that it took on one of them
        self.entered_at = self.held_ticks = 0  # how many it had taken at the entry; how many while a position was open
        # What of both was told: once per change, counted otherwise.
        self.silences = Silences()
        self.refusals = EntryRefusals()
        self.off_grid_told = False
        self._at_touch = at_touch
        self._kept_touch = _NO_TOUCH  # while no tick has come since the state was taken back

    def start_day(self, day: SessionDay, price: int, at_ms: int) -> None:
        """Begin a day with its first tick; where the market has no Session End, a new date begins counts and chart only."""
        goes_on = not day.daily and self.day != NO_DAY.date
        self.day = day.date
        self.day_open = price
        self.history.clear()
        self.sample_at_ms = 0
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

    def sample(self, at_ms: int, price: int) -> None:
        """Keep a point of the day's chart."""
        self.history.add(at_ms, price)
        self.sample_at_ms = at_ms + self.history.interval_ms

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
        self.sample_at_ms = 0
        self.history.cut(self.last_ms)
        self.silences.clear()
        self.refusals.clear()

    def dump_told(self, into: Fields) -> None:
        """Add what was told of silences and refusals: no part of the deciding state, but what a replay takes back with it."""
        into[f"{self.index}.silences"] = self.silences.dump()
        into[f"{self.index}.refusals"] = self.refusals.dump()
        into[f"{self.index}.off_grid_told"] = self.off_grid_told
        into[f"{self.index}.taken"] = [self.passed_ticks, self.most_ticks, self.entered_at, self.held_ticks]

    def load_told(self, fields: Mapping[str, Plain]) -> None:
        """Take that back, where `fields` have it."""
        silences, refusals = fields.get(f"{self.index}.silences"), fields.get(f"{self.index}.refusals")
        if isinstance(silences, list) and isinstance(refusals, str):
            self.silences.load(silences)
            self.refusals.load(refusals)
            self.off_grid_told = fields.get(f"{self.index}.off_grid_told") is True
        if isinstance(taken := fields.get(f"{self.index}.taken"), list):
            self.passed_ticks, self.most_ticks, self.entered_at, self.held_ticks = taken
