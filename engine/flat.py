"""The emergency-flat job: where it stands and what comes next. Sends nothing itself and trusts no single look."""

from engine.messages import FlatState, Holdings


class FlatJob:
    """NORMAL → CLOSING → VERIFYING → FLAT; FLAT is said only after the broker itself reports nothing held and nothing working."""

    STATE = ("state", "reason", "exit_reason", "trusted_reads")
    _READS_WANTED = 2

    def __init__(self) -> None:
        self.state: FlatState = "NORMAL"
        self.reason = ""
        self.exit_reason = ""
        self.trusted_reads = 0

    @property
    def running(self) -> bool:
        """Whether the job is not finished."""
        return self.state in {"CLOSING", "VERIFYING"}

    def begin(self, reason: str, exit_reason: str) -> bool:
        """Start the job; False when one is running already and this request joins it."""
        if self.running:
            return False
        self.state, self.reason, self.exit_reason, self.trusted_reads = "CLOSING", reason, exit_reason, 0
        return True

    def advance(self, *, holds: bool, working: bool) -> bool:
        """Move between CLOSING and VERIFYING by what our own book says; whether the state changed."""
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
        if self.trusted_reads >= self._READS_WANTED:
            self.state = "FLAT"
        return self.state == "FLAT"

    def reset(self) -> None:
        """Back to NORMAL, after an unlock."""
        self.state, self.reason, self.exit_reason, self.trusted_reads = "NORMAL", "", "", 0
