"""The command `paper`: the account of paper trading."""

from argparse import ArgumentTypeError, Namespace
from decimal import Decimal, InvalidOperation

from engine.cli.options import Parser, config_options, engine_options
from engine.model.errors import EXIT_WELL
from engine.text.sanitize import clean

_MOST = 1_000_000_000_000


def _capital(text: str) -> Decimal:
    """Read an amount of money; raises ArgumentTypeError."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal(0)
    if not value.is_finite() or not 1 <= value <= _MOST:
        raise ArgumentTypeError(f"'{clean(text, 40)}' is no capital; allowed: a number from 1 to {_MOST}")
    return value


def arguments(parser: Parser) -> None:
    """Declare the arguments of `paper`."""
    parser.add_argument("action", choices=("reset",), help="begin the account anew; nothing may run or be held")
    parser.add_argument("--capital", type=_capital, metavar="N", help="with this (default: capital.initial_capital)")
    engine_options(parser)
    config_options(parser)


def run(args: Namespace) -> int:
    """Begin anew, and say with what."""
    from engine.cli.options import load_config
    from engine.serving.paper_account import reset

    capital = args.capital or load_config(args).capital.initial_capital
    folder, before = reset(args.state_dir, capital)
    if before is None:
        print(f"no paper account in {folder} yet: the first run begins with capital.initial_capital")
    else:
        print(f"the paper account begins anew with {capital:.2f}; it had {before:.2f}")
    return EXIT_WELL
