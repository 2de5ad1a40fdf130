"""Import into a recording and export to CSV: streaming, to a temporary name first. Knows no command line."""

import os
from decimal import Decimal
from itertools import chain
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from engine.model.errors import InputError
from engine.model.sources import FileSource, TickSource, of_candles
from engine.model.types import FLAG_STAMP_NS, Instrument, Tick
from engine.outside.files import create_private, refuse_existing, replacing
from engine.recording.csv_layout import SYMBOL, SYMBOL_ALLOWED
from engine.recording.decimals import MAX_MINOR
from engine.recording.format import Header
from engine.recording.progress import Progress, followed
from engine.recording.reader import MqrSource
from engine.recording.session_tally import SessionTally
from engine.recording.stamps import StampWriter
from engine.recording.tally import Refusals
from engine.recording.writer import RecordingWriter
from engine.text.spreadsheet import cell

_TEXTS_KEPT = 4096


class ImportReport(Struct, frozen=True):
    """What an import brought: ticks, those an engine will refuse by reason with the place of the first, parts lost.

    `left_out` has a line for each further reason why ticks will not be decided by, `undecided` says why there will be no entry.
    """

    ticks: int
    refused: dict[str, int]
    first_refused: dict[str, str]
    losses: tuple[str, ...]
    left_out: tuple[str, ...] = ()
    undecided: str = ""


class ExportReport(Struct, frozen=True):
    """What an export brought: rows, ticks left out because they have no price or time that a text can say, parts lost."""

    rows: int
    left_out: int
    losses: tuple[str, ...]


def import_file(
    source: TickSource,
    target: Path,
    header: Header,
    *,
    max_backwards_ms: int,
    progress: Progress | None = None,
    force: bool = False,
    session: SessionTally | None = None,
) -> ImportReport:
    """Write all of `source` into a new recording, under `header` with the source's own instruments, name and start.

    `progress` is told the fraction done, `session` foretells which ticks lie outside the hours. The same source gives the same bytes. Raises InputError for bad rows and an
    existing `target`, DiskError.
    """
    if isinstance(source, MqrSource):
        raise InputError(f"{source.name}: is a recording already; allowed: a CSV file or raw lines")
    refuse_existing(target, force)
    refusals = Refusals(source.instruments, max_backwards_ms)
    ticks = followed(source, progress)
    first = next(ticks)  # no source is empty
    header = replace(header, instruments=source.instruments, source=source.name, started_wall_ns=first.recv_wall_ns)
    header = replace(header, candles=True) if of_candles(source) else header
    with replacing(target, force) as temporary, RecordingWriter(temporary, header) as writer:
        for tick in chain((first,), ticks):
            writer.append_tick(tick)
            refused = refusals.judge(tick)
            if session is not None:
                session.add(tick, refused)
    if progress:
        progress(1.0)
    places = {why: source.row_of(number) for why, number in refusals.first.items()}
    left_out = tuple(session.lines(source.row_of)) if session else ()
    why = session.why_undecided() if session else ""
    return ImportReport(tick.seq, refusals.counts, places, source.losses(), left_out, why)


def export_csv(
    source: FileSource, target: Path, *, progress: Progress | None = None, force: bool = False
) -> ExportReport:
    """Write `timestamp,price,volume[,symbol]` with the offsets of the source's zone; the symbol where there are several.

    Read again, the rows give the same ticks. Raises InputError for an existing `target` and a symbol that no row can
    hold, DiskError.
    """
    rows = _Rows(source.instruments, source.zone)
    written = left_out = 0
    with replacing(target, force) as temporary, os.fdopen(create_private(temporary), "w", encoding="ascii") as file:
        file.write(rows.header)
        for tick in followed(source, progress):
            try:
                file.write(rows.row(tick))
                written += 1
            except ValueError:
                left_out += 1
    if progress:
        progress(1.0)
    return ExportReport(written, left_out, source.losses())


class _Rows:
    """Puts ticks into rows; numbers repeat, so the texts made before are remembered."""

    def __init__(self, instruments: tuple[Instrument, ...], zone: str) -> None:
        for instrument in instruments:
            if not SYMBOL.fullmatch(instrument.symbol.encode()):
                raise InputError(f"'{instrument.symbol}' cannot stand in a CSV file; allowed: {SYMBOL_ALLOWED}")
        several = len(instruments) > 1
        self.header = "timestamp,price,volume,symbol\n" if several else "timestamp,price,volume\n"
        self._ends = [f",{cell(instrument.symbol)}\n" if several else "\n" for instrument in instruments]
        self._instruments = instruments
        self._stamps = StampWriter(zone)
        self._texts: dict[tuple[int, int, int], str] = {}

    def row(self, tick: Tick) -> str:
        """The tick's row; raises ValueError for a tick without a price or a time that a reader would take."""
        stamp_ns = tick.recv_wall_ns if tick.flags & FLAG_STAMP_NS else tick.exch_ms * 1_000_000
        if not (0 <= stamp_ns < 2**63 and abs(tick.price) <= MAX_MINOR and 0 <= tick.quantity <= MAX_MINOR):
            raise ValueError
        key = (tick.instrument, tick.price, tick.quantity)
        text = self._texts.get(key)
        if text is None:
            instrument = self._instruments[tick.instrument]
            volume = Decimal(tick.quantity) / instrument.quantity_scale
            text = f",{instrument.price_text(tick.price)},{volume:f}{self._ends[tick.instrument]}"
            if len(self._texts) >= _TEXTS_KEPT:
                self._texts.clear()
            self._texts[key] = text
        return self._stamps.write(stamp_ns) + text
