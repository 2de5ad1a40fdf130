"""Whether the screen may leave the last frame as it is: at rest it draws when a second that it shows is over. Pure."""

from typing import Literal

from engine import Snapshot
from engine.presentation import stillness
from tui.view.engine_client import EngineClient
from tui.view.model import Attachment, Ui, View

Stir = Literal["", "second", "news"]

_HEARD_NS = 1_000_000_000  # an older snapshot may soon be an alarm, and that has its tenths of a second …
_LONG_SILENT_NS = 60_000_000_000  # … for a while
_LONGEST_NS = 1_200_000_000  # between two frames, where no second is shown that passes
_SECOND_NS = 1_000_000_000


class Rest:
    """Compares what the engine shows with what the last frame was drawn from, and tells what there is to draw."""

    def __init__(self, client: EngineClient, ui: Ui) -> None:
        self._client = client
        self._ui = ui
        self._seen: Snapshot | None = None
        self._attachment: Attachment | None = None
        self._line = 0
        self._seconds: tuple[int, ...] = ()
        self._drawn_ns = 0

    def drawn(self, view: View, seen: Snapshot, line: int, *, whole: bool) -> None:
        """Remember what a frame was drawn from: its view, the snapshot as it came, and the number of the newest log line.

        What is new in them stays news until a frame is drawn from them as a `whole`.
        """
        self._drawn_ns = view.now_ns
        self._seconds = _seconds(seen, view.attachment, view.now_ns)
        if whole:
            self._seen, self._attachment, self._line = seen, view.attachment, line

    def stir(self, now_ns: int) -> Stir:
        """What a frame at `now_ns` (monotonic) would show that the last does not: nothing, the next second, or news."""
        ui, before, client = self._ui, self._seen, self._client
        if before is None or ui.dialog or ui.notice or ui.digest or ui.hint:
            return "news"
        seen, attachment = client.snapshot, client.attachment
        quiet_ns = now_ns - seen.pulse.came_ns
        if _HEARD_NS < now_ns - seen.taken_ns < _LONG_SILENT_NS or quiet_ns < seen.stale_s * _SECOND_NS:
            return "news"
        if attachment != self._attachment or not stillness.stands_still(before, seen):
            return "news"
        if client.log_lines(self._line, 1):
            return "news"
        over = now_ns - self._drawn_ns >= _LONGEST_NS or _seconds(seen, attachment, now_ns) != self._seconds
        return "second" if over else ""


def _seconds(seen: Snapshot, attachment: Attachment, now_ns: int) -> tuple[int, ...]:
    """The seconds that are shown: the engine's clock, a silence of the feed's or its own, and when somebody absent is acted for."""
    due_s = (attachment.due_ns - now_ns) // _SECOND_NS if attachment.due_ns else 0
    age_ns = now_ns - seen.taken_ns
    return (*stillness.seconds(seen, now_ns), due_s, age_ns // _SECOND_NS if age_ns > _HEARD_NS else 0)
