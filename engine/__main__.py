"""`python -m engine`: the engine without a screen."""

import signal
import sys

signal.signal(signal.SIGINT, signal.SIG_DFL)  # until the command takes it: no traceback out of an import

from engine.cli import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main())
