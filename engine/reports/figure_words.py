"""The figures of a report as pairs of a name and words, the same in a terminal, in HTML and in a spreadsheet. Pure.

What is not defined is a dash.
"""

from decimal import Decimal
from typing import Final

from engine.model.session_result import Fall
from engine.presentation import format as text
from engine.presentation.charges import by_kind
from engine.presentation.money import grouped
from engine.reports.mode_report import ModeReport
from engine.reports.position_sums import LEAST_FOR_SQN, PositionSums

DASH: Final = "—"
Row = tuple[str, str]


def money(value: Decimal | float | None, zone: str, *, sign: bool = False) -> str:
    """An amount, or a dash."""
    return DASH if value is None else grouped(value, zone, sign=sign)


def number(value: float | None, decimals: int = 2) -> str:
    """A number, or a dash."""
    return DASH if value is None else f"{value:.{decimals}f}"


def share(value: float | None, decimals: int = 0) -> str:
    """A share as percent, or a dash."""
    return DASH if value is None else f"{100 * value:.{decimals}f}%"


def moment(ms: int, zone: str, *, dated: bool) -> str:
    """A time of day, with its date where there are several."""
    clock = text.clock(ms, zone)
    return f"{text.day(ms, zone)} {clock}" if dated else clock


def fall_words(fall: Fall | None, zone: str, *, dated: bool) -> str:
    """`3,200.00 (2.4%), 10:02:11 to 10:44:10, recovered 11:00:00`."""
    if fall is None:
        return DASH
    begin, low = (moment(ms, zone, dated=dated) for ms in (fall.from_ms, fall.to_ms))
    back = f"recovered {moment(fall.recovered_ms, zone, dated=dated)}" if fall.recovered_ms else "not recovered"
    return f"{money(fall.amount, zone)} ({share(fall.share, 1)}), {begin} to {low}, {back}"


def money_rows(report: ModeReport) -> list[Row]:
    """What it came to."""
    zone, sums, days = report.zone, report.sums, report.days
    began = days[0].cash if days else None
    still = [("still open", f"{len(report.open):,}")] if report.open else []
    kinds = by_kind(report.paid, zone)
    return [
        ("net", money(report.net, zone, sign=True)),
        ("gross", money(report.gross, zone, sign=True)),
        ("costs", money(report.exit_costs, zone)),
        ("costs by kind", kinds or DASH),
        *_other_rates(report),
        ("cash", f"{money(began, zone)}{_end(report)}"),
        *still,
        ("drawdown, realised", fall_words(report.realised.largest, zone, dated=len(days) > 1)),
        ("drawdown, at every tick", fall_words(report.marked.largest, zone, dated=len(days) > 1)),
        ("slippage", _slippage(sums, zone)),
    ]


def _end(report: ModeReport) -> str:
    """Where cash stands at the end; nowhere where each day has its own."""
    return " at first, each day with its own" if report.own_capital else f" → {money(report.cash_after, report.zone)}"


def _other_rates(report: ModeReport) -> list[Row]:
    """What the same exits would have kept, where that is asked for or less."""
    other, zone = report.other_rates, report.zone
    if not other.is_told:
        return []
    kinds = by_kind(other.kinds, zone)
    return [(f"at {other.name}", f"net {money(other.net, zone, sign=True)}, costs {money(other.costs, zone)}: {kinds}")]


def _slippage(sums: PositionSums, zone: str) -> str:
    """What fills were worse than decided, of those positions of which both prices are known."""
    if sums.slippage is None:
        return DASH
    rest = f" (not known of {sums.without_slippage:,})" if sums.without_slippage else ""
    return money(sums.slippage, zone) + rest


def position_rows(sums: PositionSums, zone: str) -> list[Row]:
    """What positions come to; each is an entry with all its exits."""
    sqn = number(sums.sqn)
    if sums.sqn is None and sums.positions:
        count = sums.r.count if sums.r else 0
        sqn = f"{DASH} (too few with a known risk: {count} of {LEAST_FOR_SQN})" if count < LEAST_FOR_SQN else DASH
    return [
        ("positions", f"{sums.positions:,} ({sums.exits:,} exits)"),
        ("won, lost", f"{sums.won:,}, {sums.lost:,}"),
        ("win rate", share(sums.win_rate, 1)),
        ("profit factor", number(sums.profit_factor)),
        ("payoff", number(sums.payoff)),
        ("expectancy", f"{money(sums.expectancy, zone, sign=True)}, {number(sums.mean_r)} R"),
        ("SQN", sqn),
        ("exit efficiency", share(sums.mean_efficiency)),
        ("best, worst", f"{money(sums.best, zone, sign=True)}, {money(sums.worst, zone, sign=True)}"),
        ("longest runs won, lost", f"{sums.longest_won:,}, {sums.longest_lost:,}"),
        ("held, mean", DASH if sums.mean_held_s is None else text.duration(sums.mean_held_s)),
    ]


def day_rows(report: ModeReport) -> list[Row]:
    """What days come to."""
    ratios, band, zone = report.ratios(), report.band(), report.zone
    count = len(report.days)
    middle = money(report.net / count if count else None, zone, sign=True)
    around = f", 95% {money(band[0], zone, sign=True)} to {money(band[1], zone, sign=True)}" if band else ""
    few = ratios.too_few
    chained = [("equity", "each day with its own capital: chained by day returns")] if report.own_capital else []
    return [
        ("days", f"{count:,}"),
        ("mean a day", middle + around),
        ("mean day return", share(ratios.mean, 2)),
        *((name, few or number(value)) for name, value in _ratios(ratios.sharpe, ratios.sortino, ratios.calmar)),
        *chained,
    ]


def _ratios(sharpe: float | None, sortino: float | None, calmar: float | None) -> list[tuple[str, float | None]]:
    return [("Sharpe", sharpe), ("Sortino", sortino), ("Calmar", calmar)]


def refused_rows(report: ModeReport) -> list[Row]:
    """What kept signals from an entry, the most frequent first."""
    counts = sorted(report.refused.items(), key=lambda each: -each[1])
    return [(name, f"{count:,}") for name, count in counts if count]


GROUP_HEAD: Final = ("POSITIONS", "WON", "NET", "EXPECTANCY", "R", "FACTOR", "EFFICIENCY")


def group_cells(sums: PositionSums, zone: str) -> tuple[str, ...]:
    """A group as cells under `GROUP_HEAD`."""
    return (
        f"{sums.positions:,}", share(sums.win_rate), money(sums.net, zone, sign=True), money(sums.expectancy, zone, sign=True),
        number(sums.mean_r), number(sums.profit_factor), share(sums.mean_efficiency),
    )  # fmt: skip
