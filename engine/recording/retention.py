"""Which old recordings go, and when: warned of first, deleted a day later. Knows names, sizes and ages, no contents."""

import os
import stat
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
from msgspec import Struct

from engine.config import RecordingConfig
from engine.model.errors import UserError, reason
from engine.outside.files import claim, replacing
from engine.recording.naming import is_named_by_us

WARNED_FILE = "recordings-warned.json"
WARNING_NS = 24 * 3600 * 1_000_000_000
_DAY_NS = WARNING_NS
_MB = 1_000_000
_MAX_WARNED_BYTES = 1 << 20


class KeptRecording(Struct, frozen=True):
    """A recording in the folder: its name, when it was last written (UTC), how large it is."""

    name: str
    written_ns: int
    size_bytes: int


class Doomed(Struct, frozen=True):
    """A recording that exceeds what is to be kept, and why."""

    file: KeptRecording
    why: str


class Plan(Struct, frozen=True):
    """What to delete now, what to warn of now (both oldest first), and all warnings that stand (name → UTC ns)."""

    delete: tuple[Doomed, ...]
    warn: tuple[Doomed, ...]
    warned: dict[str, int]


def plan(
    files: Sequence[KeptRecording], warned: Mapping[str, int], now_ns: int, *, keep_days: int, budget_mb: int
) -> Plan:
    """Decide by age and by room (0: no limit); `warned` says when each name was warned of.

    The newest file never goes, nor does any within a day of its warning. A warning that no longer holds is forgotten,
    and one from the future (somebody moved the clock) counts from now.
    """
    doomed = _exceeding(sorted(files, key=lambda file: (file.written_ns, file.name)), now_ns, keep_days, budget_mb)
    since = {each.file.name: min(warned.get(each.file.name, now_ns), now_ns) for each in doomed}
    delete = tuple(each for each in doomed if now_ns - since[each.file.name] >= WARNING_NS)
    warn = tuple(each for each in doomed if each.file.name not in warned)
    gone = {each.file.name for each in delete}
    return Plan(delete, warn, {name: at_ns for name, at_ns in since.items() if name not in gone})


def _exceeding(oldest_first: Sequence[KeptRecording], now_ns: int, keep_days: int, budget_mb: int) -> list[Doomed]:
    """What exceeds age or room, oldest first; never the newest."""
    excess_bytes = sum(file.size_bytes for file in oldest_first) - budget_mb * _MB if budget_mb else 0
    doomed = []
    for file in oldest_first[:-1]:
        if keep_days and now_ns - file.written_ns > keep_days * _DAY_NS:
            doomed.append(Doomed(file, f"is older than {keep_days} days (recording.keep_days)"))
        elif excess_bytes > 0:
            doomed.append(Doomed(file, f"exceeds the {budget_mb} MB for recordings (recording.budget_mb)"))
        else:
            continue
        excess_bytes -= file.size_bytes
    return doomed


def tidy(folder: Path, state_dir: Path, config: RecordingConfig, now_ns: int) -> tuple[str, ...]:
    """Delete what was warned of a day ago, warn of what exceeds now; lines for the log. Raises nothing.

    `now_ns` is UTC. Only ordinary files of our own, named as we name them, in `folder` itself; never one being written.
    """
    try:
        files = _recordings(folder)
    except OSError as error:
        return (f"old recordings in {folder} cannot be looked for: {reason(error)}",)
    before = _read_warned(state_dir / WARNED_FILE)
    todo = plan(files, before, now_ns, keep_days=config.keep_days, budget_mb=config.budget_mb)
    standing = dict(todo.warned)
    lines = []
    for each in todo.delete:
        outcome = _delete(folder / each.file.name)
        lines.append(f"recording {_told(each)}: {outcome or 'deleted'}")
        if outcome:
            standing[each.file.name] = before[each.file.name]
    if standing != before:
        try:
            _write_warned(state_dir / WARNED_FILE, standing)
        except UserError as error:
            # Without the note the warning would not count, and be given again: nothing is deleted unannounced.
            return (*lines, *error.lines)
    due = f"{datetime.fromtimestamp((now_ns + WARNING_NS) // 1_000_000_000, UTC):%Y-%m-%d %H:%M} UTC"
    lines += [f"recording {_told(each)}: a start after {due} deletes it" for each in todo.warn]
    return tuple(lines)


def _recordings(folder: Path) -> list[KeptRecording]:
    """Our recordings in `folder`; none when there is no such folder. Raises OSError."""
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if is_named_by_us(entry.name):
                    status = entry.stat(follow_symlinks=False)
                    if _is_ours(status):
                        found.append(KeptRecording(entry.name, status.st_mtime_ns, status.st_size))
    except FileNotFoundError:
        return []
    return found


def _is_ours(status: os.stat_result) -> bool:
    """Whether it is an ordinary file of this user under this one name only."""
    return stat.S_ISREG(status.st_mode) and status.st_nlink == 1 and status.st_uid == os.geteuid()


def _delete(path: Path) -> str:
    """Delete one recording, unless somebody is writing it; why it stays, or empty."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        return f"cannot be deleted: {reason(error)}"
    try:
        if not _is_ours(os.fstat(descriptor)) or not claim(descriptor):
            return "is in use and stays"
        path.unlink()
    except OSError as error:
        return f"cannot be deleted: {reason(error)}"
    finally:
        os.close(descriptor)
    return ""


def _told(doomed: Doomed) -> str:
    return f"{doomed.file.name:.100} ({doomed.file.size_bytes / _MB:.1f} MB) {doomed.why}"


def _read_warned(path: Path) -> dict[str, int]:
    """The warnings that were given; none where the list cannot be read, which only puts deleting off."""
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(_MAX_WARNED_BYTES), type=dict[str, int])
    except (OSError, msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        return {}


def _write_warned(path: Path, warned: Mapping[str, int]) -> None:
    """Put the list in place, whole or not at all; raises UserError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with replacing(path, force=True) as part, os.fdopen(os.open(part, flags, 0o600), "wb") as file:
        file.write(msgspec.json.encode(warned))
