"""Opens the file that a command names, as its layout options describe it."""

from argparse import Namespace
from pathlib import Path

from engine.assembly.open_source import open_file
from engine.config import Config
from engine.recording import CsvLayout, FileSource


def open_as_described(path: Path, args: Namespace, config: Config) -> FileSource:
    """Open `path`; raises InputError."""
    layout = CsvLayout(
        columns=tuple(name.strip() for name in args.columns.split(",")) if args.columns else (),
        time_format=args.time_format,
        date=args.date,
        zone=args.zone or config.session.zone,
        price_divisor=args.price_divisor,
        has_header=False if args.no_header else None,
        symbol=args.symbol or config.instrument.symbol,
    )
    return open_file(path, config, layout, kind=args.format, skip_damage=args.skip_damage)
