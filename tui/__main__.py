"""The command `myquant-tui`."""

import sys

from engine import main as run_command


def main() -> int:
    """Carry out the command line; the exit status."""
    return run_command()


if __name__ == "__main__":
    sys.exit(main())
