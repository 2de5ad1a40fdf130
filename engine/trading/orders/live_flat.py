"""Getting out of everything at a real broker, and knowing that we are out: by what the broker holds, never by our own book.

FLAT is said after two trusted rounds, the second begun a second or more after the first ended, with nothing sent between:
nothing is held, nothing works, nothing is unknown. A read that fails proves nothing.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from engine.model.order_reports import RoundRead
from engine.model.types import Side
from engine.trading.orders.pursuit import Pursuit
from engine.trading.orders.wishes import Wish

APART_MS: Final = 1_000
RED_MS: Final = 15_000
ESCALATED_MS: Final = 60_000


class LiveFlat:
    """`word` is what it is at: "" (none was asked for), CLOSING, VERIFYING, FLAT; `escalated` once its time is up, and it goes on."""

    KEPT: ClassVar[Mapping[str, Any]] = {
        "word": str,
        "reason": str,
        "exit_reason": str,
        "begun_ms": int,
        "escalated": bool,
        "unresolved": tuple[str, ...],
        "_first_ended_ms": int,
        "_sent_then": int,
        "_judged": int,
    }

    def __init__(self, pursuit: Pursuit) -> None:
        self._pursuit = pursuit
        self._blotter = pursuit.blotter
        self.word = ""
        self.reason = self.exit_reason = ""
        self.begun_ms = 0
        self.escalated = False
        self.unresolved: tuple[str, ...] = ()
        self._first_ended_ms = 0  # of the first round that found nothing
        self._sent_then = 0
        self._judged = 0  # number of the newest round that was looked at

    @property
    def running(self) -> bool:
        """Whether one was asked for and is not finished."""
        return self.word in {"CLOSING", "VERIFYING"}

    def begin(self, reason: str, now_ms: int, exit_reason: str = "Flat") -> bool:
        """Start the job, whose orders bear `exit_reason`; False where one runs already, and this request joins it."""
        if self.running:
            return False
        self.word, self.reason, self.begun_ms, self.escalated = "CLOSING", reason, now_ms, False
        self._first_ended_ms, self.exit_reason = 0, exit_reason
        self._pursuit.halted = f"flat: {reason}"
        self.push(now_ms)
        return True

    def reset(self) -> None:
        """A person has lifted the lock behind one that is over."""
        self.word = self.reason = self.exit_reason = ""

    def push(self, now_ms: int) -> None:
        """Want what is still to be closed, and nothing else."""
        self._pursuit.urgent = self.running
        if not self.running:
            return
        held = self._held()
        for wish in self._pursuit.wishes.values():
            gone = held.get(wish.instrument, 0) == 0  # closed, or by somebody else
            wish.dropped = wish.dropped or wish.purpose != "FLAT" or gone
        for instrument, quantity in held.items():
            self._close(instrument, quantity, now_ms)
        self.escalated = self.escalated or now_ms - self.begun_ms >= ESCALATED_MS
        self._judge()

    def _held(self) -> dict[int, int]:
        """What is held by instrument, by the broker's word; shorts first."""
        found = {at: self._blotter.broker_net(at) for at in range(len(self._blotter.instruments))}
        return dict(sorted(((at, held) for at, held in found.items() if held), key=lambda each: each[1]))

    def _close(self, instrument: int, held: int, now_ms: int) -> None:
        """Let there be one wish that closes all that is held of an instrument."""
        side: Side = "SELL" if held > 0 else "BUY"
        wish = self._wish_of(instrument, side)
        if wish is None:
            decided = self._blotter.last_price(instrument)
            wish = self._pursuit.wish(instrument, side, "FLAT", 0, decided, self.exit_reason, now_ms)
        wish.quantity = wish.filled + abs(held)

    def _wish_of(self, instrument: int, side: Side) -> Wish | None:
        """The wish that closes it, where there is one."""
        found = (each for each in self._pursuit.wishes.values() if each.purpose == "FLAT" and not each.dropped)
        return next((each for each in found if each.instrument == instrument and each.side == side), None)

    # ── Proof ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _judge(self) -> None:
        """Take the newest trusted round: the second that finds nothing, with nothing sent since the first, is the proof."""
        read = self._blotter.newest
        if read is None or read.number == self._judged:
            if self._blotter.open:
                self.word = "CLOSING"
            return
        self._judged = read.number
        self.unresolved = self._left(read)
        if self.unresolved or read.begun_ms <= self.begun_ms:
            self.word, self._first_ended_ms = "CLOSING", 0
            return
        self.word = "VERIFYING"
        if not self._first_ended_ms or self._sent_then != self._pursuit.writes:
            self._first_ended_ms, self._sent_then = read.ended_ms, self._pursuit.writes
        elif read.begun_ms - self._first_ended_ms >= APART_MS:
            self.word = "FLAT"

    def _left(self, read: RoundRead) -> tuple[str, ...]:
        """What is left by this round, in words; nothing where nothing is."""
        held = [f"{each.symbol} {each.net}" for each in read.net if each.net]
        works = [f"order {each.tag or each.broker_id} works" for each in read.orders if each.state == "working"]
        unsure = [f"order {each.tag} is {each.state.lower()}" for each in self._blotter.open.values()]
        return (*held, *works, *unsure)
