"""The version of the program, and that of its rules; nothing else."""

from typing import Final

VERSION = "0.1.0"
RULES_REVISION: Final = 1  # raised only where the same ticks and commands come to other decisions; recordings tell it
