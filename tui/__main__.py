"""The command `myquant-tui`: the engine's command line with this terminal's screen."""

import signal
import sys

signal.signal(signal.SIGINT, signal.SIG_DFL)  # until the command takes it: no traceback out of an import

from engine import main as run_command  # noqa: E402
from tui.shell.show import TerminalScreen  # noqa: E402


def main() -> int:
    """Carry out the command line; the exit status."""
    return run_command(None, TerminalScreen())


if __name__ == "__main__":
    sys.exit(main())
