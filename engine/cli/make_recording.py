"""The command `make-recording`: writes the generated session of the configuration as a recording."""

from argparse import Namespace
from pathlib import Path

from engine.cli.options import Parser, config_options, force_option, load_config


def arguments(parser: Parser) -> None:
    """Declare the arguments of `make-recording`."""
    parser.add_argument("output", type=Path, metavar="OUT.mqr")
    force_option(parser, "OUT.mqr")
    config_options(parser)


def run(args: Namespace) -> int:
    """Write it; the same bytes every time."""
    from engine.cli.import_file import write_recording
    from engine.venues.simulated.source import mock_source

    config = load_config(args)
    write_recording(mock_source(config), args, config)
    return 0
