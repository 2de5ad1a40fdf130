"""Who owns a state directory: proved by the kernel's locks on the directory itself and on a file in it. Knows nothing else that is kept there.

The file is for older programs and for people, who find the owner's pid in it; it can be removed under a living owner. The
directory's own lock cannot: whoever opens that directory finds it taken.
"""

import errno
import fcntl
import os
from contextlib import ExitStack, suppress
from pathlib import Path

from msgspec import Struct

from engine.model.errors import StateBusyError, reason
from engine.outside.files import put_aside_odd

LOCK_FILE = "lock"
OPEN_DIR = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
PLAIN = os.O_NOFOLLOW | os.O_CLOEXEC
_LONGEST = 200  # bytes of the lock file
_ENDED = frozenset("XZ")
_NO_SUCH_LOCK = frozenset({errno.EBADF, errno.EINVAL, errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})


class Owner(Struct, frozen=True):
    """A process that no later one can be mistaken for: its pid, when it was started (clock ticks), in which boot of the machine."""

    pid: int
    started: str = ""
    boot: str = ""

    def text(self) -> str:
        """As it stands in the lock file."""
        return f"{self.pid}\n{self.started} {self.boot}\n"


def owner_of(pid: int) -> Owner:
    """Who process `pid` is now; without the rest where it has ended, or the system does not tell."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            words = file.read().rpartition(")")[2].split()
        if words[0] in _ENDED:  # and only waits for its parent to hear of it
            return Owner(pid)
        started = words[19]
        with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
            return Owner(pid, started, file.read().strip())
    except (OSError, IndexError, ValueError):
        return Owner(pid)


def owner_in(descriptor: int) -> Owner:
    """Who has written himself into the open lock file; pid 0 when nobody has."""
    try:
        lines = os.pread(descriptor, _LONGEST, 0).decode("ascii", "replace").splitlines()
    except OSError:  # it is no file
        return Owner(0)
    pid = lines[0].strip() if lines else ""
    started, _, boot = lines[1].partition(" ") if len(lines) > 1 else ("", "", "")
    return Owner(int(pid), started, boot) if pid.isascii() and pid.isdecimal() else Owner(0)


def locker_of(descriptor: int) -> int:
    """The process that locks the open file or directory; 0 when nobody does, -1 when it cannot be named.

    The kernel's own list is read: trying the lock would be in the way of an engine that is just starting. It is tried
    only against an entry of the same number, which may be of another disk.
    """
    number = f":{os.fstat(descriptor).st_ino}"
    try:
        with open("/proc/locks", encoding="ascii") as locks:
            found = [line.split() for line in locks if " FLOCK " in line]
    except OSError:  # no such list on this system
        return -1 if _is_taken(descriptor) else 0
    pids = [int(words[4]) for words in found if len(words) > 5 and words[1] != "->" and words[5].endswith(number)]
    if not pids or not _is_taken(descriptor):
        return 0
    return pids[0] if len(pids) == 1 else next(filter(lambda pid: _has_open(pid, descriptor), pids), -1)


def running_pid(folder: Path) -> int:
    """The pid of whoever owns `folder`, by the lock of the directory or of the file in it; 0 when nobody does, -1 when it cannot be named."""
    try:
        dir_fd = os.open(folder, OPEN_DIR)
    except OSError:
        return 0
    try:
        return locker_of(dir_fd) or _file_locker(dir_fd)
    finally:
        os.close(dir_fd)


def written_owner(folder: Path) -> Owner:
    """Who has written himself into the lock file of `folder`; pid 0 when nobody has."""
    try:
        descriptor = os.open(folder / LOCK_FILE, os.O_RDONLY | os.O_NONBLOCK | PLAIN)
    except OSError:
        return Owner(0)
    try:
        return owner_in(descriptor)
    finally:
        os.close(descriptor)


def living_writer(folder: Path) -> int:
    """The pid of another process that has written itself into the lock file of `folder` and lives, whatever it locks; else 0.

    One that lives and locks nothing here has had its directory moved away, a copy put in its place, or is just beginning anew.
    """
    written = written_owner(folder)
    lives = written.started and written.pid != os.getpid() and owner_of(written.pid) == written
    return written.pid if lives else 0


def _file_locker(dir_fd: int) -> int:
    """The process that locks the file alone, as older programs do, where it has written its pid into it."""
    try:
        descriptor = os.open(LOCK_FILE, os.O_RDONLY | os.O_NONBLOCK | PLAIN, dir_fd=dir_fd)
    except OSError:
        return 0
    try:
        pid = locker_of(descriptor)
        return pid if pid < 1 or owner_in(descriptor).pid == pid else 0
    finally:
        os.close(descriptor)


def _is_taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    return False


def _has_open(pid: int, descriptor: int) -> bool:
    with suppress(OSError):
        ours = os.fstat(descriptor)
        for name in os.listdir(f"/proc/{pid}/fd"):
            with suppress(OSError):
                if os.path.samestat(os.stat(f"/proc/{pid}/fd/{name}"), ours):
                    return True
    return False


class Ownership:
    """Both locks of the directory at `path`, held until `close`, or until the process ends however it does.

    `dir_fd` is the directory that was locked, whatever stands at `path` now.
    """

    def __init__(self, path: Path, dir_fd: int, lock_fd: int) -> None:
        self.path = path
        self.dir_fd = dir_fd
        self._lock_fd = lock_fd

    @classmethod
    def take(cls, dir_fd: int, path: Path, past: int = 0) -> "Ownership":
        """Take both through the open directory `dir_fd`, which is ours to close from then on.

        `past` is a process that was killed and cannot do anything any more, but has not given its locks back so far.
        Raises StateBusyError when another one owns it, OSError.
        """
        if not _lock(dir_fd):
            _refuse_unless(past, locker_of(dir_fd), path)
        _refuse_moved(path, past)
        return cls(path, dir_fd, _take_file(dir_fd, path, past))

    @property
    def held(self) -> bool:
        """Whether it is still ours."""
        return self.dir_fd >= 0

    def close(self) -> None:
        """Give both back; the lock file stays, so that nobody ever locks a file that is no longer there."""
        for descriptor in (self._lock_fd, self.dir_fd):
            if descriptor >= 0:
                os.close(descriptor)
        self._lock_fd = self.dir_fd = -1

    def directory_lost(self) -> str:
        """What has become of the directory at `path`; "" while it is the one that we lock."""
        try:
            there = os.stat(self.path)
        except OSError as error:
            return f"the state directory {self.path} is gone{_why(error)}"
        if not os.path.samestat(there, os.fstat(self.dir_fd)):
            return f"another directory stands at {self.path} in place of ours"
        return ""

    def lock_lost(self) -> str:
        """What has become of the lock file in our directory, wherever that is now; "" while it is ours."""
        try:
            file = os.stat(LOCK_FILE, dir_fd=self.dir_fd, follow_symlinks=False)
        except OSError as error:
            return f"the lock file is gone{_why(error)}"
        if not os.path.samestat(file, os.fstat(self._lock_fd)):
            return "another file stands in place of the lock file"
        return "" if owner_in(self._lock_fd).pid == os.getpid() else "the lock file was written over"

    def take_file_again(self) -> None:
        """Put a lock file of ours where it was; raises OSError, StateBusyError."""
        fresh = _take_file(self.dir_fd, self.path, 0, ours=self._lock_fd)
        if fresh != self._lock_fd:
            os.close(self._lock_fd)
        self._lock_fd = fresh


def _why(error: OSError) -> str:
    return "" if isinstance(error, FileNotFoundError) else f" ({reason(error)})"


def _lock(descriptor: int) -> bool:
    """Lock an open file or directory; False when another one holds it. A disk that knows no such lock is no obstacle."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_SUCH_LOCK:
            raise
    return True


def _take_file(dir_fd: int, path: Path, past: int, ours: int = -1) -> int:
    """Lock the file in the directory and write ourselves into it; its descriptor (`ours`, where that still is the file)."""
    put_aside_odd(Path(LOCK_FILE), dir_fd)  # nobody can have locked it, and it must not be in the way of a flat
    fd = os.open(LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_NONBLOCK | PLAIN, 0o600, dir_fd=dir_fd)
    with ExitStack() as opened:
        opened.callback(os.close, fd)
        if ours >= 0 and os.path.samestat(os.fstat(fd), os.fstat(ours)):
            opened.close()
            fd = ours
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _refuse_unless(past, owner_in(fd).pid or -1, path)
        _refuse_removed(dir_fd, fd)
        os.fchmod(fd, 0o600)
        os.ftruncate(fd, 0)
        os.pwrite(fd, owner_of(os.getpid()).text().encode(), 0)
        opened.pop_all()
    return fd


def _refuse_removed(dir_fd: int, fd: int) -> None:
    """Raises FileNotFoundError where somebody removed this old run just now."""
    if not os.path.samestat(os.fstat(fd), os.stat(LOCK_FILE, dir_fd=dir_fd, follow_symlinks=False)):
        raise FileNotFoundError(errno.ENOENT, "was removed while it was being opened")


def _refuse_moved(path: Path, past: int) -> None:
    """Raises StateBusyError where the owner lives and locks another directory: it goes on with what is held in this one."""
    if (pid := living_writer(path)) not in {0, past}:
        raise StateBusyError(
            f"state directory {path} is that of process {pid}, which lives: it was moved or copied from under it, and "
            "what is held in it would be held twice; end that engine first"
        )


def _refuse_unless(past: int, pid: int, path: Path) -> None:
    if past and pid == past:
        return
    owner = f"process {pid}" if pid > 0 else "another process"
    raise StateBusyError(f"state directory {path} is in use by {owner}; one instance at a time") from None
