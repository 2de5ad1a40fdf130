"""What the operator does with one position, instrument or order: sell it, or half of it, raise its stop, bar new entries, take an entry back. Knows no screen.

Orders go the way of all other exits. What is asked for is refused in one line where it cannot be: the position is
another one by now, a flat runs, the market is closed. Nothing here asks whether entries are allowed: exits always are.
"""

from typing import Final, assert_never

from engine.model.commands import AllowEntries, BarEntries, ClosePosition, MoveStop, PositionCommand, WithdrawEntry
from engine.model.events import Action, CommandRefused, OperatorActed
from engine.model.one_position import half_of, stop_objection
from engine.trading.agenda import NEWS_MS
from engine.trading.flatten import largest_order
from engine.trading.instrument_state import InstrumentState
from engine.trading.positions import Position
from engine.trading.session import closed_among
from engine.trading.trading_state import TradingState

BARRED: Final = "the operator wants no new entries here"  # the objection to a signal
_REASONS: Final[dict[str, str]] = {"close": "Operator: close", "half": "Operator: half"}


class OperatorActions:
    """Carries out commands that are meant for one position, or for one instrument."""

    def __init__(self, state: TradingState) -> None:
        self._state = state

    def carry_out(self, command: PositionCommand, now_ms: int, closed_until_ms: int = 0) -> None:
        """Do what `command` asks for, or say why not; `now_ms` is the market's time, `closed_until_ms` as a beat has it."""
        index = self._state.number_of(command.symbol)
        inst = None if index is None else self._state.instrument_states[index]
        action = action_of(command)
        if inst is None or inst.instrument.removed:
            self._refuse(action, f"{command.symbol} is no instrument of this run")
            return
        match command:
            case ClosePosition():
                self._close(inst, command, action, now_ms, closed_until_ms)
            case MoveStop():
                self._move_stop(inst, command, now_ms)
            case BarEntries() | AllowEntries():
                self._bar(inst, command, now_ms)
            case _:
                assert_never(command)

    def _refuse(self, action: Action, why: str) -> None:
        self._state.effects.append(CommandRefused(action, why))

    def _meant(self, inst: InstrumentState, command: ClosePosition | MoveStop) -> Position | None:
        """The position that `command` is meant for; None where that was refused."""
        flat, name, action = self._state.flat, inst.instrument.symbol, action_of(command)
        position = self._state.position(inst)
        if flat.running:
            self._refuse(action, f"joins the running flat ({flat.reason}), which closes everything")
        elif position is None:
            self._refuse(action, f"nothing of {name} is held any more")
        elif (position.entry_ms, position.entry_price) != (command.entry_ms, command.entry_price):
            self._refuse(action, f"that position in {name} is gone, another one is open: look at it first")
        else:
            return position
        return None

    def _close(
        self, inst: InstrumentState, command: ClosePosition, action: Action, now_ms: int, closed_until_ms: int
    ) -> None:
        position = self._meant(inst, command)
        if position is None:
            return
        quantity = position.quantity - position.exiting
        why = self._closed(inst, now_ms, closed_until_ms)
        if not why and quantity <= 0:
            why = "all that is held is being sold already"
        elif not why and command.half_of:
            quantity = half_of(quantity, inst.instrument.lot_size)
            why = _half_objection(inst, position, command.half_of, quantity)
        if why:
            self._refuse(action, why)
        else:
            self._sell(inst, position, quantity, command, action, now_ms)

    def _closed(self, inst: InstrumentState, now_ms: int, closed_until_ms: int) -> str:
        """That the market of `inst` is proven to be closed; a flat would be HELD."""
        if closed_until_ms > now_ms:
            return f"the market is closed until {inst.hours.stamp(closed_until_ms)}: nothing was sent"
        if inst.hours in closed_among(self._state.all_hours, closed_until_ms):
            return "its market is closed: nothing was sent"
        return ""

    def _sell(
        self,
        inst: InstrumentState,
        position: Position,
        quantity: int,
        command: ClosePosition,
        action: Action,
        now_ms: int,
    ) -> None:
        """Order it, in orders that the exchange takes; at a price that is no news any more it is BLIND, and told."""
        state, reason, price = self._state, _REASONS[action], inst.last_price
        state.effects.append(OperatorActed(action, inst.index, command.by, now_ms, price, quantity))
        blind = not 0 <= inst.age_ms(now_ms) <= NEWS_MS
        if blind:
            state.tell_blind(inst, quantity, reason, now_ms)
        most = largest_order(inst.instrument, quantity)
        state.close(inst, position, price, now_ms, reason, quantity=quantity, most=most, blind=blind)

    def _move_stop(self, inst: InstrumentState, command: MoveStop, now_ms: int) -> None:
        position = self._meant(inst, command)
        if position is None:
            return
        why = stop_objection(inst.instrument, command.stop, position.stop, position.trail_stop, inst.last_price)
        if why:
            self._refuse("stop", why)
            return
        before = position.stop
        position.raise_stop(command.stop)
        acted = OperatorActed("stop", inst.index, command.by, now_ms, inst.last_price, 0, command.stop, before)
        self._state.effects.append(acted)

    def _bar(self, inst: InstrumentState, command: BarEntries | AllowEntries, now_ms: int) -> None:
        """Bar an instrument, or lift that; an entry that is still on its way is taken back."""
        state, bars = self._state, isinstance(command, BarEntries)
        if (inst.index in state.gate.barred) == bars:
            self._refuse(action_of(command), "that is so already")
            return
        state.gate.bar(inst.index, barred=bars)
        action: Action = "bar" if bars else "allow"
        state.effects.append(OperatorActed(action, inst.index, command.by, now_ms, inst.last_price))
        if bars:
            state.effects.extend(state.orders.withdraw_entries(inst.index))

    def withdraw(self, command: WithdrawEntry, now_ms: int) -> None:
        """Take one entry back that works at a real broker, or say why not."""
        state = self._state
        if state.orders.kind != "real":
            why = "a simulated broker has answered at once: no order of it works"
        elif state.flat.running:
            why = f"joins the running flat ({state.flat.reason}), which takes all entries back"
        elif isinstance(found := state.orders.withdraw_entry(command.order), str):
            why = found
        else:
            inst = state.instrument_states[found.instrument]
            left = found.quantity - found.filled
            state.effects.append(
                OperatorActed("withdraw", inst.index, command.by, now_ms, inst.last_price, left, order=found.number)
            )
            return
        self._refuse("withdraw", why)


def action_of(command: PositionCommand) -> Action:
    """The word that stands for `command` in rows, lines and refusals."""
    match command:
        case ClosePosition():
            return "half" if command.half_of else "close"
        case MoveStop():
            return "stop"
        case BarEntries():
            return "bar"
        case AllowEntries():
            return "allow"
        case _:
            assert_never(command)


def _half_objection(inst: InstrumentState, position: Position, planned: int, half: int) -> str:
    """Why no `half` is sold of a position that was `planned` large; empty when it is."""
    if planned != position.quantity:
        held = inst.instrument.quantity_text(position.quantity)
        return f"{held} are held by now, not what the plan said: look again"
    return "" if half else "it is one lot, which has no half: close it, or leave it"
