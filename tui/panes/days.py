"""The list of session days, and the exits of one of them: what the dialogs of days show. Pure."""

from decimal import Decimal

from engine import DayResult, DayTrade
from engine.presentation import format as text
from engine.presentation.listed_days import listed
from tui.text.glyphs import spark
from tui.text.rows import Line, bar_of, left, result_style, right
from tui.text.segments import within
from tui.text.spelling import shortened, spelled
from tui.view.model import View

_COLUMNS = ("DATE", "NET", "COSTS", "POS", "WON", "DRAWDOWN", "CUMULATIVE")
_SPARED = ("CUMULATIVE", "DRAWDOWN", "COSTS")  # columns that go where all do not fit, the first one first
_ABOVE = 2  # lines over the days: the spark and the head
_FULL_FROM = 84  # cells from which prices and seconds of exits fit


def title(view: View) -> str:
    """How many days, and what they came to."""
    days = listed(view.past, view.snapshot)
    if not days:
        return "DAYS"
    net = text.money(days[-1].cumulative, view.snapshot.session.zone, sign=True)
    return f"DAYS {len(days)}  net {net}"


def rows(view: View, width: int, height: int) -> list[Line]:
    """A spark of the cumulative result, a head, and the days around the chosen one, the newest last; what is amiss at the end."""
    days = listed(view.past, view.snapshot)
    told = _told(view, width)
    if not days or height <= 0:
        return (told or [((left(" no session day so far", width), "dim"),)])[: max(0, height)]
    zone = view.snapshot.session.zone
    cells = [_cells(each, zone) for each in days]
    places, sizes = _fitting(cells, width)
    names = [_COLUMNS[place] for place in places]
    lines: list[Line] = []
    if height > _ABOVE + 2:
        bars = spark([float(each.cumulative) for each in days], max(0, width - 14), view.glyphs)
        lines.append((("  cumulative ", "dim"), (bars, result_style(days[-1].cumulative))))
    if height > 2:
        head = "  ".join(
            right(name, size) if name != "DATE" else left(name, size) for name, size in zip(names, sizes, strict=True)
        )
        lines.append(((f"  {head}", "dim"),))
    room = max(1, height - len(lines) - len(told))
    chosen = max(0, min(len(days) - 1, view.ui.choice))
    top = max(0, min(chosen - room // 2, len(days) - room))
    lines += [
        _day(view, cells[place], places, sizes, days[place].statistics.net, width if place == chosen else 0)
        for place in range(top, min(top + room, len(days)))
    ]
    return within([*lines, *told], width)[:height]


def _fitting(cells: list[list[str]], width: int) -> tuple[list[int], list[int]]:
    """Which columns fit into `width` cells whole, and how wide each is."""
    sizes = [max(len(name), *(len(row[place]) for row in cells)) for place, name in enumerate(_COLUMNS)]
    places = list(range(len(_COLUMNS)))
    for name in _SPARED:
        if sum(sizes[place] + 2 for place in places) > width:
            places.remove(_COLUMNS.index(name))
    return places, [sizes[place] for place in places]


def _day(view: View, cells: list[str], places: list[int], sizes: list[int], net: Decimal, bar: int) -> Line:
    """One day; the chosen one as a `bar` of so many cells."""
    line: list[tuple[str, str]] = [(f"{view.glyphs.play} " if bar else "  ", "")]
    for number, (place, size) in enumerate(zip(places, sizes, strict=True)):
        between = "  " if number else ""
        cell = left(cells[place], size) if place == 0 else right(cells[place], size)
        line.append((f"{between}{cell}", result_style(net) if _COLUMNS[place] == "NET" else ""))
    return bar_of(tuple(line), bar) if bar else tuple(line)


def _cells(day: DayResult, zone: str) -> list[str]:
    made = day.statistics
    rate = f"{made.won}/{made.positions} {100 * made.won / made.positions:.0f}%" if made.positions else "-"
    return [
        made.date,
        text.money(made.net, zone, sign=True),
        text.money(made.costs, zone),
        f"{made.positions:,}",
        rate,
        text.money(made.drawdown, zone),
        text.money(day.cumulative, zone, sign=True),
    ]


def _told(view: View, width: int) -> list[Line]:
    """What keeps the list from being whole."""
    page = view.past
    if page is None or page.state == "LATER":
        return [((left(spelled(" earlier days … loading", view.glyphs), width), "dim"),)]
    if page.state == "UNREADABLE":
        return [((shortened(f" not readable now: {page.reason}", width, view.glyphs), "warn"),)]
    if page.problems:
        return [((shortened(f" not all: {'; '.join(page.problems)}", width, view.glyphs), "warn"),)]
    return []


# ── The exits of a day ──────────────────────────────────────────────────────────────────────────────────────────────


def title_of_day(view: View) -> str:
    """Which day, and what its exits come to."""
    page = view.past
    if page is None or page.state != "HERE":
        return f"TRADES OF {view.ui.day}"
    sold = [trade for trade in page.trades if trade.exit_ms is not None]
    net = sum((trade.net for trade in sold), Decimal(0))
    of = f" of {page.total:,}" if page.total > len(page.trades) else ""
    return f"TRADES OF {view.ui.day}  {len(sold):,}{of}  net {text.money(net, view.snapshot.session.zone, sign=True)}"


def rows_of_day(view: View, width: int, height: int) -> list[Line]:
    """The exits of the chosen day around the chosen one, and what was still open at its end."""
    page = view.past
    told = _told(view, width)
    if page is None or page.state != "HERE" or height <= 0:
        return told[: max(0, height)]
    if not page.trades:
        return [((left(" nothing was traded", width), "dim"),), *told][:height]
    cells = [_exit_cells(trade, view.snapshot.session.zone, full=width >= _FULL_FROM) for trade in page.trades]
    head = ["SYMBOL", "IN", "OUT", "QTY", *(["ENTRY", "EXIT"] if width >= _FULL_FROM else []), "NET"]
    sizes = [max(len(name), *(len(row[place]) for row in cells)) for place, name in enumerate(head)]
    lines: list[Line] = []
    if height > 1:
        lines.append(((f"  {_aligned(head, sizes)}  REASON", "dim"),))
    room = max(1, height - len(lines) - len(told))
    chosen = max(0, min(len(cells) - 1, view.ui.choice))
    top = max(0, min(chosen - room // 2, len(cells) - room))
    for place in range(top, min(top + room, len(cells))):
        trade, row = page.trades[place], cells[place]
        here = place == chosen
        mark = f"{view.glyphs.play} " if here else "  "
        result = (f"  {right(row[-1], sizes[-1])}", result_style(trade.net))
        line: Line = ((mark, ""), (_aligned(row[:-1], sizes[:-1]), ""), result, (f"  {trade.reason}", ""))
        lines.append(bar_of(line, width) if here else line)
    return within([*lines, *told], width)[:height]


def _exit_cells(trade: DayTrade, zone: str, *, full: bool) -> list[str]:
    instrument = trade.instrument
    exit_ms, moment = trade.exit_ms, text.clock if full else text.minute
    prices = [
        text.price(instrument, trade.entry_price),
        text.NOTHING if exit_ms is None else text.price(instrument, trade.exit_price),
    ]
    return [
        left(instrument.symbol, min(20, len(instrument.symbol))),
        moment(trade.entry_ms, zone),
        text.NOTHING if exit_ms is None else moment(exit_ms, zone),
        text.quantity(instrument, trade.quantity),
        *(prices if full else []),
        text.NOTHING if exit_ms is None else text.money(trade.net, zone, sign=True),
    ]


def _aligned(cells: list[str], sizes: list[int]) -> str:
    """Cells flush right, but the symbol flush left."""
    each = zip(cells, sizes, strict=True)
    return "  ".join(right(cell, size) if place else left(cell, size) for place, (cell, size) in enumerate(each))
