"""Stage 1 of one session: what sets have in common is worked out once, and at last the ticks that may enter for each combination of filters."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from math import inf, nextafter
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from engine.backtest.sweep import indicators
from engine.backtest.sweep.admission import Admitted, admitted, day_of
from engine.backtest.sweep.compiling import as_read
from engine.backtest.sweep.days import Session
from engine.backtest.sweep.kernel import BOUND
from engine.backtest.sweep.recipe import Recipe
from engine.backtest.sweep.rules import NotCoveredError, Rates, needed_after_stop, rates_of
from engine.config import StrategyConfig
from engine.model.types import MAX_PRICE
from engine.trading.indicators.ema import alpha_of
from engine.trading.positions import Levels
from engine.trading.session import SessionDay

Places = NDArray[np.int32]
Made = TypeVar("Made")


class StageOne:
    """A session with all that was worked out of it so far."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.instrument = session.instruments[0]
        self._made: dict[Any, Any] = {}

    def _once(self, key: object, make: Callable[[], Made]) -> Made:
        """What `make` gives, made once for `key`; a reason why it cannot be is kept as well."""
        found = self._made.get(key)
        if found is None:
            try:
                found = make()
            except NotCoveredError as reason:
                found = reason
            self._made[key] = found
        if isinstance(found, NotCoveredError):
            raise found
        made: Made = found
        return made

    def day(self, recipe: Recipe) -> SessionDay:
        """The session day of a set."""
        return self._once(recipe.day, lambda: day_of(self.session, recipe.config))

    def rates(self, recipe: Recipe) -> Rates:
        """What orders cost."""
        return self._once(recipe.charges, lambda: rates_of(recipe.config, self.instrument, self.day(recipe)))

    def ticks(self, recipe: Recipe) -> Admitted:
        """The ticks that reach the strategy."""
        return self._once(recipe.door, lambda: admitted(self.session, recipe.config, self.day(recipe)))

    def fills(self, recipe: Recipe) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
        """The price of an entry and of an exit decided at each tick, and the dearest of all prices."""
        at_touch = recipe.config.paper.fill == "touch"
        return self._once(recipe.fills, lambda: _fills(self.ticks(recipe), recipe.levels, at_touch=at_touch))

    # ── Who may enter ───────────────────────────────────────────────────────────────────────────────────────────────

    def entries(self, recipe: Recipe) -> tuple[Places, Places]:
        """The ticks at which all filters agree, with the green ticks of an entry; and with those after a stop loss."""
        config = recipe.config
        usual, after = config.strategy.consecutive_green_ticks, needed_after_stop(config)
        return (
            self._once(recipe.first, lambda: self._agreed(recipe, usual)),
            self._once(recipe.after_stop, lambda: self._agreed(recipe, after)),
        )

    def _agreed(self, recipe: Recipe, needed: int) -> Places:
        ticks, s = self.ticks(recipe), recipe.config.strategy
        if not len(ticks.price):
            return np.empty(0, np.int32)
        agrees = ticks.may_enter & (self._greens(recipe) >= needed)
        agrees[: s.min_warmup_ticks - 1] = False
        if s.use_ema_crossover:
            agrees &= self._ema(recipe, s.fast_ema) > self._ema(recipe, s.slow_ema)
        if s.use_macd:
            agrees &= self._macd(recipe)
        if s.use_vwap:
            agrees &= self._above_vwap(recipe)
        if s.use_htf_trend:
            agrees &= ticks.price > self._ema(recipe, s.htf_period)
        if s.use_rsi_filter:
            agrees &= _within(self._rsi(recipe), s)
        if s.use_bollinger_bands:
            agrees &= self._between_bands(recipe)
        return np.flatnonzero(agrees).astype(np.int32)

    def _greens(self, recipe: Recipe) -> NDArray[np.int32]:
        s, ticks = recipe.config.strategy, self.ticks(recipe)
        noise = (s.noise_filter_percentage, s.noise_filter_min_ticks) if s.noise_filter_enabled else None

        def make() -> NDArray[np.int32]:
            out = np.empty(len(ticks.price), np.int32)
            least = int(self.instrument.tick_size * Fraction(s.noise_filter_min_ticks))
            share = Fraction(s.noise_filter_percentage)
            if int(ticks.price.max()) * max(share.numerator, share.denominator) >= BOUND:
                raise NotCoveredError("numbers too large")
            indicators.greens(as_read(ticks.price), noise is not None, least, share.numerator, share.denominator, out)
            return out

        return self._once(("greens", recipe.door, noise), make)

    def _ema(self, recipe: Recipe, length: int) -> NDArray[np.float64]:
        ticks = self.ticks(recipe)

        def make() -> NDArray[np.float64]:
            out = np.empty(len(ticks.price))
            indicators.ema(as_read(ticks.price), alpha_of(length), out)
            return out

        return self._once(("ema", recipe.door, length), make)

    def _macd(self, recipe: Recipe) -> NDArray[np.bool_]:
        ticks, s = self.ticks(recipe), recipe.config.strategy

        def make() -> NDArray[np.bool_]:
            line, signal = np.empty(len(ticks.price)), np.empty(len(ticks.price))
            fast, slow = alpha_of(s.macd_fast), alpha_of(s.macd_slow)
            indicators.macd(as_read(ticks.price), fast, slow, alpha_of(s.macd_signal), line, signal)
            above: NDArray[np.bool_] = (line > signal) & (line - signal > 0)
            return above

        return self._once(("macd", recipe.door, s.macd_fast, s.macd_slow, s.macd_signal), make)

    def _above_vwap(self, recipe: Recipe) -> NDArray[np.bool_]:
        ticks = self.ticks(recipe)

        def make() -> NDArray[np.bool_]:
            if int(ticks.price.max()) * (sum(ticks.quantity.clip(0).tolist()) + 1) >= BOUND:
                raise NotCoveredError("numbers too large")
            out = np.empty(len(ticks.price), np.bool_)
            indicators.above_vwap(as_read(ticks.price), as_read(ticks.quantity), out)
            return out

        return self._once(("vwap", recipe.door), make)

    def _rsi(self, recipe: Recipe) -> NDArray[np.float64]:
        ticks, length = self.ticks(recipe), recipe.config.strategy.rsi_length

        def make() -> NDArray[np.float64]:
            out = np.empty(len(ticks.price))
            indicators.rsi(as_read(ticks.price), length, out)
            return out

        return self._once(("rsi", recipe.door, length), make)

    def _between_bands(self, recipe: Recipe) -> NDArray[np.bool_]:
        ticks, s = self.ticks(recipe), recipe.config.strategy
        length, width = s.bollinger_length, s.bollinger_width

        def make() -> NDArray[np.bool_]:
            if (int(ticks.price.max()) * length) ** 2 * 2 >= BOUND:
                raise NotCoveredError("numbers too large")
            lower, upper = np.empty(len(ticks.price)), np.empty(len(ticks.price))
            indicators.bands(as_read(ticks.price), length, float(width), lower, upper)
            between: NDArray[np.bool_] = (lower < ticks.price) & (ticks.price < upper)
            return between

        return self._once(("bands", recipe.door, length, width), make)


def _fills(ticks: Admitted, levels: Levels, *, at_touch: bool) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """As `InstrumentState.buy_price` and `sell_price`, of each tick."""
    price, step = ticks.price, levels.tick_size
    wanted = price + levels.slippage
    buy = np.where(price < step, wanted, -(-wanted // step) * step)
    wanted = price - levels.slippage_exit
    sell = np.where(price < step, np.maximum(wanted, np.minimum(1, price)), np.maximum(wanted // step, 1) * step)
    if at_touch:
        touched = (ticks.bid > 0) & (ticks.bid <= ticks.ask) & (ticks.ask <= MAX_PRICE)
        buy, sell = np.where(touched, ticks.ask, buy), np.where(touched, ticks.bid, sell)
    dearest = max((int(each.max()) for each in (price, buy, sell) if len(each)), default=0)
    return buy, sell, dearest


def _within(values: NDArray[np.float64], strategy: StrategyConfig) -> NDArray[np.bool_]:
    """Whether each value is between the limits; −1 is not yet one."""
    low, high = _above(strategy.rsi_oversold), _below(strategy.rsi_overbought)
    within: NDArray[np.bool_] = (values >= max(low, 0.0)) & (values <= high)
    return within


def _above(limit: Decimal) -> float:
    """The least float that is above `limit`, exactly."""
    near = float(limit)
    return near if Decimal(near) > limit else nextafter(near, inf)


def _below(limit: Decimal) -> float:
    """The greatest float that is below `limit`, exactly."""
    near = float(limit)
    return near if Decimal(near) < limit else nextafter(near, -inf)
