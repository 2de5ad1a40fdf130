"""Opens what a run writes: log, journal, recording, receipts. Knows no trader."""

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import msgspec

from engine.assembly.recording_config import header_of, recordings_folder
from engine.config import Config
from engine.journal import JOURNAL_FILE, LOCK_FILE, Opened, SqliteJournal, StateDir
from engine.journal.closed_check import ClosedFilesCheck
from engine.journal.opening import MISSING
from engine.logs import LogBook
from engine.model.clock import SystemClock
from engine.model.errors import InputError
from engine.model.types import Instrument, TradeMode
from engine.outside.files import put_aside_odd, read_note
from engine.recording.format import Header, RecordedMarket
from engine.runtime import LOGGERS, Engine
from engine.text.sanitize import CleanText

if TYPE_CHECKING:
    from engine.recording.daily_recorder import DailyRecorder
    from engine.recording.recorder import FileRecorder

NOTHING_HELD: Final = "nothing-held"
RECORDING_NOTE: Final = "recording"  # in a state directory: the path of its last run's recording


class Failures:
    """Carries what the journal's thread has to tell to the engine, which is built after it."""

    def __init__(self) -> None:
        self._engine: Engine | None = None
        self._early: list[CleanText] = []

    def tell(self, problem: CleanText) -> None:
        """Take a failure; called from the journal's thread."""
        self._early.append(problem)
        if self._engine is not None:
            self._engine.failure.disk_failed(problem)

    def found(self, engine: Engine) -> None:
        """Pass on to `engine` from now on, and what came before it."""
        self._engine = engine
        for problem in self._early:
            engine.failure.disk_failed(problem)


def open_logs(config: Config, folder: Path, console_fd: int | None, ring_lines: int) -> LogBook:
    """Begin the log; `ring_lines` of it are kept in memory for a screen."""
    levels = msgspec.to_builtins(config.logging.levels)
    return LogBook(
        folder,
        SystemClock(),
        ZoneInfo(config.session.zone),
        level=config.logging.level,
        levels={name: level for name, level in levels.items() if level},
        lines_per_s=config.logging.lines_per_s,
        console_fd=console_fd,
        ring_lines=ring_lines,
    )


def open_journal(config: Config, state_dir: StateDir, title: str, failures: Failures) -> SqliteJournal | None:
    """Open the journal in `state_dir`, where the configuration wants one; raises DiskError."""
    if not config.journal.enabled:
        return None
    return SqliteJournal.open(
        state_dir.path,
        state_dir.mode,
        SystemClock(),
        title=title,
        reserve_kb=config.journal.reserve_kb,
        on_failure=failures.tell,
        used=state_dir.used,
    )


def without_journal(state_dir: StateDir) -> Opened:
    """What a run that keeps no journal begins with: locked, where nobody knows what was held.

    Raises InputError where there is a journal: it would go on telling of another time, whatever this run holds.
    """
    if state_dir.mode == "replay":
        return Opened(run=0)
    if os.path.lexists(state_dir.path / JOURNAL_FILE):
        raise InputError(
            f"journal.enabled=false: there is a journal in {state_dir.path}, which would not know what this run holds;"
            " allowed: another --state-dir"
        )
    if state_dir.left_nothing:
        return Opened(run=0)
    return Opened(run=0, still_locked=MISSING, report=(f"entries are locked: {MISSING}",), unknown=MISSING)


def check_closed_files(folder: Path) -> ClosedFilesCheck:
    """Begin to check the closed files of the journal in `folder`, in idle time; what is wrong with them is logged."""
    check = ClosedFilesCheck(folder, lambda text: LOGGERS["journal"].error("%s", text))
    check.start()
    return check


def open_recorder(
    config: Config,
    mode: TradeMode,
    title: str,
    instruments: tuple[Instrument, ...],
    markets: Callable[[tuple[Instrument, ...], int], Mapping[str, RecordedMarket]],
    state_folder: Path,
    *,
    real_orders: bool,
) -> "DailyRecorder | None":
    """Begin a recording of the run, where the configuration wants one; `real_orders` as in `header_of`."""
    wanted = config.recording.enabled
    if wanted == "off" or (wanted == "auto" and mode == "replay"):
        return None
    # A run that is not recorded does not carry them.
    from engine.recording.daily_recorder import DailyRecorder  # noqa: PLC0415
    from engine.recording.naming import recording_path_for  # noqa: PLC0415
    from engine.recording.recorder import FileRecorder  # noqa: PLC0415
    from engine.recording.retention import tidy  # noqa: PLC0415

    def place(instruments: tuple[Instrument, ...]) -> tuple[Path, Header]:
        """Where a recording that begins now is kept, and how it begins."""
        now_ns = SystemClock().wall_ns()
        first = next(each.symbol for each in instruments if not each.removed)
        path = recording_path_for(recordings_folder(config), mode, first, now_ns, config.session.zone)
        stated = markets(instruments, now_ns // 1_000_000)
        return path, header_of(config, title, instruments, stated, now_ns, real_orders=real_orders)

    def note(path: Path) -> None:
        _keep(state_folder / RECORDING_NOTE, (str(path.absolute()),), os.O_TRUNC, "where the recording is")

    def began(path: Path, after: str) -> None:
        LOGGERS["recording"].warning("recording goes on in %s; what came since is missing (%s)", path, after)
        note(path)

    def begin(instruments: tuple[Instrument, ...]) -> "FileRecorder":
        """Make the file of a day, or of other instruments, and see to the old ones."""
        if mode != "replay":
            for line in tidy(recordings_folder(config), state_folder, config.recording, SystemClock().wall_ns()):
                LOGGERS["recording"].warning("%s", line)
        path, header = place(instruments)
        go_on = partial(place, instruments)
        recorder = FileRecorder(path, header, flush_ms=config.recording.flush_ms, go_on=go_on, began=began)
        LOGGERS["recording"].info("recording to %s", path)
        note(path)
        return recorder

    return DailyRecorder(partial(begin, instruments), begin, note)


def forget_nothing_held(folder: Path) -> None:
    """From now on something may be held; where the note cannot be taken away the lock's new owner makes it worth nothing."""
    with suppress(OSError):
        (folder / NOTHING_HELD).unlink(missing_ok=True)


def note_nothing_held(folder: Path) -> None:
    """Leave word that this run has ended holding nothing: what the lock file says of its owner, whom no later one equals.

    Who must not wait for the journal to be read learns from it that there is nothing to be flattened.
    """
    with suppress(OSError):
        owner = read_note(folder / LOCK_FILE)
        _keep(folder / NOTHING_HELD, (owner.removesuffix("\n"),), os.O_TRUNC, "that nothing is held")


def keep_receipt(folder: Path, lines: tuple[str, ...]) -> None:
    """Write the receipt of a flat into the state directory; the log has it in any case."""
    name = f"flat-{datetime.now(UTC):%Y%m%d-%H%M%S.%f}.txt"
    _keep(folder / name, lines, os.O_EXCL, "the receipt of the flat")


def _keep(path: Path, lines: tuple[str, ...], how: int, what: str) -> None:
    """Write `lines` into a private file; a disk that refuses is told."""
    try:
        put_aside_odd(path)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | how, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.write("\n".join(lines) + "\n")
    except OSError as error:
        with suppress(OSError):  # half of it is worse than none; a disk that refuses may refuse this as well
            path.unlink()
        LOGGERS["engine"].error("%s could not be kept as a file: %s", what, error.strerror)
