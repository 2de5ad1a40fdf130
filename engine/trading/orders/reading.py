"""When the broker's books, an order's details or a new login are asked for. Decides nothing about orders."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from engine.model.order_requests import LogIn, OrderRequest, ReadOrder, ReadRound, WithdrawOrder
from engine.trading.orders.blotter import Blotter
from engine.trading.orders.live_order import LiveOrder

FAST_MS: Final = 1_100  # between two rounds, while something can be told by a round only
HELD_MS: Final = 4_000
IDLE_MS: Final = 30_000
LOST_MS: Final = 10_000  # so long without an outcome a round is given up
SILENT_MS: Final = 2_000  # between two questions about one order
LOGIN_MS: Final = 10_000  # between two tries


class Reading:
    """One round at a time; `over` is told when it has come to its end."""

    KEPT: ClassVar[Mapping[str, Any]] = {
        "_round": int,
        "_asked_ms": int,
        "_over_ms": int,
        "_login_ms": int,
        "_questions": dict[int, int],
    }

    def __init__(self, blotter: Blotter) -> None:
        self._blotter = blotter
        self._round = 0
        self._asked_ms = 0  # 0: none is under way
        self._over_ms = 0
        self._login_ms = 0
        self._questions: dict[int, int] = {}  # when it was asked after, by order

    def over(self, number: int, now_ms: int) -> None:
        """Round `number` has come to its end, well or not."""
        if number == self._round:
            self._asked_ms, self._over_ms = 0, now_ms

    def due(self, now_ms: int, *, wished: bool, urgent: bool) -> list[OrderRequest]:
        """A round where one is due, or a login where the broker does not know us; `urgent`: a flat runs."""
        if not self._blotter.logged_in:
            if self._login_ms and now_ms - self._login_ms < LOGIN_MS:
                return []
            self._login_ms = now_ms
            return [LogIn()]
        self._login_ms = 0
        if self._asked_ms and now_ms - self._asked_ms < LOST_MS:
            return []
        if self._round and now_ms - self._over_ms < self._pause_ms(wished=wished, urgent=urgent):
            return []
        self._round += 1
        self._asked_ms = now_ms
        return [ReadRound(self._round)]

    def _pause_ms(self, *, wished: bool, urgent: bool) -> int:
        """How long to wait between two rounds."""
        blotter = self._blotter
        if urgent or blotter.unsettled() or blotter.trusted < 2:
            return FAST_MS
        held = any(blotter.net) or blotter.others.apart  # what the account alone holds is told soon, too
        return HELD_MS if wished or blotter.open or held else IDLE_MS

    def after(self, order: LiveOrder, now_ms: int) -> OrderRequest | None:
        """A question about an order that nothing is heard of; what has not left here is taken back, and the answer tells whether it had."""
        waits = not order.sent_ms and (order.state == "UNKNOWN" or (order.unwanted and order.state == "INTENT"))
        if not waits and not (order.wants_details and order.unique_id):
            return None
        if now_ms - self._questions.get(order.number, -SILENT_MS) < SILENT_MS:
            return None
        self._questions[order.number] = now_ms
        return WithdrawOrder(order.number, "", order.purpose) if waits else ReadOrder(order.number, order.unique_id)
