"""A tiny application on the real driver, run by the tests in a real pty; it reports through file descriptor 3."""

import os
import sys

from textual.app import ComposeResult

import tui.shell.display
from tui.shell.board import Board
from tui.shell.display import DiffApp
from tui.terminal.keyboard import Burst


def say(*words: object) -> None:
    os.write(3, (" ".join(map(str, words)) + "\n").encode())


class Tiny(DiffApp):
    ENABLE_COMMAND_PALETTE = False

    def __init__(self) -> None:
        super().__init__()
        self.board = Board()
        self.frame_number = 0
        self.frozen = "frozen" in sys.argv

    def compose(self) -> ComposeResult:
        yield self.board

    def on_mount(self) -> None:
        self._tick()
        self.set_interval(0.02, self._tick)
        self.call_after_refresh(say, "ready", os.getpid())

    def on_resize(self) -> None:
        self._tick()

    def terminal_lost(self, why: str) -> None:
        say("lost", why)
        self.exit()

    def _tick(self) -> None:
        width, height = self.size
        self.frame_number += not self.frozen
        number = self.frame_number
        styles = ("up", "down", "accent", "")
        if not self.frozen:
            self.board.show(
                [
                    tuple((str((number * 7 + x * y) % 10), styles[(number + x) % 4]) for x in range(width))
                    for y in range(height)
                ]
            )
            say("tick", number, round(self.terminal.stalled_s, 2), os.getpid())
        else:
            self.board.show([(("calm ", "bold"), (f"{width}x{height} 你好 {y}", "up")) for y in range(height)])

    async def on_event(self, event) -> None:
        name = type(event).__name__
        if name == "KeyEvent":
            say(
                "key",
                event.key,
                "alone" if event.burst.alone else "burst",
                "suspicious" if event.burst.suspicious else "clean",
            )
            assert isinstance(event.burst, Burst)
            if event.key == "f":
                self.frozen = True
                self._tick()
            elif event.key == "e":
                canary = "ca" + "nary"
                raise ValueError(len(canary))
            elif event.key == "q":
                self.exit()
        elif name == "Paste":
            say("paste", event.text)
        else:
            await super().on_event(event)


if __name__ == "__main__":
    tui.shell.display.FITS = "stock" not in sys.argv
    app = Tiny()
    app.run(mouse=False)
    say("end", app.return_code)
