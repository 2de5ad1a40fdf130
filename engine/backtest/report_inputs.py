"""What a report is made of: recordings, files of ticks and journals, each told day by day; the same session counts once. Prints nothing."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import zip_longest
from pathlib import Path

from msgspec import Struct

from engine.backtest.journal_days import JournalDays
from engine.backtest.recorded_days import Worked, work
from engine.journal import JOURNAL_FILE
from engine.journal.months import closed_files
from engine.model.errors import InputError, UserError, reason
from engine.model.session_result import ReportedDay
from engine.recording.progress import Progress

_SQLITE = b"SQLite format 3\0"  # the beginning of a sweep's file, and of nothing else that is reported by its name


class Inputs(Struct, frozen=True):
    """Files of ticks in the order of their names, and folders with a journal."""

    files: tuple[Path, ...]
    journals: tuple[Path, ...]


class Span(Struct, frozen=True):
    """Session days from `first` to `last` (ISO text), both included; "" is without an end."""

    first: str = ""
    last: str = ""

    def holds(self, date: str) -> bool:
        """Whether `date` is among them."""
        return (not self.first or self.first <= date) and (not self.last or date <= self.last)


class Options(Struct, frozen=True, kw_only=True):
    """How files are worked; see `recorded_days.work`."""

    replay: bool = False
    config_file: Path | None = None
    overrides: tuple[str, ...] = ()
    days: Span = Span()


class Collected(Struct):
    """What came of the inputs: how each file was worked, which could not be read, what of both was not the same."""

    worked: list[Worked] = []
    unreadable: list[str] = []
    difference: str = ""
    compared: int = 0  # exits that journal and recordings agree on
    twice: int = 0  # sessions that were there already
    problems: tuple[str, ...] = ()


ExitKey = tuple[str, int, int, int, int, int, Decimal, str]


def find_inputs(paths: Sequence[Path]) -> Inputs:
    """What `paths` hold: of a folder its journal, or all recordings in it; raises InputError where it has neither."""
    files: list[Path] = []
    journals: list[Path] = []
    for path in paths:
        if not path.is_dir():
            files.append(path)
        elif (path / JOURNAL_FILE).exists() or closed_files(path):
            journals.append(path)
        else:
            files += _recordings_in(path)
    return Inputs(tuple(dict.fromkeys(files)), tuple(dict.fromkeys(journals)))


def sweep_in(paths: Sequence[Path]) -> Path | None:
    """The file of a sweep among `paths`, by its first bytes; raises InputError where others stand beside it."""
    sweeps = [each for each in paths if each.is_file() and _begins_as_database(each)]
    if sweeps and len(paths) > 1:
        raise InputError(f"{sweeps[0]}: a sweep is reported alone; allowed: one report for each")
    return sweeps[0] if sweeps else None


def _begins_as_database(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) == _SQLITE
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {reason(error)}") from error


def _recordings_in(folder: Path) -> list[Path]:
    try:
        found = sorted(each for each in folder.iterdir() if each.suffix.lower() == ".mqr")
    except OSError as error:
        raise InputError(f"{folder}: cannot be read: {reason(error)}") from error
    if not found:
        raise InputError(f"{folder}: holds no recording (.mqr) and no journal")
    return found


class _Teller:
    """Hands days on: those that are asked for, each once, and of each the exits that the other source must have as well."""

    def __init__(self, days: Span, tell: Callable[[ReportedDay], None]) -> None:
        self._days = days
        self._tell = tell
        self._told: set[str] = set()
        self.twice = 0
        self.exits: dict[tuple[str, str], list[ExitKey]] = {}

    def take(self, day: ReportedDay) -> None:
        """One more day."""
        if not self._days.holds(day.date):
            return
        key = f"{day.mode} {day.fingerprint}"
        if key in self._told:
            self.twice += 1
            return
        self._told.add(key)
        self.exits.setdefault((day.mode, day.date), []).extend(exit_keys(day))
        self._tell(day)


def collect(
    inputs: Inputs, options: Options, tell: Callable[[ReportedDay], None], progress: Progress | None = None
) -> Collected:
    """Tell each day of `inputs` once; raises UserError where none of them can be read."""
    found = Collected()
    teller = _Teller(options.days, tell)
    for place, path in enumerate(inputs.files):
        share = _share(progress, place, len(inputs.files))
        try:
            found.worked.append(
                work(
                    path, teller.take, replay=options.replay, config_file=options.config_file, overrides=options.overrides, progress=share
                )
            )  # fmt: skip
        except UserError as error:
            if len(inputs.files) == 1:
                raise
            found.unreadable.append(error.lines[0])
    recorded = dict(teller.exits)
    for folder in inputs.journals:
        _add_journal(folder, options.days, recorded, teller, found)
    found.twice = teller.twice
    return found


def _add_journal(
    folder: Path, days: Span, recorded: dict[tuple[str, str], list[ExitKey]], teller: _Teller, found: Collected
) -> None:
    """Tell the days of a journal that no recording has told, and hold the others to it, exit by exit."""
    journal = JournalDays(folder)
    for day in journal.days():
        if (day.mode, day.date) not in recorded:
            teller.take(day)
        elif days.holds(day.date):
            there = recorded[day.mode, day.date]
            difference = first_difference(day.date, there, exit_keys(day))
            found.difference = found.difference or difference
            found.compared += 0 if difference else len(there)
    found.problems = (*found.problems, *journal.problems)


def exit_keys(day: ReportedDay) -> list[ExitKey]:
    """What two sources must have alike of each exit, in the order in which they came."""
    keys = [
        (each.instrument.symbol, each.entry_ms, sold.at_ms, each.entry_price, sold.price, sold.quantity, sold.net, sold.reason)
        for each in day.positions
        for sold in each.exits
    ]  # fmt: skip
    return sorted(keys, key=lambda key: (key[2], key[0]))


def first_difference(date: str, recorded: Sequence[ExitKey], journalled: Sequence[ExitKey]) -> str:
    """The first exit that is not the same in both, in words; "" where there is none."""
    for number, (one, other) in enumerate(zip_longest(recorded, journalled), 1):
        if one != other:
            return f"exit {number} of {date}: {_said(one)} in the recording, {_said(other)} in the journal"
    return ""


def _said(key: ExitKey | None) -> str:
    if key is None:
        return "nothing"
    symbol, _, _, entry, price, quantity, net, why = key
    return f"{quantity} {symbol} {entry} → {price} {why}, net {net}"


def _share(progress: Progress | None, place: int, count: int) -> Progress | None:
    """The progress of one of so many files."""
    return None if progress is None else lambda done: progress((place + done) / count)
