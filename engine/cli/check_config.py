"""The command `check-config`: every problem of the configuration at once, told by the error that loading raises."""

from argparse import Namespace

from engine.cli.options import Parser, config_options, load_config
from engine.text.sanitize import clean


def arguments(parser: Parser) -> None:
    """Declare the arguments of `check-config`."""
    config_options(parser)
    parser.add_argument(
        "--explain",
        action="append",
        default=[],
        metavar="SECTION.KEY",
        help="who said it, and why that holds (repeatable)",
    )


def run(args: Namespace) -> int:
    """Check it, and say what differs from the defaults; or explain single keys."""
    from engine.config import changed, explained, find_config

    path = find_config(args.config)
    config = load_config(args)
    if args.explain:
        for key in args.explain:
            print("\n".join(map(clean, explained(config, key))))
        return 0
    differs = changed(config)
    print(f"{clean(str(path))}: well")
    print("differs from the defaults: " + (", ".join(differs) if differs else "nothing"))
    return 0
