"""How commands speak: an answer for a person or a script, a warning, a bar while something takes long."""

import os
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import msgspec

from engine.model.errors import InputError
from engine.text.sanitize import clean

_BAR_WIDTH = 30
_ENDLESS = 10_000
_USUAL_COLUMNS = 80
_REDRAW_NS = 100_000_000


def answer(args: Namespace, record: object, lines: Iterable[str]) -> None:
    """Print `record` where JSON is wanted, else `lines`."""
    sys.stdout.write((msgspec.json.encode(record).decode() if args.json else "\n".join(lines)) + "\n")
    sys.stdout.flush()


def warn(line: str) -> None:
    """Say `line` on standard error."""
    print(f"myquant-tui: {clean(line, 1_000)}", file=sys.stderr)


def columns() -> int:
    """How wide a list for a person may be: as the terminal, and where there is none, as wide as it likes."""
    return terminal_columns() if sys.stdout.isatty() else _ENDLESS


def terminal_columns() -> int:
    """How wide the terminal is by COLUMNS, or by itself; `shutil` tells as much, and takes half a megabyte with it."""
    said = os.environ.get("COLUMNS", "")
    if said.isdecimal() and int(said) > 0:
        return int(said)
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or _USUAL_COLUMNS  # type: ignore[union-attr]
    except (AttributeError, ValueError, OSError):  # there is none, or it is closed
        return _USUAL_COLUMNS


def shows_unicode() -> bool:
    """Whether what reads standard output shows dots of braille: by its encoding, and not on the bare console."""
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8" and os.environ.get("TERM") != "linux"


def one_of(args: Namespace, *options: str) -> None:
    """Refuse more than one of `options`, which exclude each other; raises InputError."""
    said = [f"--{name}" for name in options if getattr(args, name)]
    if len(said) > 1:
        raise InputError(f"{', '.join(said)}: only one of them at a time")


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[float], None] | None]:
    """Within: a function that draws the fraction done on stderr, or None when that is no terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    drawn_ns = 0

    def draw(fraction: float) -> None:
        nonlocal drawn_ns
        now_ns = time.perf_counter_ns()
        if now_ns - drawn_ns >= _REDRAW_NS or fraction >= 1:
            drawn_ns = now_ns
            full = int(_BAR_WIDTH * fraction)
            sys.stderr.write(f"\r{what} [{'#' * full}{'.' * (_BAR_WIDTH - full)}] {fraction:4.0%}")
            sys.stderr.flush()

    try:
        yield draw
    finally:
        sys.stderr.write("\r\x1b[K")
        sys.stderr.flush()
