"""A report as one HTML file: no request, no script but ours, readable without it and on paper. Whatever comes from outside is escaped for its place."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from html import escape
from tempfile import TemporaryFile
from typing import BinaryIO, Final, Self, cast

import msgspec

from engine.model.session_result import PositionResult, ReportedDay
from engine.presentation import format as text
from engine.reports import figure_words as words
from engine.reports.groups import KINDS
from engine.reports.html_parts import figure, head_row, page_file, page_foot, page_head, row, table
from engine.reports.mode_report import ModeReport
from engine.reports.pictures import pictures
from engine.reports.position_figures import PositionFigures, mean_exit
from engine.reports.price_days import PriceDays, day_drawing
from engine.reports.report import Report, Told, title_of

_POSITION_HEAD: Final = ("Day", "#", "Symbol", "In", "Out", "Quantity", "Entry", "Exit", "Net", "R", "MAE", "MFE", "+5 min", "Efficiency", "Slippage", "Reason")  # fmt: skip
_EXIT_HEAD: Final = ("Day", "Symbol", "In", "Out", "Quantity", "Entry", "Exit", "Costs", "Net", "Reason")
_MOST_ROWS: Final = 4_000  # of each list; beyond, the tables of --csv have them all


class HtmlLists:
    """Rows of positions and exits as they come, in files without a name; and what the price chart needs."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._files: dict[str, tuple[BinaryIO, BinaryIO]] = {}
        self.counts: dict[str, tuple[int, int]] = {}
        self.prices: dict[str, PriceDays] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def take(self, day: ReportedDay, positions: Told, report: ModeReport) -> None:
        """Take a day."""
        if day.mode not in self._files:
            self._files[day.mode] = (self._nameless(), self._nameless())
            self.prices[day.mode] = PriceDays()
        self.prices[day.mode].take(day, positions, report)
        rows, exits = self.counts.get(day.mode, (0, 0))
        for position, found in positions:
            if rows < _MOST_ROWS:
                self._files[day.mode][0].write(row(_position_cells(position, found, report.zone)))
            if exits < _MOST_ROWS:
                self._files[day.mode][1].writelines(map(row, _exit_cells(position, report.zone)))
            rows, exits = rows + 1, exits + len(position.exits)
        self.counts[day.mode] = rows, exits

    def _nameless(self) -> BinaryIO:
        return cast(BinaryIO, self._open.enter_context(TemporaryFile()))

    def put(self, mode: str, which: int, out: BinaryIO) -> None:
        """The rows of a list into the page."""
        file = self._files[mode][which]
        file.seek(0)
        shutil.copyfileobj(file, out)


def _position_cells(position: PositionResult, found: PositionFigures, zone: str) -> list[str]:
    instrument, middle = position.instrument, mean_exit(position)

    def points(minor: int | None) -> str:
        return words.DASH if minor is None else text.price(instrument, minor)

    return [
        position.date, str(position.number or words.DASH), instrument.symbol, text.clock(position.entry_ms, zone),
        text.clock(position.last_ms, zone) if position.exits else words.DASH, text.quantity(instrument, position.quantity),
        text.price(instrument, position.entry_price), points(None if middle is None else round(middle)), words.money(position.net, zone, sign=True),
        words.number(found.r), points(found.mae_points), points(found.mfe_points), points(found.after_points), words.share(found.efficiency),
        words.money(found.slippage, zone), position.exits[-1].reason if position.exits and not position.left else "open",
    ]  # fmt: skip


def _exit_cells(position: PositionResult, zone: str) -> Iterator[list[str]]:
    instrument = position.instrument
    for each in position.exits:
        yield [
            position.date, instrument.symbol, text.clock(position.entry_ms, zone), text.clock(each.at_ms, zone),
            text.quantity(instrument, each.quantity), text.price(instrument, position.entry_price), text.price(instrument, each.price),
            words.money(each.costs, zone), words.money(each.net, zone, sign=True), each.reason,
        ]  # fmt: skip


def write_page(out: BinaryIO, report: Report, lists: HtmlLists) -> None:
    """Write the whole page."""

    def put(part: str) -> None:
        out.write(part.encode("utf-8", "replace"))

    script = page_file("js")
    put(page_head(report.title, report.heads, report.remarks, script))
    for place, (mode, found) in enumerate(report.modes.items()):
        put(_figures(found, alone=len(report.modes) == 1))
        put(_prices(f"data-{place}", found, lists.prices[mode]))
        put(f'<div class="pictures">{"".join(map(figure, pictures(found)))}</div>\n')
        put(_groups(found))
        for which, (name, head) in enumerate((("Positions", _POSITION_HEAD), ("Exits", _EXIT_HEAD))):
            count = lists.counts[mode][which]
            more = f" (the first {_MOST_ROWS:,} of them)" if count > _MOST_ROWS else ""
            put(
                f'<h2>{name}, {count:,}{more}</h2><div class="list scroll card" tabindex="0"><table>{head_row(head)}<tbody>'
            )
            lists.put(mode, which, out)
            put("</table></div>\n")
    put(page_foot("Times are those of the session. A position is an entry with all its exits."))
    put(f"<script>{script}</script>\n")


def _pairs(title: str, rows: Sequence[words.Row]) -> str:
    body = "".join(f"<tr><th scope=row>{escape(name)}<td>{escape(said)}" for name, said in rows)
    return (
        f'<section class="card"><h3>{escape(title)}</h3><table class="pairs">{body}</table></section>' if rows else ""
    )


def _figures(found: ModeReport, *, alone: bool) -> str:
    title = "" if alone else f"<h2>{escape(title_of(found))}</h2>"
    cards = (
        _pairs("Money", words.money_rows(found)),
        _pairs("Positions", words.position_rows(found.sums, found.zone)),
        _pairs("Days", words.day_rows(found)),
        _pairs("Entries refused by", words.refused_rows(found)[:8]),
    )
    return f'{title}<div class="cards">{"".join(cards)}</div>\n'


def _prices(name: str, found: ModeReport, prices: PriceDays) -> str:
    """The chart that a script draws, and the same as pictures where none runs; nothing where there were no ticks."""
    if not prices.count:
        return ""
    static = []
    for day in prices.drawn:
        drawing, says = day_drawing(day, found.zone)
        static.append(
            f'<figure class="wide"><h3>Price, {escape(day.date)}</h3>{drawing.inside()}<figcaption>{escape(says)}</figcaption></figure>'
        )
    data = msgspec.json.encode({"zone": found.zone, "days": prices.records(found.zone)}).decode()
    return (
        f'<h2>Price, account and its falls</h2><div class="chart" data-from="{name}"><div class="bar"><select aria-label="Instrument"></select>'
        '<button type="button" data-zoom="in">+</button><button type="button" data-zoom="out">−</button><button type="button" data-zoom="all">All</button>'
        '<span class="note">drag to zoom, double-click for all; keys ← → + − 0</span></div>'
        '<canvas tabindex="0" role="img" aria-label="Price with entries, exits and stops; the account; its falls. The same stands in the tables below."></canvas><output></output></div>'
        f'<div class="static">{"".join(static)}</div><script type="application/json" id="{name}">{in_script(data)}</script>\n'
    )


def in_script(data: str) -> str:
    """JSON as it may stand in a script element: nothing in it ends that, or begins a comment."""
    return (
        data.replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("&", "\\u0026")
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029")
    )


def _groups(found: ModeReport) -> str:
    tables = []
    for kind in KINDS:
        groups = found.groups.of(kind)
        if len(groups) > 1 and any(each.positions > 1 for each in groups.values()):
            head = (kind.capitalize(), *(name.capitalize() for name in words.GROUP_HEAD))
            rows = ((key, *words.group_cells(sums, found.zone)) for key, sums in groups.items())
            tables.append(f'<section class="card"><h3>By {escape(kind)}</h3>{table(head, rows)}</section>')
    days = _day_table(found) if len(found.days) > 1 else ""
    return f'<div class="tables">{days}{"".join(tables)}</div>\n'


def _day_table(found: ModeReport) -> str:
    rows = (
        (
            day.date, f"{day.positions:,}", f"{day.won:,}", words.money(day.net, found.zone, sign=True), words.share(day.day_return, 2),
            words.money(day.costs, found.zone), words.money(day.best, found.zone, sign=True), words.money(day.worst, found.zone, sign=True),
        )
        for day in found.days
    )  # fmt: skip
    head = ("Day", "Positions", "Won", "Net", "Return", "Costs", "Best", "Worst")
    return f'<section class="card list" tabindex="0"><h3>Days</h3>{table(head, rows)}</section>'
