"""The command `alert`: whether what is grave would be told here, tried."""

import os
import sys
from argparse import Namespace, RawDescriptionHelpFormatter

from engine.cli.options import Parser, config_options, load_config
from engine.model.errors import EXIT_DIFFERENT, EXIT_WELL, InputError

_HELP = """examples:
  myquant-tui alert --test                                        terminal, command, telegram and webhook, a line each
  myquant-tui alert --test --set alerts.webhook_format=discord    in the form that another service wants

exit status: 0 each channel there is took it, 1 one did not, 2 bad configuration or secrets"""
_WELL = {"command": "was run and is content", "telegram": "sent", "webhook": "sent"}
_WANTED = {"telegram": "MYQUANT_TELEGRAM_TOKEN and MYQUANT_TELEGRAM_CHAT are", "webhook": "MYQUANT_WEBHOOK_URL is"}


def arguments(parser: Parser) -> None:
    """Declare the arguments of `alert`."""
    parser.epilog, parser.formatter_class = _HELP, RawDescriptionHelpFormatter
    parser.add_argument("--test", action="store_true", help="tell a test by every channel, and how that went")
    config_options(parser)


def run(args: Namespace) -> int:
    """Tell the test."""
    from engine.gateway.alerts.open_channels import open_channels
    from engine.gateway.secrets import with_secrets
    from engine.presentation.alerting import Message
    from engine.presentation.terminal_alert import sequences

    if not args.test:
        raise InputError("alert: allowed: --test")
    config = load_config(args)
    chosen = config.alerts
    message = Message("info", ("this is a test of myquant-tui",))
    rings = sequences(message, bell=chosen.bell, notify=chosen.notify)
    if rings and sys.stdout.isatty():
        sys.stdout.write(rings)
    terminal = [word for word, on in (("bell", chosen.bell), (chosen.notify, chosen.notify != "off")) if on]
    sent = ", ".join(terminal) or "nothing: alerts.bell is false and alerts.notify is off"
    print(f"terminal  {sent if sys.stdout.isatty() or not terminal else f'{sent}: not sent, this is no terminal'}")
    if not chosen.command:
        print("command   none: alerts.command is []")
    channels = open_channels(config, with_secrets(os.environ), 2)
    failed = False
    for channel in channels:
        if channel.name == "bell":
            continue  # rung above, in this terminal
        problem = channel.tell(message).problem
        failed = failed or bool(problem)
        print(f"{channel.name:<8}  {problem or _WELL[channel.name]}")
    for name in ("telegram", "webhook"):
        if all(channel.name != name for channel in channels):
            print(f"{name:<8}  none: {_WANTED[name]} not set (told by `myquant-tui serve`)")
    return EXIT_DIFFERENT if failed else EXIT_WELL
