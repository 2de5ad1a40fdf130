"""Cleans text from outside on its way to the terminal: nothing but printable characters gets there.

The engine cleans where text enters it, too; this makes sure of it for an engine in another process.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from engine import FeedView, Instrument, LogLine, ReplayView, Snapshot, clean

_BAD_REASONS = 40
_FOUND_LINES = 200


class Sanitizer:
    """Cleans snapshots and log lines; what was cleaned once is remembered, for it hardly ever changes."""

    def __init__(self) -> None:
        self._instruments: tuple[tuple[Instrument, ...], tuple[Instrument, ...]] = ((), ())

    def snapshot(self, seen: Snapshot) -> Snapshot:
        """`seen` with every text from outside cleaned."""
        if self._instruments[0] is not seen.instruments:
            cleaned = tuple(
                replace(each, symbol=clean(each.symbol, 80), exchange=clean(each.exchange, 20))
                for each in seen.instruments
            )
            self._instruments = (seen.instruments, cleaned)
        entries, flat = seen.entries, seen.flat
        return replace(
            seen,
            source=clean(seen.source, 120),
            fault=clean(seen.fault, 300),
            instruments=self._instruments[1],
            entries=replace(entries, locked=clean(entries.locked, 120), halted=clean(entries.halted, 120)),
            flat=replace(
                flat,
                reason=clean(flat.reason, 120),
                legs=tuple(replace(leg, word=clean(leg.word, 80)) for leg in flat.legs),
                receipt=tuple(clean(line, 200) for line in flat.receipt),
            ),
            quotes=tuple(
                quote if _is_clean(quote.objection, 120) else replace(quote, objection=clean(quote.objection, 120))
                for quote in seen.quotes
            ),
            trades=tuple(
                trade if _is_clean(trade.reason, 80) else replace(trade, reason=clean(trade.reason, 80))
                for trade in seen.trades
            ),
            events=tuple(
                event if _is_clean(event.text, 80) else replace(event, text=clean(event.text, 80))
                for event in seen.events
            ),
            feed=_feed(seen.feed),
            replay=_replay(seen.replay),
            commands=tuple(
                each
                if _is_clean(each.reason, 120) and _is_clean(each.command, 80)
                else replace(each, command=clean(each.command, 80), reason=clean(each.reason, 120))
                for each in seen.commands
            ),
            found=tuple(clean(line, 200) for line in seen.found[:_FOUND_LINES]),
            edges=tuple(replace(edge, problem=clean(edge.problem, 200)) for edge in seen.edges),
            outcomes=tuple(clean(line, 200) for line in seen.outcomes),
        )

    @staticmethod
    def log(lines: Iterable[LogLine]) -> list[LogLine]:
        """`lines` with every text cleaned."""
        return [
            line
            if _is_clean(line.text, 1000) and _is_clean(line.component, 40)
            else replace(line, text=clean(line.text, 1000), component=clean(line.component, 40))
            for line in lines
        ]


def _feed(feed: FeedView | None) -> FeedView | None:
    """The feed's texts cleaned; of the reasons for bad packets no more than a pane could ever show."""
    if feed is None:
        return None
    bad = feed.bad
    if len(bad) > _BAD_REASONS or not all(_is_clean(reason, 40) for reason in bad):
        bad = {clean(reason, 40): count for reason, count in list(bad.items())[:_BAD_REASONS]}
    return replace(feed, source=clean(feed.source, 80), because=clean(feed.because, 120), bad=bad)


def _replay(view: ReplayView | None) -> ReplayView | None:
    """The texts of the comparison with the recording cleaned."""
    if view is None or view.check is None:
        return view
    check = view.check
    cleaned = replace(check, difference=clean(check.difference, 200), incomparable=clean(check.incomparable, 200))
    return replace(view, check=cleaned)


def _is_clean(text: str, limit: int) -> bool:
    """Whether `clean` would leave a text as it is; not asked of what is not plain ASCII."""
    return len(text) <= limit and text.isascii() and text.isprintable()
