"""A report as records for a script and rows for a spreadsheet: figures, days, positions, exits. Reads and prints nothing.

Money is rounded to the paisa, each by itself; null: there is none, or it is not defined.
"""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from msgspec import Struct

from engine.model.session_result import Fall, PositionResult
from engine.presentation.charges import in_order
from engine.reports.day_records import paise, stamp
from engine.reports.groups import KINDS
from engine.reports.mode_report import DayRow, ModeReport
from engine.reports.other_rates import RateSums
from engine.reports.position_figures import PositionFigures, mean_exit, slippage_of
from engine.reports.position_sums import PositionSums

_PLACES: Final = 6  # of what is no money


class FallRecord(Struct, frozen=True):
    """A fall from a peak: money, share of the peak, and when: ISO 8601 in the session's zone."""

    amount: Decimal
    percent: float | None
    peak_time: str
    low_time: str
    recovered_time: str | None


class SumsRecord(Struct, frozen=True, kw_only=True):
    """What positions come to."""

    positions: int
    exits: int
    won: int
    lost: int
    gross: Decimal
    costs: Decimal
    net: Decimal
    win_rate: float | None
    profit_factor: float | None
    payoff: float | None
    expectancy: Decimal | None
    expectancy_r: float | None
    sqn: float | None
    exit_efficiency: float | None
    slippage: Decimal | None
    mean_held_s: float | None
    best: Decimal | None
    worst: Decimal | None
    longest_winning_streak: int
    longest_losing_streak: int


class RatiosRecord(Struct, frozen=True, kw_only=True):
    """What day returns come to; `too_few` says why ratios are null."""

    days: int
    mean_day: Decimal | None
    mean_day_band: tuple[Decimal, Decimal] | None
    mean_return: float | None
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    too_few: str


class SessionDayRecord(Struct, frozen=True, kw_only=True):
    """One session day; `cash` at its first tick."""

    date: str
    ticks: int
    cash: Decimal | None
    net: Decimal
    day_return: float | None
    costs: Decimal
    positions: int
    won: int
    lost: int
    exits: int
    best: Decimal | None
    worst: Decimal | None
    equity: Decimal


class PositionRecord(Struct, frozen=True, kw_only=True):
    """One position: prices and quantities in units, points in the currency."""

    date: str
    mode: str
    number: int
    symbol: str
    entry_time: str
    exit_time: str | None
    quantity: Decimal
    left: Decimal
    entry_price: Decimal
    mean_exit: Decimal | None
    exits: int
    gross: Decimal
    costs: Decimal
    net: Decimal
    reason: str
    risk: Decimal | None
    r: float | None
    mae_points: Decimal | None
    mae: Decimal | None
    mae_r: float | None
    mfe_points: Decimal | None
    mfe: Decimal | None
    mfe_r: float | None
    after_points: Decimal | None
    efficiency: float | None
    slippage: Decimal | None
    waited_ms: int | None


class ExitRecord(Struct, frozen=True, kw_only=True):
    """One exit of a position; `slippage_points` against us positive."""

    date: str
    mode: str
    symbol: str
    entry_time: str
    exit_time: str
    quantity: Decimal
    entry_price: Decimal
    exit_price: Decimal
    gross: Decimal
    costs: Decimal
    net: Decimal
    reason: str
    decided: Decimal | None
    slippage_points: Decimal | None
    waited_ms: int | None


class RatesRecord(Struct, frozen=True, kw_only=True):
    """What the same exits would have kept under other rates, beside what was booked for them."""

    name: str
    net: Decimal
    costs: Decimal
    booked_costs: Decimal
    costs_by_kind: dict[str, Decimal]
    sources: str


class ModeRecord(Struct, frozen=True, kw_only=True):
    """All days of one mode; `net` is of all exits, `costs_by_kind` of all fills, those of open positions too."""

    mode: str
    zone: str
    first: str
    last: str
    net: Decimal
    cash: Decimal | None
    open_positions: int
    own_capital: bool
    figures: SumsRecord
    ratios: RatiosRecord
    drawdown_realised: FallRecord | None
    drawdown_marked: FallRecord | None
    costs_by_kind: dict[str, Decimal]
    other_rates: RatesRecord | None
    groups: dict[str, dict[str, SumsRecord]]
    refused: dict[str, int]
    days: list[SessionDayRecord]
    fingerprint: str


def _number(value: float | None) -> float | None:
    return None if value is None else round(value, _PLACES)


def _perhaps(value: Decimal | None) -> Decimal | None:
    return None if value is None else paise(value)


def sums_record(sums: PositionSums) -> SumsRecord:
    """Sums as a record."""
    return SumsRecord(
        positions=sums.positions, exits=sums.exits, won=sums.won, lost=sums.lost,
        gross=paise(sums.gross), costs=paise(sums.costs), net=paise(sums.net),
        win_rate=_number(sums.win_rate), profit_factor=_number(sums.profit_factor), payoff=_number(sums.payoff),
        expectancy=_perhaps(sums.expectancy), expectancy_r=_number(sums.mean_r), sqn=_number(sums.sqn),
        exit_efficiency=_number(sums.mean_efficiency), slippage=_perhaps(sums.slippage), mean_held_s=_number(sums.mean_held_s),
        best=_perhaps(sums.best), worst=_perhaps(sums.worst),
        longest_winning_streak=sums.longest_won, longest_losing_streak=sums.longest_lost,
    )  # fmt: skip


def _fall_record(fall: Fall | None, zone: str) -> FallRecord | None:
    if fall is None:
        return None
    return FallRecord(
        paise(Decimal(fall.amount)),
        None if fall.share is None else _number(100 * fall.share),
        stamp(fall.from_ms, zone),
        stamp(fall.to_ms, zone),
        None if fall.recovered_ms is None else stamp(fall.recovered_ms, zone),
    )


def _ratios_record(report: ModeReport) -> RatiosRecord:
    ratios, band = report.ratios(), report.band()
    return RatiosRecord(
        days=len(report.days),
        mean_day=paise(report.net / len(report.days)) if report.days else None,
        mean_day_band=None if band is None else (paise(Decimal(band[0])), paise(Decimal(band[1]))),
        mean_return=_number(ratios.mean),
        sharpe=_number(ratios.sharpe),
        sortino=_number(ratios.sortino),
        calmar=_number(ratios.calmar),
        too_few=ratios.too_few,
    )


def _rates_record(other: RateSums) -> RatesRecord:
    return RatesRecord(
        name=other.name, net=paise(other.net), costs=paise(other.costs), booked_costs=paise(other.booked),
        costs_by_kind={kind: paise(paid) for kind, paid in in_order(other.kinds).items()}, sources=other.sources,
    )  # fmt: skip


def session_day_record(day: DayRow) -> SessionDayRecord:
    """A day as a record."""
    return SessionDayRecord(
        date=day.date, ticks=day.ticks, cash=_perhaps(day.cash), net=paise(day.net), day_return=_number(day.day_return),
        costs=paise(day.costs), positions=day.positions, won=day.won, lost=day.lost, exits=day.exits,
        best=_perhaps(day.best), worst=_perhaps(day.worst), equity=paise(Decimal(day.equity)),
    )  # fmt: skip


def mode_record(report: ModeReport) -> ModeRecord:
    """All of a mode but its positions."""
    return ModeRecord(
        mode=report.mode,
        zone=report.zone,
        first=report.days[0].date if report.days else "",
        last=report.days[-1].date if report.days else "",
        net=paise(report.net),
        cash=_perhaps(report.cash_after),
        open_positions=len(report.open),
        own_capital=report.own_capital,
        figures=sums_record(report.sums),
        ratios=_ratios_record(report),
        drawdown_realised=_fall_record(report.realised.largest, report.zone),
        drawdown_marked=_fall_record(report.marked.largest, report.zone),
        costs_by_kind={kind: paise(paid) for kind, paid in in_order(report.paid).items()},
        other_rates=_rates_record(report.other_rates) if report.other_rates.is_told else None,
        groups={kind: {key: sums_record(each) for key, each in report.groups.of(kind).items()} for kind in KINDS},
        refused=dict(sorted(report.refused.items(), key=lambda each: -each[1])),
        days=[session_day_record(each) for each in report.days],
        fingerprint=report.fingerprint,
    )


def position_record(position: PositionResult, found: PositionFigures, zone: str) -> PositionRecord:
    """A position as a record."""
    instrument, middle = position.instrument, mean_exit(position)

    def points(minor: int | None) -> Decimal | None:
        return None if minor is None else Decimal(minor) / instrument.price_scale

    return PositionRecord(
        date=position.date, mode=position.mode, number=position.number, symbol=instrument.symbol,
        entry_time=stamp(position.entry_ms, zone), exit_time=stamp(position.last_ms, zone) if position.exits else None,
        quantity=Decimal(instrument.quantity_text(position.quantity)), left=Decimal(instrument.quantity_text(position.left)),
        entry_price=Decimal(instrument.price_text(position.entry_price)),
        mean_exit=None if middle is None else round(middle / instrument.price_scale, 4), exits=len(position.exits),
        gross=paise(position.gross), costs=paise(position.costs), net=paise(position.net),
        reason=position.exits[-1].reason if position.exits else "open",
        risk=_perhaps(found.risk), r=_number(found.r),
        mae_points=points(found.mae_points), mae=_perhaps(found.mae), mae_r=_number(found.mae_r),
        mfe_points=points(found.mfe_points), mfe=_perhaps(found.mfe), mfe_r=_number(found.mfe_r),
        after_points=points(found.after_points), efficiency=_number(found.efficiency),
        slippage=_perhaps(found.slippage), waited_ms=found.waited_ms,
    )  # fmt: skip


def exit_records(position: PositionResult, zone: str) -> Iterator[ExitRecord]:
    """The exits of a position as records."""
    instrument = position.instrument
    for each in position.exits:
        slipped = slippage_of(position, each)
        yield ExitRecord(
            date=position.date, mode=position.mode, symbol=instrument.symbol,
            entry_time=stamp(position.entry_ms, zone), exit_time=stamp(each.at_ms, zone),
            quantity=Decimal(instrument.quantity_text(each.quantity)), entry_price=Decimal(instrument.price_text(position.entry_price)),
            exit_price=Decimal(instrument.price_text(each.price)),
            gross=paise(each.gross), costs=paise(each.costs), net=paise(each.net), reason=each.reason,
            decided=Decimal(instrument.price_text(each.decided)) if each.decided else None,
            slippage_points=None if slipped is None else Decimal(slipped) / instrument.price_scale, waited_ms=each.waited_ms,
        )  # fmt: skip
