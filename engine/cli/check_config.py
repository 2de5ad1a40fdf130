"""The command `check-config`: every problem of the configuration at once, told by the error that loading raises."""

from argparse import Namespace

from engine.cli.options import Parser, config_options, load_config
from engine.text.sanitize import clean


def arguments(parser: Parser) -> None:
    """Declare the arguments of `check-config`."""
    config_options(parser)


def run(args: Namespace) -> int:
    """Check it, and say what differs from the defaults."""
    from engine.config import changed, find_config

    path = find_config(args.config)
    differs = changed(load_config(args))
    print(f"{clean(str(path))}: well")
    print("differs from the defaults: " + (", ".join(differs) if differs else "nothing"))
    return 0
