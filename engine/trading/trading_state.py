"""All trading state of a run in one place, with the few moves that everything else is made of. Decides nothing itself."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from engine.config import Config, circuit_of
from engine.model.events import (
    AnyEvent,
    ClosedBlind,
    DayStarted,
    EntriesChanged,
    InstrumentWarned,
    LockState,
    StateKept,
)
from engine.model.state import Fields, Plain, dump, load
from engine.model.types import Instrument, PositionState
from engine.trading.chart import COARSE_STEP_MS, STEP_MS
from engine.trading.costs import CostBook
from engine.trading.flatten_state import FlattenState
from engine.trading.instrument_state import InstrumentState
from engine.trading.kept_account import UNSOUND, barred_in, places_of, require_sound
from engine.trading.orders.open_orders import Orders, Wanted
from engine.trading.portfolio import Portfolio, positions_in, strays_in
from engine.trading.positions import Position
from engine.trading.reach import Reach
from engine.trading.risk import EntryGate
from engine.trading.session import NO_DAY, SessionDay, TradingHours

if TYPE_CHECKING:
    from engine.trading.orders.live_orders import LiveOrders
    from engine.trading.orders.wishes import Wish

_MANY: Final = 50  # of more instruments the charts are coarser
_UNKNOWN: Final = -1


class TradingState:
    """Instruments, portfolio, gate, orders and the flat job; `effects` collects what the event at hand brings about."""

    __slots__ = (
        "_held",
        "_held_at",
        "_make",
        "_scales",
        "_symbols",
        "all_hours",
        "costs",
        "effects",
        "faults",
        "fill",
        "fills",
        "flat",
        "gate",
        "hours",
        "instrument_states",
        "instruments",
        "markets",
        "orders",
        "paper_orders",
        "portfolio",
        "reach",
        "today",
        "told_of_costs",
    )

    def __init__(
        self,
        config: Config,
        instruments: tuple[Instrument, ...],
        tag_prefix: str,
        hours_of: Callable[[str], TradingHours] | None = None,
    ) -> None:
        sample_ms = STEP_MS if len(instruments) <= _MANY else COARSE_STEP_MS
        reach = self.reach = Reach()
        # By number; one list for all who name them, `watch` and `unwatch` change it.
        self.instruments = list(instruments)
        names = tuple(dict.fromkeys(each.market for each in instruments))
        one = TradingHours(config.session) if hours_of is None else None
        self.markets = {name: one or hours_of(name) for name in names}  # type: ignore[misc]  # one of the two is there
        self.hours = self.markets[names[0]]
        self.all_hours = list(dict.fromkeys(self.markets.values()))
        at_touch = config.paper.fill == "touch"

        def make(index: int, each: Instrument, hours: TradingHours) -> InstrumentState:
            return InstrumentState(
                index,
                each,
                hours,
                config.risk,
                config.strategy,
                reach,
                sample_ms,
                circuit_of(config, each),
                at_touch=at_touch,
            )

        self._make = make
        self.instrument_states = [make(i, each, self.markets[each.market]) for i, each in enumerate(instruments)]
        levels = [inst.levels for inst in self.instrument_states]
        self.costs = CostBook(config, instruments)
        self.told_of_costs: dict[str, None] = {}  # each once, in their order
        self.fill = config.paper.fill
        self.fills = [0, 0]  # orders priced by the last price, by the touch
        self.portfolio = Portfolio(self.instruments, levels, self.costs.by_instrument, config.capital.initial_capital)
        self.gate = EntryGate(config.risk.max_positions_per_day)
        self.paper_orders = Orders(tag_prefix)  # of a simulated broker
        self.orders: Orders | LiveOrders = self.paper_orders
        self.flat = FlattenState()
        self.today: date = NO_DAY.date
        self.faults = 0
        self.effects: list[AnyEvent] = []
        self._held: list[tuple[InstrumentState, Position]] = []  # as of so many openings and exits
        self._held_at = 0
        self._describe()

    def _describe(self) -> None:
        """Put together what every account that is kept says of the instruments; never changed, so that all of them share it."""
        self._symbols = tuple(each.symbol for each in self.instruments)
        self._scales = {
            "price_scale": [each.price_scale for each in self.instruments],
            "quantity_scale": [each.quantity_scale for each in self.instruments],
        }

    # ── The list of instruments ─────────────────────────────────────────────────────────────────────────────────

    def watch(self, instrument: Instrument, hours: TradingHours) -> None:
        """Follow `instrument` from now on, with nothing known of it so far; one that was removed takes its old number."""
        index = self.number_of(instrument.symbol)
        if index is None:
            self.markets.setdefault(instrument.market, hours)
            if hours not in self.all_hours:
                self.all_hours.append(hours)
            index = len(self.instruments)
            self.instruments.append(instrument)
            self.instrument_states.append(self._make(index, instrument, hours))
            self.portfolio.list_more(self.instrument_states[index].levels)
            self._follow_list()
        else:
            self._begin_anew(index, replace(instrument, market=self.instruments[index].market))

    def unwatch(self, index: int) -> None:
        """Follow the instrument no more; see `objection_to_leaving`."""
        if index in self.gate.barred:
            self.gate.barred = [each for each in self.gate.barred if each != index]
        self._begin_anew(index, replace(self.instruments[index], removed=True))

    def _begin_anew(self, index: int, instrument: Instrument) -> None:
        before = self.instrument_states[index]
        self.instruments[index] = instrument
        inst = self.instrument_states[index] = self._make(index, instrument, before.hours)
        inst.count_on(before)
        self.portfolio.relist(index, inst.levels)
        self._follow_list()

    def _follow_list(self) -> None:
        self.costs.relist(self.instruments)
        if self.orders.kind == "real":
            self.orders.follow_list()
        self._describe()

    def number_of(self, symbol: str) -> int | None:
        """The number of the instrument by that name, removed or not."""
        return next((index for index, each in enumerate(self.instruments) if each.symbol == symbol), None)

    def objection_to_leaving(self, index: int) -> str:
        """Why the instrument cannot be taken off the list at this moment; empty when it can."""
        if self.flat.running:
            return "a flat runs"
        if self.portfolio.net(index):
            return "it is held"
        return "an order of it works" if self.orders.concerns(index) else ""

    # ── Moves ───────────────────────────────────────────────────────────────────────────────────────────────────

    @property
    def first_refused(self) -> dict[str, int]:
        """The number of the first tick refused for each reason."""
        return {reason: places.first.seq for reason, places in self.reach.refused.items()}

    def take_effects(self) -> Sequence[AnyEvent]:
        """What has come about since the last call."""
        effects, self.effects = self.effects, []
        return effects

    def position(self, inst: InstrumentState) -> Position | None:
        """What is held on `inst`."""
        return self.portfolio.positions[inst.index]

    def held(self) -> list[tuple[InstrumentState, Position]]:
        """What is held, in the order of the instruments; asked with every tick, so looked for only after a change."""
        portfolio = self.portfolio
        if portfolio.moves != self._held_at:
            self._held_at = portfolio.moves
            each = zip(self.instrument_states, portfolio.positions, strict=True)
            self._held = [(inst, position) for inst, position in each if position is not None]
        return self._held

    def open_pnl(self) -> Decimal:
        """What all that is held would win at the last prices, before what closing costs."""
        portfolio = self.portfolio
        return sum((portfolio.open_pnl(inst.index, inst.last_price) for inst, _ in self.held()), Decimal(0))

    @staticmethod
    def _seq(inst: InstrumentState) -> int:
        return inst.last_tick.seq if inst.last_tick else 0

    def buy(self, inst: InstrumentState, quantity: int, price: int, at_ms: int) -> None:
        """Order an entry of `quantity` at `price`."""
        self.gate.day_entries += 1
        self.fills[inst.touch[1] > 0] += 1
        wanted = Wanted(inst.index, "BUY", quantity, inst.last_price, price, "Entry", at_ms, self._seq(inst))
        self.effects.extend(self.orders.submit(wanted))

    def tell_blind(self, inst: InstrumentState, quantity: int, reason: str, at_ms: int) -> None:
        """Tell that so much is closed at a price that is no news any more."""
        self.effects.append(ClosedBlind(inst.index, quantity, reason, inst.last_price, inst.age_ms(at_ms), at_ms))

    def sell(
        self,
        inst: InstrumentState,
        position: Position,
        quantity: int,
        price: int,
        at_ms: int,
        reason: str,
        target: int = -1,
        *,
        blind: bool = False,
    ) -> None:
        """Order an exit of `quantity`, decided at tick price `price`; `blind`: that is no news any more."""
        position.exiting += quantity
        self.fills[inst.touch[0] > 0] += 1
        limit, seq = inst.sell_price(price), self._seq(inst)
        wanted = Wanted(inst.index, "SELL", quantity, price, limit, reason, at_ms, seq, target, blind)
        self.effects.extend(self.orders.submit(wanted))

    def close(
        self,
        inst: InstrumentState,
        position: Position,
        price: int,
        at_ms: int,
        reason: str,
        *,
        quantity: int | None = None,
        most: int | None = None,
        blind: bool = False,
    ) -> None:
        """Order the exit of all that no other order is selling already, in orders of at most `most` (None: in one).

        With a `quantity` of that much of it at most.
        """
        left = position.quantity - position.exiting
        if quantity is not None:
            left = min(left, quantity)
        while left > 0:
            part = left if most is None else min(left, most)
            self.sell(inst, position, part, price, at_ms, reason, blind=blind)
            left -= part

    def entries(self, state: LockState, reason: str, at_ms: int) -> None:
        """Tell that entries are allowed or not from now on."""
        self.effects.append(EntriesChanged(state, reason, at_ms))

    def begin_day(self, day: SessionDay, at_ms: int) -> None:
        """Begin the session of `day`: the day's counters begin anew."""
        self.today = day.date
        for inst in self.instrument_states:
            inst.day = inst.day.replace()  # another object, so that a tick of a day that is over is looked at closely
        self.gate.start_day()
        self.portfolio.start_day()
        self.effects.append(DayStarted(day.date.isoformat(), at_ms, day.note, self.hours.zone.key))
        self.tell_doubts(at_ms)

    def tell_doubts(self, at_ms: int) -> None:
        """Tell what is not certain of the day's costs, each once."""
        for index, text in self.costs.doubts(self.today):
            if text not in self.told_of_costs:
                self.told_of_costs[text] = None
                self.effects.append(InstrumentWarned(index, text, at_ms))

    def halt(self, reason: str, at_ms: int) -> None:
        """No entries until the operator unlocks; the first reason stands."""
        if not self.gate.halted:
            self.gate.halted = reason
            self.entries("halted", reason, at_ms)

    def dump(self, chosen: Iterable[int] | None = None) -> Fields:
        """The deciding state by name: positions, cash, limits, orders, and the indicators of `chosen` instruments (None: all)."""
        fields: Fields = {"today": self.today.isoformat()}
        dump(self.gate, "gate.", fields)
        if self.gate.held:
            fields["gate.held"] = self.gate.held
        dump(self.flat, "flat.", fields)
        self.orders.dump(fields)
        self.portfolio.dump(fields)
        for inst in self.instrument_states if chosen is None else [self.instrument_states[index] for index in chosen]:
            inst.dump(fields)
        return fields

    def load(self, fields: dict[str, Plain]) -> None:
        """Take the deciding state back from what `dump` wrote."""
        self.today = date.fromisoformat(str(fields["today"]))
        load(self.gate, "gate.", fields)
        self.gate.held = str(fields.get("gate.held", ""))
        load(self.flat, "flat.", fields)
        self.flat.trouble = ""
        self.orders.load(fields)
        self.portfolio.load(fields)
        for inst in self.instrument_states:
            inst.load(fields)
        self.effects = []
        self._held_at = _UNKNOWN

    def dump_told(self, into: Fields) -> None:
        """Add what was told and counted: no part of the deciding state, but what a replay takes back with it."""
        into["reach"] = self.reach.dump()
        if self.orders.kind == "real":
            self.orders.dump_whole(into)
        into["fills"] = list(self.fills)
        for inst in self.instrument_states:
            inst.dump_told(into)

    def load_told(self, fields: Mapping[str, Plain]) -> None:
        """Take that back, where `fields` have it."""
        if isinstance(reach := fields.get("reach"), str):
            self.reach.load(reach)
        if isinstance(fills := fields.get("fills"), list):
            self.fills = list(fills)
        for inst in self.instrument_states:
            inst.load_told(fields)

    def free_cash(self) -> Decimal:
        """What may still be spent: cash, less what entries on their way may cost."""
        reserved = (self.instruments[at].money(turnover) for at, turnover in self.orders.reserved())
        return sum((-each for each in reserved), self.portfolio.cash)

    def keep(self, at_ms: int) -> StateKept:
        """The account as the next run may take it over: no indicators, nothing of instruments that are not held."""
        fields: Fields = {"today": self.today.isoformat(), **self._scales}
        dump(self.gate, "gate.", fields)
        self.flat.keep(fields)
        self.orders.keep(fields)
        for index in self.portfolio.keep(fields):
            self.instrument_states[index].keep(fields)
            if held := self.told(index):
                fields[f"position.{index}.taken"] = held.taken
        fields["gate.day_entries"] = max(0, self.gate.day_entries - sum(each.is_entry for each in self._untold()))
        return StateKept(fields, self._symbols, at_ms)

    def _untold(self) -> Iterator["Wish"]:
        return self.orders.untold() if self.orders.kind == "real" else iter(())

    def told(self, index: int) -> PositionState | None:
        """What is held of instrument `index` as rows tell it: a target that nothing was sent for so far is not taken."""
        position = self.portfolio.positions[index]
        if position is None:
            return None
        held = position.state(index)
        for wish in self._untold():
            if wish.instrument == index and wish.purpose == "EXIT" and wish.target >= 0:
                held = replace(held, taken=held.taken & ~(1 << wish.target))
        return held

    def restore(self, kept: StateKept) -> tuple[str, ...]:
        """Take an account over, fresh as this state is; a line for each stop that is another by the present configuration.

        Instruments are found by their symbols. Indicators and what belongs to them begin fresh: the warm-up counts again,
        a stop loss of before is forgotten. Exits of what is held are judged from the first good tick on.

        Raises ValueError naming a symbol that is not listed or is counted otherwise now, or what `kept` lacks.
        """
        fields = kept.fields
        try:
            for owner, prefix in (
                (self.gate, "gate."),
                (self.flat, "flat."),
                (self.orders, "orders."),
                (self.portfolio, "book."),
            ):
                require_sound(owner, prefix, fields)
            place = places_of(kept, self._symbols, self._scales)
            self.today = date.fromisoformat(str(fields["today"]))
            load(self.gate, "gate.", fields)
            self.gate.barred = barred_in(kept, self._symbols)
            self.flat.restore(fields)
            self.orders.load(fields, place)
            self.portfolio.restore(fields, place, {index: self.orders.selling(index) for index in place.values()})
            held = positions_in(fields)
            for number in {each.instrument for each in held} | strays_in(fields).keys():
                self.instrument_states[place[number]].restore(fields, number)
        except KeyError as error:
            raise ValueError(f"{UNSOUND} {error} is missing") from error
        except (ArithmeticError, TypeError) as error:
            raise ValueError(f"{UNSOUND} {type(error).__name__}") from error
        self.flat.resume()
        self._held_at = _UNKNOWN
        return tuple(filter(None, (self._moved(place[each.instrument], each.stop) for each in held)))

    def _moved(self, index: int, stop: int) -> str:
        """What to say of a position whose stop was `stop` before it was taken over."""
        position = self.portfolio.positions[index]
        if position is None or position.stop == stop:
            return ""
        name = self.instrument_states[index].instrument
        return f"{name.symbol}: the stop is {name.price_words(position.stop)} by this configuration, it was {name.price_words(stop)}"
