"""The command `import`: turns a CSV file or raw messages into a recording."""

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.layout import layout_of, layout_options
from engine.cli.options import Parser, config_options, damage_option, force_option, load_config
from engine.model.errors import InputError
from engine.model.types import MAX_PRICE
from engine.text.sanitize import clean

_ROWS_SHOWN = 5

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.config import Config
    from engine.model.sources import FileSource


def arguments(parser: Parser) -> None:
    """Declare the arguments of `import`."""
    parser.add_argument("input", type=Path, metavar="IN")
    parser.add_argument("output", type=Path, metavar="OUT.mqr", nargs="?")
    parser.add_argument(
        "--dry-run", action="store_true", help="write nothing, show the first rows as they are understood"
    )
    force_option(parser, "OUT.mqr")
    config_options(parser)
    layout_options(parser)
    damage_option(parser)


def run(args: Namespace) -> int:
    """Import."""
    from engine.outside.files import refuse_existing

    config = load_config(args)
    if args.dry_run:
        print("\n".join(first_rows(open_as_described(args.input, args, config))))
        return 0
    if args.output is None:
        raise InputError("import: which file is to be written? allowed: import IN OUT.mqr, or import IN --dry-run")
    refuse_existing(args.output, args.force, args.input)
    write_recording(open_as_described(args.input, args, config), args, config)
    return 0


def open_as_described(path: Path, args: Namespace, config: "Config") -> "FileSource":
    """Open `path` as the layout options say; raises InputError."""
    from engine.assembly.open_source import open_file

    layout = layout_of(args, config)
    return open_file(path, config, layout, kind=args.format, skip_damage=args.skip_damage, skip_bad=args.skip_bad_rows)


def first_rows(source: "FileSource") -> list[str]:
    """Say how the rows of `source` are understood and what is left out of them, and show the first of them, one a line."""
    from itertools import islice

    from engine.recording.stamps import StampWriter

    lines = how_read(source)
    stamps = StampWriter(source.zone)
    for tick in islice(source.ticks(), _ROWS_SHOWN):
        instrument = source.instruments[tick.instrument]
        price = instrument.price_text(tick.price) if abs(tick.price) <= MAX_PRICE else "no price"
        at = stamps.write(tick.exch_ms * 1_000_000)
        what = f"{instrument.symbol} {price} × {instrument.quantity_text(tick.quantity)}"
        lines.append(f"{source.row_of(tick.seq)}: {at} {what}")
    return lines + lost(source.losses())


def how_read(source: "FileSource") -> list[str]:
    """Say how the rows of `source` are understood, and where that is not as they stand."""
    from engine.model.sources import Selective

    if not isinstance(source, Selective):
        return []
    return [f"read as: {source.understood()}", *(f"read: {note}" for note in source.notes())]


def lost(losses: "Iterable[str]") -> list[str]:
    """Say what is left out of a file."""
    return [f"lost: {loss}" for loss in losses]


def write_recording(source: "FileSource", args: Namespace, config: "Config") -> None:
    """Write all of `source` as the recording that `args` names, and say what it came to."""
    from engine.assembly.market_hours import MarketHours
    from engine.assembly.recording_config import fit_to_recording, header_of
    from engine.cli.output import progress_bar, warn
    from engine.recording.convert import import_file
    from engine.recording.session_tally import SessionTally

    config, instruments = fit_to_recording(config, source)
    header = header_of(config, source.name, source.instruments)
    hours = MarketHours(config, "replay", getattr(source, "header", None))
    with progress_bar("import") as progress:
        report = import_file(
            source,
            args.output,
            header,
            max_backwards_ms=config.risk.max_backwards_ms,
            progress=progress,
            force=args.force,
            session=SessionTally(config, instruments, hours),
        )
    print(f"{report.ticks:,} ticks in {clean(str(args.output))}, {args.output.stat().st_size:,} bytes")
    for line in how_read(source):
        print(line)
    for reason, count in report.refused.items():
        print(f"{count} of them will be refused: {reason}, first at {report.first_refused[reason]}")
    for line in report.left_out:
        print(f"{line}: nothing will be decided by them")
    if report.undecided:
        warn(f"no entry will be made: {report.undecided}")
    for line in lost(report.losses):
        print(line)
