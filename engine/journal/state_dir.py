"""The folder that one running instance owns: found, made private, locked, stamped with its trade mode; knows nothing of what others keep in it."""

import errno
import os
import re
import stat
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from engine.journal.ownership import LOCK_FILE, OPEN_DIR, PLAIN, Ownership
from engine.model.clock import Clock, SystemClock
from engine.model.errors import DiskError, StateBusyError, UserError, reason
from engine.model.types import MARKET_MODES, TradeMode
from engine.outside.files import put_aside_odd
from engine.outside.trust import doubt_of_folder
from engine.shortcut.engines import holds_nothing

APP = "myquant-tui"
STAMP_FILE = "mode"

_DISK_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ENOLCK})
_RUN_NAME = re.compile(r"(\d{8}T\d{6}Z)-(\d{1,10})(?:-(\d{1,4}))?")
_SYSTEM_CLOCK = SystemClock()


class StateDir:
    """A locked directory; `path` is absolute, `notes` are lines for the log (old runs that could not be removed).

    `used`: a run was here before, and what it kept should be here as well; `left_nothing`: none has left anything, for certain.
    """

    def __init__(self, path: Path, mode: TradeMode, ownership: Ownership, *, stamped: bool, left_nothing: bool) -> None:
        self.path = path
        self.mode = mode
        self.used = stamped or not left_nothing
        self.left_nothing = left_nothing
        self.notes: tuple[str, ...] = ()
        self.ownership = ownership

    @staticmethod
    def usual(mode: TradeMode) -> Path:
        """Where runs of `mode` keep their state when nobody says otherwise: `$XDG_STATE_HOME/myquant-tui/<mode>`.

        A relative `$XDG_STATE_HOME` counts as unset, as its specification asks; raises UserError without a home directory.
        """
        home = os.environ.get("XDG_STATE_HOME", "")
        if not os.path.isabs(home):
            home = os.path.expanduser("~/.local/state")
        if not os.path.isabs(home):
            raise UserError("state directory: no home directory is known; set XDG_STATE_HOME or give --state-dir")
        return Path(home, APP, mode)

    @classmethod
    def open(
        cls,
        root: Path | None,
        mode: TradeMode,
        keep_runs: int = 20,
        clock: Clock = _SYSTEM_CLOCK,
        *,
        past: int = 0,
        stamp: bool = True,
    ) -> Self:
        """Own `root`, or by default a directory of the mode (each replay: one of its own, the newest `keep_runs` stay).

        `past` is an owner that was killed, can do nothing any more, and has not given its locks back so far. Without
        `stamp` a fresh one is stamped by `stamp`, once there is something that must be here at the next start.

        Raises StateBusyError when another instance owns it, DiskError when the disk fails, UserError for everything
        that a person must change: another mode's directory, not a directory, not writable.
        """
        path = root.absolute() if root is not None else cls.usual(mode)
        try:
            one_of_many = root is None and mode == "replay"
            if one_of_many:
                path = _new_run(path, clock)
            else:
                _make(path)
            left_nothing = holds_nothing(str(path))
            ownership, stamped = _own(path, mode, past, stamp=stamp)
            state = cls(path, mode, ownership, stamped=stamped, left_nothing=left_nothing)
            if one_of_many:
                state.notes = _remove_old(path.parent, keep_runs)
        except (OSError, ValueError) as error:
            raise _told(path, error) from error
        return state

    def stamp(self) -> None:
        """See that the directory is marked as one of this mode, in which a run has begun; raises UserError."""
        try:
            if not _check_stamp(self.ownership.dir_fd, self.path, self.mode):
                _stamp(self.ownership.dir_fd, self.mode)
        except OSError as error:
            raise _told(self.path, error) from error

    def close(self) -> None:
        """Release the directory."""
        self.ownership.close()

    def look(self) -> str:
        """Whether the directory and its lock are still ours; what was wrong, with what was done about it; "" when all is well.

        A lock file that is gone is made again, and so is a directory: status, flat and stop must find the engine that
        lives, and no second one may begin beside it. Raises OSError, UserError where that cannot be.
        """
        ownership = self.ownership
        if not ownership.held:
            return ""
        if lost := ownership.directory_lost():
            _make(self.path)
            self.ownership, _ = _own(self.path, self.mode)
            ownership.close()
        elif lost := ownership.lock_lost():
            ownership.take_file_again()
        elif stat.S_IMODE(os.fstat(ownership.dir_fd).st_mode) & 0o777 != 0o700:
            lost = "its permissions were changed: it is ours alone"
            os.fchmod(ownership.dir_fd, 0o700)
        elif not _check_stamp(ownership.dir_fd, self.path, self.mode):
            lost = f"the file {STAMP_FILE} was gone"
            _stamp(ownership.dir_fd, self.mode)
        return lost and f"{lost}; made again and locked"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def lasting(path: Path) -> Path:
    """The folder in which to put what is to outlive the run of the state directory `path`: a replay's own goes with one of those after it."""
    usual = StateDir.usual("replay")
    return usual.parent if path.parent == usual else path


def _make(path: Path) -> None:
    """Create `path` and what is missing above it, each 0700 whatever the umask."""
    if path.is_dir():
        return
    if path.parent != path:
        _make(path.parent)
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        if not path.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "is not a directory") from None
        return  # another instance was quicker
    os.chmod(path, 0o700)


def _new_run(container: Path, clock: Clock) -> Path:
    """A new directory below `container`, named by UTC time and pid; `mkdir` is what makes the name ours alone."""
    _make(container)
    for private in (container, container.parent):
        if stat.S_IMODE(private.stat().st_mode) & 0o077:
            os.chmod(private, 0o700)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(clock.wall_ns() // 10**9))
    for attempt in range(1, 10_000):
        path = container / (f"{stamp}-{os.getpid()}" + (f"-{attempt}" if attempt > 1 else ""))
        try:
            os.mkdir(path, 0o700)
        except FileExistsError:
            continue
        os.chmod(path, 0o700)
        return path
    raise FileExistsError(errno.EEXIST, "no free name for another run")


def _own(path: Path, mode: TradeMode, past: int = 0, *, stamp: bool = True) -> tuple[Ownership, bool]:
    """Lock and stamp `path`; whether it was stamped before. Everything goes through one descriptor of the directory, so that nobody can swap it under us."""
    dir_fd = os.open(path, OPEN_DIR)
    with ExitStack() as undo:
        undo.callback(os.close, dir_fd)
        stamped = _check_stamp(dir_fd, path, mode)  # before the lock: "wrong mode" is the better answer than "busy"
        _make_private(dir_fd, path, mode, stamped)
        ownership = Ownership.take(dir_fd, path, past)
        undo.pop_all()
        undo.callback(ownership.close)
        stamped = _check_stamp(dir_fd, path, mode)
        if stamp and not stamped:
            _stamp(dir_fd, mode)
        undo.pop_all()
    return ownership, stamped


def _make_private(dir_fd: int, path: Path, mode: TradeMode, stamped: bool) -> None:
    """Make an empty directory or one of ours private; refuse one in which others have, or may have, planted files."""
    bits = os.fstat(dir_fd).st_mode
    names = os.listdir(dir_fd)
    if bits & 0o022 and not stamped and names:
        raise UserError(
            f"state directory {path}: other users may write in it and it holds other files; give one of its own"
        )
    if bits & 0o022:
        for name in names:
            if os.stat(name, dir_fd=dir_fd, follow_symlinks=False).st_uid not in {0, os.geteuid()}:
                raise UserError(f"state directory {path}: others may write in it, and {name:.60} is theirs")
    if bits & 0o077 and (stamped or not names):
        os.fchmod(dir_fd, 0o700)
    if mode in MARKET_MODES and (doubt := doubt_of_folder(path)):
        raise UserError(f"state directory {path}: {doubt}; give one of your own with --state-dir")


def _check_stamp(dir_fd: int, path: Path, mode: TradeMode) -> bool:
    """Whether the directory carries this mode's stamp; raises UserError when it carries another."""
    found = _read(dir_fd, STAMP_FILE)
    if found and found != mode:
        raise UserError(
            f"state directory {path} belongs to mode '{found:.20}'; mode '{mode}' needs another --state-dir"
        )
    return bool(found)


def _read(dir_fd: int, name: str) -> str:
    """The short text of a plain file in the directory, or nothing when there is none."""
    try:
        fd = os.open(name, os.O_RDONLY | os.O_NONBLOCK | PLAIN, dir_fd=dir_fd)
    except FileNotFoundError:
        return ""
    try:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(errno.EINVAL, f"{name} in it is not a plain file")
        return os.read(fd, 64).decode("utf-8", "replace").strip()
    finally:
        os.close(fd)


def _stamp(dir_fd: int, mode: TradeMode) -> None:
    """Write the stamp so that it is whole or absent, also after a power cut."""
    temporary = f"{STAMP_FILE}.new"
    put_aside_odd(Path(temporary), dir_fd)
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | PLAIN, 0o600, dir_fd=dir_fd)
    try:
        os.fchmod(fd, 0o600)
        os.write(fd, f"{mode}\n".encode())
        os.fsync(fd)
    finally:
        os.close(fd)
    os.rename(temporary, STAMP_FILE, src_dir_fd=dir_fd, dst_dir_fd=dir_fd)
    os.fsync(dir_fd)


def _remove_old(container: Path, keep_runs: int) -> tuple[str, ...]:
    """Remove all but the newest `keep_runs` runs that nobody locks; one line for each that would not go."""
    found = filter(None, map(_RUN_NAME.fullmatch, os.listdir(container)))
    runs = sorted((match[1], int(match[2]), int(match[3] or 1), match[0]) for match in found)
    notes = []
    for *_, name in runs[: -max(1, keep_runs)]:
        try:
            _remove_run(container, name)
        except OSError as error:
            notes.append(f"old run {name} was not removed: {reason(error)}")
    return tuple(notes)


def _remove_run(container: Path, name: str) -> None:
    """Remove one old run unless it is a link, is not stamped as a replay, holds a folder, or is locked."""
    with ExitStack() as opened:
        dir_fd = os.open(container / name, OPEN_DIR | os.O_NOFOLLOW)
        undo = opened.enter_context(ExitStack())
        undo.callback(os.close, dir_fd)
        if _read(dir_fd, STAMP_FILE) != "replay":
            raise OSError(errno.EPERM, "it does not carry the stamp of a replay")
        try:
            ownership = Ownership.take(dir_fd, container / name)
        except StateBusyError:
            return
        undo.pop_all()
        opened.callback(ownership.close)
        _empty(dir_fd)
    os.rmdir(container / name)


def _empty(dir_fd: int) -> None:
    """Unlink every file; the stamp goes last, so that a removal cut short is taken up again by the next run."""
    names = os.listdir(dir_fd)
    for name in names:
        if stat.S_ISDIR(os.stat(name, dir_fd=dir_fd, follow_symlinks=False).st_mode):
            raise OSError(errno.ENOTEMPTY, f"it holds a folder, {name:.40}")
    for name in sorted(names, key=lambda name: (name == STAMP_FILE, name == LOCK_FILE)):
        os.unlink(name, dir_fd=dir_fd)


def _told(path: Path, error: OSError | ValueError) -> UserError:
    """The one line for what the system said."""
    line = f"state directory {path}: {reason(error)}"
    disk = isinstance(error, OSError) and error.errno in _DISK_ERRNOS
    return DiskError(line) if disk else UserError(line)
