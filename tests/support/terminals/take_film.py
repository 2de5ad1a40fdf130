"""Takes the README's moving picture: the real program under a pty, keys pressed, all it writes kept. `python -m tests.support.terminals.take_film FOLDER`."""

import codecs
import os
import re
import select
import struct
import sys
import tempfile
import termios
import time
from collections.abc import Callable
from fcntl import ioctl
from pathlib import Path

from tests.support.paths import BUNDLED
from tests.support.terminals.emulator import Emulator
from tests.support.terminals.film import Event, frames, moving, read_cast, write_cast
from tests.support.terminals.take_pictures import lasting
from tests.support.terminals.terminal import Pty

SIZE = (100, 30)
STEP_S = 0.5
MOST_FRAMES = 40
_TORN = re.compile(r"\x1b(\[[?\d;]*|\][^\x07]*)?\Z")  # a sequence whose end was not read yet
_SPEED = "10"
_MOMENT, _PRICE = "10:38:40", "176.25 +5.26 %"  # the panes follow each at its own pace
# Before the film: what is typed, and what is seen then.
_BEFORE = [
    ("", "REPLAY"),
    ("t", "REPLAY"),
    ("g", "GO TO"),
    (f"{_MOMENT}\r", _MOMENT),
    ("", f" {_PRICE}"),
    ("", "EMA 42"),
]
# Caption, what is typed, what is seen then, and for how many seconds that is looked at.
SCENES = [
    ("space: the recording plays at ten times its pace; an entry comes", " ", "  LONG ", 0.8),
    ("enter: one position, its levels, fills and chart", "2\r", "─ POSITION", 1.6),
    ("esc: back", "\x1b", "5 LOG", 0.5),
    ("!: the emergency flat, its plan; entries are locked", "!", "EMERGENCY FLAT", 1.6),
    ("x: fired; FLAT is said when the broker reports nothing held", "x", "FLAT verified", 2.0),
    ("esc: back", "\x1b", "no position", 0.4),
    ("T: the trades, the newest last", "T", "TRADES", 2.0),
    ("esc: back; k unlocks entries, q leaves, ? shows every key", "\x1b", "5 LOG", 1.2),
]


class Camera:
    """The program under a pty: what it writes is shown and kept with its time."""

    def __init__(self, home: Path) -> None:
        state = ("--state-dir", str(home / "state"))
        self._pty = Pty(home, "replay", str(BUNDLED), "--paused", "--speed", _SPEED, *state)
        ioctl(self._pty.master, termios.TIOCSWINSZ, struct.pack("HHHH", SIZE[1], SIZE[0], 0, 0))
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._began = time.monotonic()
        self._unread = ""
        self.screen = Emulator(*SIZE)
        self.events: list[Event] = []

    def now_s(self) -> float:
        """Seconds since the film began."""
        return time.monotonic() - self._began

    def begin(self) -> None:
        """What was written until now is what the film opens with."""
        opening = "".join(event.text for event in self.events)
        self.events, self._began = [Event(0, "o", opening)], time.monotonic()

    def watch(self, for_s: float) -> None:
        """Keep what is written for so long."""
        until_s = self.now_s() + for_s
        while (left_s := until_s - self.now_s()) > 0:
            self._read(left_s)

    def waits(self, condition: Callable[[list[str]], bool], what: str) -> None:
        """Keep what is written until the lines of the screen fulfil `condition`."""
        give_up_s = self.now_s() + 30
        while not condition(self.screen.text().splitlines()):
            assert self.now_s() < give_up_s, f"never seen: {what}\n{self.screen.text()}"
            self._read(0.2)

    def sees(self, text: str) -> None:
        """Keep what is written until `text` is on the screen."""
        self.waits(lambda lines: text in "\n".join(lines), text)

    def types(self, keys: str) -> None:
        """Press keys one by one, as a person does."""
        for key in keys:
            self._pty.write(key.encode())
            self.watch(0.12)

    def _read(self, wait_s: float) -> None:
        if select.select([self._pty.master], [], [], wait_s)[0]:
            read = self._unread + self._decoder.decode(os.read(self._pty.master, 65536))
            torn = _TORN.search(read)
            text, self._unread = (read[: torn.start()], torn[0]) if torn else (read, "")
            self.events.append(Event(self.now_s(), "o", text))
            self.screen.feed(text)

    def close(self) -> None:
        """Hang up, and wait for the end of the program."""
        self._pty.close()
        self._pty.status()


def play(home: Path, opening: list[str] | None = None) -> Camera:
    """All scenes before a camera; where the opening is known already, as fast as may be once that has come."""
    hurried = opening is not None
    camera = Camera(home)
    try:
        for keys, seen in _BEFORE:
            camera.types(keys)
            camera.sees(seen)
        if hurried:
            camera.waits(lambda lines: lasting(lines) == opening, "the opening")
        else:
            camera.watch(1.5)  # a chart comes after the rest
        camera.begin()
        for caption, keys, seen, for_s in SCENES:
            camera.events.append(Event(camera.now_s(), "m", caption))
            camera.watch(0.1 if hurried else 0.5)
            camera.types(keys)
            camera.sees(seen)
            hurry_s = 1.2 if keys == "!" else 0.2  # an x soon after an escape may be the rest of it, and fires nothing
            camera.watch(hurry_s if hurried else for_s)
    finally:
        camera.close()
    return camera


def develop(cast: Path) -> str:
    """The moving picture of a recording."""
    size, events = read_cast(cast)
    shown = frames(size, events, STEP_S)
    return moving(shown, shown[-1].at_s + 1)


def main(target: Path) -> None:
    """Record into `target` and develop it there; once more, up to ten times, where the machine was too busy for it."""
    for _ in range(10):
        with tempfile.TemporaryDirectory() as home:
            write_cast(target / "film.cast", SIZE, play(Path(home)).events)
        shown = frames(*read_cast(target / "film.cast"), STEP_S)
        if len(shown) <= MOST_FRAMES and not any(
            " LATE " in frame.text() or " STALE " in frame.text() for frame in shown
        ):
            break
    (target / "film.svg").write_text(develop(target / "film.cast"), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
