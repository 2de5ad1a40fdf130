"""The border for outside text on its way to the terminal: nothing passes it but printable characters.

The engine cleans at its own borders too; this one makes sure whatever engine stands behind the door.
"""

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from engine import Instrument, LogLine, Snapshot, clean


class Border:
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
                quote if _is_clean(quote.objection) else replace(quote, objection=clean(quote.objection, 120))
                for quote in seen.quotes
            ),
            trades=tuple(
                trade if _is_clean(trade.reason) else replace(trade, reason=clean(trade.reason, 80))
                for trade in seen.trades
            ),
            events=tuple(
                event if _is_clean(event.text) else replace(event, text=clean(event.text, 80)) for event in seen.events
            ),
            edges=tuple(replace(edge, problem=clean(edge.problem, 200)) for edge in seen.edges),
            outcomes=tuple(clean(line, 200) for line in seen.outcomes),
        )

    @staticmethod
    def log(lines: Iterable[LogLine]) -> list[LogLine]:
        """`lines` with every text cleaned."""
        return [
            line
            if _is_clean(line.text) and _is_clean(line.component)
            else msgspec.structs.replace(line, text=clean(line.text, 1000), component=clean(line.component, 40))
            for line in lines
        ]


def _is_clean(text: str) -> bool:
    return text.isascii() and text.isprintable()
