"""The program with its words behind it; sends itself SIGUSR1, and every stray signal, when it has just taken its state directory."""

import os
import signal
import sys
from typing import Any

from engine.cli import main
from engine.journal import StateDir

_open = StateDir.open


def _open_and_signal(*arguments: Any, **more: Any) -> StateDir:
    opened = _open(*arguments, **more)
    for number in (signal.SIGUSR2, signal.SIGALRM, signal.SIGHUP, signal.SIGPIPE, signal.SIGUSR1):
        os.kill(os.getpid(), number)
    return opened


if __name__ == "__main__":
    StateDir.open = _open_and_signal  # type: ignore[method-assign,assignment]
    sys.exit(main([word for word in sys.argv[1:] if word]))
