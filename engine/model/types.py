"""Plain data that every folder shares: instruments, ticks, orders, fills, trades. Knows nothing of where they come from."""

import decimal
from decimal import Decimal
from typing import Final, Literal

from msgspec import UNSET, Struct, UnsetType

from engine.text.sanitize import CleanText

Side = Literal["BUY", "SELL"]
TradeMode = Literal["replay", "mock", "paper", "live", "live-sim"]
REAL_MODES: Final = frozenset[TradeMode]({"live", "live-sim"})  # orders go to a broker
MARKET_MODES: Final = REAL_MODES | {"paper"}  # prices are those of a market
REPLAY: Final = "replay"  # the one source of ticks that is no venue
Delivery = Literal["polling", "queued", "callback"]

DELIVERIES: tuple[Delivery, ...] = ("polling", "queued", "callback")

# A price is an integer in the instrument's minor unit. What a feed cannot express as one becomes a negative
# sentinel, so that the bad tick can still be recorded, counted by reason and refused in one comparison.
MAX_PRICE = 10**15
MAX_QUANTITY = 10**15  # of one order; more is no order, and more than a database's integer

# Money is exact however absurd a recording: the largest price times the largest quantity, with costs to 12 decimals.
decimal.DefaultContext.prec = 60
decimal.setcontext(decimal.DefaultContext.copy())
PRICE_MISSING = -(2**62)
PRICE_NAN = PRICE_MISSING + 1
PRICE_INFINITE = PRICE_MISSING + 2

# Tick.flags
FLAG_HAS_BOOK = 1  # bid and ask are set
FLAG_STAMP_NS = 2  # recv_wall_ns is the file's own stamp, finer than exch_ms
# What a live feed knows of a tick and every decision may rest on; recorded with it, so that a replay decides alike.
FLAG_LATE = 4  # it waited somewhere on its way to us: exits act on it, no entry does
FLAG_NEW_LINK = 8  # first of its instrument since the link was made: its exchange number follows none before it
FLAG_UNCHAINED = 16  # the exchange's numbers of this feed only rise: a jump is no loss
FLAG_AHEAD = 32  # its own time is far ahead of all others: it is refused


class Instrument(Struct, frozen=True):
    """What is traded and how it is counted.

    Prices and `tick_size` are integers in 1/`price_scale` of the currency; quantities and `lot_size` are integers
    in 1/`quantity_scale` of a unit (1 for shares and options). What is `watch_only` is followed and recorded, never traded. `market` names whose days and hours it keeps; "" is of
    before there were several: those of the run.
    """

    symbol: CleanText
    token: CleanText = CleanText("")
    exchange: CleanText = CleanText("NFO")
    price_scale: int = 100
    tick_size: int = 5
    lot_size: int = 75
    freeze_quantity: int = 1800
    quantity_scale: int = 1
    market: str = ""
    watch_only: bool | UnsetType = UNSET  # left out of what is written where it is not so
    allow_negative: bool | UnsetType = UNSET  # whether nought and less are prices; unsaid where they are none
    removed: bool | UnsetType = (
        UNSET  # taken off the run's list; it keeps its number, and what still comes of it is dropped
    )

    @property
    def lowest_price(self) -> int:
        """The lowest price that is one, in minor units."""
        return -MAX_PRICE if self.allow_negative is True else 1

    @property
    def largest_order(self) -> int:
        """The most that the exchange takes in one order: the freeze quantity, down to whole lots; one lot at least."""
        return max(self.lot_size, self.freeze_quantity // self.lot_size * self.lot_size)

    def money(self, minor_value: int) -> Decimal:
        """Exact currency value of `minor_value` = price × quantity, both in minor units."""
        return Decimal(minor_value) / (self.price_scale * self.quantity_scale)

    def price_text(self, price: int) -> str:
        """`price` (minor units) as a decimal text in the currency, without trailing zeros beyond one decimal."""
        text = f"{Decimal(price) / self.price_scale:f}"
        return text if "." in text else text + ".0"

    def price_words(self, price: int) -> str:
        """`price` (minor units) as a person reads it: as its text, two decimals at least."""
        whole, _, behind = self.price_text(price).partition(".")
        return f"{whole}.{behind:0<2}"

    def quantity_text(self, quantity: int) -> str:
        """`quantity` (minor units) as a decimal text in units, without trailing zeros."""
        if self.quantity_scale == 1:
            return str(quantity)
        return f"{(Decimal(quantity) / self.quantity_scale).normalize():f}"


class Tick(Struct, gc=False):
    """One trade print as it reached us; the field order is that of a recording's record.

    `seq` counts the ticks of one run from 1; `recv_ns` is monotonic, `recv_wall_ns` UTC; `exch_ms` (UTC) is the tick's
    own time, on which every decision rests; `exch_seq` is 0 where the exchange gives none.
    """

    seq: int
    instrument: int
    flags: int
    recv_wall_ns: int
    recv_ns: int
    exch_ms: int
    exch_seq: int
    price: int
    quantity: int
    day_volume: int
    bid: int = 0
    ask: int = 0


class Order(Struct, frozen=True):
    """An order as the trader wants it; `number` counts a run's orders from 1, `tag` finds it again at a broker (≤ 15 characters)."""

    number: int
    tag: str
    instrument: int
    side: Side
    quantity: int
    price: int
    reason: str
    at_ms: int
    tick_seq: int
    target: int = -1  # index of the take-profit level that this order takes, or -1


class Fill(Struct, frozen=True):
    """A (part of an) order that was carried out at `price` (minor units)."""

    order: int
    instrument: int
    side: Side
    quantity: int
    price: int
    at_ms: int


class Trade(Struct, frozen=True, omit_defaults=True):
    """One exit: `quantity` bought at `entry_price` and sold at `exit_price`; `costs` are both sides' costs of this quantity.

    `blind`: it was decided at a price that was no news any more; `operator_stop`: at a stop that the operator had moved.
    """

    number: int
    instrument: int
    entry_ms: int
    exit_ms: int
    entry_price: int
    exit_price: int
    quantity: int
    gross_pnl: Decimal
    costs: Decimal
    net_pnl: Decimal
    reason: str
    blind: bool = False
    operator_stop: bool = False


class PositionState(Struct, frozen=True, omit_defaults=True):
    """An open position with its levels (prices in minor units; `trail_stop` None = not active; `taken` = bit i for target i).

    `operator_stop` is where the operator has moved its stop to; None = nowhere.
    """

    instrument: int
    quantity: int
    entry_ms: int
    entry_price: int
    initial_quantity: int
    highest: int
    stop: int
    trail_stop: int | None
    taken: int
    entry_turnover: int
    entry_costs: Decimal
    operator_stop: int | None = None
