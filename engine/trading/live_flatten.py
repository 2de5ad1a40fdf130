"""The flat at a real broker: what it is at follows the desk, which closes what the broker holds and proves it by its books."""

from decimal import Decimal
from typing import Final

from engine.model.events import FlatState
from engine.trading.flatten import Flattener, Push
from engine.trading.orders.live_orders import LiveOrders

_WORDS: Final[dict[str, FlatState]] = {"CLOSING": "CLOSING", "VERIFYING": "VERIFYING", "FLAT": "FLAT"}


class LiveFlattener(Flattener):
    """As the other one, but that nothing is closed by our own book and nothing verified by a look at holdings."""

    def push(self, now_ms: int, *, ask: bool = False, closed_until_ms: int = 0) -> bool:
        """As the other one; what an order of before brings in behind the proof, before anybody unlocks, is closed as well."""
        flat = self._state.flat
        if flat.state == "FLAT" and self._holds():
            self.begin(flat.reason, flat.exit_reason, now_ms, closed_until_ms, anyway=flat.anyway)
            return True
        return super().push(now_ms, ask=ask, closed_until_ms=closed_until_ms)

    def _holds(self) -> bool:
        """Whether something is held by us and by the broker."""
        orders = self._state.orders
        assert isinstance(orders, LiveOrders)
        held = (at for at, position in enumerate(self._state.portfolio.positions) if position is not None)
        return any(orders.desk.blotter.broker_net(at) for at in held)

    def _work(self, push: Push) -> bool:
        """Have the desk close everything, and follow what it says."""
        flat, orders = self._state.flat, self._state.orders
        assert isinstance(orders, LiveOrders)
        if flat.state == "LOCKED" or not orders.desk.flat.word:
            orders.begin_flat(flat.reason, flat.exit_reason)
        word = _WORDS[orders.desk.flat.word]
        if word == flat.state:
            return False
        flat.state = word
        if word == "FLAT":
            flat.trouble, flat.until_ms = "", 0
        self._tell_state(push.now_ms)
        return True

    def _untold(self) -> Decimal:
        """What exits have won whose orders are not over."""
        state, orders = self._state, self._state.orders
        assert isinstance(orders, LiveOrders)
        won = (
            state.portfolio.won_so_far(orders.order(number).instrument, parts) for number, parts in orders.parts.items()
        )
        return sum(won, Decimal(0))
