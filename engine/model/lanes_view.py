"""How it goes with a broker that takes orders, as a screen shows it. Plain data."""

from typing import Literal

from msgspec import Struct

from engine.text.sanitize import CleanText

# Of the socket for updates: without a login it waits for one.
UpdatesState = Literal["STOPPED", "LOGIN", "CONNECTING", "UP", "WAITING"]


class LanesView(Struct, frozen=True):
    """How lanes and updates stand; stamps are monotonic ns, 0 = never. All texts are cleaned and hold no secret.

    `generation` counts logins, `session_because` says why the newest is worth nothing or there is none. `good_ns` is when
    a call came back well last, after `round_trip_ms`; `errors` counts those since that did not, the newest `because`.
    `asked_ns` is when the oldest request under way was asked (0: none is). Updates are in `updates_state` since
    `updates_since_ns`, their newest frame came at `updates_frame_ns`, `updates_frames` in all; `updates_because` is why
    the last link ended.
    """

    generation: int = 0
    session_up: bool = False
    session_because: CleanText = CleanText("")
    good_ns: int = 0
    round_trip_ms: float = 0.0
    errors: int = 0
    because: CleanText = CleanText("")
    asked_ns: int = 0
    updates_state: UpdatesState = "STOPPED"
    updates_since_ns: int = 0
    updates_frame_ns: int = 0
    updates_frames: int = 0
    updates_because: CleanText = CleanText("")
