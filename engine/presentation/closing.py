"""What came of a day or a run that is over, in words: for the closing card, the log and the summary. Pure."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from engine.model.run_views import ClosingView
from engine.model.statistics import DayStatistics
from engine.presentation import uptime
from engine.presentation.charges import by_kind
from engine.presentation.format import minute
from engine.presentation.money import grouped

_MOST_NAMED: Final = 4  # of what kept signals from an entry
_LONGEST_LINE: Final = 400


def title(seen: ClosingView) -> str:
    """What is over."""
    date = seen.statistics.date
    if seen.whole:
        return f"END OF THE REPLAY{f' OF {date}' if date else ''}"
    return f"SESSION OF {date} IS OVER"


def rows(seen: ClosingView, zone: str) -> list[tuple[str, str]]:
    """The lines of the card, each with what it is about; of what did not happen nothing is said."""
    made = seen.statistics
    told = [
        ("net", f"{_signed(made.net, zone)} (gross {_signed(made.gross, zone)}, costs {grouped(made.costs, zone)})"),
        ("costs", by_kind(made.costs_by_kind, zone)),
        ("charged", seen.charged if made.costs_by_kind else ""),
        ("trades", trades(made)),
        ("best", _streak(extremes(made, zone), made)),
        ("exits", counts(made.reasons)),
        ("refused", _since(seen, counts(seen.objections, _MOST_NAMED), zone)),
        ("gaps", _since(seen, _gaps(seen), zone)),
        ("watched", uptime.minutes(seen.watched, seen.minutes) if seen.minutes else ""),
        ("open", f"{seen.open:,} still held" if seen.open else ""),
        ("file", seen.recording),
    ]
    return [(name, words) for name, words in told if words]


def trades(made: DayStatistics) -> str:
    """`30 positions, 22 won (73%), 61 exits`."""
    rate = made.win_rate
    share = f" ({rate * 100:.0f}%)" if rate is not None else ""
    factor = f", profit factor {made.profit_factor:.2f}" if made.profit_factor is not None else ""
    return f"{_many(made.positions, 'position')}, {made.won:,} won{share}, {_many(made.exits, 'exit')}{factor}"


def extremes(made: DayStatistics, zone: str) -> str:
    """`+2,345.00, worst -1,200.00, drawdown 3,400.00`: the best position, the worst, the largest fall."""
    if made.best is None or made.worst is None:
        return ""
    best, worst = _signed(made.best, zone), _signed(made.worst, zone)
    return f"{best}, worst {worst}, drawdown {grouped(made.drawdown, zone)}"


def counts(counted: Mapping[str, int], most: int = 1_000) -> str:
    """`Stop Loss 12, Take Profit 1 8`: the most frequent first."""
    listed = sorted(((count, name) for name, count in counted.items() if count), reverse=True)
    return ", ".join(f"{name} {count:,}" for count, name in listed[:most])


def summary_lines(made: DayStatistics, zone: str) -> tuple[str, ...]:
    """The trades of a run in two lines; none where no position has ended."""
    if not made.exits:
        return ()
    best = extremes(made, zone)
    kinds = by_kind(made.costs_by_kind, zone)
    return (
        f"{trades(made)}{f'; best {best}' if best else ''}",
        f"exits: {counts(made.reasons)}{f'; costs: {kinds}' if kinds else ''}",
    )


def log_lines(seen: ClosingView, zone: str) -> list[str]:
    """The same for the log: the result in a line, and why it came to that in another."""
    made = dict(rows(seen, zone))
    result = [f"net {made['net']}", made["trades"]]
    result += [f"best {made['best']}"] if "best" in made else []
    rest = [f"{name} {made[name]}" for name in ("exits", "refused", "gaps", "watched", "open", "file") if name in made]
    name = title(seen).lower()
    lines = [f"{name}: {'; '.join(result)}", *([f"{name}: {'; '.join(rest)}"] if rest else [])]
    return [line[:_LONGEST_LINE] for line in lines]


def _streak(words: str, made: DayStatistics) -> str:
    return f"{words}, longest losing streak {made.longest_lost:,}" if words and made.longest_lost else words


def _since(seen: ClosingView, words: str, zone: str) -> str:
    """`since 13:05: …`, where the run was not there before."""
    return f"since {minute(seen.since_ms, zone)}: {words}" if words and seen.since_ms else words


def _gaps(seen: ClosingView) -> str:
    jumps = _many(seen.sequence_gaps, "jump") + " of the exchange's numbering" if seen.sequence_gaps else ""
    return ", ".join(filter(None, (_many(seen.gaps, "silence") if seen.gaps else "", jumps)))


def _signed(value: Decimal, zone: str) -> str:
    return grouped(value, zone, sign=True)


def _many(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
