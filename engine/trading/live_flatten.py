"""The flat at a real broker: what it is at follows the desk, which closes what the broker holds and proves it by its books."""

from decimal import Decimal
from typing import Final

from engine.model.events import FlatState
from engine.trading.flatten import Flattener, Push
from engine.trading.orders.live_orders import LiveOrders

_WORDS: Final[dict[str, FlatState]] = {"CLOSING": "CLOSING", "VERIFYING": "VERIFYING", "FLAT": "FLAT"}


class LiveFlattener(Flattener):
    """As the other one, but that nothing is closed by our own book and nothing verified by a look at holdings."""

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
