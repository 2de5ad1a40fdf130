"""What the next run takes over from the last one, whether it begins locked, and what a person is told. Pure."""

from collections.abc import Iterator
from datetime import date

from msgspec import Struct
from msgspec.structs import replace

from engine.journal.account import JournalledAccount
from engine.model.events import StateKept
from engine.model.types import REAL_MODES, Order, PositionState, Trade, TradeMode
from engine.text.sanitize import CleanText, clean
from engine.trading.kept_orders import KeptOrder

LEFT_OPEN = CleanText("the last run left something open")
NOT_PLACED = "not placed: the engine ended before it was carried out"
UNKNOWN = "what was held is not known"
BLIND = clean(f"an earlier run found its journal damaged or missing: {UNKNOWN}")
LACKING = "is missing from a directory that was used before"
_DAMAGED = "journal was damaged: "
READY = "READY: locked until you unlock (k)"
_SHOWN = 20  # positions, orders and tags, each


class Opened(Struct, frozen=True):
    """What was found on opening, so that the engine can go on, and start locked; all texts are cleaned.

    `damage` says what was wrong with a file that is now `kept_as`; `missing` that there is none where one must be; `unclean` that the run before did not end well;
    `open_positions` are (instrument, quantity) and `unresolved_orders` tags that the run before left behind.
    `kept` is the account to go on with (None: a fresh start), `still_locked` why entries are locked until a person
    unlocks ("": they are not), `report` what that person is told, the verdict last; `unknown` why it is not known, until
    then, what was held before. `exits` are the newest of the account's day, `untold` is the last of them where its own row
    was not written any more. A replay takes nothing over.
    """

    run: int
    fresh: bool = True
    damage: str = ""
    kept_as: str = ""
    missing: str = ""
    unclean: str = ""
    open_positions: tuple[tuple[int, int], ...] = ()
    unresolved_orders: tuple[str, ...] = ()
    kept: StateKept | None = None
    still_locked: CleanText = CleanText("")
    report: tuple[str, ...] = ()
    unknown: CleanText = CleanText("")
    exits: tuple[Trade, ...] = ()
    untold: Trade | None = None

    def lines(self) -> tuple[str, ...]:
        """One line for each reason not to trade before a person has looked; none when all is well."""
        lines = []
        if self.damage:
            lines.append(f"{_DAMAGED}{self.damage}; kept as {self.kept_as}, a new one begins")
        elif self.unknown and not self.missing:
            lines.append(f"journal: {self.unknown}")
        lines += [f"journal: {each}" for each in (self.missing, self.unclean) if each]
        if self.open_positions:
            held = ", ".join(f"{quantity} of instrument {instrument}" for instrument, quantity in self.open_positions)
            lines.append(f"journal: the run before left open: {held}")
        if self.unresolved_orders:
            shown = ", ".join(self.unresolved_orders[:_SHOWN])
            more = len(self.unresolved_orders) - _SHOWN
            lines.append(f"journal: orders without an outcome: {shown}" + (f" and {more} more" if more > 0 else ""))
        return tuple(lines)


def is_blind(found: str) -> bool:
    """Whether lines that a run has `found` say that what was held before it is not known."""
    return found.startswith(_DAMAGED) or LACKING in found or UNKNOWN in found


def take_over(opened: Opened, account: JournalledAccount, mode: TradeMode, unclean: str) -> Opened:
    """Add to `opened` what the next run in `mode` takes over of `account`.

    `unclean` says that the last run did not end well, "" that it did. A simulated broker died with the run: what is not
    journalled as filled was never placed; nor was what no row says of that it was to go to a real one. What was to go there
    may be there: its books alone tell.
    """
    account.end_run()
    opened = replace(opened, untold=account.trades.untold)
    idle = account.idle
    unanswered = account.unanswered()
    orders = tuple(_order_line(account, each, left, mode) for each, left in unanswered)
    held = tuple(account.net().items())
    unresolved = tuple(each.tag for each, _ in unanswered)
    for number in [each.number for each in account.orders]:
        account.reject(number)
    gate = account.gate
    if not idle:
        gate.locked = gate.locked or LEFT_OPEN
    locked = clean(gate.locked or gate.halted)
    # A generated session begins anew each time; money, on paper too, goes on, whatever ended the last run and on which day.
    fresh = account.ended and idle and mode == "mock"
    if fresh and not locked:
        return opened
    if fresh:
        return replace(opened, still_locked=locked, report=(f"entries were locked: {locked}", READY))
    kept = account.state()
    if not locked:
        return replace(opened, kept=kept, report=(f"carried over from the last run: {_money(account)}",))
    lines = [unclean] if unclean else []
    lines += _some(f"found: {each}" for each in _positions(account))
    lines += _some(iter(orders))
    lines.append(f"found: {_money(account)}")
    if account.flat.running:
        lines.append(f"a flat ({account.flat.reason}) was at {account.flat.shown}: RESUMED")
    lines += [f"entries are locked: {locked}", _verdict(account)]
    return replace(
        opened, open_positions=held, unresolved_orders=unresolved, kept=kept, still_locked=locked, report=tuple(lines)
    )


def _verdict(account: JournalledAccount) -> str:
    if account.flat.running:
        return "NOT READY: the flat is finished first; then locked until you unlock (k)"
    if account.live.open:
        return "NOT READY: orders without an outcome; the broker's books are read first"
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


def _order_line(account: JournalledAccount, order: Order | KeptOrder, left: int, mode: TradeMode) -> str:
    instrument = account.instrument(order.instrument)
    part = instrument.quantity_text(left or order.quantity)
    if 0 < left < order.quantity:
        part += f" of {instrument.quantity_text(order.quantity)}"
    name = f"order {order.tag} {order.side} {part} {instrument.symbol} ({order.reason})"
    if not left:
        return f"{name}: filled and not settled; the broker's trades tell what it came to"
    if isinstance(order, KeptOrder):
        return f"{name}: without an outcome; it may stand at the broker, whose books tell"
    then = "it is not repeated" if order.side == "BUY" else "the exit is judged again"
    if mode in REAL_MODES and order.side == "SELL":
        then += ", unless it went out without its rows: then its tag finds it"
    return f"{name}: {NOT_PLACED}; {then}"


def _money(account: JournalledAccount) -> str:
    money = account.cash_account
    if account.today == date.min.isoformat():
        return f"cash {money.cash:.2f}, no session day had begun"
    result = f"result of the day {account.today} {money.day_realised:+.2f}"
    return f"cash {money.cash:.2f}, {result}, entries {account.gate.day_entries}"


def _some(lines: Iterator[str]) -> list[str]:
    """The first of `lines`, and how many more there are."""
    every = list(lines)
    more = len(every) - _SHOWN
    return every[:_SHOWN] + ([f"and {more} more like that"] if more > 0 else [])
