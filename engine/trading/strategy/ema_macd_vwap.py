"""Entry judgement for one instrument: indicators, green ticks, filters. Knows nothing of cash, positions or time."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

from engine.config import StrategyConfig
from engine.model.bars import NOTHING
from engine.model.state import Fields, Plain, dump, load
from engine.trading.indicators.atr import Atr
from engine.trading.indicators.bollinger import Bollinger
from engine.trading.indicators.ema import Ema, EmaPair
from engine.trading.indicators.macd import Macd
from engine.trading.indicators.rsi import Rsi
from engine.trading.indicators.vwap import Vwap

_AGREED: Final = (  # names of `values` and the words for them, as `objection` has them for what disagrees
    ("ema_fast", "ema_slow", "EMA {:.2f} over {:.2f}"),
    ("macd", "macd_signal", "MACD {:.2f} over {:.2f}"),
    ("vwap", "", "above VWAP {:.2f}"),
    ("htf", "", "above HTF trend {:.2f}"),
)


class Strategy:
    """Long entries: a run of rising ticks, confirmed by the filters that are switched on.

    `green` ticks in a row rose; the signal is there when `green` ≥ `needed`, which is higher after a stop loss.
    """

    STATE = ("green", "needed", "previous", "ticks")
    __slots__ = (
        *STATE,
        "_after_stop",
        "_config",
        "_filtered_noise",
        "_line_names",
        "_min_move",
        "_move_share",
        "_pair",
        "_updates",
        "atr",
        "bollinger",
        "fast",
        "htf",
        "macd",
        "rsi",
        "slow",
        "vwap",
    )

    def __init__(self, config: StrategyConfig, tick_size: int) -> None:
        self._config = config
        self._filtered_noise = config.noise_filter_enabled
        # A move counts beyond max(ticks, share of the price): whole minor units, so `>` on the floor is exact.
        self._min_move = int(tick_size * Fraction(config.noise_filter_min_ticks))
        share = Fraction(config.noise_filter_percentage)
        self._move_share = share.numerator, share.denominator
        self._line_names = f"EMA {config.fast_ema}", f"EMA {config.slow_ema}"
        after_stop = config.green_ticks_after_stop_loss_enabled
        self._after_stop = config.green_ticks_after_stop_loss if after_stop else config.consecutive_green_ticks
        self.start_day()

    def start_day(self) -> None:
        """Begin anew: indicators, warm-up, green ticks and the stop-loss memory."""
        config = self._config
        self.ticks = 0
        self.green = 0
        self.needed = config.consecutive_green_ticks
        self.previous: int | None = None
        ema = config.use_ema_crossover
        self.fast = Ema(config.fast_ema) if ema else None
        self.slow = Ema(config.slow_ema) if ema else None
        self.macd = Macd(config.macd_fast, config.macd_slow, config.macd_signal) if config.use_macd else None
        self.htf = Ema(config.htf_period) if config.use_htf_trend else None
        self.rsi = Rsi(config.rsi_length) if config.use_rsi_filter else None
        self.atr = Atr(config.atr_length) if config.use_atr else None
        bands = config.use_bollinger_bands
        self.bollinger = Bollinger(config.bollinger_length, float(config.bollinger_width)) if bands else None
        self.vwap = Vwap() if config.use_vwap else None
        self._pair = EmaPair(self.fast, self.slow) if self.fast is not None and self.slow is not None else None
        by_price = (self.macd, self.htf, self.rsi, self.atr, self.bollinger)
        self._updates = tuple(each.update for each in by_price if each is not None)

    def on_tick(self, price: int, quantity: int) -> bool:
        """Take a tick of the session; whether the signal to enter is there."""
        self.ticks += 1
        if (pair := self._pair) is not None:
            pair.update(price)
        if self._updates:  # to ask costs less than an empty loop
            for update in self._updates:
                update(price)
        if self.vwap is not None:
            self.vwap.update(price, quantity)
        previous = self.previous
        self.previous = price
        if previous is None:
            return self.needed <= 0
        if self._filtered_noise:
            move = self._beyond_noise(previous, price - previous)
            if move:
                self.green = self.green + 1 if move > 0 else 0
            return self.green >= self.needed
        self.green = green = self.green + 1 if price > previous else 0
        return green >= self.needed

    def _beyond_noise(self, previous: int, move: int) -> int:
        """`move` when it counts, else 0."""
        size = abs(move)
        numerator, denominator = self._move_share
        return move if size > self._min_move and size * denominator > previous * numerator else 0

    def objection(self, price: int) -> str:
        """Why not to enter at `price` in spite of the signal: the first filter that refuses; empty when all agree."""
        config = self._config
        if self.ticks < config.min_warmup_ticks:
            return "warming up"
        if self.fast is not None and self.slow is not None and not _above(self.fast.value, self.slow.value):
            return "EMA fast not above slow"
        if self.macd is not None and not self._macd_agrees(self.macd):
            return "MACD not above signal"
        if self.vwap is not None and not self.vwap.is_below(price):
            return "price not above VWAP"
        if self.htf is not None and not _above(price, self.htf.value):
            return "price not above HTF trend"
        if self.rsi is not None and not self._rsi_agrees(self.rsi.value):
            return "RSI out of range"
        if self.bollinger is not None and not _between(price, self.bollinger.bands()):
            return "price outside Bollinger bands"
        return ""

    @staticmethod
    def _macd_agrees(macd: Macd) -> bool:
        histogram = macd.histogram
        return _above(macd.macd, macd.signal) and histogram is not None and histogram > 0

    def _rsi_agrees(self, rsi: float | None) -> bool:
        config = self._config
        return rsi is not None and config.rsi_oversold < rsi < config.rsi_overbought

    def on_exit(self, *, stop_loss: bool) -> None:
        """Remember how the last position ended: after a stop loss more green ticks are asked for."""
        self.needed = self._after_stop if stop_loss else self._config.consecutive_green_ticks

    def on_entry(self) -> None:
        """Forget the last stop loss."""
        self.needed = self._config.consecutive_green_ticks

    def values(self) -> dict[str, float | None]:
        """The indicators by name, prices in minor units, for a screen."""
        shown: dict[str, float | None] = {}
        if self.fast is not None and self.slow is not None:
            shown |= {"ema_fast": self.fast.value, "ema_slow": self.slow.value}
        if self.macd is not None:
            shown |= {"macd": self.macd.macd, "macd_signal": self.macd.signal}
        for name, indicator in (("vwap", self.vwap), ("htf", self.htf), ("rsi", self.rsi), ("atr", self.atr)):
            if indicator is not None:
                shown[name] = indicator.value
        if self.bollinger is not None:
            lower, upper = self.bollinger.bands() or (None, None)
            shown |= {"bollinger_lower": lower, "bollinger_upper": upper}
        return shown

    def lines(self) -> dict[str, float | None]:
        """What is drawn over the chart, by the name that stands beside it; prices in minor units."""
        shown: dict[str, float | None] = {}
        if self.fast is not None and self.slow is not None:
            fast, slow = self._line_names
            shown |= {fast: self.fast.value, slow: self.slow.value}
        if self.vwap is not None:
            shown["VWAP"] = self.vwap.value
        return shown

    def line_ends(self) -> tuple[int, ...]:
        """The values of `lines`, in their order, as a bar keeps them."""
        ends: tuple[int, ...] = ()
        if (fast := self.fast) is not None and (slow := self.slow) is not None:
            first, second = fast.value, slow.value
            ends = NOTHING if first is None else int(first), NOTHING if second is None else int(second)
        if self.vwap is not None:
            value = self.vwap.value
            ends = (*ends, NOTHING if value is None else int(value))
        return ends

    def _parts(self) -> dict[str, Ema | Macd | Vwap | Rsi | Atr | Bollinger]:
        parts = {
            "ema_fast": self.fast,
            "ema_slow": self.slow,
            "macd": self.macd,
            "vwap": self.vwap,
            "htf": self.htf,
            "rsi": self.rsi,
            "atr": self.atr,
            "bollinger": self.bollinger,
        }
        return {name: part for name, part in parts.items() if part is not None}

    def dump(self, prefix: str, into: Fields) -> None:
        """Add the deciding state to `into`."""
        dump(self, prefix, into)
        for name, part in self._parts().items():
            dump(part, f"{prefix}{name}.", into)

    def load(self, prefix: str, fields: dict[str, Plain]) -> None:
        """Take the deciding state back from what `dump` wrote."""
        load(self, prefix, fields)
        for name, part in self._parts().items():
            load(part, f"{prefix}{name}.", fields)


def entry_reason(green: int, values: Mapping[str, float | None], scale: int) -> str:
    """Say the signal of `green` ticks and what agreed with it, by the strategy's `values` (minor units of `scale`) at that moment."""
    said = [f"{green} green tick{'' if green == 1 else 's'}"]
    for first, second, words in _AGREED:
        value, other = values.get(first), values.get(second, 0.0)
        if value is not None and other is not None:
            said.append(words.format(value / scale, other / scale))
    if (rsi := values.get("rsi")) is not None:
        said.append(f"RSI {rsi:.0f}")
    return ", ".join(said)


def _above(value: float | None, other: float | None) -> bool:
    return value is not None and other is not None and value > other


def _between(price: int, bands: tuple[float, float] | None) -> bool:
    return bands is not None and bands[0] < price < bands[1]
