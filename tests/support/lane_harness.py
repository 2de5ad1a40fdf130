"""A lane of orders with its clock, its journal and its broker in the hands of a test."""

from engine.execution.actions import Action, SendRequest, WriteRow
from engine.execution.order_dialect import OrderDialect, Reply
from engine.execution.write_lane import LaneRules, WriteLane
from engine.model.order_reports import OrderAnswer
from engine.model.order_requests import AmendOrder, PlaceOrder, Purpose, WithdrawOrder, WriteRequest
from engine.venues.angelone.orders.dialect import SmartApiOrders
from tests.support.broker_answers import TRADED


def place(order: int, purpose: Purpose = "ENTRY") -> PlaceOrder:
    side = "BUY" if purpose == "ENTRY" else "SELL"
    return PlaceOrder(order, f"L9FAB00700{order:02}E", 1, side, 65, 10235, purpose, 10185, "")


def amend(order: int, purpose: Purpose = "ENTRY") -> AmendOrder:
    return AmendOrder(order, f"20091000000{order:04}", 1, 65, 10290, purpose)


def cancel(order: int, purpose: Purpose = "ENTRY") -> WithdrawOrder:
    return WithdrawOrder(order, f"20091000000{order:04}", purpose)


class LaneHarness:
    """A `WriteLane` that is logged in; `written` rows are numbered from 1, and reach the disk when a test says so.

    `begun` are the rows that sendings begin with, by order; `sent` are the requests in the order in which they went out,
    `told` the events.
    """

    def __init__(self, rules: LaneRules, now_ms: int = 1_000_000, dialect: OrderDialect | None = None) -> None:
        self.lane = WriteLane(dialect or SmartApiOrders(TRADED), rules)
        self.lane.session(1, up=True)
        self.now_ms = now_ms
        self.written = 0
        self.begun: dict[int, int] = {}
        self.sent: list[SendRequest] = []
        self.told: list[OrderAnswer] = []

    def wish(self, request: WriteRequest) -> None:
        """Wish for it, with a row of its own."""
        self.written += 1
        self.lane.wish(request, self.written, self.now_ms)
        self.step()

    def sync(self, rows: int | None = None) -> None:
        """All rows, or the first so many, are on the disk."""
        self.lane.durable(self.written if rows is None else rows, self.now_ms)
        self.step()

    def later(self, ms: int) -> list[Action]:
        """So much time passes."""
        self.now_ms += ms
        return self.step()

    def step(self) -> list[Action]:
        """Do what the lane says; what that was."""
        actions = self.lane.step(self.now_ms)
        for action in actions:
            if isinstance(action, WriteRow):
                self.written += 1
                self.begun[action.order] = self.written
                self.lane.row_written(action.order, self.written)
            else:
                self.sent.append(action)
        self.told += self.lane.take_events()
        return actions

    def answer(self, reply: Reply, number: int | None = None) -> None:
        """The reply to the newest request, or to another."""
        self.lane.answer(self.sent[-1].number if number is None else number, reply, self.now_ms)
        self.step()

    def go(self, request: WriteRequest) -> None:
        """Wish for it and let its rows reach the disk at once: it is sent."""
        self.wish(request)
        self.sync()
        self.sync()

    def news(self) -> list[OrderAnswer]:
        """What was told since this was asked last."""
        told, self.told = self.told, []
        return told
