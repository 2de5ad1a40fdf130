"""An attached screen that crashes: after so many looks its client raises. Run by the tests in a real pty: FOLDER LOOKS."""

import sys
from pathlib import Path

from engine import LogLine, RemoteEngine
from tui.shell.show import TerminalScreen


class Breaking(RemoteEngine):
    """A client that breaks."""

    looks = int(sys.argv[2])

    def log_lines(self, since: int, limit: int) -> list[LogLine]:
        self.looks -= 1
        if self.looks < 0:
            raise RuntimeError("broken for the test")
        return super().log_lines(since, limit)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    TerminalScreen().attach(Breaking(folder / "engine.sock", "pts/9"), folder, folder)
