"""What a snapshot has of orders at a real broker: the day's orders, what locks entries, what others hold, the budget. Plain data."""

from decimal import Decimal

from msgspec import Struct

from engine.model.order_reports import RefusalFamily
from engine.model.order_requests import Purpose
from engine.model.order_states import OrderState
from engine.model.types import Side
from engine.text.sanitize import CleanText


class OrderView(Struct, frozen=True, omit_defaults=True):
    """One order of today; prices in minor units, `average` is what it got so far (0: nothing), times are the engine's own.

    `rung` counts from 0. While nobody knows whether the broker has it `rounds` have looked for it. `unwanted`: it is to be
    taken back; `withdrawable`: a person may have that done. `asked` is the limit that is asked for while it is AMENDING.
    `said` are the broker's words on why it was refused, `blind` that it was sent at a price that was no news any more.
    """

    number: int
    tag: str
    at_ms: int
    instrument: int
    side: Side
    quantity: int
    purpose: Purpose
    state: OrderState
    decided: int
    limit: int
    reason: str
    filled: int = 0
    average: int = 0
    rung: int = 0
    rounds: int = 0
    sent_ms: int = 0
    filled_ms: int = 0
    asked: int = 0
    broker_id: str = ""
    said: CleanText = CleanText("")
    blind: bool = False
    unwanted: bool = False
    withdrawable: bool = False


class BudgetView(Struct, frozen=True):
    """Requests sent within the last second, minute and hour, and orders of the day, each with what entries may use of it; what is kept for closing all."""

    second: int
    second_most: int
    minute: int
    minute_most: int
    hour: int
    hour_most: int
    day: int
    day_most: int
    reserve: int


class ForeignView(Struct, frozen=True):
    """What others have put on of one symbol; below nought: sold."""

    symbol: str
    quantity: int


class MismatchView(Struct, frozen=True):
    """Of one instrument the broker holds something else than we, for three trusted rounds and more."""

    instrument: int
    ours: int
    theirs: int


class WaitView(Struct, frozen=True):
    """What is wanted of one instrument while no order of it is on its way, and why ("": nothing keeps it back)."""

    instrument: int
    side: Side
    quantity: int
    reason: str
    why: str


class OrderCounts(Struct, frozen=True, omit_defaults=True):
    """What came of all orders of the day: how many were `sent`, and for what, `accepted`, and `refused`, by why; fills are parts of orders.

    `slippage` is what they cost more, or brought less, than at the prices that they were decided at, in the currency.
    """

    sent: dict[Purpose, int] = {}
    accepted: int = 0
    refused: dict[RefusalFamily, int] = {}
    fills: int = 0
    slippage: Decimal = Decimal(0)


class RoundCounts(Struct, frozen=True, omit_defaults=True):
    """Readings of the broker's books since the run began: believed, read and not believed, not read."""

    trusted: int = 0
    doubted: int = 0
    failed: int = 0


class LiveView(Struct, frozen=True):
    """How orders at a real broker stand as a whole.

    Of the day's orders `working` are not over, `unknown` of these known to nobody, and `left_out` not in the snapshot; one is
    UNKNOWN until `rounds_until_gone` trusted rounds have not had it. `locked` is what the desk locks entries by, `objection`
    why no entry may be sent now, `doubt` why the newest round is not believed; each "" where nothing is. `round_ms` is when
    the newest trusted round ended (0: there was none), by the engine's time. `unresolved` is what a running flat still found in
    it, in words. `barred` is why nothing is bought at all, whatever a person unlocks: an arming that is missing, or has ended.
    """

    working: int
    unknown: int
    left_out: int
    rounds_until_gone: int
    locked: str
    objection: str
    doubt: str
    logged_in: bool
    round_ms: int
    budget: BudgetView
    foreign: tuple[ForeignView, ...] = ()
    mismatches: tuple[MismatchView, ...] = ()
    waits: tuple[WaitView, ...] = ()
    unresolved: tuple[str, ...] = ()
    barred: str = ""
    counts: OrderCounts = OrderCounts()
    rounds: RoundCounts = RoundCounts()
