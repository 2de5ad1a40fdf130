"""Opens a file of ticks as what it is: a recording, a venue's raw lines, or CSV. Judges by content, not by name."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast

from msgspec.structs import replace

from engine.config import Config, instrument_for
from engine.model.sources import FileSource
from engine.model.types import Instrument
from engine.outside.files import regular_size
from engine.recording.csv_layout import CsvLayout
from engine.recording.format import MAGIC
from engine.recording.reader import MqrSource
from engine.venues.registry import VENUES
from engine.venues.supply import market_said

if TYPE_CHECKING:
    from engine.recording.foreign_source import ForeignSource


def kind_of(path: Path) -> str:
    """What `path` holds, by its first bytes: `mqr`, `csv`, or what the registry calls a venue's raw lines.

    A name ending in `.mqr` is believed. Raises InputError.
    """
    regular_size(path)
    if path.suffix.lower() == ".mqr":
        return "mqr"
    from engine.recording.foreign.unpack import first_bytes  # only for files of others: some forty modules

    begin = first_bytes(path, 64)
    if begin[:4] == MAGIC[:4]:
        return "mqr"
    for venue in VENUES:
        if venue.raw_lines and venue.raw_lines().recognised(begin):
            return venue.raw_format
    return "csv"


def open_source(
    path: Path,
    layout: CsvLayout,
    instrument_for: Callable[[str], Instrument],
    *,
    kind: str | None = None,
    skip_damage: bool = False,
    skip_bad: bool = False,
    tolerance_ms: int = 0,
) -> FileSource:
    """The source over `path`, of `kind` or of the kind that it looks like; raises InputError.

    `layout`, `instrument_for` and `tolerance_ms` are for CSV files, `skip_bad` for all that is no recording, `skip_damage` for recordings.
    """
    kind = kind or kind_of(path)
    if kind == "mqr":
        return MqrSource(path, skip_damage)
    for venue in VENUES:
        if venue.raw_lines and kind == venue.raw_format:
            return venue.raw_lines().opened(path, skip_bad)
    from engine.recording.foreign_source import ForeignSource

    return ForeignSource(path, layout, instrument_for, skip_bad=skip_bad, tolerance_ms=tolerance_ms)


def open_file(
    path: Path,
    config: Config,
    layout: CsvLayout | None = None,
    *,
    kind: str | None = None,
    skip_damage: bool = False,
    skip_bad: bool = False,
) -> FileSource:
    """The source over `path` with the instruments of `config`, and its zone and symbol unless a layout is given; raises InputError.

    The market that the layout of a file states holds unless a person said another.
    """
    layout = layout or CsvLayout(zone=config.session.zone, symbol=config.instrument.symbol)
    source = open_source(
        path,
        layout,
        lambda symbol: instrument_for(config, symbol),
        kind=kind,
        skip_damage=skip_damage,
        skip_bad=skip_bad,
        tolerance_ms=config.risk.max_backwards_ms,
    )
    if market := getattr(source, "market", ""):
        markets = [market_said(config, each.symbol, market) for each in source.instruments]
        pairs = zip(source.instruments, markets, strict=True)
        cast("ForeignSource", source).instruments = tuple(replace(each, market=market) for each, market in pairs)
    return source
