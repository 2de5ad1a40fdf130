"""The command `myquant-tui`: the engine's command line with this terminal's screen."""

import os
import sys
from _signal import SIG_DFL, SIGINT, signal  # type: ignore[import-not-found] # `signal` takes long to import

# What lies in the directory we are started from is no code of ours, whatever it is called.
if (
    __name__ == "__main__"
    and not sys.flags.safe_path
    and sys.path[0] != os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
):
    del sys.path[0]
signal(SIGINT, SIG_DFL)  # until the command takes it: no traceback out of an import

from engine import short_command  # noqa: E402


def main() -> int:
    """Carry out the command line, the short way where there is one; the exit status."""
    status = short_command(sys.argv[1:])
    if status is None:
        from engine import main as run_command  # noqa: PLC0415 - carries the whole program
        from tui.shell.show import TerminalScreen  # noqa: PLC0415

        status = run_command(None, TerminalScreen())
    return status


if __name__ == "__main__":
    sys.exit(main())
