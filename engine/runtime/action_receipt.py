"""Watches what the operator does with one position, from the order to its last fill: where it is at, and its receipt. Decides nothing."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, get_args

from msgspec import Struct

from engine.model.events import (
    Action,
    AnyEvent,
    ClosedBlind,
    CommandRefused,
    FillBooked,
    OperatorActed,
    OrderCancelled,
    OrderRejected,
    Submit,
)
from engine.model.order_rows import Ended
from engine.model.trading_views import ActionView
from engine.model.types import Instrument

_ACTIONS: Final[tuple[str, ...]] = get_args(Action)
_MOST_LINES: Final = 64  # that wait for the log; it is looked at with every beat
_WORDS: Final = {
    "bar": "no new entries",
    "allow": "allow entries",
}  # of what is not called on the screen as its action is


class _Sale(Struct):
    """What is sold, or withdrawn, by one action: its orders that are not answered, and what they have brought."""

    acted: OperatorActed
    blind: str = ""
    orders: set[int] = set()
    filled: int = 0
    turnover: int = 0
    word: str = "SENT"


class ActionReceipt:
    """The newest action of an operator in this engine; `take_lines` gives the receipts that are not in the log yet."""

    def __init__(self, instruments: Sequence[Instrument]) -> None:
        self._instruments = instruments
        self._view: ActionView | None = None
        self._sale: _Sale | None = None
        self._number = 0
        self._lines: list[str] = []

    @property
    def view(self) -> ActionView | None:
        """Where the newest action stands, for a screen; None before the first."""
        return self._view

    def take_lines(self) -> list[str]:
        """The receipts of the actions that are over since the last call."""
        lines, self._lines = self._lines, []
        return lines

    def note(self, event: AnyEvent) -> None:
        """Take an event of the turn; only those of an action matter."""
        match event:
            case OperatorActed():
                self._begin(event)
            case CommandRefused() if event.command in _ACTIONS:
                self._number += 1
                self._view = ActionView(self._number, event.command, -1, "REFUSED", event.reason)
            case _ if self._sale is not None:
                self._follow(self._sale, event)
            case _:
                return

    def _begin(self, acted: OperatorActed) -> None:
        self._number += 1
        if acted.action in {"close", "half", "withdraw"}:
            self._sale = _Sale(acted)
            self._show(self._sale)
            return
        self._sale = None
        self._view = ActionView(self._number, acted.action, acted.instrument, "DONE", by=acted.by, price=acted.price)
        self._tell(acted, "DONE")

    def _follow(self, sale: _Sale, event: AnyEvent) -> None:
        """Follow the orders of a sale until the last of them is answered."""
        match event:
            case Ended() if event.order == sale.acted.order:
                sale.filled, sale.word = event.filled, event.state.replace("_", " ")
                self._sale = None
                self._tell(sale.acted, f"{sale.word}, {event.filled} filled")
            case _ if sale.acted.order:
                return
            case ClosedBlind() if event.instrument == sale.acted.instrument and not sale.filled:
                sale.blind = f"BLIND {event.age_ms / 1000:.0f} s" if event.age_ms >= 0 else "BLIND (no price)"
            case Submit() if event.order.instrument == sale.acted.instrument and event.order.reason.startswith(
                "Operator"
            ):
                sale.orders.add(event.order.number)
            case FillBooked() if event.fill.order in sale.orders:
                sale.filled += event.fill.quantity
                sale.turnover += event.fill.quantity * event.fill.price
                done = sale.filled >= sale.acted.quantity
                sale.word = "FILLED" if done else f"PART {sale.filled}/{sale.acted.quantity}"
                if done:
                    self._end(sale)
            case FillBooked(fill=fill, position=None) if fill.instrument == sale.acted.instrument:
                sale.word = (
                    "SOLD BY ANOTHER ORDER"  # a stop at the broker, or somebody else's: nothing is left to be sold
                )
                self._end(sale)
            case OrderRejected() if event.order in sale.orders:
                sale.word = f"REJ {event.reason:.60}"
                self._end(sale)
            case OrderCancelled() if event.order in sale.orders:
                sale.word = "CANCELLED"
                self._end(sale)
            case _:
                return
        self._show(sale)

    def _show(self, sale: _Sale) -> None:
        acted = sale.acted
        self._view = ActionView(
            self._number,
            acted.action,
            acted.instrument,
            f"{sale.blind} {sale.word}".lstrip(),
            by=acted.by,
            quantity=acted.quantity,
            filled=sale.filled,
            price=acted.price,
            average=round(Decimal(sale.turnover) / sale.filled) if sale.filled else 0,
        )

    def _end(self, sale: _Sale) -> None:
        """Put the receipt of a sale together: what was sold, and how much worse than the price that was planned with."""
        acted, name = sale.acted, self._instruments[sale.acted.instrument]
        self._sale = None
        word = f"{sale.blind} {sale.word}".lstrip()
        if not sale.filled:
            self._tell(acted, word)
            return
        average = Decimal(sale.turnover) / sale.filled / name.price_scale
        slippage = Decimal(acted.price) / name.price_scale - average
        amount = f"{name.quantity_text(sale.filled)} of {name.quantity_text(acted.quantity)}"
        told = f"sold {amount} @ {average:.2f}, plan {name.price_words(acted.price)}, slippage {slippage:+.2f} a unit"
        self._tell(acted, f"{told}: {word}")

    def _tell(self, acted: OperatorActed, words: str) -> None:
        action = _WORDS.get(acted.action, acted.action)
        line = f"receipt of {action} {self._instruments[acted.instrument].symbol} by {acted.by}: {words}"
        self._lines = [*self._lines, line][-_MOST_LINES:]
