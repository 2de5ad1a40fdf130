"""One set for one instrument, prepared once for all sessions: its configuration, its exits' distances, and numbers by which stage 1 knows what it shares with others."""

from typing import Any

from msgspec import Struct

from engine.backtest.sweep.compiling import as_given
from engine.backtest.sweep.rules import Rates, Rules, needed_after_stop, rules_of
from engine.config import Config, circuit_of
from engine.model.types import Instrument
from engine.trading.positions import Levels


class Recipe(Struct):
    """A set; equal numbers stand for equal work of stage 1: the day, charges, ticks let through, prices of fills, candidates.

    `rules`, and the same as the kernel takes them (`numbers`), are those of the session that was asked for last: most are charged alike.
    """

    config: Config
    instrument: Instrument
    levels: Levels
    day: int
    charges: int
    door: int
    fills: int
    first: int
    after_stop: int
    rules: Rules | None = None
    ruled_by: Rates | None = None
    numbers: list[Any] = []

    def rules_by(self, rates: Rates) -> Rules:
        """The set as the kernel takes it where orders cost `rates`; raises NotCoveredError."""
        rules = self.rules
        if rules is None or self.ruled_by != rates:
            rules = self.rules = rules_of(self.config, self.instrument, self.levels, rates)
            self.ruled_by = rates
            self.numbers = [as_given(each) for each in (rules.rules, rules.targets, rules.over, rules.under)]
        return rules


class Numbers:
    """Gives the same number to what is equal."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], int] = {}

    def of(self, *key: object) -> int:
        """The number of `key`."""
        return self._known.setdefault(key, len(self._known))


def recipe_of(config: Config, instrument: Instrument, numbers: Numbers) -> Recipe:
    """Prepare the set whose configuration is `config`; raises ConfigError where its distances do not fit `instrument`."""
    risk, s = config.risk, config.strategy
    levels = Levels.of(risk, instrument, circuit_of(config, instrument))
    day = numbers.of("day", config.session)
    streaks = s.nan_streak_threshold, s.nan_recovery_threshold
    door = numbers.of("door", day, risk.max_backwards_ms, risk.missed_ticks_before_stop, *streaks)
    percents = risk.commission_per_trade, risk.commission_percent, risk.exchange_charges_percent, risk.stt_percent
    filters = (
        door,
        s.min_warmup_ticks,
        s.use_ema_crossover and (s.fast_ema, s.slow_ema),
        s.use_macd and (s.macd_fast, s.macd_slow, s.macd_signal),
        s.use_vwap,
        s.use_htf_trend and s.htf_period,
        s.use_rsi_filter and (s.rsi_length, s.rsi_oversold, s.rsi_overbought),
        s.use_bollinger_bands and (s.bollinger_length, s.bollinger_width),
        s.noise_filter_enabled and (s.noise_filter_percentage, s.noise_filter_min_ticks),
    )
    return Recipe(
        config=config,
        instrument=instrument,
        levels=levels,
        day=day,
        charges=numbers.of("charges", day, config.charges, *percents, risk.gst_percent),
        door=door,
        fills=numbers.of("fills", door, config.paper.fill, levels.slippage, levels.slippage_exit),
        first=numbers.of("entries", s.consecutive_green_ticks, *filters),
        after_stop=numbers.of("entries", needed_after_stop(config), *filters),
    )
