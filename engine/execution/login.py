"""The login that lanes and updates go by, and who keeps it. Plain data and protocols; knows no broker."""

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct


class Login(Struct, frozen=True):
    """The newest login, and whether the broker knows it; `token` is what it gives. Shows nothing of itself."""

    generation: int
    up: bool
    token: str = ""

    def __repr__(self) -> str:
        return f"Login({self.generation}, {self.up})"

    def __rich_repr__(self) -> list[tuple[str, int | bool]]:
        """The same for a debugger that would list the fields."""
        return [("generation", self.generation), ("up", self.up)]


class LoginTokens(Protocol):
    """What a login gives; `generation` counts logins from 1."""

    @property
    def jwt(self) -> str:
        """What every request is signed with."""

    @property
    def generation(self) -> int:
        """Which login this is of."""


class SessionKeeper(Protocol):
    """Who logs in, for the feed and for orders, and obeys the budget of logins."""

    @property
    def current(self) -> LoginTokens | None:
        """The tokens in use, None where there are none; from any thread, returns at once."""

    def on_change(self, tell: Callable[[], None]) -> None:
        """Have `tell` called whenever `current` has become another; from whichever thread made it so. It must not wait."""

    def log_in_after(self, generation: int) -> str:
        """Log in where no later login than `generation` stands; why there is none, "" where there is. May take some seconds."""

    def close(self) -> None:
        """End a login that is under way, and refuse every further one."""
