"""The command `myquant-tui`: dispatch, and errors as one line each. Every problem a person can cause ends here."""

import os
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence

from engine.cli.parser import make_parser
from engine.errors import EXIT_DISK, EXIT_WELL, UserError
from engine.text import clean
from engine.version import VERSION


def _run(args: Namespace) -> int:
    from engine.cli.headless import run

    return run(args)


def _convert(args: Namespace) -> int:
    from engine.cli import convert

    command: Callable[[Namespace], int] = getattr(convert, args.command.replace("-", "_") + "_command")
    return command(args)


def _bench(args: Namespace) -> int:
    from engine.cli.bench import bench

    return bench(args)


# Rooms are imported when their command is called: a replay need not carry what only `info` uses.
_COMMANDS: dict[str | None, Callable[[Namespace], int]] = {
    None: _run,
    "run": _run,
    "replay": _run,
    "bench": _bench,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Carry out the command line `argv`; the exit status."""
    os.umask(0o077)
    args = make_parser(VERSION).parse_args(argv)
    try:
        return _COMMANDS.get(args.command, _convert)(args)
    except UserError as problem:
        for line in problem.lines:
            print(f"myquant-tui: {line}", file=sys.stderr)
        return problem.exit_status
    except BrokenPipeError:
        # The reader of our output went away; nothing more can be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_WELL
    except OSError as error:
        print(f"myquant-tui: {clean(str(error.filename or ''))}: {error.strerror}", file=sys.stderr)
        return EXIT_DISK
    except KeyboardInterrupt:
        print("myquant-tui: interrupted", file=sys.stderr)
        return 130
