"""`python -m engine`: the engine without a screen."""

import sys

from engine.cli import main

if __name__ == "__main__":
    sys.exit(main())
