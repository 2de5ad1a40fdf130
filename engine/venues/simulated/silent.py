"""A real broker as the replay of a run at one finds it: all that it said stands in the recording, and it says nothing more."""

from collections.abc import Callable, Sequence

from engine.model.order_requests import OrderRequest


class SilentBroker:
    """Takes every request, and nothing comes of it."""

    def ask(self, request: OrderRequest, row: int) -> None:
        """Let it be: what came of it is given from the recording."""


def silent(*_: object) -> tuple[SilentBroker, Callable[[Sequence[int]], None]]:
    """A broker that says nothing; what is held it was never asked."""
    return SilentBroker(), lambda _: None
