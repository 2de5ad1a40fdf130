"""Days that are always the same, synthetic and recorded, and forty parameter sets that trade on them."""

import csv
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from itertools import product

from engine.venues.simulated.generator import MockSession
from tests.support.builders import nifty
from tests.support.oracle import Row
from tests.support.shared_data import shared

KOLKATA = "Asia/Kolkata"

FILTERS = (
    "",
    "use_macd=true use_vwap=true",
    "use_ema_crossover=false use_vwap=true consecutive_green_ticks=2",
    "use_htf_trend=true htf_period=50 noise_filter_enabled=true",
    "use_rsi_filter=true use_ema_crossover=false",
    "use_bollinger_bands=true bollinger_width=1.7",
    "fast_ema=5 slow_ema=13 consecutive_green_ticks=1 green_ticks_after_stop_loss=6",
    "use_ema_crossover=false consecutive_green_ticks=5 min_warmup_ticks=200",
    "use_macd=true macd_fast=5 macd_slow=35 macd_signal=5 use_rsi_filter=true rsi_overbought=80",
    "noise_filter_enabled=true noise_filter_min_ticks=2.5 consecutive_green_ticks=2 fast_ema=3",
)
RISKS = (
    "max_position_value_percent=100",
    "base_sl_points=4 trail_activation_points=3 trail_distance_points=1.5 max_position_duration_minutes=7",
    "use_trail_stop=false tp_points=[3,6.35] tp_percents=[0.35,0.65] slippage_points=0.1",
    "tp_points=[8] tp_percents=[1] emergency_exit_percent=1.5 max_daily_loss=4000 commission_per_trade=20",
)
PARAMETERS = [
    (*(f"strategy.{one}" for one in filters.split()), *(f"risk.{one}" for one in risks.split()))
    for filters, risks in product(FILTERS, RISKS)
]
RECORDED = "nifty_option_20251001.csv"


@cache
def whole(name: str) -> list[Row]:
    """A synthetic session by its seed, or the recorded one by its name."""
    if name.isdigit():
        ticks = MockSession(int(name), date(2025, 10, 3), KOLKATA, nifty()).ticks()
        return [Row(tick.exch_ms, Decimal(tick.price) / 100, tick.quantity) for tick in ticks]
    with shared(name).open(newline="") as file:
        return [Row(stamp_ms(r["timestamp"]), Decimal(r["price"]), int(r["volume"])) for r in csv.DictReader(file)]


def stamp_ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)
