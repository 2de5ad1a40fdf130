"""Words of money read back: what the closing card, the summary and the lists of days say, as numbers, and what a `DayStatistics` has to say."""

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from engine.model.statistics import DayStatistics
from engine.reports.summary import Summary

_AMOUNT = r"([+-]?[\d,]+\.\d\d)"
_CARD_NET = re.compile(rf"{_AMOUNT} \(gross {_AMOUNT}, costs {_AMOUNT}\)")
_SUMS = re.compile(rf"gross {_AMOUNT}, costs {_AMOUNT}, net {_AMOUNT}")
_TRADES = re.compile(r"([\d,]+) positions?, ([\d,]+) won(?: \(\d+%\))?, ([\d,]+) exits?(?:, profit factor ([\d.]+))?")
_BEST = re.compile(rf"{_AMOUNT}, worst {_AMOUNT}, drawdown {_AMOUNT}(?:, longest losing streak (\d+))?")


class Told(NamedTuple):
    """The numbers of a day or of all days, money to the paisa, as they are told everywhere."""

    net: Decimal
    gross: Decimal
    costs: Decimal
    positions: int
    won: int
    exits: int
    factor: str
    best: Decimal | None
    worst: Decimal | None
    drawdown: Decimal
    reasons: dict[str, int]
    kinds: dict[str, Decimal]


def paise(value: Decimal) -> Decimal:
    """To the paisa, halves away from zero."""
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def number(words: str) -> Decimal:
    """`+1,02,874.45` as it was before it was grouped."""
    return Decimal(words.replace(",", ""))


def due(made: DayStatistics) -> Told:
    """What is to be told of `made`."""
    return Told(
        paise(made.net), paise(made.gross), paise(made.costs), made.positions, made.won, made.exits,
        "" if made.profit_factor is None else f"{made.profit_factor:.2f}",
        None if made.best is None else paise(made.best),
        None if made.worst is None else paise(made.worst),
        paise(made.drawdown) if made.positions else Decimal(0),
        dict(made.reasons),
        {kind: paise(paid) for kind, paid in made.costs_by_kind.items() if paise(paid)},
    )  # fmt: skip


def by_card(rows: Mapping[str, str]) -> Told:
    """What the lines of the closing card say, by what each is about."""
    net, gross, costs = map(number, _found(_CARD_NET, rows["net"]))
    return Told(net, gross, costs, *_trades(rows["trades"]), *_best(rows.get("best", "")),
                _counts(rows.get("exits", "")), _amounts(rows.get("costs", "")))  # fmt: skip


def by_lines(lines: list[str]) -> Told:
    """What the lines of a summary say."""
    gross, costs, net = map(number, _found(_SUMS, next(line for line in lines if line.startswith("gross"))))
    trades, _, best = next((line for line in lines if _TRADES.match(line)), "0 positions, 0 won, 0 exits").partition(
        "; best "
    )
    exits, _, paid = next((line for line in lines if line.startswith("exits: ")), "exits: ")[7:].partition("; costs: ")
    return Told(net, gross, costs, *_trades(trades), *_best(best), _counts(exits), _amounts(paid))


def by_summary(told: Summary) -> Told:
    """What the summary's fields say."""
    return Told(
        Decimal(told.net_pnl), Decimal(told.gross_pnl), Decimal(told.costs), told.positions, told.won, told.exits,
        told.profit_factor,
        None if told.best is None else Decimal(told.best),
        None if told.worst is None else Decimal(told.worst),
        Decimal(told.drawdown) if told.positions else Decimal(0),
        told.exits_by_reason,
        {kind: Decimal(paid) for kind, paid in told.costs_by_kind.items() if Decimal(paid)},
    )  # fmt: skip


def _found(pattern: re.Pattern[str], words: str) -> tuple[str, ...]:
    match = pattern.fullmatch(words) or pattern.match(words)
    assert match is not None, words
    return match.groups(default="")


def _trades(words: str) -> tuple[int, int, int, str]:
    positions, won, exits, factor = _found(_TRADES, words)
    return int(number(positions)), int(number(won)), int(number(exits)), factor


def _best(words: str) -> tuple[Decimal | None, Decimal | None, Decimal]:
    if not words:
        return None, None, Decimal(0)
    best, worst, drawdown, _ = _found(_BEST, words)
    return number(best), number(worst), number(drawdown)


def _counts(words: str) -> dict[str, int]:
    return {name: int(number(count)) for name, _, count in (each.rpartition(" ") for each in words.split(", ") if each)}


def _amounts(words: str) -> dict[str, Decimal]:
    return {name: number(paid) for name, _, paid in (each.rpartition(" ") for each in words.split(", ") if each)}
