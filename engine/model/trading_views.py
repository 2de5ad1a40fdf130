"""What a snapshot has of trading: quotes, positions, the account, whether entries may come, the emergency flat."""

from decimal import Decimal

from msgspec import Struct

from engine.model.statistics import DayStatistics
from engine.model.types import PositionState

NOT_YET_DURABLE = "NOT YET DURABLE"  # beside every fill and position that a kill could still take back


class Quote(Struct, frozen=True):
    """The last tick of one instrument (prices in minor units; 0 = unknown) and what its strategy sees.

    `close` is that of the session day before; `close_from` says who told it: `feed`, or the date of the day (ISO text).
    `begun_ms`: when the day's first tick came, whose price is `day_open`.
    """

    instrument: int
    last: int
    day_open: int
    bid: int
    ask: int
    quantity: int
    day_volume: int
    exch_ms: int
    recv_ns: int
    green: int
    objection: str
    gaps: int
    sequence_gaps: int
    median_gap_ms: int
    indicators: dict[str, float | None]
    close: int = 0
    close_from: str = ""
    begun_ms: int = 0
    warmup: int = 0  # ticks that its strategy has yet to see before it may enter
    lines: dict[str, float | None] = {}  # drawn over the chart; the values of its bars are in this order


class OpenPosition(Struct, frozen=True):
    """An open position: what it would win at the last price, its nearest target (None: all taken), what closing costs.

    `targets` are the prices of all that are not taken, `trail_from` the price from which on it trails (None: it does, or
    never will), `exiting` how much of it is being sold.
    """

    state: PositionState
    last: int
    open_pnl: Decimal
    next_target: int | None
    exit_costs: Decimal = Decimal(0)
    targets: tuple[int, ...] = ()
    trail_from: int | None = None
    exiting: int = 0


class ActionView(Struct, frozen=True):
    """The newest thing that an operator did with one position or instrument, the `number`th of this engine.

    `word` is SENT, PART n/m, FILLED, REJ reason, DONE, behind BLIND and an age where the price was no news, or REFUSED with
    a `reason`. Of what is sold: `quantity`, `filled`, the last `price` it was decided at, and the `average` it was sold at.
    """

    number: int
    action: str
    instrument: int
    word: str
    reason: str = ""
    by: str = ""
    quantity: int = 0
    filled: int = 0
    price: int = 0
    average: int = 0


class AccountView(Struct, frozen=True):
    """Money in the currency: what there is, what the session day has brought (`day`), and all days since the account began (`total`).

    `realised`, `costs` (paid, those of open positions too) and `exits` are since the account began, `day_pnl` is what the
    day has realised plus `open_pnl`. `charged_by` names the tables of charges with the dates of their rows ("percent").
    `fill` is what a simulated order fills at (touch, last); so many orders found bid and ask, so many took the last price.
    `loss_left` is what the day may still lose before its limit closes everything (None: it has no limit).
    """

    cash: Decimal
    realised: Decimal
    costs: Decimal
    open_pnl: Decimal
    day_pnl: Decimal
    exits: int
    day: DayStatistics = DayStatistics()
    total: DayStatistics = DayStatistics()
    charged_by: str = ""
    fill: str = ""
    fills_at_touch: int = 0
    fills_at_last: int = 0
    loss_left: Decimal | None = None


class EntriesState(Struct, frozen=True):
    """Whether new entries are allowed; `locked` and `halted` hold the reason or are empty.

    `held`: what is halted waits for the disk and goes on by itself. `limit`: so many entries a day, `today` of them made; 0 = not told.
    `barred` are the numbers of instruments in which the operator wants none.
    """

    paused: bool
    locked: str
    halted: str
    today: int
    held: bool = False
    limit: int = 0
    barred: tuple[int, ...] = ()


class FlatLeg(Struct, frozen=True):
    """One position that a flat closes; `word` is WAIT, SENT, PART n/m, FILLED, REJ reason or DONE."""

    instrument: int
    quantity: int
    filled: int
    planned_price: int
    word: str


class FlatView(Struct, frozen=True):
    """Where the emergency flat stands; `receipt` has lines once it is over.

    `until_ms`: when it goes on, where it is HELD; `by_hand`: what a person is to do where it takes more than a minute.
    """

    state: str
    reason: str
    begun_ns: int
    legs: tuple[FlatLeg, ...]
    receipt: tuple[str, ...]
    until_ms: int = 0
    by_hand: tuple[str, ...] = ()
