"""What keys do to a replay: held and played, a step or an event on, faster, and where it goes to. Knows no terminal."""

from collections.abc import Callable
from datetime import date, datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from engine import Hold, Play, Seek, SeekEvent, SeekTime, SetSpeed, SkipSilence, Snapshot, Step
from tui.view.engine_client import EngineClient
from tui.view.model import Ui

if TYPE_CHECKING:
    from engine import AnyCommand

SPEEDS = (0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 50.0, 100.0, 1000.0, 0.0)  # 0 = as fast as it goes
COMMANDS: "dict[str, AnyCommand]" = {  # actions that are no more than a command
    "step": Step(1),
    "step_back": Step(-1),
    "next_event": SeekEvent(forward=True),
    "previous_event": SeekEvent(forward=False),
    "restart": Seek(0),
}


class OnReplay:
    """Holds, hastens and moves the replay that the engine plays; without one most of it does nothing."""

    def __init__(self, ui: Ui, client: EngineClient, note: Callable[[str, int, str], None]) -> None:
        self._ui = ui
        self._client = client
        self._note = note

    def play(self, _at_ns: int) -> None:
        """Pause or play."""
        replay = self._client.snapshot.replay
        if replay is not None:
            self._client.send(Hold() if replay.playing else Play())

    def faster(self, at_ns: int) -> None:
        """The next higher speed."""
        self._change_speed(1, at_ns)

    def slower(self, at_ns: int) -> None:
        """The next lower speed."""
        self._change_speed(-1, at_ns)

    def _change_speed(self, by: int, at_ns: int) -> None:
        replay = self._client.snapshot.replay
        if replay is None:
            return
        order = [speed or float("inf") for speed in SPEEDS]
        now = replay.speed or float("inf")
        nearest = min(range(len(order)), key=lambda i: 0.0 if order[i] == now else abs(order[i] - now) + 1e-9)
        speed = SPEEDS[max(0, min(len(SPEEDS) - 1, nearest + by))]
        self._client.send(SetSpeed(speed))
        self._note(f"speed {speed:g}×" if speed else "speed max", at_ns, "accent")

    def silence(self, at_ns: int) -> None:
        """Skip long silences, or wait through them."""
        replay = self._client.snapshot.replay
        if replay is not None:
            self._client.send(SkipSilence(not replay.skip_silence))
            self._note(
                "silences are waited for" if replay.skip_silence else "long silences are skipped", at_ns, "accent"
            )

    def bookmark(self, _at_ns: int) -> None:
        """Ask for the bookmark's text; the place is the one where `b` was pressed."""
        snapshot = self._client.snapshot
        self._ui.place = (snapshot.replay.tick, snapshot.at_ms) if snapshot.replay else (0, 0)
        self._ui.open("bookmark")

    def go_to(self, text: str, at_ns: int) -> None:
        """Go to a tick number, a time of the session's day, or the first bookmark that has `text` in it."""
        snapshot = self._client.snapshot
        if text.isascii() and text.isdecimal():
            total = snapshot.replay.total if snapshot.replay else 0
            if total and int(text) > total:
                self._note(f"there are {total:,} ticks", at_ns, "warn")
            else:
                self._client.send(Seek(int(text)))
            return
        at_ms = _moment_ms(text, snapshot)
        if at_ms is not None:
            self._client.send(SeekTime(at_ms))
            return
        marks = [event for event in snapshot.events if event.kind == "bookmark" and text.lower() in event.text.lower()]
        if text and marks:
            self._client.send(Seek(marks[0].tick))
        else:
            self._note(f"'{text}' is no time HH:MM[:SS], tick number or bookmark", at_ns, "warn")


def _moment_ms(text: str, snapshot: Snapshot) -> int | None:
    """`HH:MM[:SS]` on the session's day in UTC ms (the whole of that second), or None when `text` is no time."""
    parts = text.split(":")
    if len(parts) not in {2, 3} or not all(part.isascii() and part.isdecimal() and len(part) <= 2 for part in parts):
        return None
    try:
        hour, minute, second = (*(int(part) for part in parts), 0)[:3]
        at = time(hour, minute, second)
        day = date.fromisoformat(snapshot.session.date)
        moment = datetime.combine(day, at, tzinfo=ZoneInfo(snapshot.session.zone))
        return round(moment.timestamp() * 1000) + 999
    except (ValueError, OverflowError):
        return None


# Those that are more than a command.
ACTIONS: dict[str, Callable[[OnReplay, int], None]] = {
    "play": OnReplay.play,
    "faster": OnReplay.faster,
    "slower": OnReplay.slower,
    "silence": OnReplay.silence,
    "bookmark": OnReplay.bookmark,
}
