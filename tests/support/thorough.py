"""How much is tried: with `MYQUANT_LONG=1` (`make thorough`) all there is, else a part that is spread over the whole."""

import os
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
LONG = os.environ.get("MYQUANT_LONG", "") not in {"", "0"}


def examples(most: int) -> int:
    """How many examples hypothesis is to make up where `most` are worth while: else a third of them."""
    return most if LONG else max(10, most // 3)


def every(step: int, whole: Sequence[T], at: int = 0) -> Sequence[T]:
    """Each `step`-th of `whole`, counted from one that `at` chooses, or all of it."""
    return whole if LONG else whole[at % step :: step]
