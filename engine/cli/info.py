"""The command `info`: what is inside a recording."""

import sys
from argparse import Namespace
from pathlib import Path

from engine.cli.import_file import open_as_described
from engine.cli.layout import layout_options
from engine.cli.options import Parser, config_options, damage_option, json_option, load_config
from engine.model.errors import EXIT_BAD_INPUT, EXIT_WELL, UserError


def arguments(parser: Parser) -> None:
    """Declare the arguments of `info`."""
    parser.add_argument("files", type=Path, metavar="FILE", nargs="+", help="of ticks; a block each")
    json_option(parser, "as JSON, one line a file")
    config_options(parser)
    layout_options(parser)
    damage_option(parser)


def run(args: Namespace) -> int:
    """Say it of every file named; one that cannot be read keeps the others from nothing."""
    from engine.cli.output import warn

    status = EXIT_WELL
    for number, path in enumerate(args.files):
        if number and not args.json:
            sys.stdout.write("\n")
        try:
            _tell(path, args)
        except UserError as problem:
            if len(args.files) == 1:
                raise
            warn(f"{path}: {'; '.join(problem.lines)}")
            status = EXIT_BAD_INPUT
    return status


def _tell(path: Path, args: Namespace) -> None:
    from engine.assembly.market_hours import MarketHours
    from engine.assembly.recording_config import fit_to_recording
    from engine.cli.output import answer, progress_bar
    from engine.recording.info import info_lines, inspect_file
    from engine.recording.session_tally import SessionTally

    config = load_config(args)
    source = open_as_described(path, args, config)
    config, instruments = fit_to_recording(config, source)
    session = SessionTally(config, instruments, MarketHours(config, "replay", getattr(source, "header", None)))
    with progress_bar("info") as progress:
        info = inspect_file(source, progress, max_backwards_ms=config.risk.max_backwards_ms, session=session)
    answer(args, info, info_lines(info))
