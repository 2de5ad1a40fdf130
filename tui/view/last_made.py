"""What was made last, by name, so that it is made anew only when what it was made of has changed. Knows no pane."""

from collections.abc import Callable
from typing import Any, TypeVar

_T = TypeVar("_T")


class LastMade:
    """Of each name one thing is kept, so that it does not grow; names are words of ours, never values."""

    def __init__(self) -> None:
        self._made: dict[str, tuple[tuple[object, ...], Any]] = {}

    def get(self, name: str, of: tuple[object, ...], make: Callable[[], _T]) -> _T:
        """What `make` gives, which depends on nothing but `of`; that of last time, where it was made of the same."""
        known = self._made.get(name)
        if known is None or known[0] != of:
            known = self._made[name] = (of, make())
        found: _T = known[1]
        return found

    def follow(self, name: str, of: tuple[object, ...], step: Callable[[_T | None], _T]) -> _T:
        """What `step` makes of what it made last time; of None, where `of` is another."""
        known = self._made.get(name)
        found: _T = step(known[1] if known is not None and known[0] == of else None)
        self._made[name] = (of, found)
        return found
