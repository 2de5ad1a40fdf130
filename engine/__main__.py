"""`python -m engine`: the engine without a screen."""

import os
import sys
from _signal import SIG_DFL, SIGINT, signal  # type: ignore[import-not-found] # `signal` takes long to import

# What lies in the directory we are started from is no code of ours, whatever it is called.
if not sys.flags.safe_path and sys.path[0] != os.path.dirname(os.path.dirname(os.path.abspath(__file__))):
    del sys.path[0]
signal(SIGINT, SIG_DFL)  # until the command takes it: no traceback out of an import


def main() -> int:
    """Carry out the command line, the short way where there is one; the exit status."""
    from engine.shortcut.entry import short_command  # noqa: PLC0415 - the one before the other

    status = short_command(sys.argv[1:])
    if status is None:
        _import_msgspec()
        from engine.cli import main as run_command  # noqa: PLC0415 - carries the whole program

        status = run_command()
    return status


def _import_msgspec() -> None:
    """Import it without `typing_extensions`, whose names `typing` has as well: 1.5 MB, and a tenth of a start."""
    if "typing_extensions" not in sys.modules:
        sys.modules["typing_extensions"] = None  # type: ignore[assignment]
        try:
            import msgspec  # noqa: F401, PLC0415 - the way it is imported is what matters
        finally:
            del sys.modules["typing_extensions"]


if __name__ == "__main__":
    sys.exit(main())
