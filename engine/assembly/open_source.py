"""Opens a file of ticks as what it is: a recording, raw lines of Binance, or CSV. Judges by content, not by name."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from engine.config import Config, instrument_for
from engine.files import regular_size, told
from engine.model.types import Instrument
from engine.recording.csv_layout import CsvLayout
from engine.recording.csv_source import CsvSource
from engine.recording.files import FileSource
from engine.recording.format import MAGIC
from engine.recording.reader import MqrSource
from engine.venues.binance.raw_lines import BinanceRawSource

FileKind = Literal["mqr", "csv", "binance-raw"]

_GZIP_MAGIC = b"\x1f\x8b"
_RAW_LINE = re.compile(rb"wss?://|[0-9]{10}(?:[.][0-9]+|[0-9]{9})?:? \{")


def kind_of(path: Path) -> FileKind:
    """What `path` holds, by its first bytes; a name ending in `.mqr` is believed. Raises InputError."""
    regular_size(path)
    with told(path), path.open("rb") as file:
        begin = file.read(64)
    if path.suffix.lower() == ".mqr" or begin[:4] == MAGIC[:4]:
        return "mqr"
    if begin[:2] == _GZIP_MAGIC or _RAW_LINE.match(begin):
        return "binance-raw"
    return "csv"


def open_source(
    path: Path,
    layout: CsvLayout,
    instrument_for: Callable[[str], Instrument],
    *,
    kind: FileKind | None = None,
    skip_damage: bool = False,
) -> FileSource:
    """The source over `path`, of `kind` or of the kind that it looks like; raises InputError.

    `layout` and `instrument_for` are for CSV files, `skip_damage` for recordings.
    """
    kind = kind or kind_of(path)
    if kind == "mqr":
        return MqrSource(path, skip_damage)
    if kind == "binance-raw":
        return BinanceRawSource(path)
    return CsvSource(path, layout, instrument_for)


def open_file(
    path: Path,
    config: Config,
    layout: CsvLayout | None = None,
    *,
    kind: FileKind | None = None,
    skip_damage: bool = False,
) -> FileSource:
    """The source over `path` with the instruments of `config`, and its zone and symbol unless a layout is given; raises InputError."""
    layout = layout or CsvLayout(zone=config.session.zone, symbol=config.instrument.symbol)
    return open_source(path, layout, lambda symbol: instrument_for(config, symbol), kind=kind, skip_damage=skip_damage)
