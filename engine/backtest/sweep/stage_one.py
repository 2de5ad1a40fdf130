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
from engine.backtest.sweep.rules import NotCoveredError, Rates, needed_after_stop, rates_of
from engine.config import Config, StrategyConfig, circuit_of
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
        self._made: dict[tuple[object, ...], Any] = {}

    def _once(self, key: tuple[object, ...], make: Callable[[], Made]) -> Made:
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

    def day(self, config: Config) -> SessionDay:
        """The session day under `config`."""
        return self._once(("day", config.session), lambda: day_of(self.session, config))

    def rates(self, config: Config) -> Rates:
        """What orders cost under `config`."""
        risk = config.risk
        key = ("rates", config.charges, config.session, risk.commission_per_trade, risk.commission_percent)
        more = (risk.exchange_charges_percent, risk.stt_percent, risk.gst_percent)
        return self._once(key + more, lambda: rates_of(config, self.instrument, self.day(config)))

    def levels(self, config: Config) -> Levels:
        """The exits' distances; raises ConfigError where they do not fit the instrument."""
        return Levels.of(config.risk, self.instrument, circuit_of(config, self.instrument))

    def ticks(self, config: Config) -> Admitted:
        """The ticks that reach the strategy."""
        return self._once(self._door(config), lambda: admitted(self.session, config, self.day(config)))

    @staticmethod
    def _door(config: Config) -> tuple[object, ...]:
        """What decides which ticks are let through."""
        risk, strategy = config.risk, config.strategy
        streaks = strategy.nan_streak_threshold, strategy.nan_recovery_threshold
        return ("ticks", config.session, risk.max_backwards_ms, risk.missed_ticks_before_stop, *streaks)

    def fills(self, config: Config, levels: Levels) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
        """The price of an entry and of an exit decided at each tick, and the dearest of all prices."""
        key = ("fills", *self._door(config), config.paper.fill, levels.slippage, levels.slippage_exit)
        return self._once(key, lambda: _fills(self.ticks(config), levels, at_touch=config.paper.fill == "touch"))

    # ── Who may enter ───────────────────────────────────────────────────────────────────────────────────────────────

    def entries(self, config: Config) -> tuple[Places, Places]:
        """The ticks at which all filters agree, with the green ticks of an entry; and with those after a stop loss."""
        strategy = config.strategy
        return (
            self._candidates(config, strategy.consecutive_green_ticks),
            self._candidates(config, needed_after_stop(config)),
        )

    def _candidates(self, config: Config, needed: int) -> Places:
        s, door = config.strategy, self._door(config)
        key = (
            "candidates", needed, door, s.min_warmup_ticks,
            s.use_ema_crossover and (s.fast_ema, s.slow_ema),
            s.use_macd and (s.macd_fast, s.macd_slow, s.macd_signal),
            s.use_vwap,
            s.use_htf_trend and s.htf_period,
            s.use_rsi_filter and (s.rsi_length, s.rsi_oversold, s.rsi_overbought),
            s.use_bollinger_bands and (s.bollinger_length, s.bollinger_width),
            s.noise_filter_enabled and (s.noise_filter_percentage, s.noise_filter_min_ticks),
        )  # fmt: skip
        return self._once(key, lambda: self._agreed(config, needed))

    def _agreed(self, config: Config, needed: int) -> Places:
        ticks, s = self.ticks(config), config.strategy
        if not len(ticks.price):
            return np.empty(0, np.int32)
        agrees = ticks.may_enter & (self._greens(config) >= needed)
        agrees[: s.min_warmup_ticks - 1] = False
        if s.use_ema_crossover:
            agrees &= self._ema(config, s.fast_ema) > self._ema(config, s.slow_ema)
        if s.use_macd:
            agrees &= self._macd(config)
        if s.use_vwap:
            agrees &= self._above_vwap(config)
        if s.use_htf_trend:
            agrees &= ticks.price > self._ema(config, s.htf_period)
        if s.use_rsi_filter:
            agrees &= _within(self._rsi(config), s)
        if s.use_bollinger_bands:
            agrees &= self._between_bands(config)
        return np.flatnonzero(agrees).astype(np.int32)

    def _greens(self, config: Config) -> NDArray[np.int32]:
        s, ticks = config.strategy, self.ticks(config)
        noise = (s.noise_filter_percentage, s.noise_filter_min_ticks) if s.noise_filter_enabled else None

        def make() -> NDArray[np.int32]:
            out = np.empty(len(ticks.price), np.int32)
            least = int(self.instrument.tick_size * Fraction(s.noise_filter_min_ticks))
            share = Fraction(s.noise_filter_percentage)
            if int(ticks.price.max()) * max(share.numerator, share.denominator) >= BOUND:
                raise NotCoveredError("numbers too large")
            indicators.greens(as_read(ticks.price), noise is not None, least, share.numerator, share.denominator, out)
            return out

        return self._once(("greens", self._door(config), noise), make)

    def _ema(self, config: Config, length: int) -> NDArray[np.float64]:
        ticks = self.ticks(config)

        def make() -> NDArray[np.float64]:
            out = np.empty(len(ticks.price))
            indicators.ema(as_read(ticks.price), alpha_of(length), out)
            return out

        return self._once(("ema", self._door(config), length), make)

    def _macd(self, config: Config) -> NDArray[np.bool_]:
        ticks, s = self.ticks(config), config.strategy

        def make() -> NDArray[np.bool_]:
            line, signal = np.empty(len(ticks.price)), np.empty(len(ticks.price))
            fast, slow = alpha_of(s.macd_fast), alpha_of(s.macd_slow)
            indicators.macd(as_read(ticks.price), fast, slow, alpha_of(s.macd_signal), line, signal)
            above: NDArray[np.bool_] = (line > signal) & (line - signal > 0)
            return above

        return self._once(("macd", self._door(config), s.macd_fast, s.macd_slow, s.macd_signal), make)

    def _above_vwap(self, config: Config) -> NDArray[np.bool_]:
        ticks = self.ticks(config)

        def make() -> NDArray[np.bool_]:
            if int(ticks.price.max()) * (sum(ticks.quantity.clip(0).tolist()) + 1) >= BOUND:
                raise NotCoveredError("numbers too large")
            out = np.empty(len(ticks.price), np.bool_)
            indicators.above_vwap(as_read(ticks.price), as_read(ticks.quantity), out)
            return out

        return self._once(("vwap", self._door(config)), make)

    def _rsi(self, config: Config) -> NDArray[np.float64]:
        ticks, length = self.ticks(config), config.strategy.rsi_length

        def make() -> NDArray[np.float64]:
            out = np.empty(len(ticks.price))
            indicators.rsi(as_read(ticks.price), length, out)
            return out

        return self._once(("rsi", self._door(config), length), make)

    def _between_bands(self, config: Config) -> NDArray[np.bool_]:
        ticks, s = self.ticks(config), config.strategy
        length, width = s.bollinger_length, s.bollinger_width

        def make() -> NDArray[np.bool_]:
            if (int(ticks.price.max()) * length) ** 2 * 2 >= BOUND:
                raise NotCoveredError("numbers too large")
            lower, upper = np.empty(len(ticks.price)), np.empty(len(ticks.price))
            indicators.bands(as_read(ticks.price), length, float(width), lower, upper)
            between: NDArray[np.bool_] = (lower < ticks.price) & (ticks.price < upper)
            return between

        return self._once(("bands", self._door(config), length, width), make)


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
