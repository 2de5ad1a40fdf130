"""Puts fills and exits together to positions with all their exits, live, replayed or row by row out of a journal. Pure.

A position that was there before its run began is known by its exits alone: what its entry cost by kind, and where it was to
be stopped out at first, nobody tells.
"""

from decimal import Decimal
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from engine.model.events import FillBooked
from engine.model.session_result import PositionExit, PositionResult
from engine.model.types import Instrument, PositionState, Trade
from engine.trading.costs import Kinds, add_up


class Decided(Struct, frozen=True):
    """What is known of the decision of an order: the tick price, and when (0: nobody told how long the way was)."""

    price: int = 0
    at_ms: int = 0

    def waited_ms(self, filled_ms: int) -> int | None:
        """How long it took until it was filled; None: not known."""
        return filled_ms - self.at_ms if self.at_ms else None


UNKNOWN: Final = Decided()


class OpenResult(Struct):
    """A position that is being followed: the result so far, exits as they come, and what only ticks tell."""

    result: PositionResult
    exits: list[PositionExit]
    left: int
    low: int | None = None
    high: int | None = None
    high_after: int | None = None
    stops: list[tuple[int, int]] = []

    def done(self) -> PositionResult:
        """The position as it stands."""
        return replace(
            self.result,
            exits=tuple(self.exits),
            left=self.left,
            quantity=self.result.quantity or sum(each.quantity for each in self.exits) + self.left,
            low=self.low,
            high=self.high,
            high_after=self.high_after,
            stops=tuple(self.stops),
        )


class PositionLedger:
    """Follows `FillBooked` and `TradeClosed`, in their order; `held` are the open ones by the number of their instrument."""

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self.date = ""
        self.held: dict[int, OpenResult] = {}
        self.paid: Kinds = {}  # on this day
        self.net = Decimal(0)  # of the exits of this day
        self._sold: dict[int, tuple[FillBooked, Decided]] = {}  # by instrument, until its exit is told
        self._entries = 0  # of this day

    def begin_day(self, date: str) -> None:
        """Begin the day's sums anew."""
        self.date, self.paid, self.net, self._entries = date, {}, Decimal(0), 0

    def filled(self, booked: FillBooked, instrument: Instrument, decided: Decided = UNKNOWN) -> OpenResult | None:
        """Take a fill; the position that it opened, or added to."""
        add_up(self.paid, booked.costs)
        if booked.fill.side == "SELL":
            self._sold[booked.fill.instrument] = (booked, decided)
            return None
        return self._bought(booked, instrument, decided)

    def _bought(self, booked: FillBooked, instrument: Instrument, decided: Decided) -> OpenResult:
        fill, position = booked.fill, booked.position
        before = self.held.get(fill.instrument)
        kinds = dict(before.result.costs_by_kind) if before is not None else {}
        add_up(kinds, booked.costs)
        self._entries += before is None
        result = PositionResult(
            instrument=instrument,
            mode=self.mode,
            date=before.result.date if before is not None else self.date,
            entry_ms=position.entry_ms if position is not None else fill.at_ms,
            entry_price=position.entry_price if position is not None else fill.price,
            quantity=position.initial_quantity if position is not None else fill.quantity,
            number=before.result.number if before is not None else self._entries,
            decided=decided.price,
            waited_ms=decided.waited_ms(fill.at_ms),
            first_stop=_first_stop(before, position),
            costs_by_kind=kinds,
        )
        if before is None:
            self.held[fill.instrument] = before = OpenResult(result, [], result.quantity, stops=[])
        before.result, before.left = result, position.quantity if position is not None else fill.quantity
        return before

    def closed(self, trade: Trade, instrument: Instrument) -> OpenResult:
        """Take an exit, which stands behind its fill; the position it is of, which is held no more where nothing is `left`."""
        booked, decided = self._sold.pop(trade.instrument, (None, UNKNOWN))
        held = self.held.get(trade.instrument)
        if held is None:
            held = self.held[trade.instrument] = self._of_before(trade, instrument)
        held.exits.append(
            PositionExit(
                at_ms=trade.exit_ms,
                price=trade.exit_price,
                quantity=trade.quantity,
                gross=trade.gross_pnl,
                costs=trade.costs,
                net=trade.net_pnl,
                reason=trade.reason,
                decided=decided.price,
                waited_ms=decided.waited_ms(trade.exit_ms),
                costs_by_kind=dict(booked.costs) if booked is not None else {},
            )
        )
        self.net += trade.net_pnl
        position = booked.position if booked is not None else None
        held.left = position.quantity if position is not None else 0
        if not held.left and not (booked is not None and booked.untold):
            del self.held[trade.instrument]
        return held

    def _of_before(self, trade: Trade, instrument: Instrument) -> OpenResult:
        result = PositionResult(
            instrument=instrument, mode=self.mode, date=self.date, entry_ms=trade.entry_ms, entry_price=trade.entry_price, quantity=0
        )  # fmt: skip
        return OpenResult(result, [], 0, stops=[])


def _first_stop(before: OpenResult | None, position: PositionState | None) -> int | None:
    """Where it is to be stopped out at first; what is added to it later changes nothing of that."""
    if before is not None:
        return before.result.first_stop
    return position.stop if position is not None else None
