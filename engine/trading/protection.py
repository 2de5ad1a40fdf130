"""Which rules of a position could never act, seen at its entry: a stop below every price, a target beyond the circuit. Decides nothing."""

from decimal import Decimal

from msgspec import Struct

from engine.model.types import MAX_PRICE, Instrument
from engine.trading.positions import Levels


class Idle(Struct, frozen=True):
    """What could never act, in words: what was to `protect` the position, and which `targets`; empty when all could."""

    protect: tuple[str, ...]
    targets: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.protect or self.targets)

    def __str__(self) -> str:
        return "; ".join((*self.protect, *self.targets))


def idle_rules(levels: Levels, instrument: Instrument, price: int) -> Idle:
    """What of `levels` could never act for an entry at `price`: no price is ever below one tick, or beyond the day's circuit."""
    lowest = max(levels.lowest, instrument.tick_size) if not levels.may_be_negative else levels.lowest or -MAX_PRICE
    text = instrument.price_text
    floor = f"below {text(lowest)}, the lowest price there {'is' if lowest > instrument.tick_size else 'can be'}"
    protect: list[str] = []
    if price - levels.stop < lowest:
        protect.append(f"no stop: {text(levels.stop)} points from {text(price)} is {floor}")
    if levels.use_trail and price + levels.trail_activation - levels.trail_distance < lowest:
        begins = price + levels.trail_activation
        protect.append(
            f"no trailing stop at its beginning: {text(levels.trail_distance)} points from {text(begins)} is {floor}"
        )
    if levels.emergency_percent and levels.emergency_of(price) < lowest:
        protect.append(f"no emergency exit: {levels.emergency_percent} % of {text(price)} is {floor}")
    if levels.use_trail and price + levels.trail_activation > levels.highest:
        protect.append(
            f"no trailing stop: it begins at {text(price + levels.trail_activation)}, above the circuit of {text(levels.highest)}"
        )
    beyond = [str(i) for i, points in enumerate(levels.targets, 1) if price + points > levels.highest]
    targets = (f"no target {', '.join(beyond)}: above the circuit of {text(levels.highest)}",) if beyond else ()
    return Idle(tuple(protect), targets)


def idle_limit(limit: Decimal, day_realised: Decimal, worth: Decimal) -> str:
    """Why a daily loss `limit` could never act while all there is to lose is `worth`; "" when it could."""
    most = worth - day_realised
    return f"no daily loss limit: of {limit:.2f} at most {most:.2f} can be lost" if most < limit else ""
