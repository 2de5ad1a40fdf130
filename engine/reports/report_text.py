"""A report as lines for a terminal: figures, a chart of the account, groups, days, positions and their exits. Pure."""

from collections.abc import Iterator, Sequence
from typing import Final

from engine.model.session_result import PositionResult, ReportedDay
from engine.presentation import format as text
from engine.reports import figure_words as words
from engine.reports.groups import KINDS
from engine.reports.mode_report import Curve, ModeReport
from engine.reports.position_figures import PositionFigures, mean_exit
from engine.reports.report import Report, Told, title_of
from engine.reports.tables import fitted
from engine.reports.terminal_chart import curve_lines

_CHART_HEIGHT: Final = 12
_MOST_WIDTH: Final = 160
_MOST_ROWS: Final = 60  # of positions, and of exits: all of them are in --csv
_DAY_HEAD: Final = ("DATE", "POSITIONS", "WON", "EXITS", "NET", "RETURN", "COSTS", "BEST", "WORST", "EQUITY")
_POSITION_HEAD: Final = ("#", "SYMBOL", "IN", "OUT", "QTY", "ENTRY", "EXIT", "NET", "R", "MAE", "MFE", "EFF", "REASON")
_EXIT_HEAD: Final = ("SYMBOL", "IN", "OUT", "QTY", "ENTRY", "EXIT", "NET", "REASON")
_LEAST_GROUPS: Final = 2  # one group says what all say, and groups of one what their positions say


class ListedPositions:
    """Keeps the first positions of each mode as rows of tables; counts the others."""

    def __init__(self) -> None:
        self.rows: dict[str, list[list[str]]] = {}
        self.exits: dict[str, list[list[str]]] = {}
        self.left_out: dict[str, int] = {}

    def take(self, day: ReportedDay, positions: Told, report: ModeReport) -> None:
        """Take a day."""
        rows, exits = self.rows.setdefault(day.mode, []), self.exits.setdefault(day.mode, [])
        for position, found in positions:
            if len(rows) >= _MOST_ROWS:
                self.left_out[day.mode] = self.left_out.get(day.mode, 0) + 1
                continue
            rows.append(_position_cells(position, found, report.zone))
            exits += [_exit_cells(position, place, report.zone) for place in range(len(position.exits))]


def _position_cells(position: PositionResult, found: PositionFigures, zone: str) -> list[str]:
    instrument, middle = position.instrument, mean_exit(position)

    def points(minor: int | None) -> str:
        return words.DASH if minor is None else text.price(instrument, minor)

    return [
        str(position.number or words.DASH), instrument.symbol, text.clock(position.entry_ms, zone),
        text.clock(position.last_ms, zone) if position.exits else words.DASH, text.quantity(instrument, position.quantity),
        text.price(instrument, position.entry_price), points(None if middle is None else round(middle)),
        words.money(position.net, zone, sign=True), words.number(found.r), points(found.mae_points), points(found.mfe_points),
        words.share(found.efficiency), position.exits[-1].reason if position.exits and not position.left else "open",
    ]  # fmt: skip


def _exit_cells(position: PositionResult, place: int, zone: str) -> list[str]:
    instrument, each = position.instrument, position.exits[place]
    return [
        instrument.symbol, text.clock(position.entry_ms, zone), text.clock(each.at_ms, zone), text.quantity(instrument, each.quantity),
        text.price(instrument, position.entry_price), text.price(instrument, each.price), words.money(each.net, zone, sign=True), each.reason,
    ]  # fmt: skip


def report_lines(report: Report, listed: ListedPositions, width: int, *, ascii_only: bool = False) -> Iterator[str]:
    """All of the report, for `width` cells."""
    found = list(_lines(report, listed, min(width, _MOST_WIDTH), ascii_only=ascii_only))
    yield from (in_ascii(line) if ascii_only else line for line in found)


def in_ascii(line: str) -> str:
    """A line for a terminal that shows nothing else."""
    said = line.replace(words.DASH, "-").replace("→", "->").replace("…", "...").replace("·", ".")
    return said.replace("±", "+-").replace("×", "x").replace("≠", "!=")


def _lines(report: Report, listed: ListedPositions, width: int, *, ascii_only: bool) -> Iterator[str]:
    yield from report.heads
    if not report.modes:
        yield "no session day in it"
    for mode, found in report.modes.items():
        yield ""
        yield title_of(found).upper() if mode == "replay" else title_of(found)
        yield from _figures(found)
        yield from _chart(found, width, ascii_only=ascii_only)
        yield from _groups(found, width)
        yield from _days(found, width)
        yield from _tables(listed, mode, width)
    if report.remarks:
        yield ""
        yield from (f"note: {line}" for line in report.remarks)


def _figures(found: ModeReport) -> Iterator[str]:
    rows = [*words.money_rows(found), *words.position_rows(found.sums, found.zone), *words.day_rows(found)]
    room = max(len(name) for name, _ in rows)
    yield from (f"  {name:<{room}}  {said}" for name, said in rows)
    refused = ", ".join(f"{name} {count}" for name, count in words.refused_rows(found))
    if refused:
        yield f"  {'entries refused by':<{room}}  {refused}"


def _chart(found: ModeReport, width: int, *, ascii_only: bool) -> Iterator[str]:
    curve = found.marked_curve if found.marked_curve.values else found.curve
    if len(curve.values) < 2:
        return
    yield ""
    yield "account at every tick" if curve is found.marked_curve else "account, exit by exit"
    values = [round(each * 100) for each in curve.values]
    dated = len(found.days) > 1
    yield from curve_lines(
        values,
        width,
        _CHART_HEIGHT,
        lambda value: words.money(value / 100, found.zone),
        lambda place: _under(curve, place, found.zone, dated=dated),
        ascii_only=ascii_only,
    )


def _under(curve: Curve, place: int, zone: str, *, dated: bool) -> str:
    ms = curve.at_ms[place]
    return text.day(ms, zone) if dated else text.minute(ms, zone)


def _groups(found: ModeReport, width: int) -> Iterator[str]:
    for kind in KINDS:
        groups = found.groups.of(kind)
        if len(groups) < _LEAST_GROUPS or all(each.positions < _LEAST_GROUPS for each in groups.values()):
            continue
        yield ""
        head = ("BY " + kind.upper(), *words.GROUP_HEAD)
        rows = [[key, *words.group_cells(sums, found.zone)] for key, sums in groups.items()]
        yield from fitted(head, rows, width, left={head[0]}, missed_least=("EFFICIENCY", "FACTOR", "EXPECTANCY"))


def _days(found: ModeReport, width: int) -> Iterator[str]:
    if len(found.days) < _LEAST_GROUPS:
        return
    zone = found.zone
    rows = [
        [
            day.date, f"{day.positions:,}", f"{day.won:,}", f"{day.exits:,}", words.money(day.net, zone, sign=True),
            words.share(day.day_return, 2), words.money(day.costs, zone), words.money(day.best, zone, sign=True),
            words.money(day.worst, zone, sign=True), words.money(day.equity, zone),
        ]
        for day in found.days
    ]  # fmt: skip
    yield ""
    yield from fitted(
        _DAY_HEAD, rows, width, left={"DATE"}, missed_least=("BEST", "WORST", "COSTS", "EXITS", "EQUITY", "WON")
    )


def _tables(listed: ListedPositions, mode: str, width: int) -> Iterator[str]:
    """Both lists: positions, and their exits."""
    rows, exits = listed.rows.get(mode, []), listed.exits.get(mode, [])
    if rows:
        yield ""
        yield from _told(_POSITION_HEAD, rows, width, ("EFF", "#", "MFE", "MAE", "QTY", "OUT", "R"))
        yield ""
        yield from _told(_EXIT_HEAD, exits, width, ("QTY", "SYMBOL"))
    if left_out := listed.left_out.get(mode):
        yield f"and {left_out:,} positions more; all of them with --out FILE --csv"


def _told(head: Sequence[str], rows: Sequence[Sequence[str]], width: int, missed: Sequence[str]) -> list[str]:
    return fitted(head, rows, width, left={"SYMBOL", "REASON"}, missed_least=missed)
