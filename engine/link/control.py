"""Which client may command, and what is done while none does. Pure: no socket, no clock; stamps are handed in."""

from engine.link.protocol import AbsenceView, AnyCommand, ControlView, Policy
from engine.model.commands import Arm, Command, Disarm, Flat, Lock, PauseEntries, SetLogLevel, Stop, Unwatch, Watch
from engine.text.sanitize import clean

_NS = 1_000_000_000
# What makes things safer may be sent by every client, with control or without.
_FREE = (Flat, Arm, Lock, Disarm)


class ControlLease:
    """Who has control: one client at a time; it moves only when somebody deliberately takes it."""

    def __init__(self) -> None:
        self.holder: int | None = None
        self.name = ""
        self._since_ns = 0

    def take(self, client: int, name: str, now_ns: int) -> int | None:
        """Give it to `client`, whoever has it; who had it before, if that was another."""
        before = self.holder
        if before == client:
            return None
        self.holder, self.name, self._since_ns = client, name, now_ns
        return before

    def give_up(self, client: int, now_ns: int) -> bool:
        """Take it from `client`, for nobody; whether `client` had it."""
        if self.holder != client:
            return False
        self.holder, self.name, self._since_ns = None, "", now_ns
        return True

    def refusal(self, client: int, command: Command, *, screen: bool, only_looks: bool = False) -> str:
        """Why `client` may not send `command`; empty when it may. One that `only_looks` changes nothing, not even for safety.

        `stop`, `watch` and `log-level`, typed into a shell, are as deliberate as taking control: whoever has it is told by the
        engine's end, or by the list and the log.
        """
        if only_looks:
            return "this screen only looks: attach it with --may-flat, or type myquant-tui flat"
        if (
            self.holder == client
            or isinstance(command, _FREE)
            or (isinstance(command, Stop | Watch | Unwatch | SetLogLevel) and not screen)
        ):
            return ""
        if self.holder is not None:
            return f"{self.name} has control"
        return "nobody has control: take it first"

    def view(self, client: int) -> ControlView:
        """How it looks to `client`."""
        return ControlView(self.name, self.holder == client, self._since_ns)


class OperatorPolicy:
    """Counts the time since the last one with control was gone, and says once what the policy then wants.

    An engine to which no operator ever came counts nothing. `did` tells what the policy did in the present or last
    absence; a pause or a flat of its doing is not taken back when the operator returns.
    """

    def __init__(self, policy: Policy, flat_after_s: int) -> None:
        self._policy = policy
        self._flat_after_ns = flat_after_s * _NS
        self._lost_ns: int | None = None
        self._present = False
        self._acted = False
        self.did = ""

    @property
    def plan(self) -> str:
        """What will happen while nobody is there, in words."""
        words = {
            "keep": "trading goes on",
            "no_entries": "no new entries, exits go on",
            "flat_after": f"everything is closed in {self._flat_after_ns // _NS} s",
        }
        return words[self._policy]

    def attached(self, now_ns: int) -> int | None:
        """Somebody has control; how long (ns) nobody had it before, None when that is no return."""
        away_ns = None if self._lost_ns is None else now_ns - self._lost_ns
        self._present, self._lost_ns = True, None
        return away_ns

    def lost(self, now_ns: int) -> None:
        """The last one with control is gone."""
        if self._present:
            self._present, self._lost_ns = False, now_ns
            self._acted, self.did = False, ""

    def due(self, now_ns: int) -> AnyCommand | None:
        """What the policy wants done now; told once in an absence."""
        due_ns = self._due_ns()
        if not due_ns or now_ns < due_ns:
            return None
        self._acted = True
        if self._policy == "no_entries":
            self.did = "entries paused: operator lost"
            return PauseEntries()
        reason = clean(f"operator lost for {self._flat_after_ns // _NS} s")
        self.did = f"flat: {reason}"
        return Flat(reason)

    def view(self) -> AbsenceView:
        """How it stands, for a screen."""
        return AbsenceView(self._policy, self._lost_ns or 0, self._due_ns(), self.did)

    def _due_ns(self) -> int:
        """When the policy acts; 0 when it does not, or has."""
        if self._lost_ns is None or self._acted or self._policy == "keep":
            return 0
        return self._lost_ns + (self._flat_after_ns if self._policy == "flat_after" else 0)
