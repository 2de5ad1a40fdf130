"""What becomes of one leg of a flat at a real broker, in a word: for whoever waits for it. Decides nothing."""

from collections.abc import Sequence
from typing import Final

from engine.model.order_reports import OrderAnswer, RefusalFamily, RoundFailed, RoundRead, Unclear
from engine.trading.orders.blotter import Blotter
from engine.trading.orders.live_order import ABSENT_ROUNDS, LiveOrder
from engine.trading.orders.pursuit import Pursuit
from engine.trading.orders.wishes import Wish

DOWN_MS: Final = 3_000  # so long nothing has been answered well: the broker is down
_REFUSED: Final[dict[RefusalFamily, str]] = {
    "price": "LPP", "freeze": "FREEZE", "lot": "LOT", "funds": "MARGIN", "product": "PRODUCT", "self_trade": "SELF TRADE",
    "closed": "CLOSED", "ip": "IP", "session": "SESSION", "blocked": "BLOCKED", "not_found": "NOT FOUND", "other": "ORDER",
}  # fmt: skip
_NO: Final = frozenset({"REFUSED", "REJECTED"})
_TRIED: Final = frozenset({"INTENT", "SENDING"})


class LegWords:
    """Keeps what answers alone tell, and no order does: since when nothing was answered well, until when we are to wait."""

    def __init__(self, blotter: Blotter, pursuit: Pursuit) -> None:
        self._blotter = blotter
        self._pursuit = pursuit
        self._failing_ms = 0
        self._wait_until_ms = 0

    def take(self, answer: OrderAnswer, now_ms: int) -> None:
        """Take what the broker says."""
        if isinstance(answer, Unclear | RoundFailed):
            self._failing_ms = self._failing_ms or now_ms
            self._wait_until_ms = max(self._wait_until_ms, now_ms + int(answer.wait_s * 1_000))
        elif isinstance(answer, RoundRead):
            self._failing_ms = 0

    def of(self, instrument: int, now_ms: int) -> str:
        """The word for the leg in `instrument`; "" where there is nothing to say of it."""
        wish = next((each for each in self._pursuit.wishes.values() if _closes(each, instrument)), None)
        orders = [each for each in reversed(self._blotter.orders.values()) if each.instrument == instrument]
        if now_ms < self._wait_until_ms:
            return f"RATE wait {-(-(self._wait_until_ms - now_ms) // 1_000)} s"
        if orders and orders[0].state == "UNKNOWN":
            return f"UNKNOWN {orders[0].absent_rounds}/{ABSENT_ROUNDS}"
        if not self._blotter.logged_in:
            return "LOGIN"
        if self._failing_ms and now_ms - self._failing_ms >= DOWN_MS:
            return f"BROKER DOWN {(now_ms - self._failing_ms) // 1_000} s"
        return self._of_wish(wish, orders) if wish is not None else ""

    def _of_wish(self, wish: Wish, orders: Sequence[LiveOrder]) -> str:
        """The word for what is still wanted, by the instrument's orders, the newest first."""
        serving = [each for each in orders if each.wish == wish.number]
        if not serving:
            return "WAIT"
        newest = serving[0]
        refused = next((each for each in serving if each.state in _NO), None)
        if refused is not None and (refused is newest or (wish.hold and newest.state in _TRIED)):
            return f"REJ {_REFUSED[refused.family]}"
        blind = "BLIND " if newest.blind else ""
        if wish.side == "BUY" and any(each.side == "SELL" and each.filled for each in orders):
            return f"{blind}CORRECTING"
        if newest.state == "CANCELLING":
            return f"{blind}CANCEL"
        if wish.filled:
            return f"{blind}PART {wish.filled}/{wish.quantity}"
        if refused is not None:
            price = self._blotter.instruments[wish.instrument].price_words(newest.limit)
            return f"{blind}REJ {_REFUSED[refused.family]} → {price}"
        if newest.state == "INTENT":
            return f"{blind}WAIT"
        if newest.state == "SENDING":
            return f"{blind}SENT"
        return f"{blind}ACK rung {newest.rung + 1}" if newest.rung else f"{blind}ACK"


def _closes(wish: Wish, instrument: int) -> bool:
    return wish.instrument == instrument and not wish.is_entry and not wish.dropped
