"""What goes into the trader and the engine: commands of an operator or a policy. Plain, frozen, serialisable."""

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct

from engine.model.types import Delivery
from engine.text.sanitize import CleanText

# ── Commands: what an operator or a policy asks for. They overtake every waiting tick. ──────────────────────────────


class Command(Struct, frozen=True, tag=True):
    """Base of all commands."""


class SwitchDelivery(Command, frozen=True, tag=True):
    """Deliver ticks by `delivery` from the next tick on."""

    delivery: Delivery


class PauseEntries(Command, frozen=True, tag=True):
    """No new entries until `ResumeEntries`; exits go on."""


class ResumeEntries(Command, frozen=True, tag=True):
    """Lift a pause."""


class Lock(Command, frozen=True, tag=True):
    """No entries until `Unlock`, whatever else is resumed."""

    reason: CleanText = CleanText("operator")


class Unlock(Command, frozen=True, tag=True):
    """Lift a lock and every halt that waits for the operator."""


class HoldEntries(Command, frozen=True, tag=True):
    """The engine's own: no entries while the journal waits for its disk; with no `reason` they are allowed again.

    No `Unlock` lifts it, and it lifts no lock: an input like any other, so that a recorded run can be followed.
    """

    reason: CleanText = CleanText("")


class Flat(Command, frozen=True, tag=True, omit_defaults=True):
    """Lock, drop pending entries, close every position at once, verify, stay locked.

    Outside trading hours nothing is sent before the market opens, unless `anyway`: then the broker decides.
    """

    reason: CleanText = CleanText("operator")
    anyway: bool = False


class Arm(Command, frozen=True, tag=True):
    """Lock entries while somebody looks at the plan of a flat; harmless in itself."""


class Disarm(Command, frozen=True, tag=True):
    """The plan was closed without a flat; entries stay locked until `Unlock`."""


class ClosePosition(Command, frozen=True, tag=True, omit_defaults=True):
    """Sell what is held of `symbol`; where it is `half_of` so much, half of it, in whole lots.

    It is meant for the position that was entered at `entry_ms` for `entry_price`, and for no later one. `by` is who asks.
    """

    symbol: CleanText
    entry_ms: int
    entry_price: int
    half_of: int = 0
    by: CleanText = CleanText("operator")


class MoveStop(Command, frozen=True, tag=True, omit_defaults=True):
    """Bring the stop of that position nearer to the price: to `stop` (minor units)."""

    symbol: CleanText
    entry_ms: int
    entry_price: int
    stop: int
    by: CleanText = CleanText("operator")


class BarEntries(Command, frozen=True, tag=True, omit_defaults=True):
    """No new entries in `symbol` until `AllowEntries`; what is held of it goes on."""

    symbol: CleanText
    by: CleanText = CleanText("operator")


class AllowEntries(Command, frozen=True, tag=True, omit_defaults=True):
    """Lift what `BarEntries` has put on `symbol`."""

    symbol: CleanText
    by: CleanText = CleanText("operator")


class WithdrawEntry(Command, frozen=True, tag=True, omit_defaults=True):
    """Take back the entry whose order at a real broker bears this tag, and buy no more of what it serves."""

    order: CleanText
    by: CleanText = CleanText("operator")


class Watch(Command, frozen=True, tag=True, omit_defaults=True):
    """Follow `symbols` from now on as well; `watch_only`: never trade them. What is running goes on."""

    symbols: tuple[CleanText, ...]
    watch_only: bool = False


class Unwatch(Command, frozen=True, tag=True):
    """Follow `symbols` no more; refused while one is held, an order works or a flat runs."""

    symbols: tuple[CleanText, ...]


class SetLogLevel(Command, frozen=True, tag=True, omit_defaults=True):
    """Log `component` at `level` (`default`: as configured) for `for_s` seconds, 0 = until it is set again or the engine ends.

    Nothing is decided by it: it is neither journalled nor recorded.
    """

    component: CleanText
    level: CleanText
    for_s: int = 0


class Stop(Command, frozen=True, tag=True):
    """End the run in good order."""


class Play(Command, frozen=True, tag=True):
    """Let the replay run."""


class Hold(Command, frozen=True, tag=True):
    """Let the replay stand still."""


class SetSpeed(Command, frozen=True, tag=True):
    """Replay at `speed` times the recorded pace; 0 = as fast as it goes."""

    speed: float


class Step(Command, frozen=True, tag=True):
    """Move a standing replay by `ticks` (negative: back)."""

    ticks: int


class Seek(Command, frozen=True, tag=True):
    """Bring the replay to the state just after tick number `tick` (0 = before the first) and go on as before."""

    tick: int


class SeekTime(Command, frozen=True, tag=True):
    """Bring the replay to the state just after the last tick whose own time is ≤ `at_ms`."""

    at_ms: int


class SkipSilence(Command, frozen=True, tag=True):
    """Do not wait through silences longer than the configured length."""

    on: bool


class SeekEvent(Command, frozen=True, tag=True):
    """Bring the replay to the next event (entry, exit, gap, error, bookmark), or the previous one; it stands still there."""

    forward: bool


class Bookmark(Command, frozen=True, tag=True):
    """Remember a place of the replay: just after tick number `tick`, or where it is (0)."""

    text: CleanText = CleanText("")
    tick: int = 0
    at_ms: int = 0


FaultKind = Literal["stall", "drop", "duplicate", "reorder", "skew", "jump", "bad_price"]


class Fault(Command, frozen=True, tag=True):
    """Make the generated feed misbehave: `amount` ticks (stall: seconds, skew: milliseconds) of `symbol` ("" = all)."""

    kind: FaultKind
    amount: int = 1
    symbol: CleanText = CleanText("")


class Acknowledge(Command, frozen=True, tag=True):
    """The operator has read how the last run ended."""


class Stall(Command, frozen=True, tag=True):
    """Hold the turn for `seconds` (≤ 10) and do nothing: for developers, on generated data, to see the heartbeat turn."""

    seconds: float


ReplayCommand = Play | Hold | SetSpeed | Step | Seek | SeekTime | SkipSilence | SeekEvent | Bookmark
# Of one position or instrument.
PositionCommand = ClosePosition | MoveStop | BarEntries | AllowEntries
# Who asks stands in them, so that it is recorded and journalled.
SignedCommand = PositionCommand | WithdrawEntry
OperatorCommand = PauseEntries | ResumeEntries | Lock | Unlock | Flat | Arm | Disarm | SignedCommand
TraderCommand = OperatorCommand | HoldEntries

# Where a command may be carried out: in every run, in a replay, or on generated data alone, where no mistake costs money.
Reach = Literal["every run", "a replay", "generated data"]
REACH: Final[Mapping[type[Command], Reach]] = {
    **dict.fromkeys((PauseEntries, ResumeEntries, Lock, Unlock, HoldEntries, Flat, Arm, Disarm), "every run"),
    **dict.fromkeys((ClosePosition, MoveStop, BarEntries, AllowEntries, WithdrawEntry), "every run"),
    **dict.fromkeys((SwitchDelivery, Stop, Acknowledge, Watch, Unwatch, SetLogLevel), "every run"),
    **dict.fromkeys((Play, Hold, SetSpeed, Step, Seek, SeekTime, SkipSilence, SeekEvent, Bookmark), "a replay"),
    **dict.fromkeys((Fault, Stall), "generated data"),
}
