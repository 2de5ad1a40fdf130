"""The account below the positions: the day's result, realised and costs, the counts; all days together where there were others. Pure."""

from engine import DayStatistics, Snapshot
from engine.presentation import change
from engine.presentation import format as text
from tui.text.glyphs import spark
from tui.text.rows import Line, Span, ends, result_style, right
from tui.text.segments import Segment, assemble, segment
from tui.view.model import View

_MONEY = 12  # cells of a sum of money where none is longer


def has_past(seen: Snapshot) -> bool:
    """Whether the account has days before the one that is shown."""
    account = seen.account
    return bool(account.total.date) and account.total.date != account.day.date


def profit_factor(of: DayStatistics) -> str:
    """What was won for each unit lost: `1.62`; nothing while nothing was lost."""
    return text.NOTHING if of.profit_factor is None else f"{of.profit_factor:.2f}"


def _won(of: DayStatistics) -> Segment:
    """How many of the positions that have ended were won; exits are others, and counted apart."""
    return segment(0, (("won ", "dim"), (f"{of.won:,} of {of.positions:,}", "")))


def _fell(of: DayStatistics, zone: str) -> Segment:
    fell = text.money(of.drawdown, zone)
    return segment(2, *(((name, "dim"), (fell, "")) for name in ("drawdown ", "DD ")))


def account_lines(view: View, width: int) -> list[Line]:
    """The day: its result with its spark, realised and costs, and the counts; where there were others, all days together."""
    account, zone = view.snapshot.account, view.snapshot.session.zone
    today, total = account.day, account.total
    day_pnl, won = (text.money(value, zone, sign=True) for value in (account.day_pnl, today.net))
    size = max(_MONEY, len(day_pnl), len(won))
    day: Span = (right(day_pnl, size), result_style(account.day_pnl))
    name = f"{change.another_day(view.snapshot) or 'day'} P&L "
    room = width - len(name) - size - 2
    bars = spark(view.pnl_trend, room, view.glyphs) if room >= 4 else ""
    realised: Span = (right(won, size), result_style(today.net))
    counts = [
        _won(today),
        segment(1, (("exits ", "dim"), (f"{today.exits:,}", ""))),
        segment(3, (("PF ", "dim"), (profit_factor(today), ""))),
        _fell(today, zone),
    ]
    lines: list[Line] = [
        ((name, "dim"), day, ("  ", ""), (bars, result_style(account.day_pnl))),
        ends((("realised", "dim"), realised), ((" costs  ", "dim"), (text.money(today.costs, zone), "")), width),
        assemble(counts, width),
    ]
    if has_past(view.snapshot):
        net: Span = (text.money(total.net, zone, sign=True), result_style(total.net))
        begun = segment(0, (("since ", "dim"), (text.date(total.date), "dim")))
        since = [
            begun,
            segment(0, (net,)),
            _won(total),
            segment(3, (("PF ", "dim"), (profit_factor(total), ""))),
            _fell(total, zone),
        ]
        lines.append(assemble(since, width))
    return lines
