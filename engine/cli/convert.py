"""The commands that read or write files and run nothing: import, export, info, make-recording, check-config."""

import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec.structs import replace

from engine.assembly.open_source import open_source
from engine.assembly.recording_config import header_of
from engine.cli.running import load_config
from engine.config import Config, changed, find_config, instrument_for
from engine.model.errors import InputError
from engine.model.ports import FileSource
from engine.recording import CsvLayout, ImportReport, MqrSource, export_csv, import_file
from engine.recording.progress import Progress
from engine.text.sanitize import clean
from engine.venues.simulated.source import mock_source

_BAR_WIDTH = 30
_REDRAW_NS = 100_000_000


@contextmanager
def progress_bar(what: str) -> Iterator[Progress | None]:
    """Within: a function that draws the fraction done on stderr, or None when that is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    drawn_ns = 0

    def draw(fraction: float) -> None:
        nonlocal drawn_ns
        now_ns = time.perf_counter_ns()
        if now_ns - drawn_ns >= _REDRAW_NS or fraction >= 1:
            drawn_ns = now_ns
            full = int(_BAR_WIDTH * fraction)
            sys.stderr.write(f"\r{what} [{'#' * full}{'.' * (_BAR_WIDTH - full)}] {fraction:4.0%}")
            sys.stderr.flush()

    try:
        yield draw
    finally:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()


def _layout(args: Namespace, config: Config) -> CsvLayout:
    columns = tuple(name.strip() for name in args.columns.split(",")) if args.columns else ()
    return CsvLayout(
        columns=columns,
        time_format=args.time_format,
        date=args.date,
        zone=args.zone or config.session.zone,
        price_divisor=args.price_divisor,
        has_header=False if args.no_header else None,
        symbol=args.symbol or config.instrument.symbol,
    )


def _open(path: Path, args: Namespace, config: Config) -> FileSource:
    layout = _layout(args, config)
    instruments = lambda symbol: instrument_for(config, symbol)  # noqa: E731 - a name for one argument
    return open_source(path, layout, instruments, kind=args.format, skip_damage=args.skip_damage)


def import_command(args: Namespace) -> int:
    """Turn a CSV file or raw messages into a recording."""
    config = load_config(args)
    source = _open(args.input, args, config)
    if args.zone:
        config = replace(config, session=replace(config.session, zone=args.zone))
    _write(source, args, config)
    return 0


def make_recording_command(args: Namespace) -> int:
    """Write the generated session of the configuration as a recording; the same bytes every time."""
    config = load_config(args)
    _write(mock_source(config), args, config)
    return 0


def _write(source: FileSource, args: Namespace, config: Config) -> None:
    header = header_of(config, source.name, source.instruments)
    with progress_bar("import") as progress:
        report = import_file(
            source,
            args.output,
            header,
            max_backwards_ms=config.risk.max_backwards_ms,
            progress=progress,
            force=args.force,
        )
    for line in _import_lines(report, args.output):
        print(line)


def _import_lines(report: ImportReport, output: Path) -> list[str]:
    lines = [f"{report.ticks:,} ticks in {clean(str(output))}, {output.stat().st_size:,} bytes"]
    for reason, count in report.refused.items():
        first = report.first_refused[reason]
        lines.append(f"{count} of them will be refused: {reason}, first at {first}")
    return lines + [f"lost: {loss}" for loss in report.losses]


def export_command(args: Namespace) -> int:
    """Turn a recording into CSV."""
    source = MqrSource(args.input, args.skip_damage)
    if args.output.exists() and args.output.samefile(args.input):
        raise InputError(f"{args.output}: is what is being read; allowed: another file")
    with progress_bar("export") as progress:
        report = export_csv(source, args.output, progress=progress, force=args.force)
    print(f"{report.rows:,} rows in {clean(str(args.output))}")
    if report.left_out:
        print(f"{report.left_out} ticks left out: no price or time that a text can say")
    for loss in report.losses:
        print(f"lost: {loss}")
    return 0


def info_command(args: Namespace) -> int:
    """Say what is inside a recording."""
    from engine.recording.info import info_lines, inspect_file

    config = load_config(args)
    source = _open(args.file, args, config)
    with progress_bar("info") as progress:
        info = inspect_file(source, progress)
    print(msgspec.json.encode(info).decode() if args.json else "\n".join(info_lines(info)))
    return 0


def check_config_command(args: Namespace) -> int:
    """Check the configuration; every problem is told by the error that loading raises."""
    path = find_config(args.config)
    config = load_config(args)
    differs = changed(config)
    print(f"{clean(str(path))}: well")
    print("differs from the defaults: " + (", ".join(differs) if differs else "nothing"))
    return 0
