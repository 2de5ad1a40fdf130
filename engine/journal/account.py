"""What the last run's rows say of the account: its `StateKept` and every later event, folded. Knows no file and no configuration.

A row is all there is: what a run had decided and not written has not happened. Each row is folded by itself, so that
the account is sound after any of them, wherever the journal was cut. An order at a real broker is booked part by part, and
counted by the row that tells all of it.
"""

from decimal import Decimal

import msgspec
from msgspec.structs import replace

from engine.journal.account_fills import AccountFills, HeldDay
from engine.journal.live_rows import OTHERS, LiveRows
from engine.journal.locks import follow_entries, follow_flat
from engine.journal.rows import Entry, RunEnded, RunStarted
from engine.model import events
from engine.model.errors import InputError
from engine.model.order_requests import PlaceOrder
from engine.model.order_rows import Adopted, ClosedOthers, Ended, PartFilled
from engine.model.state import Fields, Plain, dump, load
from engine.model.types import Order
from engine.text.sanitize import CleanText
from engine.trading.flatten_state import FlattenState
from engine.trading.kept_orders import KeptOrder
from engine.trading.order_parts import OrderParts
from engine.trading.orders.open_orders import Orders
from engine.trading.portfolio import CashAccount, positions_in, put_position, strays_in
from engine.trading.positions import NET_STOP
from engine.trading.risk import EntryGate

UNCLEAN = CleanText("the last run ended uncleanly")


class JournalledAccount(AccountFills):
    """An account that follows the rows of a journal from a `StateKept` on.

    `orders` are those at a simulated broker, and those that were decided and never left; `live` those at a real one.
    `ended`: the newest run has noted its end in good order. Its `last_price` is the price of the newest order, stops at the broker apart: with slippage
    that is a little worse than the tick's, until the run keeps its state again.
    """

    def __init__(self, kept: events.StateKept) -> None:
        super().__init__()
        self.ended = False
        self._begin(kept)

    def _begin(self, kept: events.StateKept) -> None:
        """Start from `kept`; raises InputError when it lacks something."""
        try:
            self._read(kept)
        except (KeyError, ValueError, TypeError, ArithmeticError, msgspec.ValidationError) as error:
            raise InputError(f"the state that was kept cannot be read: {type(error).__name__} {error}") from error

    def _read(self, kept: events.StateKept) -> None:
        fields = self._fields = kept.fields
        self.symbols = kept.symbols
        self.at_ms = kept.at_ms
        self.gate, self.flat, self.orders = EntryGate(0), FlattenState(), Orders("")
        self.cash_account = CashAccount(Decimal(0))
        load(self.gate, "gate.", fields)
        self.gate.barred = msgspec.convert(self.gate.barred, list[int])
        self.flat.restore(fields)
        load(self.cash_account, "book.", fields)
        self.orders.load(fields)
        self.live = LiveRows(fields)
        self.today = str(fields["today"])
        self.held = {each.instrument: each for each in positions_in(fields)}
        self._stray = strays_in(fields)
        self._days = {number: self._day(number) for number in self.held.keys() | self._stray.keys()}
        self._price_scales, self._quantity_scales = (
            msgspec.convert(fields[f"{name}_scale"], list[int]) for name in ("price", "quantity")
        )
        if not len(self.symbols) == len(self._price_scales) == len(self._quantity_scales):
            raise ValueError("there is not one scale for each symbol")
        self.trades.begin(kept, self.cash_account.trades)

    def _day(self, number: int) -> HeldDay:
        names = HeldDay.__struct_fields__
        return msgspec.convert({name: self._fields[f"{number}.{name}"] for name in names}, HeldDay)

    def last_price(self, number: int) -> int:
        """The last price known of instrument `number`, in minor units; 0 = none is."""
        day = self._days.get(number)
        return day.last_price if day is not None else 0

    # ── One row ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def take(self, entry: Entry) -> None:  # noqa: C901, PLR0912 - a case for each kind of row
        """Follow one row; a kind that changes no account is passed over (a `TradeClosed` only repeats its fill)."""
        self.at_ms = getattr(entry, "at_ms", self.at_ms)
        self.trades.take(entry)
        match entry:
            case events.StateKept():
                self._begin(entry)
            case events.Submit(order=order):
                self._submitted(order)
            case events.FillBooked():
                self._booked(entry)
            case PlaceOrder() | Adopted() | PartFilled() | ClosedOthers() | Ended():
                self._followed(entry)
            case events.OrderRejected(order=number) | events.OrderCancelled(order=number):
                self.reject(number)
            case events.LevelsMoved(position=position) if position.instrument in self.held:
                self.held[position.instrument] = position
            case events.EntriesChanged():
                follow_entries(self.gate, self.flat, entry)
            case events.FlatChanged():
                follow_flat(self.gate, self.flat, entry)
            case events.OperatorActed():
                self._acted(entry)
            case events.DayStarted(date=date):
                self.today = date
                for inst in self._days.values():
                    inst.day_open = 0
                self.gate.start_day()
                self.cash_account.start_day()
            case RunStarted():
                self.end_run()
                self.live.begin_run()
                self.ended = False
            case RunEnded(fault=fault):
                self.ended = not fault
            case _:
                return

    def end_run(self) -> None:
        """No row of the run comes any more: count what it could not, and lock entries when it has not noted a good end; the first reason stands."""
        for fill, parts, reason in self.live.cut_off():
            self._count(fill, parts, reason)
        if not self.ended:
            self.gate.locked = self.gate.locked or UNCLEAN

    # ── Orders ──────────────────────────────────────────────────────────────────────────────────────────────────────

    def _submitted(self, order: Order) -> None:
        self.orders.take(order, order.quantity)
        inst = self._days.setdefault(order.instrument, HeldDay(self.today))
        if order.reason != NET_STOP:  # the limit of one that waits at the broker lies far below the market
            inst.last_price = order.price
        if order.side == "BUY":
            self.gate.day_entries += 1
            if order.instrument not in self.held:
                inst.day = self.today
            return
        if self.flat.running and not self.flat.exit_reason:
            self.flat.exit_reason = order.reason
        self._mark(order.instrument, order.target, taken=True)

    def _followed(self, entry: PlaceOrder | Adopted | PartFilled | ClosedOthers | Ended) -> None:
        """Follow an order at a real broker; one that ends without any fill gives back what it took."""
        match entry:
            case PlaceOrder():
                self.orders.last_number = max(self.orders.last_number, entry.order)
                closed = self.orders.close(entry.order)
                self.live.placed(entry, closed[0] if closed is not None else None)
                if closed is not None and entry.side == "BUY" and (entry.purpose != "ENTRY" or entry.served):
                    self._give_place_back()  # it has none: only the first order of an entry does
            case Adopted():
                self.orders.last_number = max(self.orders.last_number, entry.order)
                self.live.adopted(entry)
            case PartFilled(fill=fill):
                parts, reason = self.live.part(fill)
                self._part(fill, Decimal(entry.cash), entry.costs, entry.position, parts, reason)
            case ClosedOthers():
                self.live.closed_others(entry)
            case Ended():
                order = self.live.ended(entry)
                if order is not None and order.side == "BUY":
                    self._give_place_back()
                elif order is not None:
                    self._mark(order.instrument, order.target, taken=False)

    def reject(self, number: int) -> None:
        """Forget order `number`: its exit may be judged again, a whole entry gives its place in the day back."""
        closed = self.orders.close(number)
        if closed is None:
            return
        order, left = closed
        untouched = left == order.quantity
        if untouched and order.side == "SELL":
            self._mark(order.instrument, order.target, taken=False)
        elif untouched:
            self._give_place_back()

    def _give_place_back(self) -> None:
        self.gate.day_entries = max(0, self.gate.day_entries - 1)

    def _mark(self, instrument: int, target: int, *, taken: bool) -> None:
        """Note whether the take-profit level of an exit is taken."""
        held = self.held.get(instrument)
        if held is not None and target >= 0:
            bit = 1 << target
            self.held[instrument] = replace(held, taken=held.taken | bit if taken else held.taken & ~bit)

    # ── Fills ───────────────────────────────────────────────────────────────────────────────────────────────────────

    def _booked(self, booked: events.FillBooked) -> None:
        """Book a fill: what it cost is what cash changed by beyond its turnover."""
        fill, cash = booked.fill, Decimal(booked.cash)
        whole = self.live.whole(fill.order)
        if whole is not None:
            self._corrected(booked, cash, *whole)
            return
        order, parts = self.orders.on_fill(fill), OrderParts()
        reason = order.reason if order else OTHERS
        change = self.instrument(fill.instrument).money(fill.price * fill.quantity)
        costs = (change if fill.side == "SELL" else -change) - (cash - self.cash_account.cash)
        self._part(fill, cash, {"costs": costs}, booked.position, parts, reason)
        if fill.side == "SELL":
            self._count(fill, parts, reason)

    def begin_anew(self, cash: Decimal) -> None:
        """Forget all that was traded, and begin with `cash`."""
        self.cash_account = CashAccount(cash)
        self.gate.start_day()
        self.trades.begin_anew()

    def _acted(self, acted: events.OperatorActed) -> None:
        """Follow what the operator did; the orders that came of it have rows of their own."""
        held = self.held.get(acted.instrument)
        if acted.action == "stop" and held is not None:
            self.held[acted.instrument] = replace(held, stop=acted.stop, operator_stop=acted.stop)
        elif acted.action in {"bar", "allow"}:
            self.gate.bar(acted.instrument, barred=acted.action == "bar")

    # ── What has come of it ─────────────────────────────────────────────────────────────────────────────────────────

    @property
    def idle(self) -> bool:
        """Whether nothing is held, on order or being closed."""
        return not (self.held or any(self._stray.values()) or len(self.orders) or self.live.open or self.flat.running)

    def unanswered(self) -> list[tuple[Order | KeptOrder, int]]:
        """Orders without an outcome, each with what is left of it."""
        return [
            *((each, self.orders.left(each.number)) for each in self.orders),
            *((each, each.quantity - each.filled) for each in self.live.open.values()),
        ]

    def state(self) -> events.StateKept:
        """The account as the trader would have kept it after the last row."""
        fields: Fields = {"today": self.today}
        fields |= {name: self._fields[name] for name in ("price_scale", "quantity_scale")}
        dump(self.gate, "gate.", fields)
        self.flat.keep(fields)
        if self.flat.running and not self.flat.exit_reason:
            fields["flat.exit_reason"] = "Flat"
        self.orders.dump(fields)
        self.live.keep(fields)
        dump(self.cash_account, "book.", fields)
        for number in sorted(self.held.keys() | self._stray.keys()):
            held, stray = self.held.get(number), self._stray.get(number, 0)
            if held is not None:
                put_position(fields, held)
            if stray:
                fields[f"position.{number}.stray"] = stray
            if held is not None or stray:
                known: dict[str, Plain] = msgspec.structs.asdict(self._days[number])
                fields |= {f"{number}.{name}": value for name, value in known.items()}
        self.trades.complete()
        return self.trades.statistics.keep(events.StateKept(fields, self.symbols, self.at_ms))
