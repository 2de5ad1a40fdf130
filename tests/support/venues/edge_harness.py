"""The edge to a broker with real sockets and threads, and all that it stands between in the hands of a test."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from threading import Condition
from threading import enumerate as all_threads
from typing import Self, TypeVar

from engine.execution.order_edge import OrderEdge
from engine.model.clock import SystemClock, VirtualClock
from engine.model.order_reports import OrderAnswer, RoundFailed, RoundRead
from engine.model.order_requests import OrderRequest
from engine.model.types import Instrument
from engine.venues.angelone.credentials import Credentials
from engine.venues.angelone.login import LoginSession
from engine.venues.angelone.order_connections import open_orders
from tests.support.broker_answers import TRADED
from tests.support.builders import config
from tests.support.venues.order_rows import RowsInMemory
from tests.support.waiting import PATIENCE_S

CREDENTIALS = Credentials("A123456", "7391", "canaryKey", "CANARYJBSWY3DPEHPK3PXPAA")
NOON_NS = int(datetime(2025, 11, 20, 6, 30, 10, tzinfo=UTC).timestamp()) * 10**9
THREADS = ("order-entries", "order-exits", "order-reads", "order-updates", "order-login")
_Answer = TypeVar("_Answer")


class EdgeHarness:
    """Within: an edge to `rest_url` that is started, logged in at `login_url` or there; `told` are its answers in order.

    `clock` is what logins go by.
    """

    def __init__(
        self,
        rest_url: str,
        orders_url: str = "ws://127.0.0.1:1",
        login_url: str = "",
        *,
        instruments: Sequence[Instrument] = TRADED,
        credentials: Credentials = CREDENTIALS,
        clock: VirtualClock | None = None,
    ) -> None:
        chosen = config(f"smartapi.rest_url={rest_url}", f"smartapi.orders_url={orders_url}")
        self.clock = clock or VirtualClock(NOON_NS)
        self.login = LoginSession(credentials, login_url or rest_url, self.clock)
        self.journal = RowsInMemory()
        self.told: list[OrderAnswer] = []
        self._news = Condition()
        self.edge: OrderEdge = open_orders(chosen, self.login, instruments, self._post, self.journal, SystemClock())

    def __enter__(self) -> Self:
        self.edge.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.edge.stop(PATIENCE_S)
        self.login.close()
        assert not threads_left()

    def _post(self, answer: OrderAnswer) -> None:
        with self._news:
            self.told.append(answer)
            self._news.notify_all()

    def ask(self, request: OrderRequest, *, row: bool = True) -> None:
        """Have it carried out, behind a row of its own."""
        self.edge.ask(request, self.journal.write(request) if row else 0)

    def until(self, kind: type[_Answer], which: Callable[[_Answer], object] = lambda _: True) -> _Answer:
        """Wait for the first answer of that kind; it is taken out of `told`."""

        def found() -> _Answer | None:
            return next((each for each in self.told if isinstance(each, kind) and which(each)), None)

        with self._news:
            assert self._news.wait_for(found, PATIENCE_S), f"it never came: {self.told}"
            answer = found()
            assert answer is not None
            self.told.remove(answer)  # type: ignore[arg-type]
            return answer

    @property
    def texts(self) -> str:
        """All that was told, and the view, as text: no secret may be in it."""
        return f"{self.told} {self.edge.view()}"


def threads_left() -> list[str]:
    """Names of threads of an edge that still run."""
    return [each.name for each in all_threads() if each.name in THREADS and each.is_alive()]


def rounds(told: list[OrderAnswer]) -> list[int]:
    """Numbers of the rounds that have come to an end."""
    return [each.number for each in told if isinstance(each, RoundRead | RoundFailed)]
