"""Verifies a recording in a process of its own, which gives way to every other; one that dies has come to no verdict."""

import os
import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from engine.backtest.verification import Verification
from engine.model.errors import EXIT_BAD_INPUT
from engine.text.sanitize import CleanText, clean

_NICE: Final = 19
_LASTS_S: Final = 3_600.0


class Unverified(Struct, frozen=True):
    """A recording whose replay came to no verdict, and why: neither the recording nor a difference is known to be at fault."""

    file: CleanText
    reason: CleanText


def verified_in_child(
    program: Sequence[str], path: Path, *more: str, within_s: float = _LASTS_S
) -> Verification | Unverified:
    """How `verify` of `program` finds `path`, with the options `more`; a child that takes longer is killed."""
    words = [*program, "verify", "--json", *more, "--", str(path)]
    try:
        with subprocess.Popen(  # noqa: S603 - this very program
            words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as child:
            _let_give_way(child.pid)
            try:
                said, wrong = child.communicate(timeout=within_s)
            except subprocess.TimeoutExpired:
                child.kill()
                return _without_verdict(path, f"its replay did not end within {within_s / 60:g} min")
    except (OSError, subprocess.SubprocessError) as error:
        return _without_verdict(path, f"its replay cannot be started: {getattr(error, 'strerror', None) or error}")
    if child.returncode < 0:
        return _without_verdict(path, f"its replay was ended by {_signal_name(-child.returncode)}")
    if child.returncode <= EXIT_BAD_INPUT:  # beyond, what it said before it failed is no verdict
        with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return msgspec.json.decode(said, type=Verification)
    last = wrong.decode(errors="replace").strip().rpartition("\n")[2]
    return _without_verdict(path, f"its replay ended with status {child.returncode}: {last}")


def _without_verdict(path: Path, why: str) -> Unverified:
    return Unverified(clean(str(path)), clean(why, 400))


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _let_give_way(pid: int) -> None:
    """Let every other process go first. From here: what runs between fork and exec must not be Python, where there are threads."""
    with suppress(OSError):  # it has ended already
        os.setpriority(os.PRIO_PROCESS, pid, _NICE)
