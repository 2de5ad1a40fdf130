"""Random configurations of all keys that decide anything, and random days of ticks: what two readings of the rules are held to each other on."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from random import Random
from zoneinfo import ZoneInfo

from engine.config import Config
from engine.model.types import PRICE_INFINITE, PRICE_MISSING, PRICE_NAN
from tests.support.known_days import KOLKATA
from tests.support.oracle import Row

# Keys and what they may be: much that trades often, and every rule now and then.
SELDOM = ("false",) * 9 + ("true",)
POINTS = (0.05, 0.5, 1, 2.37, 5, 8.2, 15)
CHOICES: dict[str, tuple[object, ...] | range] = {
    "capital.initial_capital": (100000, 1234567.89, 100000, 30000, 6000),
    "instrument.lot_size": (75, 75, 1, 20, 0.5),
    "instrument.tick_size": (0.05, 0.01, 0.5),
    "instrument.price_scale": (100, 100, 1000),
    "session.start_buffer_minutes session.no_trade_start_minutes": (0, 0, 1, 5, 20),
    "session.end_buffer_minutes session.no_trade_end_minutes": (0, 1, 5, 20),
    "session.holidays": ("[]", "[]", "[2025-10-02]", "[2025-10-01, 2025-10-05]"),
    "strategy.use_ema_crossover strategy.green_ticks_after_stop_loss_enabled risk.use_trail_stop": ("true", "false"),
    "strategy.use_macd strategy.use_vwap strategy.use_htf_trend": SELDOM,
    "strategy.use_rsi_filter strategy.use_bollinger_bands strategy.noise_filter_enabled": SELDOM,
    "strategy.fast_ema strategy.macd_fast": range(1, 6),
    "strategy.slow_ema strategy.macd_slow": range(6, 20),
    "strategy.macd_signal strategy.htf_period strategy.rsi_length": (1, 2, 3, 5, 9, 14),
    "strategy.rsi_overbought": (70, 83, 99.5),
    "strategy.bollinger_length": (2, 3, 5, 20),
    "strategy.bollinger_width": (0.5, 1, 1.3, 2, 3),
    "strategy.consecutive_green_ticks strategy.green_ticks_after_stop_loss": (1, 1, 1, 2, 2, 3, 3, 4, 0),
    "strategy.noise_filter_percentage": (0, 0.0001, 0.00123, 0.01),
    "strategy.noise_filter_min_ticks": (0, 1, 2.5),
    "strategy.min_warmup_ticks": (2, 2, 1, 10, 30),
    "strategy.nan_streak_threshold strategy.nan_recovery_threshold": range(1, 5),
    "risk.max_positions_per_day": (*(100,) * 9, 3, 1, 0),
    "risk.max_position_value_percent": (100, 100, 30, 12.5),
    "risk.base_sl_points": POINTS,
    "risk.trail_activation_points risk.trail_distance_points": (0, *POINTS),
    "risk.slippage_points risk.slippage_points_exit": (0, 0, 0.05, 0.12, 1),
    "risk.commission_per_trade": (0, 0, 20),
    "risk.commission_percent risk.stt_percent risk.exchange_charges_percent": (0.03, 0, 0.0345, 0.1),
    "risk.gst_percent": (18, 0),
    "risk.max_position_duration_minutes risk.emergency_exit_percent": (0, 0, 0, 1, 3),
    "risk.emergency_window_s": (1, 10, 60),
    "risk.max_daily_loss": (0, 0, 0, 500, 5000.55),
    "risk.max_backwards_ms": (1000, 1000, 0, 2500),
}
HOURS = ((KOLKATA, "09:15", "15:30"), (KOLKATA, "09:15:30", "10:05"), ("America/New_York", "09:30", "16:00"))


def configuration(random: Random, given_values: dict[str, object]) -> tuple[str, ...]:
    """Overrides of all keys that decide anything, some of them as given."""
    values = {key: random.choice(pool) for keys, pool in CHOICES.items() for key in keys.split()}
    zone, start, end = random.choice(HOURS)
    values |= {"session.zone": f'"{zone}"', "session.start": f'"{start}"', "session.end": f'"{end}"'}
    count = random.choice(range(1, 7))
    levels = random.sample(range(1, 1501), count)  # in paise
    cuts = random.sample(range(1, 100), count - 1)
    values["risk.tp_points"] = [level / 100 for level in sorted(levels)]
    values["risk.tp_percents"] = [(high - low) / 100 for low, high in pairwise((0, *sorted(cuts), 100))]
    return tuple(f"{key}={value}" for key, value in (values | given_values).items())


BAD_PRICES = (None, Decimal("NaN"), Decimal("Infinity"), Decimal(0), Decimal("-1.05"))
STEPS_MS = ((0, 0, 0, 200, 500, 1000, 1000, 2000, 5000, 40_000), (0, 1000, 1000, 5000, 10_000))


def days(random: Random, cfg: Config) -> list[Row]:
    """A few days of ticks: walks, jumps, bursts, halts, bad ticks; the evening may be missing."""
    rows: list[Row] = []
    step, price, day = random.choice((1, 3, 5, 15, 50)), random.choice((6000, 9000, 20_000, 40_000)), date(2025, 10, 1)
    zone = ZoneInfo(cfg.session.zone)
    for _ in range(random.choice((1, 1, 2, 3))):
        hours = (datetime.combine(day, at, zone) for at in (cfg.session.start, cfg.session.end))
        start, end = (round(moment.timestamp() * 1000) for moment in hours)
        at_ms = start + random.choice((-30_000, -500, 0, 55_000, 299_000, 20 * 60_000))
        leaps, chance_up, steps_ms = random.sample(range(250), 2), 0.6, random.choice(STEPS_MS)
        for n in range(random.choice((60, 150, 250))):
            if n in leaps:  # to just before something that ends a day
                minutes = random.choice((0, 1, cfg.session.end_buffer_minutes, cfg.session.no_trade_end_minutes))
                at_ms = max(at_ms, end - minutes * 60_000 - random.choice((0, 1, 5000, 60_000)))
            if random.random() < 0.08:
                chance_up = random.choice((0.9, 0.9, 0.65, 0.5, 0.2, 0.05))
            move = random.choice((0, 1, 1, 2, 3, 7)) * step * (40 if random.random() < 0.01 else 1)
            price = max(1000, price + (move if random.random() < chance_up else -move))
            at_ms += random.choice(steps_ms)
            rows.append(Row(at_ms, Decimal(price) / 100, random.choice((75, 75, 150, 0, 1))))
            if random.random() < 0.03:
                rows += [Row(at_ms, random.choice(BAD_PRICES), 75)] * random.choice((0, 1, 2, 5))
                late = Row(at_ms - random.choice((300, 1000, 1001, 2500, 9000)), rows[-1].price, 75)
                rows += [late._replace(price=Decimal(price + 5) / 100)] * random.choice((0, 1, 1, 3))
        day += timedelta(days=random.choice((1, 1, 4)))
    return rows


SIX = {"risk.tp_points": [n / 2 for n in range(1, 7)], "risk.tp_percents": [0.1, 0.29, 0.2, 0.15, 0.06, 0.2]}
EMPHASES: tuple[dict[str, object], ...] = (
    *({},) * 4,
    {"strategy.use_rsi_filter": "true", "strategy.use_ema_crossover": "false"},
    {"strategy.use_bollinger_bands": "true", "strategy.use_ema_crossover": "false"},
    {"risk.emergency_exit_percent": 0.4, "risk.emergency_window_s": 30, "risk.base_sl_points": 15},
    {"risk.max_daily_loss": 500, "risk.use_trail_stop": "false", "risk.base_sl_points": 15, **SIX},
)


def minor(price: Decimal | None, scale: int) -> int:
    """A price as a tick has it."""
    if price is None or not price.is_finite():
        return PRICE_MISSING if price is None else PRICE_NAN if price.is_nan() else PRICE_INFINITE
    return int(price * scale)
