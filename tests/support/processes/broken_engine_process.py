"""The program with something broken inside, as a process of its own: `python -m tests.support.processes.broken_engine_process WHAT engine …`.

A break comes about when a file of its name lies in the working directory, so that a test chooses the moment; it is gone
when the file is. `once` in the file: it is taken away as soon as it was found, before anything breaks. What lies there
as `spin-when-held` comes about on the first tick after an entry.
"""

import re
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any

from engine.cli import main
from engine.journal import StateDir
from engine.journal.journal_files import JournalFiles
from engine.journal.ledger import Ledger
from engine.link.request_handler import RequestHandler
from engine.logs.log_file import LogFile
from engine.recording.writer import BlockFile
from engine.runtime.housekeeping import Housekeeping
from engine.trading.strategy.ema_macd_vwap import Strategy


def is_wanted(name: str) -> bool:
    """Whether the break `name` is to come about now."""
    path = Path(name)
    try:
        once = path.read_text() == "once"
    except FileNotFoundError:
        return False
    if once:
        path.unlink()
    return True


def _before(owner: Any, method: str, act: Callable[[], None]) -> None:
    """Do `act` before each call of a method."""
    whole = getattr(owner, method)

    def changed(self: Any, *args: Any, **more: Any) -> Any:
        act()
        return whole(self, *args, **more)

    setattr(owner, method, changed)


def _spin() -> None:
    """An endless loop, which uses a processor up."""
    if is_wanted("spin"):
        for number in count():
            _sink = number


def _held() -> None:
    """Something was bought: `spin-when-held` is `spin` from now on, at one stroke."""
    with suppress(FileNotFoundError):
        Path("spin-when-held").rename("spin")


def _hog() -> None:
    """A search that never ends, in C, which lets nobody else run."""
    if is_wanted("hog"):
        re.match(r"(a+)+$", "a" * 60 + "b")


def _hang() -> None:
    """Wait for what never comes; a file `hangs` tells that it has begun."""
    while is_wanted("hang"):
        Path("hangs").touch()
        time.sleep(0.02)


def _stuck(name: str) -> Callable[[], None]:
    def act() -> None:
        while Path(name).exists():
            time.sleep(0.02)

    return act


def _raise(name: str) -> Callable[[], None]:
    def act() -> None:
        if is_wanted(name):
            raise RuntimeError(f"broken: {name}")

    return act


def _set_the_wall_clock(ahead_s: Callable[[], int]) -> None:
    """Set the machine's clock, as far as this process sees it."""
    true_ns = time.time_ns
    time.time_ns = lambda: true_ns() + ahead_s() * 10**9


def _said_ahead_s() -> int:
    """What stands in the file `ahead`, in seconds."""
    try:
        return int(Path("ahead").read_text())
    except (FileNotFoundError, ValueError):
        return 0


def change() -> None:
    """Break what the first word says."""
    what = sys.argv.pop(1)
    match what:
        case "strategy":
            _before(Strategy, "on_entry", _held)
            _before(Strategy, "on_tick", _spin)
            _before(Strategy, "on_tick", _hang)
            _before(Strategy, "on_tick", _hog)
            _before(Strategy, "on_tick", _raise("raise"))
        case "loop":
            _before(Housekeeping, "make", _raise("fault"))
        case "edges":
            _before(Ledger, "append", _stuck("stuck"))
            _before(BlockFile, "write", _stuck("stuck"))
            _before(RequestHandler, "look_after", _stuck("stuck"))
        case "disk":  # as far as any of our calls is concerned
            for owner, method in (
                (Ledger, "append"), (BlockFile, "write"), (LogFile, "_append"), (StateDir, "look"), (JournalFiles, "lost"),
            ):  # fmt: skip
                _before(owner, method, _stuck("stuck"))
        case "restless clock":
            looks = count()
            _set_the_wall_clock(lambda: (0, 300, -300)[next(looks) // 40 % 3])
        case "clock":
            _set_the_wall_clock(_said_ahead_s)
        case _:
            raise SystemExit(f"nothing is called {what}")


if __name__ == "__main__":
    change()
    sys.exit(main())
