"""Has a running engine do what it is told through its socket: go flat, end. What happens is told line by line; prints nothing."""

import time
from collections.abc import Callable

from engine.link import LinkError, Oneshot
from engine.model.commands import Flat, Stop
from engine.model.errors import InputError
from engine.model.snapshot import FlatLeg, Snapshot
from engine.serving.flat_file import lay_flat
from engine.serving.state_dirs import FLAT_FILE, EngineDir, place_of
from engine.text.sanitize import clean

FLAT_WITHIN_S = 60.0
_STOP_WITHIN_S = 10.0
_LOOK_S = 0.05


def stop(place: EngineDir) -> None:
    """End the engine of `place` in good order; raises InputError when it refuses or does not end, LinkError when it does not answer."""
    with Oneshot(place.socket, "stop") as call:
        taken = call.send(Stop())
    if taken.state == "REFUSED":
        raise InputError(f"stop refused: {taken.reason}")
    until_s = time.monotonic() + _STOP_WITHIN_S
    while place_of(place.folder).pid == place.pid:
        if time.monotonic() > until_s:
            within = f"{_STOP_WITHIN_S:.0f} s"
            raise InputError(f"engine {place.pid} has not ended within {within}; its log says what it is doing")
        time.sleep(_LOOK_S)


def flatten(
    place: EngineDir, reason: str, tell: Callable[[str], None], *, silent: bool = False
) -> tuple[str, ...] | None:
    """Have the engine go flat and tell how it goes; the receipt, or None when it is not verified flat within a minute.

    One that does not answer (`silent`: it did not just now) is asked again, and finds the request in its state
    directory as soon as it goes on. Raises InputError when it refuses, fails or is gone.
    """
    told: set[str] = set()

    def once(line: str) -> None:
        if line not in told:
            told.add(line)
            tell(line)

    if silent:
        _lay_request(place, once)
    until_s = time.monotonic() + FLAT_WITHIN_S
    while time.monotonic() < until_s:
        try:
            with Oneshot(place.socket, "flat") as call:
                return _follow(call, reason, until_s, once)
        except LinkError as error:
            if not place_of(place.folder).pid:
                gone = f"engine {place.pid} is gone: `myquant-tui flat` again closes what is journalled"
                raise InputError(gone) from error
            once(f"{error}; asking again")
            _lay_request(place, once)
            time.sleep(_LOOK_S)
    return None


def _lay_request(place: EngineDir, once: Callable[[str], None]) -> None:
    """Leave the request where the engine finds it as soon as it goes on, or is started again."""
    if lay_flat(place.folder / FLAT_FILE):
        once(f"the request lies in its state directory as {FLAT_FILE}")


def _follow(call: Oneshot, reason: str, until_s: float, once: Callable[[str], None]) -> tuple[str, ...] | None:
    """Send the flat, or join the running one, and tell its way; raises LinkError when the engine is lost."""
    taken = call.send(Flat(clean(reason)))
    if taken.state == "REFUSED":
        raise InputError(f"flat refused: {taken.reason}")
    while time.monotonic() < until_s:
        seen = call.snapshot()
        outcome = next((view for view in seen.commands if view.ticket == taken.ticket), None)
        for line in (f"flat {seen.flat.state}", *(_leg(seen, leg) for leg in seen.flat.legs)):
            once(line)
        if outcome is not None and outcome.state == "DONE":
            return seen.flat.receipt
        if outcome is not None and outcome.state in {"REFUSED", "FAILED"}:
            raise InputError(f"flat {outcome.state}: {outcome.reason}")
        time.sleep(_LOOK_S)
    return None


def _leg(seen: Snapshot, leg: FlatLeg) -> str:
    instrument = seen.instruments[leg.instrument]
    amount = f"{instrument.quantity_text(leg.filled)}/{instrument.quantity_text(leg.quantity)}"
    return f"  {instrument.symbol} {amount} {leg.word}"
