"""The command `login`: how to set the broker's credentials up, and whether they work."""

import os
import sys
from argparse import Namespace
from pathlib import Path

from engine.cli.options import Parser, config_options
from engine.model.errors import EXIT_WELL, ConfigError
from engine.text.sanitize import clean


def arguments(parser: Parser) -> None:
    """Declare the arguments of `login`."""
    parser.add_argument(
        "--check", action="store_true", help="find them, compare the clock, log in, ask for the profile"
    )
    parser.add_argument("--offline", action="store_true", help="check without speaking to the broker")
    config_options(parser)


def run(args: Namespace) -> int:
    """Say how to set them up, or with `--check` whether they work; raises ConfigError with what is wrong."""
    from engine.cli.settings import load_config
    from engine.venues.angelone.credentials import credentials_file

    config = load_config(args)
    if not (args.check or args.offline):
        print("\n".join(_how_to(credentials_file(config, os.environ))))
        return EXIT_WELL
    from engine.venues.angelone.login_check import check_login

    problems = check_login(config, os.environ, print, offline=args.offline)
    if problems:
        sys.stdout.flush()  # what is well stands above what is not
        raise ConfigError(*problems)
    return EXIT_WELL


def _how_to(file: Path) -> list[str]:
    from engine.venues.angelone.credentials import ENVIRONMENT, KEYS

    return [
        "SmartAPI needs a client code, its 4-digit PIN, an API key (smartapi.angelone.in) and the base32 secret",
        "behind the QR code of smartapi.angelone.in/enable-totp. They are read, in this order, from",
        "",
        "  the environment   " + ", ".join(ENVIRONMENT + key.upper() for key in KEYS),
        f"  or the file       {clean(str(file), 300)}",
        "",
        "which must be your own, with mode 0600:",
        "",
        "  [smartapi]",
        '  client_code = "A123456"',
        '  pin = "…"',
        '  api_key = "…"',
        '  totp_secret = "…"',
        "",
        "Then: myquant-tui login --check",
    ]
