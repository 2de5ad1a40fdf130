"""The command `alert`: whether what is grave would be told here, tried."""

import os
import sys
from argparse import Namespace

from engine.cli.options import Parser, config_options, load_config
from engine.model.errors import EXIT_DIFFERENT, EXIT_WELL, InputError


def arguments(parser: Parser) -> None:
    """Declare the arguments of `alert`."""
    parser.add_argument("--test", action="store_true", help="tell a test by every channel, and how that went")
    config_options(parser)


def run(args: Namespace) -> int:
    """Tell the test."""
    from engine.presentation.alerting import Message
    from engine.presentation.terminal_alert import sequences
    from engine.serving.alert_command import run as run_command

    if not args.test:
        raise InputError("alert: allowed: --test")
    chosen = load_config(args).alerts
    message = Message("info", ("this is a test of myquant-tui",))
    rings = sequences(message, bell=chosen.bell, notify=chosen.notify)
    if rings and sys.stdout.isatty():
        sys.stdout.write(rings)
    terminal = [word for word, on in (("bell", chosen.bell), (chosen.notify, chosen.notify != "off")) if on]
    sent = ", ".join(terminal) or "nothing: alerts.bell is false and alerts.notify is off"
    print(f"terminal  {sent if sys.stdout.isatty() or not terminal else f'{sent}: not sent, this is no terminal'}")
    if not chosen.command:
        print("command   none: alerts.command is []")
        return EXIT_WELL
    problem = run_command(chosen.command, message, os.environ)
    print(f"command   {problem or 'was run and is content'}")
    return EXIT_DIFFERENT if problem else EXIT_WELL
