"""The command `myquant-tui`: errors as one line each. Every problem a person can cause ends here."""

import io
import os
import signal
import stat
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from engine.cli.commands import read
from engine.cli.screen import Screen
from engine.model.errors import EXIT_DISK, EXIT_FAULT, EXIT_WELL, UserError
from engine.outside.secrecy import forbid_core_file
from engine.text.redaction import redact
from engine.text.sanitize import clean


def main(argv: Sequence[str] | None = None, screen: Screen | None = None) -> int:
    """Carry out the command line `argv`; the exit status. `screen` shows a run where there is a terminal for it."""
    os.umask(0o077)
    forbid_core_file()  # what is in the environment (credentials) is in a core as well
    _mend_streams()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        status = _carry_out(argv, screen)
    except UserError as problem:
        status = _say(problem.lines, problem.exit_status)
    except BrokenPipeError:  # of another file than standard output
        status = EXIT_DISK
    except OSError as error:
        name = error.filename or "standard output"
        status = _give_up_output(_say((f"{name}: {error.strerror}",), EXIT_DISK))
    except KeyboardInterrupt:
        status = _say(("interrupted",), 130)
    except Exception as error:  # noqa: BLE001 - the mouth of the process: told in one line, as a failure of ours
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{os.path.basename(place.filename)}:{place.lineno}"
        status = _say((f"internal error in {where}: {type(error).__name__}: {error}",), EXIT_FAULT)
    return _flushed(status)


def _carry_out(argv: Sequence[str] | None, screen: Screen | None) -> int:
    try:
        run, args = read(argv, screen)
        return run(args)
    except SystemExit as left:  # --help, --version, a wrong word on the command line
        return left.code if isinstance(left.code, int) else EXIT_WELL


def _say(lines: Sequence[str], status: int) -> int:
    """Put `lines` on stderr; return `status`."""
    with suppress(OSError):
        for line in lines:
            print(f"myquant-tui: {clean(redact(line), 1_000)}", file=sys.stderr)
    return status


def _flushed(status: int) -> int:
    """Put out what waits; `status` stays what the command came to, although nobody reads that, and never becomes a success."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read has seen enough
        return _give_up_output(status)
    except OSError as error:
        return _give_up_output(_say((f"standard output: {error.strerror}",), status or EXIT_DISK))
    return status


def _give_up_output(status: int) -> int:
    """Let standard output go nowhere, so that the interpreter's own flush at the end says nothing; return `status`."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return status


class _Pipe(io.FileIO):
    """A pipe whose reader may leave: nobody hears the rest, and the command comes to what it comes to."""

    def write(self, data: Any, /) -> int:
        """Write, or else let everything from now on go nowhere."""
        try:
            return super().write(data)
        except BrokenPipeError:
            return _give_up_output(len(data))


def _mend_streams() -> None:
    """Give closed standard descriptors to /dev/null, lest a journal get number 1; let no character be unprintable."""
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, which is this one
        if getattr(sys, name) is None:
            setattr(sys, name, open(descriptor, "r" if descriptor == 0 else "w", closefd=False))  # noqa: SIM115
    if stat.S_IFMT(os.fstat(1).st_mode) in {stat.S_IFIFO, stat.S_IFSOCK}:
        sys.stdout = io.TextIOWrapper(io.BufferedWriter(_Pipe(1, "w", closefd=False)), sys.stdout.encoding)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
