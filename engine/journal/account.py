"""What the last run's rows say of the account: its `StateKept` and every later event, folded. Knows no file and no configuration.

A row is all there is: what a run had decided and not written has not happened. Each row is folded by itself, so that
the account is sound after any of them, wherever the journal was cut.
"""

from decimal import Decimal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from engine.journal.counted_trades import CountedTrades
from engine.journal.rows import Entry, RunEnded, RunStarted
from engine.model import events
from engine.model.errors import InputError
from engine.model.state import Fields, Plain, dump, load
from engine.model.types import MAX_QUANTITY, Instrument, Order, Trade
from engine.text.sanitize import CleanText
from engine.trading.data_quality import BAD_TICKS
from engine.trading.flatten_state import FLAT_LOCK, FlattenState
from engine.trading.orders.open_orders import Orders
from engine.trading.portfolio import CashAccount, positions_in, put_position, strays_in
from engine.trading.risk import EntryGate

UNCLEAN = CleanText("the last run ended uncleanly")


class _HeldDay(Struct):
    """What is known of an instrument that is held: its session day (ISO text), that day's first price, the last one known."""

    day: str
    day_open: int = 0
    last_price: int = 0


class JournalledAccount:
    """An account that follows the rows of a journal from a `StateKept` on.

    `ended`: the newest run has noted its end in good order. `trades` are its statistics. Its `last_price` is the price of the newest order: with
    slippage that is a little worse than the tick's, until the run keeps its state again.
    """

    def __init__(self, kept: events.StateKept) -> None:
        self.ended = False
        self.trades = CountedTrades()
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

    def _day(self, number: int) -> _HeldDay:
        names = _HeldDay.__struct_fields__
        return msgspec.convert({name: self._fields[f"{number}.{name}"] for name in names}, _HeldDay)

    def instrument(self, number: int) -> Instrument:
        """What is known of instrument `number`: its symbol and how it is counted."""
        return Instrument(
            self.symbols[number],
            price_scale=self._price_scales[number],
            quantity_scale=self._quantity_scales[number],
            lot_size=1,  # neither this nor what the exchange takes in one order is kept
            freeze_quantity=MAX_QUANTITY,
        )

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
            case events.OrderRejected(order=number) | events.OrderCancelled(order=number):
                self.reject(number)
            case events.LevelsMoved(position=position) if position.instrument in self.held:
                self.held[position.instrument] = position
            case events.EntriesChanged():
                self._entries(entry)
            case events.FlatChanged():
                self._flat(entry)
            case events.OperatorActed():
                self._acted(entry)
            case events.DayStarted(date=date):
                self.today = date
                for inst in self._days.values():
                    inst.day_open = 0
                self.gate.start_day()
                self.cash_account.start_day()
            case RunStarted():
                self.lock_if_unclean()
                self.ended = False
            case RunEnded(fault=fault):
                self.ended = not fault
            case _:
                return

    def lock_if_unclean(self) -> None:
        """Lock entries when the run has not noted a good end; the first reason stands."""
        if not self.ended:
            self.gate.locked = self.gate.locked or UNCLEAN

    def _submitted(self, order: Order) -> None:
        self.orders.take(order, order.quantity)
        inst = self._days.setdefault(order.instrument, _HeldDay(self.today))
        inst.last_price = order.price
        if order.side == "BUY":
            self.gate.day_entries += 1
            if order.instrument not in self.held:
                inst.day = self.today
            return
        if self.flat.running and not self.flat.exit_reason:
            self.flat.exit_reason = order.reason
        self._mark(order, taken=True)

    def reject(self, number: int) -> None:
        """Forget order `number`: its exit may be judged again, a whole entry gives its place in the day back."""
        closed = self.orders.close(number)
        if closed is None:
            return
        order, left = closed
        untouched = left == order.quantity
        if untouched and order.side == "SELL":
            self._mark(order, taken=False)
        elif untouched:
            self.gate.day_entries = max(0, self.gate.day_entries - 1)

    def _mark(self, order: Order, *, taken: bool) -> None:
        """Note whether the take-profit level of an exit is taken."""
        held = self.held.get(order.instrument)
        if held is not None and order.target >= 0:
            bit = 1 << order.target
            self.held[order.instrument] = replace(held, taken=held.taken | bit if taken else held.taken & ~bit)

    def _booked(self, booked: events.FillBooked) -> None:
        """Book a fill: what it cost is what cash changed by beyond its turnover."""
        fill, money = booked.fill, self.cash_account
        number = fill.instrument
        order = self.orders.on_fill(fill)
        instrument = self.instrument(number)
        turnover = instrument.money(fill.price * fill.quantity)
        before_cash, money.cash = money.cash, Decimal(booked.cash)
        before = self.held.pop(number, None)
        if booked.position is not None:
            self.held[number] = booked.position
        inst = self._days.setdefault(number, _HeldDay(self.today))
        inst.last_price = inst.last_price or fill.price
        if fill.side == "BUY":
            money.costs_paid += before_cash - money.cash - turnover
            money.entries += before is None
            return
        costs = turnover - (money.cash - before_cash)
        money.costs_paid += costs
        closed = min(before.quantity, fill.quantity) if before else 0
        if fill.quantity > closed:
            self._stray[number] = self._stray.get(number, 0) - (fill.quantity - closed)
        if before is not None:
            left = booked.position
            share = before.entry_turnover - (left.entry_turnover if left else 0)
            costs += before.entry_costs - (left.entry_costs if left else 0)
            gross = instrument.money(fill.price * closed - share)
            money.count(gross - costs)
            reason = order.reason if order else "External"
            trade = Trade(
                number=money.trades, instrument=number, entry_ms=before.entry_ms, exit_ms=fill.at_ms,
                entry_price=before.entry_price, exit_price=fill.price, quantity=closed,
                gross_pnl=gross, costs=costs, net_pnl=gross - costs, reason=reason,
            )  # fmt: skip
            self.trades.sold(trade)

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

    def _entries(self, changed: events.EntriesChanged) -> None:
        gate = self.gate
        match changed.state:
            case "paused" | "resumed":
                gate.paused = changed.state == "paused"
            case "locked":
                gate.locked = changed.reason
                self._flat_asked(changed.reason)
            case "unlocked":
                gate.locked = gate.halted = ""
                self.flat.reset()
            case "halted" if changed.reason != BAD_TICKS:  # those are the tick filter's; it begins fresh
                gate.halted = changed.reason
            case _:
                return

    def _flat_asked(self, lock: str) -> None:
        """A flat's lock is its first row: whoever reads it goes on with the flat, also where the next row is missing."""
        reason = lock.removeprefix(FLAT_LOCK)
        over = self.flat.state == "FLAT" and self.flat.reason == reason
        if reason != lock and not over:
            self.flat.begin(reason, "")

    def _flat(self, changed: events.FlatChanged) -> None:
        if changed.state == "LOCKED":
            self.flat.begin(changed.reason, "")
            self.gate.locked = f"{FLAT_LOCK}{changed.reason}"
        self.flat.follow(changed.state, changed.until_ms)

    # ── What has come of it ─────────────────────────────────────────────────────────────────────────────────────────

    @property
    def idle(self) -> bool:
        """Whether nothing is held, on order or being closed."""
        return not (self.held or any(self._stray.values()) or len(self.orders) or self.flat.running)

    def net(self) -> dict[int, int]:
        """What is held by number of the instrument: the sum of all fills; nothing for those that are even."""
        numbers = sorted(self.held.keys() | self._stray.keys())
        quantities = {number: held.quantity for number, held in self.held.items()}
        nets = {each: self._stray.get(each, 0) + quantities.get(each, 0) for each in numbers}
        return {number: net for number, net in nets.items() if net}

    def state(self) -> events.StateKept:
        """The account as the trader would have kept it after the last row."""
        fields: Fields = {"today": self.today}
        fields |= {name: self._fields[name] for name in ("price_scale", "quantity_scale")}
        dump(self.gate, "gate.", fields)
        self.flat.keep(fields)
        if self.flat.running and not self.flat.exit_reason:
            fields["flat.exit_reason"] = "Flat"
        self.orders.dump(fields)
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
