"""The keys in the list of orders, in one of them, and in the plan that takes it back. Knows no terminal."""

from collections.abc import Callable

from tui.input import reasons
from tui.input.guard import NOT_TAKEN, Press, by_hand
from tui.input.guarded_plan import GuardedPlan
from tui.view import orders
from tui.view.engine_client import EngineClient
from tui.view.flat import RUNS
from tui.view.model import Dialog, Ui

DIALOGS: tuple[Dialog, ...] = ("orders", "orders_filter", "order", "withdraw")


class OnOrders:
    """Takes the keys of these dialogs; nothing is sent but by `x` in the plan."""

    def __init__(self, ui: Ui, client: EngineClient, note: Callable[[str, int, str], None]) -> None:
        self._ui = ui
        self._client = client
        self._note = note
        self._withdrawal = GuardedPlan(ui, client, note, "withdraw", "orders")

    def move(self, by: int) -> None:
        """Choose the order so many lines further down."""
        seen, ui = self._client.snapshot, self._ui
        shown = orders.listed(seen, ui.filters.get(orders.NAME, ""))
        ui.order_number = orders.moved(shown, ui.order_number, by)

    def press(self, press: Press) -> None:
        """Take a key in the list, in one order, or in the plan; what none of them knows closes it."""
        dialog = self._ui.dialog
        if dialog == "withdraw":
            self._withdrawal.press(press)
        elif press.key == "w":
            self._plan(press)
        elif dialog == "orders" and press.key == "enter":
            self._open(press.at_ns)
        elif dialog == "orders" and press.key == "/":
            self._ui.open("orders_filter")
            self._ui.text = self._ui.filters.get(orders.NAME, "")
        elif dialog == "orders" and press.key == "escape" and self._ui.filters.pop(orders.NAME, ""):
            return
        else:
            self._ui.dialog = "orders" if dialog == "order" and press.key == "escape" else ""

    def pass_time(self, now_ns: int) -> None:
        """Close a plan that nobody fired, or that a flat has overtaken."""
        if self._withdrawal.waits and self._client.snapshot.flat.state in RUNS:
            self._withdrawal.close()
            self._note("a flat runs: it takes all entries back", now_ns, "alert")
        self._withdrawal.pass_time(now_ns)

    def _choose(self) -> bool:
        """Hold on to the order under the cursor, however the list moves; whether there is one."""
        ui, seen = self._ui, self._client.snapshot
        if ui.dialog == "orders":
            order = orders.chosen(orders.listed(seen, ui.filters.get(orders.NAME, "")), ui.order_number)
            ui.order_number = order.number if order is not None else 0
        return bool(ui.order_number)

    def _open(self, at_ns: int) -> None:
        if self._choose():
            self._ui.open("order")
        else:
            self._note("there is no order to look at", at_ns, "warn")

    def _plan(self, press: Press) -> None:
        """Show what would be taken back, or say why nothing is."""
        ui, at_ns = self._ui, press.at_ns
        self._choose()
        planned = orders.withdrawal(self._client.snapshot, ui.order_number)
        if not by_hand(press):
            self._note(NOT_TAKEN.format("w"), at_ns, "alert")
        elif why := reasons.may_not_command(self._client.attachment):
            self._note(why, at_ns, "alert")
        elif isinstance(planned, str):
            self._note(planned, at_ns, "warn")
        else:
            self._withdrawal.show(planned, at_ns)
