"""The line of a flat's receipt that says that it leaves nothing open, known to who writes it and to who goes by it."""

from collections.abc import Sequence

NOTHING_LEFT = "  unresolved: nothing"


def leaves_nothing(receipt: Sequence[str]) -> bool:
    """Whether all is closed, and nothing may be held that nobody knows of."""
    return NOTHING_LEFT in receipt
