"""Commands that must not wait for the whole program to be imported. Decides which words are such a command, and nothing more."""

from __future__ import annotations

import io
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def short_command(words: Sequence[str]) -> int | None:
    """Carry out `words` where they are a short command about the one engine that runs; the exit status.

    None: not such a command, or something is unusual, and the whole program carries the same words out. What was sent
    by then is joined by what that sends.
    """
    if not words or words[0] not in _COMMANDS:
        return None
    try:
        return _COMMANDS[words[0]](words[1:])
    except ImportError:  # a system without such sockets
        return None


def _flat(words: Sequence[str]) -> int | None:
    """`flat --yes [--state-dir DIR]`: without `--yes` there is a plan to be shown."""
    state_dir = state_dir_of(words, "--yes")
    if state_dir is None or "--yes" not in words:
        return None
    from _signal import SIGINT, default_int_handler, signal  # type: ignore[import-not-found]

    from engine.shortcut.engines import UnusualError
    from engine.shortcut.flat import flatten

    signal(SIGINT, default_int_handler)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        return flatten(state_dir)
    except UnusualError:
        return None


def state_dir_of(words: Sequence[str], *known: str) -> str | None:
    """What `--state-dir` says, "" where it is not said; None where there is a word that is not `known`."""
    state_dir = ""
    rest = iter(words)
    for word in rest:
        if word == "--state-dir":
            state_dir = next(rest, "")
            if not state_dir or state_dir.startswith("-"):
                return None
        elif word.startswith("--state-dir=") and word != "--state-dir=":
            state_dir = word.partition("=")[2]
        elif word not in known:
            return None
    return state_dir


_COMMANDS = {"flat": _flat}
