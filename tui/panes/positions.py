"""The positions pane: open positions with result, stop and target, and the result of the day. Pure."""

from engine import OpenPosition
from engine.presentation import charges, live
from engine.presentation import format as text
from tui.panes import trades
from tui.panes.account_lines import account_lines, has_past, profit_factor
from tui.panes.pane import Pane, filter_words, scrolled, select_instrument
from tui.panes.position_lines import open_pnl, single_line, table
from tui.panes.whole_position import position_rows
from tui.text.rows import Line, Span, result_style
from tui.text.segments import Segment, assemble, segment, within, word
from tui.text.spelling import shortened, spelled
from tui.view import one_position
from tui.view.listing import matches, symbol_of
from tui.view.model import OLD_S, View

_WIDEST = 56  # cells; further apart, a number is hard to follow from its name
_TRADES_FROM = 4  # rows that must be free for the newest trades to be shown below
_OTHERS = 3  # lines of what others hold, where we hold nothing
_FEW = 9  # lines: six of a position, three of the account


def title(view: View) -> str:
    """Title of the pane; of several positions their number and what they would win together, whatever the filter leaves."""
    held = _every(view)
    unkept = f"  {text.not_kept(view.snapshot)}".rstrip() if held else ""
    wanted = filter_words(view, PANE.name)
    if len(held) < 2:
        return f"POSITION{wanted}{unkept}"
    together = text.money(open_pnl(held), view.snapshot.session.zone, sign=True)
    return f"POSITIONS {len(held):,}  open {together}{wanted}{unkept}"


def alarm(view: View) -> str:
    """The title where the broker holds something else than we, or others have put something on; else, or of old values, empty."""
    told = live.others(view.snapshot) if view.age_s <= OLD_S else ()
    more = f"  +{len(told) - 1} more" if len(told) > 1 else ""
    return f"{title(view)}  {told[0]}{more}" if told else ""


def note(view: View, _height: int) -> Line:
    """How many of the positions the filter leaves, where there is one; else what costs are by, and where simulated orders are filled."""
    if not view.ui.filters.get(PANE.name):
        account = view.snapshot.account
        model = "%" if account.charged_by == "percent" else "note"
        filled = charges.fills_text(account.fill, account.fills_at_touch, account.fills_at_last)
        where = "" if live.is_live(view.snapshot) else f", fills {filled}"
        return word(f"costs {model}{where}", "dim") if account.charged_by else ()
    return word(f"{len(_held(view)):,} of {len(_every(view)):,}", "warn")


def _every(view: View) -> list[OpenPosition]:
    """All open positions."""
    return [position for position in view.snapshot.positions if position.state.quantity]


def _held(view: View) -> list[OpenPosition]:
    """The open positions that the filter leaves, by the order of their instruments."""
    held, wanted = _every(view), view.ui.filters.get(PANE.name, "")
    if not wanted:
        return held
    return [each for each in held if matches(symbol_of(view.snapshot, each.state.instrument), wanted)]


def chosen(view: View) -> OpenPosition | None:
    """The position that the keys of the pane mean: that in the selected instrument, else the first; None where none is shown."""
    held, quote = _held(view), view.selected
    at = (each for each in held if quote is not None and each.state.instrument == quote.instrument)
    return next(at, held[0] if held else None)


def _move(view: View, by: int) -> None:
    """Select the position `by` lines further down, and with it its instrument; where none is held, as in the table."""
    held, position = _held(view), chosen(view)
    if position is None:
        select_instrument(view, by)
    else:
        place = max(0, min(len(held) - 1, held.index(position) + by))
        view.ui.selected = held[place].state.instrument


def wanted(view: View, _width: int, _room: int) -> int:
    """How many lines the pane needs: of several positions a line each under a head, beside the one that is shown in full."""
    count = len(_every(view))
    return _FEW + has_past(view.snapshot) + (count + 1 if count > 1 else 0)


def rows(view: View, width: int, height: int) -> list[Line]:
    """The chosen position, all of them in a line each where there are several, and the account.

    Where there is little room the account's lines go first, then what is said of the chosen one, then the head. Where
    not even a line each is left they are scrolled with the selection, and those out of sight are counted.
    """
    if height <= 0 or width <= 0:
        return []
    wide, width = width, min(width, _WIDEST)
    held, position = _held(view), chosen(view)
    account = account_lines(view, width)
    full = position_rows(view, position, width) if position else _nothing(view, width)
    several: list[Line] = []
    if position is not None and len(held) > 1:
        several = table(view, held, position, width, min(height, len(held) + 1))
        full = full if len(full) + len(several) <= height else []
    room = height - len(full) - len(several)
    gap: list[Line] = [()] if room > len(account) else []
    lines = within([*full, *several, *gap, *account][:height], width)
    free = height - len(lines) - 1
    if free >= _TRADES_FROM and view.snapshot.trades:
        lines.extend([(), *trades.newest(view, wide, free)])
    return lines


def _nothing(view: View, width: int) -> list[Line]:
    """That nothing is held, and why the selected instrument is not entered; or that the filter leaves nothing."""
    if wanted := view.ui.filters.get(PANE.name) if _every(view) else "":
        return [word(f"no position has {spelled(wanted, view.glyphs)} in it: esc clears", "dim")]
    quote = view.selected
    lines: list[Line] = [word("no open position", "dim")]
    lines += [word(shortened(told, width, view.glyphs), "alert") for told in live.others(view.snapshot)[:_OTHERS]]
    if quote and one_position.is_barred(view.snapshot, quote.instrument):
        lines.append(word("no new entries here: enter n lifts it", "warn"))
    elif quote and quote.objection:
        lines.append((("no entry: ", "dim"), (shortened(quote.objection, width - 10, view.glyphs), "")))
    return lines


def line(view: View, width: int) -> Line:
    """The collapsed form: one line."""
    return lines(view, width, 1)[0]


def lines(view: View, width: int, most: int) -> list[Line]:
    """The collapsed form: a line for each position, at most so many; the last one counts those out of sight; where it is the only one with the sum of all."""
    held, position = _held(view), chosen(view)
    if position is None:
        return [_idle(view, width)]
    count = min(len(held), most)
    first = scrolled(view, f"{PANE.name} in lines", held.index(position), count, len(held))
    hidden = len(held) - count
    together: Segment = segment(1)
    if hidden:
        total, more = open_pnl(held), f"+{hidden:,} more"
        sum_of: Span = (text.money(total, view.snapshot.session.zone, sign=True), result_style(total))
        summed: Line = ((f"{more}, all ", "warn"), sum_of) if most == 1 else ()  # else the title has it
        together = segment(1, summed, word(more, "warn"))
    shown = held[first : first + count]
    last = shown[-1]
    return [
        single_line(view, each, width, together if each is last else segment(1), several=most > 1) for each in shown
    ]


def _idle(view: View, width: int) -> Line:
    """That nothing is held, and what the day has brought."""
    today, zone = view.snapshot.account.day, view.snapshot.session.zone
    counts = f"won {today.won:,} of {today.positions:,}  exits {today.exits:,}  PF {profit_factor(today)}"
    money = (("realised ", "dim"), (text.money(today.net, zone, sign=True), result_style(today.net)))
    none = segment(0, *([line[:1] for line in _nothing(view, width)[:1]]))
    told = segment(0, word(next(iter(live.others(view.snapshot)), ""), "alert"))
    return assemble([none, told, segment(1, money), segment(2, word(counts, "dim"))], width)


PANE = Pane(
    "positions",
    "POSITION",
    rows,
    title=title,
    alarm=alarm,
    note=note,
    wanted=wanted,
    must=lambda view: wanted(view, 0, 0) if len(_every(view)) > 1 else 0,
    least=6,
    line=line,
    values=True,
    lines=lines,
    line_count=lambda view: max(1, len(_held(view))),
    move=_move,
    filtered=True,
)
