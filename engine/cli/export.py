"""The command `export`: turns a recording into CSV."""

from argparse import Namespace
from pathlib import Path

from engine.cli.options import Parser, damage_option, force_option
from engine.text.sanitize import clean


def arguments(parser: Parser) -> None:
    """Declare the arguments of `export`."""
    parser.add_argument("input", type=Path, metavar="IN.mqr")
    parser.add_argument("output", type=Path, metavar="OUT.csv")
    force_option(parser, "OUT.csv")
    damage_option(parser)


def run(args: Namespace) -> int:
    """Export."""
    from engine.cli.output import progress_bar
    from engine.outside.files import refuse_existing
    from engine.recording import MqrSource
    from engine.recording.convert import export_csv

    refuse_existing(args.output, args.force, args.input)
    source = MqrSource(args.input, args.skip_damage)
    with progress_bar("export") as progress:
        report = export_csv(source, args.output, progress=progress, force=args.force)
    print(f"{report.rows:,} rows in {clean(str(args.output))}")
    if report.left_out:
        print(f"{report.left_out} ticks left out: no price or time that a text can say")
    for loss in report.losses:
        print(f"lost: {loss}")
    return 0
