"""How much a line of the log matters: the numbers of the standard library's `logging`, for who must not import it."""

from typing import Final

DEBUG: Final = 10
INFO: Final = 20
WARNING: Final = 30
ERROR: Final = 40
