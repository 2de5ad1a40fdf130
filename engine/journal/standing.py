"""How far the disk has what was handed over, and what keeps it from the rest: said by the journal's thread, for everybody to ask or wait for."""

import threading
from collections.abc import Callable

from engine.text.sanitize import CleanText, clean


class Standing:
    """`durable` is the last event known to be on the disk; `trouble` is what the disk refuses, `lost` what has become of the file.

    `on_failure` is called once for each stretch of failures, at the first: entries that were unlocked since must lock again.
    """

    def __init__(self, durable: int, on_failure: Callable[[CleanText], None]) -> None:
        self.durable = durable
        self.trouble = CleanText("")
        self.lost = CleanText("")  # until another file is begun
        self.ended = False
        self._on_failure = on_failure
        self._called_out = False  # since the last commit that went well
        self._failing = False
        self._tell_kept: Callable[[int], None] = lambda _: None
        self._changed = threading.Condition()  # guards nothing; announces `durable`, `_failing` and `ended`

    @property
    def problem(self) -> CleanText:
        """Why not everything is kept; "" while all is well."""
        return self.lost or self.trouble

    def kept(self, number: int) -> None:
        """All up to event `number` is on the disk."""
        self._called_out = False
        with self._changed:
            self.durable = number
            self._failing = False
            self._changed.notify_all()
        self._tell_kept(number)

    def on_kept(self, tell: Callable[[int], None]) -> None:
        """Have `tell` called whenever more is on the disk, with the newest of it; it must not raise."""
        self._tell_kept = tell

    def fail(self, text: str) -> None:
        """The disk refuses, and why: nobody waits for it any longer."""
        with self._changed:
            self._failing = True
            self._changed.notify_all()
        self.say(text)
        self.call_out(self.trouble)

    def say(self, text: str) -> None:
        """What is amiss though rows may go on, "" when nothing is; told where it is news."""
        before, self.trouble = self.trouble, clean(f"journal: {text}") if text else CleanText("")
        if text and self.trouble != before:
            self.call_out(self.trouble)

    def call_out(self, text: CleanText) -> None:
        """Tell whoever wants to be told, where that has not been done since it last went well."""
        if not self._called_out:
            self._called_out = True
            self._on_failure(text)

    def lose(self, what: str) -> None:
        """The file is not ours any more; the first reason stands until another is begun, and the same is another loss then."""
        self.lost = self.lost or clean(f"journal: {what} (row {self.durable} was the newest in it)")

    def end(self) -> None:
        """The thread is gone."""
        with self._changed:
            self.ended = True
            self._changed.notify_all()

    def wait_durable(self, number: int, timeout_s: float) -> bool:
        """Whether event `number` is on the disk within `timeout_s`; False at once when the disk fails."""
        if self.durable >= number:
            return True
        with self._changed:
            self._changed.wait_for(lambda: self.durable >= number or self._failing or self.ended, timeout_s)
        return self.durable >= number
