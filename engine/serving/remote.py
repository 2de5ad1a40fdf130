"""Has a running engine do what it is told through its socket: go flat, end. What happens is told line by line; prints nothing."""

import os
import time
from collections.abc import Callable
from threading import Thread

from engine.link import LinkError, Oneshot, RefusedError
from engine.link.flat_news import flat_news
from engine.model.commands import Flat, SetLogLevel, Stop, Unwatch, Watch
from engine.model.errors import EXIT_POSITION_OPEN, InputError, UserError
from engine.model.types import MARKET_MODES
from engine.serving.flat_file import lay_flat
from engine.serving.silent_owner import end_owner
from engine.serving.state_dirs import FLAT_FILE, EngineDir, place_of
from engine.text.sanitize import CleanText, clean

FLAT_WITHIN_S = 60.0
SILENT_S = 5.0  # after which an engine is taken for one that will not answer any more
_STOP_WITHIN_S = 10.0
_CHANGE_WITHIN_S = 90.0
_LOOK_S = 0.05
_LAY_S = 1.0
_CLOSED_FROM_HERE = MARKET_MODES | {"mock"}  # when their engine is gone, or is ended because it does not answer


class OwnerGoneError(InputError):
    """The engine is gone, and what it held is still held; `past` is its pid where it was killed and its locks are not free so far."""

    def __init__(self, line: str, past: int = 0) -> None:
        super().__init__(line)
        self.past = past


class DoesNotTellError(LinkError):
    """The engine closed the connection when it was asked to tell of a flat: it may be of a version that cannot."""


class HeldError(UserError):
    """The market is closed, so that the flat waits for it to open; the line says until when."""

    exit_status = EXIT_POSITION_OPEN


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


def change_list(place: EngineDir, symbols: tuple[CleanText, ...], *, add: bool, watch_only: bool = False) -> str:
    """Have the engine of `place` follow `symbols` as well, or no more; why it does not, or "" once it does.

    Raises LinkError when it does not answer, InputError when nothing comes of it within a minute and a half.
    """
    command = Watch(symbols, watch_only) if add else Unwatch(symbols)
    return _carried_out(place, "watch", command, _CHANGE_WITHIN_S, "changed its list")


def set_log_level(place: EngineDir, command: SetLogLevel) -> str:
    """Have the engine of `place` carry `command` out; why it does not, or "" once it has."""
    return _carried_out(place, "log-level", command, _STOP_WITHIN_S, "changed the level")


def _carried_out(
    place: EngineDir, name: str, command: Watch | Unwatch | SetLogLevel, within_s: float, what: str
) -> str:
    until_s = time.monotonic() + within_s
    with Oneshot(place.socket, name) as call:
        taken = call.send(command)
        if taken.state == "REFUSED":
            return taken.reason
        while time.monotonic() < until_s:
            seen = call.outcome(taken.ticket)
            if seen is not None and seen.state == "DONE":
                return ""
            if seen is not None and seen.state in {"REFUSED", "FAILED"}:
                return seen.reason
            time.sleep(_LOOK_S)
    raise InputError(f"engine {place.pid} has not {what} within {within_s:.0f} s; its log says why")


def flatten(
    place: EngineDir,
    reason: str,
    tell: Callable[[str], None],
    obstacle: Callable[[], str],
    *,
    silent: bool = False,
    anyway: bool = False,
) -> tuple[str, ...] | None:
    """Have the engine go flat and tell how it goes; the receipt, or None when it is not verified flat within a minute.

    One that does not answer (`silent`: it did not just now) is asked again, and finds the request in its state
    directory as soon as it goes on. One that stays silent for five seconds is ended, and what it held is closed from here.
    Where that has an `obstacle` it is left alive and asked on: it may come back, and keeps its stops then.
    Raises InputError when it refuses or fails, OwnerGoneError when it is gone, HeldError when it waits for its market to
    open, unless `anyway`.
    """
    told: set[str] = set()

    def once(line: str) -> None:
        if line not in told:
            told.add(line)
            tell(line)

    begun_s = time.monotonic()
    until_s = begun_s + FLAT_WITHIN_S
    silent_since_s: float | None = begun_s if silent else None
    asks = False
    laid = silent and _lay_request(place, once)
    while time.monotonic() < until_s:
        try:
            with Oneshot(place.socket, "flat") as call:
                silent_since_s = None
                return _follow(call, Flat(clean(reason), anyway), until_s, once, asks=asks)
        except DoesNotTellError:
            asks = True  # it was started before an upgrade, or is lost, which the next attempt tells
        except LinkError as error:
            if not place_of(place.folder).pid:
                raise OwnerGoneError(f"engine {place.pid} is gone") from error
            once(f"{error}; asking again")
            now_s = time.monotonic()
            silent_since_s = None if isinstance(error, RefusedError) else silent_since_s or now_s
            taken = laid and not os.path.lexists(place.folder / FLAT_FILE)
            if taken:
                once("the engine has taken the request away: it works, though it does not answer")
            elif silent_since_s is not None and now_s - silent_since_s >= SILENT_S and place.mode in _CLOSED_FROM_HERE:
                once(f"engine {place.pid} has said nothing for {SILENT_S:.0f} s")
                if not (barred := obstacle()):
                    raise OwnerGoneError(f"engine {place.pid} was ended", end_owner(place, once)) from error
                once(f"it is not ended, since what it holds could not be closed from here: {barred}")
            else:
                laid = _lay_request(place, once)
            time.sleep(_LOOK_S)
    return None


def _lay_request(place: EngineDir, once: Callable[[str], None]) -> bool:
    """Leave the request where the engine finds it as soon as it goes on, or is started again; whether it lies there."""
    done: list[bool] = []
    # By a thread of its own: where the engine is silent because its disk hangs, we must not hang with it.
    laying = Thread(target=lambda: done.append(lay_flat(place.folder / FLAT_FILE)), name="lay", daemon=True)
    laying.start()
    laying.join(_LAY_S)
    laid = any(done)
    if laid:
        once(f"the request lies in its state directory as {FLAT_FILE}")
    elif not done:
        once(f"the disk of {place.where} does not answer: the request cannot be left there")
    return laid


def _follow(
    call: Oneshot, flat: Flat, until_s: float, once: Callable[[str], None], *, asks: bool
) -> tuple[str, ...] | None:
    """Send the flat, or join the running one, and tell its way; raises LinkError when the engine is lost.

    `asks`: by pictures, since the engine does not tell by itself.
    """
    taken = call.send(flat)
    if taken.state == "REFUSED":
        raise InputError(f"flat refused: {taken.reason}")
    once(f"flat accepted by engine {call.pid}")
    seen = 0
    while time.monotonic() < until_s:
        try:
            news = flat_news(call.snapshot(), taken.ticket) if asks else call.follow(taken.ticket, seen)
        except LinkError as error:
            if seen or asks:
                raise
            raise DoesNotTellError(*error.lines) from error
        seen = news.number
        for line in (f"flat {news.state}", *news.legs) if news.outcome != "WAITING" else ():
            once(line)
        if news.outcome == "DONE":
            return news.receipt
        if news.outcome in {"REFUSED", "FAILED"}:
            raise InputError(f"flat {news.outcome}: {news.reason}")
        if news.state == "HELD" and news.outcome == "ACCEPTED":
            raise HeldError(news.reason)
        if asks:
            time.sleep(_LOOK_S)
    return None
