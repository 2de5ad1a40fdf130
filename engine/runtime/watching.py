"""Changes the list of instruments of a run that goes on: finds what is added, begins a new recording, changes over within the turn.

What must be looked up is found by a thread of its own; what must be written is prepared by the recorder's. Knows no source.
"""

from collections import deque
from collections.abc import Callable, Sequence
from threading import Thread
from typing import Final, Protocol

from msgspec import Struct
from msgspec.structs import replace

from engine.model.commands import Unwatch, Watch
from engine.model.errors import UserError
from engine.model.events import CommandRefused, InstrumentsChanged
from engine.model.ports import Rolling
from engine.model.run_views import CommandState
from engine.model.types import Instrument
from engine.runtime.event_log import LOGGERS
from engine.runtime.turn import Turn
from engine.runtime.turn_parts import TurnParts
from engine.text.redaction import redact
from engine.text.sanitize import clean
from engine.trading.session import NO_DAY, TradingHours

MOST: Final = 1000  # instruments of one recording, those that were removed among them
_MOST_WAITING: Final = 16
_MOST_DONE: Final = 64
_FIND_NS: Final = 60_000_000_000  # a list may have to be fetched
_PREPARE_NS: Final = 10_000_000_000
_NEAR: Final = 3


class Found(Struct, frozen=True):
    """Instruments as the source knows them, the hours that each keeps, and what to know of them, a line each."""

    instruments: tuple[Instrument, ...]
    hours: tuple[TradingHours, ...]
    told: tuple[str, ...] = ()


class Listing(Protocol):
    """The source of a run, as far as its list may change."""

    def find(self, symbols: Sequence[str]) -> Found:
        """Look `symbols` up, by whatever takes its time; raises UserError with the nearest for one that there is not."""

    def objection(self, instruments: Sequence[Instrument]) -> str:
        """Why the source cannot give all of these that are not removed; empty when it can."""

    def follow(self, instruments: tuple[Instrument, ...]) -> None:
        """Give the ticks of these from now on, and keep in mind that it is these; returns at once, called within the turn."""


class _Job(Struct):
    command: Watch | Unwatch
    since_ns: int
    finding: Thread | None = None
    found: Found | None = None
    problem: str = ""


class Watching:
    """Takes one change after the other: `ask` within the turn, `look` by the engine's thread outside of it.

    `changed` is told, within the turn, when a change has been made.
    """

    def __init__(
        self, parts: TurnParts, recorder: Rolling | None, listing: Listing, changed: Callable[[], None] = lambda: None
    ) -> None:
        self._parts = parts
        self._state = parts.trader.state
        self._recorder = recorder
        self._listing = listing
        self._changed = changed
        self._waiting: deque[Watch | Unwatch] = deque()
        self._job: _Job | None = None
        self._done: deque[tuple[Watch | Unwatch, CommandState, str]] = deque(maxlen=_MOST_DONE)

    @property
    def busy(self) -> bool:
        """Whether a change is under way, so that no other recording may be begun."""
        return self._job is not None

    def ask(self, command: Watch | Unwatch) -> None:
        """Have `command` carried out soon; what cannot be is refused as soon as it is known."""
        objection = self._objection(command)
        if not objection and len(self._waiting) >= _MOST_WAITING:
            objection = "too many changes wait already"
        if objection:
            self._refuse(command, objection)
        else:
            self._waiting.append(command)

    def outcome(self, command: Watch | Unwatch) -> tuple[CommandState, str] | None:
        """What became of this very command; None while it is under way."""
        return next(((state, reason) for each, state, reason in self._done if each is command), None)

    # ── By the engine's thread ──────────────────────────────────────────────────────────────────────────────────

    def look(self, turn: Turn, now_ns: int) -> None:
        """Go on with the change that is under way, or begin the next."""
        if self._job is None and not self._waiting:
            return
        if self._job is None:
            self._job = self._begun(self._waiting.popleft(), now_ns)
        job = self._job
        if job.finding is not None and job.finding.is_alive() and now_ns < job.since_ns + _FIND_NS:
            return
        if job.finding is not None and job.found is None:
            self._end(turn, job.problem or f"the list has not answered within {_FIND_NS // 1_000_000_000} s")
            return
        if job.finding is not None:
            job.finding, job.since_ns = None, now_ns
        with turn.lock:
            wanted, objection = self._wanted(job)
        if not objection and not self._prepared(wanted):
            if now_ns < job.since_ns + _PREPARE_NS:
                return
            objection = "no new recording could be begun"
            if self._recorder is not None and self._recorder.not_begun:
                objection += f": {self._recorder.not_begun}"
        self._end(turn, objection, wanted)

    def _begun(self, command: Watch | Unwatch, now_ns: int) -> _Job:
        job = _Job(command, now_ns)
        if isinstance(command, Watch):
            job.finding = Thread(target=self._find, args=(job, command), name="watch", daemon=True)
            job.finding.start()
        return job

    def _find(self, job: _Job, command: Watch) -> None:
        """Look up what is to be added; in a thread of its own."""
        try:
            job.found = self._listing.find(command.symbols)
        except UserError as error:
            job.problem = "; ".join(line.removeprefix("feed.symbols: ") for line in error.lines)
        except Exception as error:  # noqa: BLE001 - the end of the thread: told, and nothing is changed
            job.problem = redact(f"{type(error).__name__}: {error}")

    def _prepared(self, wanted: tuple[Instrument, ...]) -> bool:
        return self._recorder is None or self._recorder.prepare(wanted)

    def _end(self, turn: Turn, objection: str, wanted: tuple[Instrument, ...] = ()) -> None:
        """Change over, unless something speaks against it at this moment."""
        job = self._job
        assert job is not None
        with turn.lock:
            objection = objection or self._objection(job.command)
            if objection:
                self._refuse(job.command, objection)
            else:
                self._change(job, wanted)
            self._job = None
            turn.take_inputs()  # to be seen at once
        if objection and self._recorder is not None:
            self._recorder.forget_prepared()
        for line in () if objection or job.found is None else job.found.told:
            LOGGERS["feed"].warning("%s", line)

    # ── Within the turn ─────────────────────────────────────────────────────────────────────────────────────────

    def _objection(self, command: Watch | Unwatch) -> str:
        """Why the command cannot be carried out at this moment."""
        if not command.symbols:
            return "no symbol was said"
        if isinstance(command, Unwatch):
            return "; ".join(filter(None, map(self._objection_to_removing, command.symbols))) or self._leaves_none(
                command
            )
        known = [symbol for symbol in command.symbols if self._is_watched(symbol)]
        return f"{', '.join(known)}: watched already" if known else ""

    def _is_watched(self, symbol: str) -> bool:
        index = self._state.number_of(symbol)
        return index is not None and not self._state.instruments[index].removed

    def _objection_to_removing(self, symbol: str) -> str:
        index = self._state.number_of(symbol)
        if index is None or self._state.instruments[index].removed:
            from difflib import get_close_matches  # noqa: PLC0415 - only who mistyped needs it

            listed = [each.symbol for each in self._state.instruments if not each.removed]
            near = get_close_matches(symbol.upper(), listed, _NEAR, 0.6)
            return f"{symbol}: not watched" + (f"; did you mean {' or '.join(near)}?" if near else "")
        objection = self._state.objection_to_leaving(index)
        return f"{symbol}: {objection}" if objection else ""

    def _leaves_none(self, command: Unwatch) -> str:
        left = [each for each in self._state.instruments if not each.removed and each.symbol not in command.symbols]
        return "" if left else "nothing would be left to follow; `myquant-tui stop` ends the run"

    def _wanted(self, job: _Job) -> tuple[tuple[Instrument, ...], str]:
        """The whole list as it is to be, and why it cannot be so."""
        wanted = list(self._state.instruments)
        if isinstance(job.command, Unwatch):
            for index, each in enumerate(wanted):
                if each.symbol in job.command.symbols:
                    wanted[index] = replace(each, removed=True)
            return tuple(wanted), ""
        added = self._to_add(job)
        if len({each.symbol for each in added}) < len(added):
            return (), "an instrument is named twice"
        for each in added:
            number = self._state.number_of(each.symbol)
            if number is None:
                wanted.append(each)
            elif not wanted[number].removed:
                return (), f"{each.symbol}: watched already"
            else:
                wanted[number] = replace(each, market=wanted[number].market)
        if len(wanted) > MOST:
            return (), f"more than {MOST:,} instruments, those that were removed counted; a new start forgets these"
        return tuple(wanted), self._listing.objection(wanted)

    def _to_add(self, job: _Job) -> list[Instrument]:
        assert job.found is not None
        only = isinstance(job.command, Watch) and job.command.watch_only
        return [replace(each, watch_only=True) if only else each for each in job.found.instruments]

    def _change(self, job: _Job, wanted: tuple[Instrument, ...]) -> None:
        parts = self._parts

        def change() -> None:
            self._change_state(job)
            assert tuple(self._state.instruments) == wanted  # what the header of the new recording says
            parts.relist()

        if self._recorder is None:
            change()
        else:
            parts.persistence.begin_file(self._recorder, parts.cursor.position, change)
        self._listing.follow(wanted)
        symbols = tuple(job.command.symbols)
        if isinstance(job.command, Watch):
            assert job.found is not None
            symbols = tuple(each.symbol for each in job.found.instruments)
        now_ms = parts.effects.now_ms
        added, removed = (symbols, ()) if isinstance(job.command, Watch) else ((), symbols)
        parts.effects.carry_out((InstrumentsChanged(added, removed, now_ms),))
        if self._state.today != NO_DAY.date:
            self._state.tell_doubts(now_ms)
        parts.effects.carry_out(self._state.take_effects())
        parts.persistence.begin_account(now_ms)  # rows behind it may be of numbers that no account has named yet
        self._changed()
        parts.outcomes.add(f"{_named(job.command)}: {', '.join(symbols)}")
        self._done.append((job.command, "DONE", ""))

    def _change_state(self, job: _Job) -> None:
        state = self._state
        if isinstance(job.command, Watch):
            assert job.found is not None
            for instrument, hours in zip(self._to_add(job), job.found.hours, strict=True):
                state.watch(instrument, hours)
            return
        for symbol in job.command.symbols:
            number = state.number_of(symbol)
            if number is not None:
                state.unwatch(number)

    def _refuse(self, command: Watch | Unwatch, why: str) -> None:
        self._parts.effects.carry_out((CommandRefused(_named(command), clean(why, 400)),))
        self._done.append((command, "REFUSED", why))


def _named(command: Watch | Unwatch) -> str:
    return "watch add" if isinstance(command, Watch) else "watch remove"
