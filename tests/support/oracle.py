"""The trading rules once more, slow and naive: what one instrument's ticks must lead to. Knows the configuration's records and no other room."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil, floor
from typing import NamedTuple
from zoneinfo import ZoneInfo

from engine.config import Config, RiskConfig


class Row(NamedTuple):
    """One tick: UTC milliseconds, price in the currency (None, NaN, infinite, ≤ 0 = bad), quantity in units."""

    at_ms: int
    price: Decimal | None
    quantity: int


class Exit(NamedTuple):
    """One exit; `costs` are both sides' costs of this quantity."""

    entry_ms: int
    exit_ms: int
    entry_price: Fraction
    exit_price: Fraction
    quantity: Fraction
    gross: Fraction
    costs: Fraction
    reason: str


class Position:
    """The open position; prices are in the currency."""

    def __init__(self, at_ms: int, price: Fraction, lots: int, entry_costs: Fraction) -> None:
        self.at_ms, self.price, self.entry_costs = at_ms, price, entry_costs
        self.initial_lots = self.lots = lots
        self.highest = Fraction(0)
        self.trail: Fraction | None = None
        self.taken: set[int] = set()


class Day:
    """What begins anew with every session date; prices are in minor units."""

    def __init__(self, now: datetime) -> None:
        self.date = now.date()
        self.prices: list[int] = []
        self.traded: list[tuple[int, int]] = []
        self.ema: dict[str, float] = {}
        self.rise = self.fall = 0.0
        self.entries = 0
        self.realised = Fraction(0)
        self.ending = self.last_was_stop_loss = False


class Oracle:
    """Plays rows; `seen` counts by name, "unclear: …" what the last bit of a float or a reading of the rules decides."""

    def __init__(self, config: Config) -> None:
        assert config.risk.jump_percent == 0, "the rules say nothing of jumps"
        self.config = config
        self.scale = config.instrument.price_scale
        self.lot = Fraction(config.instrument.lot_size)
        self.zone = ZoneInfo(config.session.zone)
        self.cash = Fraction(config.capital.initial_capital)
        self.position: Position | None = None
        self.day: Day | None = None
        self.exits: list[Exit] = []
        self.refused: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()
        self.entries = self.bad_in_a_row = self.good_in_a_row = 0
        self.newest_ms = -(2**62)
        self.halted = self.locked = False

    @property
    def held(self) -> Fraction:
        return self.position.lots * self.lot if self.position else Fraction(0)

    def refusal(self, row: Row) -> str:
        if row.price is None or row.price.is_nan():
            return "missing" if row.price is None else "nan"
        if row.price.is_infinite() or row.price <= 0:
            return "infinite" if row.price.is_infinite() else "non_positive"
        return "backwards" if self.newest_ms - row.at_ms > self.config.risk.max_backwards_ms else ""

    def play(self, row: Row) -> None:
        reason = self.refusal(row)
        if reason:
            self.refused[reason] += 1
            self.bad_in_a_row, self.good_in_a_row = self.bad_in_a_row + 1, 0
            self.halted = self.halted or self.bad_in_a_row >= self.config.strategy.nan_streak_threshold
            return
        self.bad_in_a_row, self.good_in_a_row = 0, self.good_in_a_row + 1
        self.halted = self.halted and self.good_in_a_row < self.config.strategy.nan_recovery_threshold
        self.newest_ms = max(self.newest_ms, row.at_ms)
        self.session(row, Fraction(row.price or 0))

    def session(self, row: Row, price: Fraction) -> None:
        s = self.config.session
        now = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=row.at_ms)
        now = now.astimezone(self.zone).replace(tzinfo=None)
        start, end = datetime.combine(now, s.start), datetime.combine(now, s.end)
        if now.date() in s.holidays:
            return
        if now > end and self.day is not None and self.day.date == now.date():
            self.behind_the_end(self.day, row, price)
        if not start <= now <= end:
            return
        new_day = self.day is None or self.day.date != now.date()
        day = self.day = Day(now) if self.day is None or new_day else self.day
        day.ending = day.ending or now >= end - timedelta(minutes=s.end_buffer_minutes)
        self.indicators(day, price, row.quantity)
        before = len(self.exits)
        self.exit(day, row, price, closing=day.ending or new_day)
        first = start + timedelta(minutes=max(s.start_buffer_minutes, s.no_trade_start_minutes))
        last = end - timedelta(minutes=max(s.end_buffer_minutes, s.no_trade_end_minutes))
        if len(self.exits) == before and first <= now < last and self.may_enter(day) and self.enter(day, row, price):
            self.exit(day, row, price, closing=False)

    def behind_the_end(self, day: Day, row: Row, price: Fraction) -> None:
        """What is still held of the day is closed by its first price behind the end."""
        before = len(self.exits)
        self.close(row, price, "Session End")
        if len(self.exits) > before:
            day.last_was_stop_loss = False

    def indicators(self, day: Day, price: Fraction, quantity: int) -> None:
        s, paise = self.config.strategy, int(price * self.scale)
        if day.prices:
            move, n = paise - day.prices[-1], min(len(day.prices), s.rsi_length)
            day.rise = (day.rise * (n - 1) + max(move, 0)) / n
            day.fall = (day.fall * (n - 1) + max(-move, 0)) / n
        day.prices.append(paise)
        day.traded.append((paise, max(quantity, 0)))
        lengths = {"fast": s.fast_ema, "slow": s.slow_ema, "HTF": s.htf_period}
        for name, length in (lengths | {"MACD fast": s.macd_fast, "MACD slow": s.macd_slow}).items():
            self.average(day, name, length, paise)
        self.average(day, "signal", s.macd_signal, day.ema["MACD fast"] - day.ema["MACD slow"])

    def average(self, day: Day, name: str, length: int, price: float) -> None:
        """EMA: the first price is the first value."""
        before = day.ema.get(name, price)
        day.ema[name] = before + (price - before) * (2 / (length + 1))

    def green(self, day: Day) -> int:
        s = self.config.strategy
        step = Fraction(self.config.instrument.tick_size) * self.scale * Fraction(s.noise_filter_min_ticks)
        count = 0
        for i in range(len(day.prices) - 1, 0, -1):
            before, price = day.prices[i - 1], day.prices[i]
            noise = max(step, before * Fraction(s.noise_filter_percentage)) if s.noise_filter_enabled else 0
            if price > before + noise:
                count += 1
            elif price < before - noise or not s.noise_filter_enabled:
                break
        return count

    def may_enter(self, day: Day) -> bool:
        s = self.config.strategy
        after_stop_loss = day.last_was_stop_loss and s.green_ticks_after_stop_loss_enabled
        needed = s.green_ticks_after_stop_loss if after_stop_loss else s.consecutive_green_ticks
        if self.position is not None or self.green(day) < needed or len(day.prices) < s.min_warmup_ticks:
            return False
        full = day.entries >= self.config.risk.max_positions_per_day
        for why, true in (("halted", self.halted), ("locked", self.locked), ("full", full)):
            self.seen[f"no entry: {why}"] += true
        return not (self.halted or self.locked or day.ending or full) and self.filters_agree(day)

    def filters_agree(self, day: Day) -> bool:
        s, price = self.config.strategy, day.prices[-1]
        macd, signal = day.ema["MACD fast"] - day.ema["MACD slow"], day.ema["signal"]
        agreed = {
            "EMA": not s.use_ema_crossover or day.ema["fast"] > day.ema["slow"],
            "MACD": not s.use_macd or (macd > signal and macd - signal > 0),
            "VWAP": not s.use_vwap or price * sum(q for _, q in day.traded) > sum(p * q for p, q in day.traded),
            "HTF": not s.use_htf_trend or price > day.ema["HTF"],
            "RSI": not s.use_rsi_filter or self.rsi_between(day),
            "Bollinger": not s.use_bollinger_bands or self.within_bands(day, price),
        }
        self.seen.update(f"no entry: {name}" for name, agrees in agreed.items() if not agrees)
        return all(agreed.values())

    def rsi_between(self, day: Day) -> bool:
        low, high = float(self.config.strategy.rsi_oversold), float(self.config.strategy.rsi_overbought)
        if len(day.prices) <= self.config.strategy.rsi_length:
            return False
        both = day.rise + day.fall
        rsi = day.rise / both * 100 if both else 50.0
        self.seen["unclear: RSI"] += not both or min(abs(rsi - low), abs(rsi - high)) < 1e-6
        return low < rsi < high

    def within_bands(self, day: Day, price: int) -> bool:
        n, width = self.config.strategy.bollinger_length, Fraction(self.config.strategy.bollinger_width)
        if len(day.prices) < n:
            return False
        window = day.prices[-n:]
        variance = n * sum(p * p for p in window) - sum(window) ** 2  # n² times it
        return (n * price - sum(window)) ** 2 < width**2 * variance

    def enter(self, day: Day, row: Row, price: Fraction) -> bool:
        risk, step = self.config.risk, Fraction(self.config.instrument.tick_size)
        fill = price + Fraction(risk.slippage_points)
        if price >= step:
            fill = ceil(fill / step) * step  # on the grid, and never better than decided
        spendable = min(self.cash, self.cash * Fraction(risk.max_position_value_percent) / 100)
        lots = floor(spendable / (self.lot * fill))
        while lots > 0 and lots * self.lot * fill + costs(risk, lots * self.lot * fill) > self.cash:
            lots -= 1
            self.seen["costs took a lot"] += 1
        if lots <= 0:
            self.seen["no entry: cash"] += 1
            return False
        paid = costs(risk, lots * self.lot * fill)
        self.cash -= lots * self.lot * fill + paid
        self.position = Position(row.at_ms, fill, lots, paid)
        self.entries, day.entries, day.last_was_stop_loss = self.entries + 1, day.entries + 1, False
        return True

    def exit(self, day: Day, row: Row, price: Fraction, *, closing: bool) -> None:
        risk, before = self.config.risk, len(self.exits)
        too_much = bool(risk.max_daily_loss) and self.result(day, price) <= -risk.max_daily_loss
        if closing:
            self.close(row, price, "Session End")
        if self.position is not None:
            self.stops(self.position, row, price)
        if self.position is not None:
            self.take_profits(self.position, row, price)
        if self.position is not None:
            self.timed(self.position, row, price)
        if too_much:
            self.locked = True
            self.flatten(row, price, "Daily Loss")
        if len(self.exits) > before:
            day.last_was_stop_loss = self.exits[-1].reason == "Stop Loss"

    def result(self, day: Day, price: Fraction) -> Fraction:
        """The day's result as the tick finds it: exits of the day, and what is open before the costs of its exit."""
        held = self.position
        if held is None:
            return day.realised
        own = held.entry_costs * Fraction(held.lots, held.initial_lots)
        return day.realised + held.lots * self.lot * (price - held.price) - own

    def stops(self, held: Position, row: Row, price: Fraction) -> None:
        risk, distance = self.config.risk, Fraction(self.config.risk.trail_distance_points)
        held.highest = max(held.highest, price)
        if held.trail is not None:
            held.trail = max(held.trail, held.highest - distance)
        elif risk.use_trail_stop and price - held.price >= risk.trail_activation_points:
            held.trail = price - distance
        if price <= held.price - Fraction(risk.base_sl_points):
            self.close(row, price, "Stop Loss")
        elif held.trail is not None and price <= held.trail:
            self.close(row, price, "Trailing Stop")

    def take_profits(self, held: Position, row: Row, price: Fraction) -> None:
        levels = list(zip(self.config.risk.tp_points, self.config.risk.tp_percents, strict=True))
        for i, (points, percent) in enumerate(levels):
            if i in held.taken or not held.lots or price < held.price + Fraction(points):
                continue
            held.taken.add(i)
            lots = min(held.lots, max(1, floor(held.initial_lots * Fraction(percent))))
            self.sell(held, held.lots if i == len(levels) - 1 else lots, row, price, f"Take Profit {i + 1}")

    def timed(self, held: Position, row: Row, price: Fraction) -> None:
        risk, age_ms, loss = self.config.risk, row.at_ms - held.at_ms, held.price - price
        limit = held.price * Fraction(risk.emergency_exit_percent) / 100
        if risk.max_position_duration_minutes and age_ms >= risk.max_position_duration_minutes * 60_000:
            self.close(row, price, "Max Duration")
        elif risk.emergency_exit_percent and age_ms <= risk.emergency_window_s * 1000 and loss >= limit:
            self.close(row, price, "Emergency")

    def close(self, row: Row, price: Fraction, reason: str) -> None:
        if self.position is not None:
            self.sell(self.position, self.position.lots, row, price, reason)

    def flatten(self, row: Row, price: Fraction, reason: str) -> None:
        """Close in orders of at most the freeze quantity, in whole lots."""
        most = max(1, self.config.instrument.freeze_quantity // self.lot)
        while self.position is not None:
            self.sell(self.position, min(most, self.position.lots), row, price, reason)

    def sell(self, held: Position, lots: int, row: Row, price: Fraction, reason: str) -> None:
        quantity, step = lots * self.lot, Fraction(self.config.instrument.tick_size)
        fill = price - Fraction(self.config.risk.slippage_points_exit)
        least = min(price, Fraction(1, self.scale))
        fill = max(fill, least) if price < step else max(floor(fill / step), 1) * step
        paid, gross = costs(self.config.risk, quantity * fill, sells=True), quantity * (fill - held.price)
        self.cash += quantity * fill - paid
        paid += held.entry_costs * Fraction(lots, held.initial_lots)
        self.exits.append(Exit(held.at_ms, row.at_ms, held.price, fill, quantity, gross, paid, reason))
        if self.day is not None:
            self.day.realised += gross - paid
        held.lots -= lots
        if held.lots == 0:
            self.position = None


def costs(risk: RiskConfig, turnover: Fraction, *, sells: bool = False) -> Fraction:
    """Costs of one side of `turnover`."""
    commission = max(Fraction(risk.commission_per_trade), turnover * Fraction(risk.commission_percent) / 100)
    exchange = turnover * Fraction(risk.exchange_charges_percent) / 100
    stt = turnover * Fraction(risk.stt_percent) / 100 if sells else Fraction(0)
    return commission + exchange + stt + (commission + exchange) * Fraction(risk.gst_percent) / 100


def judge(config: Config, rows: Iterable[Row]) -> Oracle:
    """What the rules make of `rows`, ticks of the default instrument in file order."""
    oracle = Oracle(config)
    for row in rows:
        oracle.play(row)
    return oracle
