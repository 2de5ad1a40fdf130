"""The emergency-flat job: where it stands and what comes next. Sends nothing itself and trusts no single look."""

from collections.abc import Mapping
from typing import ClassVar, Final, Literal

from engine.model.broker_events import Holdings
from engine.model.events import FlatState
from engine.model.state import Fields, Plain, dump, load

FLAT_LOCK: Final = "flat: "  # how the reason of a lock begins that a flat has put on
Trouble = Literal["", "ESCALATED", "UNRESOLVED"]
_TROUBLES: Final[dict[str, Trouble]] = {"ESCALATED": "ESCALATED", "UNRESOLVED": "UNRESOLVED"}
_READS_WANTED = 2


class FlattenState:
    """NORMAL → ARMED → LOCKED → CANCELLING → CLOSING → VERIFYING → FLAT.

    ARMED is somebody looking at the plan; it may end without a flat. FLAT is said only after the broker itself has
    reported twice in a row, a beat apart, that nothing is held and nothing is working.

    What stands in its way meanwhile: it is HELD while the market is closed (`until_ms`), unless `anyway`; `trouble` is
    ESCALATED (its time is up) or UNRESOLVED (the broker does not answer, or contradicts our own book): told, and
    nothing is decided by it.
    """

    STATE = ("state", "reason", "exit_reason", "trusted_reads")
    LATER: ClassVar[dict[str, Plain]] = {"until_ms": 0, "anyway": False}

    def __init__(self) -> None:
        self.state: FlatState = "NORMAL"
        self.reason = ""
        self.exit_reason = ""
        self.trusted_reads = 0
        self.until_ms = 0
        self.anyway = False
        self.trouble: Trouble = ""

    @property
    def shown(self) -> FlatState:
        """What it is at, for a person: what stands in its way before everything."""
        return "HELD" if self.until_ms else self.trouble or self.state

    @property
    def running(self) -> bool:
        """Whether a flat was asked for and is not finished."""
        return self.state in {"LOCKED", "CANCELLING", "CLOSING", "VERIFYING"}

    @property
    def hastens(self) -> bool:
        """Whether it runs and nothing stands in its way: whoever asked for it waits for its next step."""
        return self.running and self.shown == self.state

    def arm(self, *, armed: bool) -> bool:
        """Note that the plan is looked at, or no longer; False when that changes nothing, for a flat runs or is done."""
        if self.state != ("NORMAL" if armed else "ARMED"):
            return False
        self.state = "ARMED" if armed else "NORMAL"
        return True

    def begin(self, reason: str, exit_reason: str) -> bool:
        """Start the job; False when one is running already and this request joins it."""
        if self.running:
            return False
        self.state, self.reason, self.exit_reason, self.trusted_reads = "LOCKED", reason, exit_reason, 0
        self.trouble, self.until_ms, self.anyway = "", 0, False
        return True

    def advance(self, *, holds: bool, working: bool) -> bool:
        """Move between CLOSING and VERIFYING by what our own portfolio says; whether the state changed."""
        if not self.running:
            return False
        before = self.state
        self.state = "CLOSING" if holds or working else "VERIFYING"
        if self.state == "CLOSING":
            self.trusted_reads = 0
        return self.state != before

    def verify(self, holdings: Holdings) -> bool:
        """Take the broker's own word; whether it made the job FLAT."""
        if self.state != "VERIFYING":
            return False
        empty = not holdings.working and not any(holdings.net)
        self.trusted_reads = self.trusted_reads + 1 if empty else 0
        if self.trusted_reads >= _READS_WANTED:
            self.state, self.trouble, self.until_ms = "FLAT", "", 0
        return self.state == "FLAT"

    def follow(self, state: FlatState, until_ms: int) -> None:
        """Take over a change that was told: of what it is at, or of what stands in its way."""
        self.until_ms = until_ms
        self.trouble = _TROUBLES.get(state, "")
        if not self.trouble and state != "HELD":
            self.state = state

    def keep(self, into: Fields) -> None:
        """Add to `into` all that a restart must know."""
        dump(self, "flat.", into)
        if self.trouble:
            into["flat.trouble"] = self.trouble

    def restore(self, fields: Mapping[str, Plain]) -> None:
        """Take over what `keep` wrote."""
        load(self, "flat.", fields)
        self.trouble = _TROUBLES.get(str(fields.get("flat.trouble")), "")

    def resume(self) -> None:
        """Go on after a restart: nothing that was read before it counts, and nobody looks at the plan any more."""
        self.trusted_reads = 0
        if self.state == "ARMED":
            self.state = "NORMAL"

    def reset(self) -> None:
        """Back to NORMAL, after an unlock."""
        self.state, self.reason, self.exit_reason, self.trusted_reads = "NORMAL", "", "", 0
        self.trouble, self.until_ms, self.anyway = "", 0, False
