"""The command `info`: what is inside a recording."""

from argparse import Namespace
from pathlib import Path

from engine.cli.import_file import open_as_described
from engine.cli.options import Parser, config_options, json_option, layout_options, load_config


def arguments(parser: Parser) -> None:
    """Declare the arguments of `info`."""
    parser.add_argument("file", type=Path, metavar="FILE")
    json_option(parser)
    config_options(parser)
    layout_options(parser)


def run(args: Namespace) -> int:
    """Say it."""
    from engine.cli.output import answer, progress_bar
    from engine.recording.info import info_lines, inspect_file

    source = open_as_described(args.file, args, load_config(args))
    with progress_bar("info") as progress:
        info = inspect_file(source, progress)
    answer(args, info, info_lines(info))
    return 0
