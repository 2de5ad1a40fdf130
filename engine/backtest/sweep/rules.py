"""A configuration as the kernel takes it: whole numbers, in units so fine that every product of money is whole. Pure."""

from decimal import Decimal
from fractions import Fraction
from math import isqrt
from typing import Final

import msgspec
from msgspec import Struct

from engine.backtest.sweep import kernel
from engine.config import Config
from engine.model.types import MAX_QUANTITY, Instrument
from engine.trading.costs import CostBook, Costs, PercentCosts, total
from engine.trading.held_watch import GRACE_MS
from engine.trading.positions import Levels
from engine.trading.session import SessionDay

_SHARED_DIGITS: Final = 9  # entry costs are shared out over exits in whole billionths
_MOST_DIGITS: Final = 16
_NO_KIND: Final = Decimal(0)


class Rates(Struct, frozen=True):
    """What an order costs, GST included: max(`least`, `commission` · turnover) + (`other` + a tax) · turnover + `an_order` for each."""

    least: Decimal
    commission: Decimal
    other: Decimal
    an_order: Decimal
    buy_tax: Decimal
    sell_tax: Decimal


class Rules(Struct, frozen=True):
    """A set as the kernel takes it; money is in 10⁻`digits` of the currency."""

    digits: int
    rules: tuple[int, ...]
    targets: tuple[int, ...]
    over: tuple[int, ...]
    under: tuple[int, ...]


class NotCoveredError(Exception):
    """The kernel cannot do this: the engine does it; the reason is told."""


def rates_of(config: Config, instrument: Instrument, day: SessionDay) -> Rates:
    """What `instrument` is charged by in the session of `day`; raises NotCoveredError where that changes within it."""
    costs = CostBook(config, (instrument,)).by_instrument[0]
    if not isinstance(costs, PercentCosts):
        rates = _noted(costs, day.start_ms)
        if rates != _noted(costs, day.end_ms):
            raise NotCoveredError("charges change within the session")
        return rates
    risk, percent = config.risk, Decimal(100)
    with_gst = 1 + risk.gst_percent / percent
    return Rates(
        least=risk.commission_per_trade * with_gst,
        commission=risk.commission_percent / percent * with_gst,
        other=risk.exchange_charges_percent / percent * with_gst,
        an_order=_NO_KIND,
        buy_tax=_NO_KIND,
        sell_tax=risk.stt_percent / percent,
    )


def _noted(costs: Costs, at_ms: int) -> Rates:
    """A contract note is linear in turnover and orders: one of each tells all of it."""
    one, nothing = Decimal(1), Decimal(0)
    buy = total(costs.of(one, 0, at_ms, selling=False))
    sell = total(costs.of(one, 0, at_ms, selling=True))
    an_order = total(costs.of(nothing, 1, at_ms, selling=False))
    return Rates(_NO_KIND, _NO_KIND, buy, an_order, _NO_KIND, sell - buy)


def rules_of(config: Config, instrument: Instrument, levels: Levels, rates: Rates) -> Rules:
    """The rules of `config` for `instrument`, but for the times of a session; raises NotCoveredError with the reason."""
    if reason := _not_covered(config, instrument):
        raise NotCoveredError(reason)
    per_minor = instrument.price_scale * instrument.quantity_scale
    digits = _digits(config, rates, per_minor)
    money = 10**digits
    share = Fraction(config.risk.max_position_value_percent) / 100
    loss = Fraction(levels.emergency_percent) / 100
    rules = [0] * kernel.RULES
    for place, value in (
        (kernel.STOP, levels.stop),
        (kernel.USE_TRAIL, int(levels.use_trail)),
        (kernel.ACTIVATION, levels.trail_activation),
        (kernel.DISTANCE, levels.trail_distance),
        (kernel.AGE_MS, levels.max_age_ms),
        (kernel.EMERGENCY_OVER, loss.numerator),
        (kernel.EMERGENCY_UNDER, loss.denominator),
        (kernel.WINDOW_MS, levels.emergency_window_ms),
        (kernel.DAY_LOSS, int(config.risk.max_daily_loss * money)),
        (kernel.SHARE_OVER, share.numerator),
        (kernel.SHARE_UNDER, share.denominator),
        (kernel.MOST_ENTRIES, config.risk.max_positions_per_day),
        (kernel.CAPITAL, int(config.capital.initial_capital * money)),
        (kernel.LOT, instrument.lot_size),
        (kernel.LARGEST_ORDER, instrument.largest_order),
        (kernel.UNIT, money // per_minor),
        (kernel.STEP, 10 ** (digits - _SHARED_DIGITS)),
        (kernel.LEAST, int(rates.least * money)),
        (kernel.COMMISSION, int(rates.commission * money / per_minor)),
        (kernel.OTHER, int(rates.other * money / per_minor)),
        (kernel.AN_ORDER, int(rates.an_order * money)),
        (kernel.BUY_TAX, int(rates.buy_tax * money / per_minor)),
        (kernel.SELL_TAX, int(rates.sell_tax * money / per_minor)),
        (kernel.AFTER_ALIKE, int(not _asks_more_after_stop(config))),
    ):
        rules[place] = value
    shares = [Fraction(each) for each in levels.shares]
    made = Rules(
        digits,
        tuple(rules),
        levels.targets,
        tuple(each.numerator for each in shares),
        tuple(each.denominator for each in shares),
    )
    rules[kernel.SAFE_LOTS] = _safe_lots(made.rules, max(made.over))
    if max(*rules, *made.targets, *made.over, *made.under) * 4 >= kernel.BOUND:
        raise NotCoveredError("numbers too large")
    rates_sum = sum(rules[place] for place in (kernel.COMMISSION, kernel.OTHER, kernel.BUY_TAX, kernel.SELL_TAX))
    if rates_sum > rules[kernel.UNIT] or share.numerator * share.denominator >= kernel.BOUND:
        raise NotCoveredError("numbers too large")
    return msgspec.structs.replace(made, rules=tuple(rules))


def _safe_lots(rules: tuple[int, ...], share: int) -> int:
    """So many lots of one position that no product of their number grows beyond the bound: with itself, a share, the price of an order."""
    lot = rules[kernel.LOT]
    most = isqrt(kernel.BOUND // rules[kernel.STEP])
    by_orders = kernel.BOUND // 8 // max(rules[kernel.AN_ORDER], 1) * rules[kernel.LARGEST_ORDER]
    return min(most, kernel.BOUND // share, by_orders, MAX_QUANTITY) // lot


def moments(day: SessionDay) -> tuple[int, int]:
    """When positions are closed in the session of `day`: by ticks from the first on, by the clock at the second."""
    return day.exit_from_ms, min(day.exit_from_ms + GRACE_MS, day.end_ms)


def needed_after_stop(config: Config) -> int:
    """How many green ticks an entry asks for when the last exit was a stop loss."""
    strategy = config.strategy
    more = strategy.green_ticks_after_stop_loss_enabled
    return strategy.green_ticks_after_stop_loss if more else strategy.consecutive_green_ticks


def _asks_more_after_stop(config: Config) -> bool:
    return needed_after_stop(config) != config.strategy.consecutive_green_ticks


def _not_covered(config: Config, instrument: Instrument) -> str:
    """Why the engine has to run `config`; empty where the kernel does."""
    asked = {
        "risk.jump_percent": config.risk.jump_percent > 0,
        "risk.unprotected = refuse": config.risk.unprotected == "refuse",
        "operator.on_silence = flat": config.operator.on_silence == "flat",
        "a market without a session's end": not config.session.daily,
        "prices below nought": instrument.lowest_price <= 0,
        "watch only": instrument.watch_only is True,
    }
    return next((reason for reason, true in asked.items() if true), "")


def _digits(config: Config, rates: Rates, per_minor: int) -> int:
    """How many digits behind the point it takes for every product of money to be whole."""
    of_money = (config.capital.initial_capital, config.risk.max_daily_loss, rates.least, rates.an_order)
    of_turnover = (Decimal(1), rates.commission, rates.other, rates.buy_tax, rates.sell_tax)
    values = [*map(Fraction, of_money), *(Fraction(each) / per_minor for each in of_turnover)]
    for digits in range(_SHARED_DIGITS, _MOST_DIGITS + 1):
        if all((value * 10**digits).denominator == 1 for value in values):
            return digits
    raise NotCoveredError("charges of too many digits")
