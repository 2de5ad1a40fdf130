"""What two or more keys must agree on. Looks only at keys whose own values are well; knows no file."""

from collections.abc import Callable, Iterator, Mapping
from datetime import time
from decimal import Decimal
from itertools import pairwise
from typing import Any

from msgspec import Struct

from engine.config.judge import text_of
from engine.config.schema import INSTRUMENTS, OVERRIDABLE, RiskConfig, Tables

Values = Mapping[str, object]


class ContradictionRule(Struct, frozen=True):
    """The values of `keys`, in this order, must satisfy `agree`; else `sentence` says what is wrong."""

    keys: tuple[str, ...]
    agree: Callable[..., bool]
    sentence: str


def contradictions(values: Values, tables: Tables) -> Iterator[tuple[tuple[str, ...], str]]:
    """Return the keys of every contradiction among the parsed `values` of `tables`, and the line that says so."""
    for check in _CHECKS:
        yield from _judge(check, check.keys, values, tables)
    for symbol in ("", *symbols(values)):
        for check in _INSTRUMENT_CHECKS:
            keys = tuple(_path(key, symbol, values) for key in check.keys)
            # What an instrument takes over from [instrument] unchanged has been judged there.
            if not symbol or any(key.startswith(INSTRUMENTS + ".") for key in keys):
                yield from _judge(check, keys, values, tables)


def symbols(values: Values) -> tuple[str, ...]:
    """Return the names of the instruments that have a table of their own, in their order."""
    tables = (path.rpartition(".")[0] for path in values if path.startswith(INSTRUMENTS + "."))
    return tuple(dict.fromkeys(table.removeprefix(INSTRUMENTS + ".") for table in tables))


def _path(key: str, symbol: str, values: Values) -> str:
    """Where the value of `key` stands: a path as it is, an instrument's key in its own table or in [instrument]."""
    if key not in OVERRIDABLE:
        return key
    own = f"{INSTRUMENTS}.{symbol}.{key}"
    return own if own in values else f"instrument.{key}"


def _judge(
    check: ContradictionRule, keys: tuple[str, ...], values: Values, tables: Tables
) -> Iterator[tuple[tuple[str, ...], str]]:
    if all(key in values for key in keys) and not check.agree(*(values[key] for key in keys)):
        shown = ", ".join(f"{key} = {text_of(key, values[key], tables)}" for key in keys)
        yield keys, f"{shown}: {check.sentence}"


def _seconds(moment: time) -> int:
    return (moment.hour * 60 + moment.minute) * 60 + moment.second


def _window_is_open(
    daily: bool, start: time, end: time, start_buffer: int, no_start: int, end_buffer: int, no_end: int
) -> bool:
    length = (_seconds(end) - _seconds(start)) % 86_400  # an end before the start is on the next date
    return not daily or not length or 60 * (max(start_buffer, no_start) + max(end_buffer, no_end)) < length


def _rising(levels: tuple[Decimal, ...]) -> bool:
    return all(low < high for low, high in pairwise(levels))


def _whole(points: Decimal | tuple[Decimal, ...], scale: int) -> bool:
    return all(one * scale % 1 == 0 for one in (points if isinstance(points, tuple) else (points,)))


def _differ(one: time, other: time) -> bool:
    return one != other


def _below(low: Any, high: Any) -> bool:
    return bool(low < high)


_CHECKS = (
    ContradictionRule(("session.start", "session.end"), _differ, "a session must not end when it starts"),
    ContradictionRule(
        (
            "session.daily",
            "session.start",
            "session.end",
            "session.start_buffer_minutes",
            "session.no_trade_start_minutes",
            "session.end_buffer_minutes",
            "session.no_trade_end_minutes",
        ),
        _window_is_open,
        "these leave no time for an entry",
    ),
    ContradictionRule(("strategy.fast_ema", "strategy.slow_ema"), _below, "fast_ema must be below slow_ema"),
    ContradictionRule(("strategy.macd_fast", "strategy.macd_slow"), _below, "macd_fast must be below macd_slow"),
    ContradictionRule(
        ("strategy.rsi_oversold", "strategy.rsi_overbought"), _below, "rsi_oversold must be below rsi_overbought"
    ),
    ContradictionRule(("risk.tp_points",), _rising, "each level must be above the one before"),
    ContradictionRule(
        ("risk.tp_points", "risk.tp_percents"),
        lambda points, percents: len(points) == len(percents),
        "there must be as many tp_percents as tp_points",
    ),
    ContradictionRule(("risk.tp_percents",), lambda percents: sum(percents) == 1, "together they must be exactly 1"),
)

_INSTRUMENT_CHECKS = (
    ContradictionRule(("tick_size", "price_scale"), _whole, "tick_size must be a multiple of 1/price_scale"),
    ContradictionRule(
        ("lot_size", "freeze_quantity"),
        lambda lot_size, freeze_quantity: lot_size <= freeze_quantity,
        "lot_size must not be above freeze_quantity",
    ),
    *(
        ContradictionRule((f"risk.{key}", "price_scale"), _whole, f"{key} must be multiples of 1/price_scale")
        for key in RiskConfig.__annotations__
        if "_points" in key
    ),
)
