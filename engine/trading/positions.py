"""Positions with their levels and the judgement of exits. Knows no cash, no broker and no clock."""

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from math import ceil
from typing import ClassVar, Final, Protocol

from msgspec import Struct

from engine.config import RiskConfig
from engine.model.errors import ConfigError
from engine.model.state import Plain
from engine.model.types import MAX_PRICE, Instrument, PositionState

STOP_LOSS: Final = "Stop Loss"
NET_STOP: Final = "Net stop"  # the order at the broker has fired, and nobody here has decided that
STOPS: Final = frozenset({STOP_LOSS, NET_STOP})
TRAILING_STOP: Final = "Trailing Stop"
SESSION_END: Final = "Session End"
MAX_DURATION: Final = "Max Duration"
EMERGENCY: Final = "Emergency"
TAKE_PROFIT: Final = "Take Profit"

_COST_STEP = Decimal("1e-9")  # entry costs shared out over exits are cut here; the last exit takes the rest
_NEVER_MS = 1 << 62
_SHOWN = PositionState.__struct_fields__[1:]  # all but the instrument


class Exit(Struct, frozen=True):
    """An exit that is due: `target` is the index of the take-profit level, or -1."""

    quantity: int
    reason: str
    target: int = -1


class Levels(Struct, frozen=True):
    """Exit rules of one instrument, distances in minor units.

    Distances are rounded up: prices are whole, so `price ≤ entry − 15.005` is `price ≤ entry − ceil(15.005)`.
    """

    stop: int
    use_trail: bool
    trail_activation: int
    trail_distance: int
    targets: tuple[int, ...]
    shares: tuple[Decimal, ...]
    max_age_ms: int
    emergency_percent: Decimal
    emergency_window_ms: int
    slippage: int
    slippage_exit: int
    tick_size: int = 1
    lowest: int = 0  # of the day, by the circuit; 0 and MAX_PRICE: not known
    highest: int = MAX_PRICE
    may_be_negative: bool = False  # zero and less are prices of this market

    @classmethod
    def of(cls, risk: RiskConfig, instrument: Instrument, circuit: tuple[int, int] = (0, 0)) -> "Levels":
        """Levels of `instrument` between the prices of the day's `circuit` (0: not known); ConfigError when a slippage is finer than its smallest price step."""
        scale = instrument.price_scale

        def up(points: Decimal) -> int:
            return ceil(points * scale)

        def whole(key: str, points: Decimal) -> int:
            if points * scale % 1:
                step = Decimal(1) / scale
                raise ConfigError(
                    f"risk.{key} = {points}: must be a multiple of {step}, the price step of {instrument.symbol}"
                )
            return int(points * scale)

        return cls(
            stop=up(risk.base_sl_points),
            use_trail=risk.use_trail_stop,
            trail_activation=up(risk.trail_activation_points),
            trail_distance=up(risk.trail_distance_points),
            targets=tuple(up(points) for points in risk.tp_points),
            shares=risk.tp_percents,
            max_age_ms=ceil(risk.max_position_duration_minutes * 60_000),
            emergency_percent=risk.emergency_exit_percent,
            emergency_window_ms=ceil(risk.emergency_window_s * 1000),
            slippage=whole("slippage_points", risk.slippage_points),
            slippage_exit=whole("slippage_points_exit", risk.slippage_points_exit),
            tick_size=instrument.tick_size,
            lowest=circuit[0],
            highest=circuit[1] or MAX_PRICE,
            may_be_negative=instrument.lowest_price <= 0,
        )

    def emergency_of(self, price: int) -> int:
        """The price of the emergency exit of an entry at `price`."""
        return price - ceil(Fraction(price) * Fraction(self.emergency_percent) / 100)

    def buy_price(self, price: int) -> int:
        """The price of an entry that is decided at tick price `price`: never below it, and on the grid.

        A price below one tick shows that the grid is another one: it stays as it is.
        """
        wanted = price + self.slippage
        return (
            wanted
            if price < self.tick_size and not self.may_be_negative
            else -(-wanted // self.tick_size) * self.tick_size
        )

    def sell_price(self, price: int) -> int:
        """The price of an exit that is decided at tick price `price`: never above it, on the grid, and above nothing."""
        wanted = price - self.slippage_exit
        if self.may_be_negative:
            return wanted // self.tick_size * self.tick_size
        if price < self.tick_size:
            return max(wanted, min(1, price))
        return max(wanted // self.tick_size, 1) * self.tick_size


class Stopped(Protocol):
    """What is known of where a position is stopped out."""

    @property
    def stop(self) -> int:
        """The stop that acts."""

    @property
    def operator_stop(self) -> int | None:
        """Where the operator has moved it to; None: nowhere."""


def is_operators_stop(held: Stopped, reason: str) -> bool:
    """Whether an exit for `reason` is one at the stop that the operator has moved."""
    return reason == STOP_LOSS and held.operator_stop is not None and held.stop == held.operator_stop


class Position:
    """An open long position of one instrument and where its exits are.

    A tick above `highest` is told to `follow`; `exits` is needed only when then price ≤ `floor`, price ≥ `ceiling` or
    time ≥ `deadline_ms`.
    """

    STATE = (
        "quantity",
        "initial_quantity",
        "entry_ms",
        "entry_price",
        "entry_turnover",
        "entry_costs",
        "exiting",
        "highest",
        "trail_stop",
        "taken",
    )
    LATER: ClassVar[dict[str, Plain]] = {"operator_stop": None}
    __slots__ = (*STATE, *LATER, "_instrument", "_levels", "ceiling", "deadline_ms", "emergency", "floor", "stop")

    def __init__(self, instrument: Instrument, levels: Levels, *, price: int, at_ms: int) -> None:
        """Start an empty position that is about to be filled, decided at tick price `price`."""
        self._instrument = instrument
        self._levels = levels
        self.quantity = self.initial_quantity = 0
        self.entry_ms = at_ms
        self.entry_price = 0
        self.entry_turnover = 0
        self.entry_costs = Decimal(0)
        self.exiting = 0  # sent to the broker and not answered yet
        self.highest = price
        self.trail_stop: int | None = None
        self.taken = 0
        self.operator_stop: int | None = None  # where the operator has moved the stop to
        self.stop = self.floor = self.emergency = 0
        self.ceiling = MAX_PRICE
        self.deadline_ms = _NEVER_MS

    @classmethod
    def restored(cls, instrument: Instrument, levels: Levels, held: PositionState, exiting: int) -> "Position":
        """Return the position `held`, of which `exiting` is on order; its distances are those of `levels`, as for any other."""
        position = cls(instrument, levels, price=held.highest, at_ms=held.entry_ms)
        for name in _SHOWN:
            setattr(position, name, getattr(held, name))
        position.exiting = exiting
        position.arm()
        return position

    def add(self, quantity: int, price: int, costs: Decimal) -> None:
        """Book a buy fill of `quantity` at `price`."""
        self.quantity += quantity
        self.initial_quantity += quantity
        self.entry_turnover += quantity * price
        self.entry_costs += costs
        self.entry_price = round(Fraction(self.entry_turnover, self.quantity))
        self.arm()

    def correct(self, turnover: int, costs: Decimal) -> tuple[int, Decimal]:
        """Its entry came to so much more, as was found out after it was booked: its shares of that, by what of it is still held."""
        if self.quantity < self.initial_quantity:
            turnover = turnover * self.quantity // self.initial_quantity
            costs = (costs * self.quantity / self.initial_quantity).quantize(_COST_STEP, ROUND_HALF_EVEN)
        self.entry_turnover += turnover
        self.entry_costs += costs
        self.entry_price = round(Fraction(self.entry_turnover, self.quantity))
        self.arm()
        return turnover, costs

    def reduce(self, quantity: int) -> tuple[int, Decimal]:
        """Book a sell fill of `quantity` ≤ what is held: its share of the entry turnover (minor units) and entry costs."""
        if quantity == self.quantity:
            turnover, costs = self.entry_turnover, self.entry_costs
        else:
            turnover = self.entry_turnover * quantity // self.quantity
            share = self.entry_costs * quantity / self.quantity
            costs = share.quantize(_COST_STEP, ROUND_HALF_EVEN)
        self.quantity -= quantity
        self.exiting = max(0, self.exiting - quantity)
        self.entry_turnover -= turnover
        self.entry_costs -= costs
        return turnover, costs

    def arm(self) -> None:
        """Work out the derived levels from the entry price, the trail and the targets taken."""
        levels = self._levels
        self.stop = self.entry_price - levels.stop
        if self.operator_stop is not None:
            self.stop = max(self.stop, self.operator_stop)
        loss = ceil(Fraction(self.entry_price) * Fraction(levels.emergency_percent) / 100)
        self.emergency = self.entry_price - loss if loss else -MAX_PRICE
        self.deadline_ms = self.entry_ms + levels.max_age_ms if levels.max_age_ms else _NEVER_MS
        self.floor = max(self.stop, self.emergency, -MAX_PRICE if self.trail_stop is None else self.trail_stop)
        waiting = [target for i, target in enumerate(levels.targets) if not self.taken >> i & 1]
        self.ceiling = self.entry_price + min(waiting) if waiting else MAX_PRICE

    def raise_stop(self, stop: int) -> None:
        """Let the operator's `stop`, which is above the acting one, take its place."""
        self.operator_stop = stop
        self.arm()

    def stopped_by_operator(self, reason: str) -> bool:
        """Whether an exit for `reason` is one at the stop that the operator has moved."""
        return is_operators_stop(self, reason)

    @property
    def protected_at(self) -> int:
        """The price at which it is stopped out: the stop, or the trail above it."""
        return self.stop if self.trail_stop is None else max(self.stop, self.trail_stop)

    def exits(self, price: int, at_ms: int) -> list[Exit]:
        """Judge all exits but Session End at tick price `price`, in the order of the rules; marks targets as taken."""
        self.follow(price)
        left = self.quantity - self.exiting
        if left <= 0:
            return []
        if price <= self.stop:
            return [Exit(left, STOP_LOSS)]
        if self.trail_stop is not None and price <= self.trail_stop:
            return [Exit(left, TRAILING_STOP)]
        due = self._targets_hit(price, left) if price >= self.ceiling else []
        left -= sum(each.quantity for each in due)
        if left and at_ms >= self.deadline_ms:
            due.append(Exit(left, MAX_DURATION))
        elif left and price <= self.emergency and at_ms - self.entry_ms <= self._levels.emergency_window_ms:
            due.append(Exit(left, EMERGENCY))
        return due

    def moments(self) -> tuple[int, ...]:
        """When it is to be judged though no tick comes (UTC ms): its time is up, the emergency window closes."""
        levels = self._levels
        window = (self.entry_ms + levels.emergency_window_ms,) if levels.emergency_percent else ()
        return (*window, self.deadline_ms) if levels.max_age_ms else window

    def follow(self, price: int) -> None:
        """Raise `highest` and the trailing stop; neither ever falls."""
        if price > self.highest:
            self.highest = price
        levels = self._levels
        trail = self.trail_stop
        if levels.use_trail and (trail is not None or price - self.entry_price >= levels.trail_activation):
            follows = self.highest - levels.trail_distance
            if trail is None or follows > trail:
                self.trail_stop = follows
                if follows > self.floor:
                    self.floor = follows

    def _targets_hit(self, price: int, left: int) -> list[Exit]:
        lot = self._instrument.lot_size
        targets = self._levels.targets
        due: list[Exit] = []
        for i, target in enumerate(targets):
            if not left or self.taken >> i & 1 or price < self.entry_price + target:
                continue
            lots = max(1, int(self.initial_quantity // lot * self._levels.shares[i]))
            quantity = left if i == len(targets) - 1 else min(left, lots * lot)
            left -= quantity
            self.taken |= 1 << i
            due.append(Exit(quantity, f"{TAKE_PROFIT} {i + 1}", i))
        self.arm()
        return due

    def undo(self, quantity: int, target: int) -> None:
        """An exit of `quantity` will not happen: it may be judged again; so may `target`, unless it is -1."""
        self.exiting = max(0, self.exiting - quantity)
        if target >= 0:
            self.taken &= ~(1 << target)
        self.arm()

    @property
    def targets_left(self) -> tuple[int, ...]:
        """The prices of the targets not taken, the nearest first."""
        targets = enumerate(self._levels.targets)
        return tuple(sorted(self.entry_price + target for i, target in targets if not self.taken >> i & 1))

    @property
    def trail_from(self) -> int | None:
        """The price from which on it trails; None where it does already, or never will."""
        levels = self._levels
        return self.entry_price + levels.trail_activation if levels.use_trail and self.trail_stop is None else None

    @property
    def next_target(self) -> int | None:
        """Price of the nearest target not taken, or None."""
        return self.ceiling if self.ceiling < MAX_PRICE else None

    def state(self, index: int) -> PositionState:
        """The position as plain data; `index` is the instrument's."""
        return PositionState(index, **{name: getattr(self, name) for name in _SHOWN})
