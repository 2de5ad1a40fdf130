"""What the next run takes over from the last one, whether it begins locked, and what a person is told. Pure."""

from collections.abc import Iterator
from datetime import date

from msgspec import Struct

from engine.journal.account import JournalledAccount
from engine.model.events import StateKept
from engine.model.types import Order, PositionState, TradeMode
from engine.text.sanitize import CleanText, clean

LEFT_OPEN = CleanText("the last run left something open")
NOT_PLACED = "not placed: the engine ended before it was carried out"
READY = "READY: locked until you unlock (k)"
_SHOWN = 20  # positions and orders, each


class Takeover(Struct, frozen=True):
    """`kept`: the account to go on with, None = a fresh start. `still_locked`: why entries are locked, "" = they are not.

    `report`: lines for a person, the last one the verdict. `held` are (instrument, net quantity) and `unresolved` tags
    of orders without an outcome, both as the last run left them.
    """

    kept: StateKept | None = None
    still_locked: CleanText = CleanText("")
    report: tuple[str, ...] = ()
    held: tuple[tuple[int, int], ...] = ()
    unresolved: tuple[str, ...] = ()


def take_over(account: JournalledAccount, mode: TradeMode, session_date: str, unclean: str) -> Takeover:
    """Decide what the next run in `mode` takes over of `account` on `session_date` (ISO text; "" = the same day).

    `unclean` says that the last run did not end well, "" that it did. In a simulated mode the broker died with the run:
    what is not journalled as filled was never placed. A live broker may know better, so there its orders stay open.
    """
    account.lock_if_unclean()
    idle = account.idle
    orders = tuple(_order_line(account, each, mode) for each in account.orders)
    held = tuple(account.net().items())
    unresolved = tuple(each.tag for each in account.orders)
    if mode != "live":
        for number in [each.number for each in account.orders]:
            account.reject(number)
    gate = account.gate
    if not idle:
        gate.locked = gate.locked or LEFT_OPEN
    locked = clean(gate.locked or gate.halted)
    fresh = account.ended and idle and (mode == "mock" or account.today < session_date)
    if fresh and not locked:
        return Takeover()
    if fresh:
        return Takeover(None, locked, (f"entries were locked: {locked}", READY))
    if not locked:
        return Takeover(account.state(), report=(f"carried over from the last run: {_money(account)}",))
    lines = [unclean] if unclean else []
    lines += _some(f"found: {each}" for each in _positions(account))
    lines += _some(iter(orders))
    lines.append(f"found: {_money(account)}")
    if account.flat.running:
        lines.append(f"a flat ({account.flat.reason}) was at {account.flat.state}: RESUMED")
    lines += [f"entries are locked: {locked}", _verdict(account)]
    return Takeover(account.state(), locked, tuple(lines), held, unresolved)


def _verdict(account: JournalledAccount) -> str:
    if account.flat.running:
        return "NOT READY: the flat is finished first; then locked until you unlock (k)"
    if len(account.orders):
        return "NOT READY: orders without an outcome; look at the broker's own list"
    return READY


def _positions(account: JournalledAccount) -> Iterator[str]:
    for number, held in sorted(account.held.items()):
        yield _position(account, number, held)
    for number, net in account.net().items():
        if number not in account.held:
            yield f"{account.symbols[number]}: {-net} sold that were not held"


def _position(account: JournalledAccount, number: int, held: PositionState) -> str:
    instrument = account.instrument(number)
    price = instrument.price_text
    levels = [f"stop {price(held.stop)}", f"highest {price(held.highest)}"]
    if held.trail_stop is not None:
        levels.insert(1, f"trailing stop {price(held.trail_stop)}")
    taken = [str(bit + 1) for bit in range(held.taken.bit_length()) if held.taken >> bit & 1]
    if taken:
        levels.append(f"targets taken {', '.join(taken)}")
    quantity = instrument.quantity_text(held.quantity)
    if held.quantity < held.initial_quantity:
        quantity += f" of {instrument.quantity_text(held.initial_quantity)}"
    return f"{quantity} {instrument.symbol} @ {price(held.entry_price)}, {', '.join(levels)}"


def _order_line(account: JournalledAccount, order: Order, mode: TradeMode) -> str:
    left = account.orders.left(order.number)
    part = f"{left} of {order.quantity}" if left < order.quantity else left
    name = f"order {order.tag} {order.side} {part} {account.symbols[order.instrument]} ({order.reason})"
    if mode == "live":
        return f"{name}: without an outcome; it may stand at the broker"
    then = "it is not repeated" if order.side == "BUY" else "the exit is judged again"
    return f"{name}: {NOT_PLACED}; {then}"


def _money(account: JournalledAccount) -> str:
    purse = account.cash_account
    entries = account.gate.day_entries
    if account.today == date.min.isoformat():
        return f"cash {purse.cash:.2f}, no session day had begun"
    return f"cash {purse.cash:.2f}, result of the day {account.today} {purse.day_realised:+.2f}, entries {entries}"


def _some(lines: Iterator[str]) -> list[str]:
    """The first of `lines`, and how many more there are."""
    every = list(lines)
    more = len(every) - _SHOWN
    return every[:_SHOWN] + ([f"and {more} more like that"] if more > 0 else [])
