"""The Unix socket: listening and connecting at a path of any length, private to one user. Knows no protocol."""

import os
import socket
import stat
import struct
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.model.errors import UserError, reason

_LONGEST_PATH = 100  # bytes; the system's own limit is 108 on Linux, 104 elsewhere
_BACKLOG = 256  # connections that wait to be taken; beyond them the system refuses, and a command tries again
_CONNECT_AGAIN_S = 0.01


def listen(path: Path) -> socket.socket:
    """A non-blocking socket that listens at `path`, mode 0600; what a dead engine left there is replaced.

    The caller owns the directory's lock, so that no living engine can stand behind the old one. Raises UserError.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _check_folder(path)
        _remove_old(path)
        with _short(path) as name:
            listener.bind(name)
        os.chmod(path, 0o600)  # nobody can connect before `listen`
        listener.listen(_BACKLOG)
        listener.setblocking(False)
    except (OSError, ValueError) as error:
        listener.close()
        raise UserError(f"socket {path}: {reason(error)}") from error
    except UserError:
        listener.close()
        raise
    return listener


def connect(path: Path, timeout_s: float) -> socket.socket:
    """A socket connected to `path` whose calls take at most `timeout_s`; raises OSError, or UserError for a path that cannot be."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout_s)
        with _short(path) as name:
            _connect_patiently(sock, name, time.monotonic() + timeout_s)
    except (OSError, ValueError, UserError):
        sock.close()
        raise
    return sock


def _connect_patiently(sock: socket.socket, name: str, until_s: float) -> None:
    """Connect; while the listener's backlog is full the system refuses at once, and it is tried again."""
    while True:
        try:
            sock.connect(name)
            return
        except BlockingIOError:
            if time.monotonic() > until_s:
                raise
            time.sleep(_CONNECT_AGAIN_S)


def peer_uid(sock: socket.socket) -> int | None:
    """The user at the other end; None where the system does not tell, and the modes of the files stand alone."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return None
    _pid, uid, _gid = struct.unpack("iII", sock.getsockopt(socket.SOL_SOCKET, option, struct.calcsize("iII")))
    return int(uid)


def listening_pid(path: Path) -> int:
    """The process of our own user that listens at `path`; 0 when nobody does that we can see, -1 when it cannot be named. Waits for nothing."""
    option = getattr(socket, "SO_PEERCRED", None)
    try:
        if option is None or not stat.S_ISSOCK(path.stat().st_mode):
            return 0
    except OSError:  # nothing is there, or the folder is closed to us
        return 0
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        with _short(path) as name:
            sock.connect(name)
        pid, uid, _gid = struct.unpack("iII", sock.getsockopt(socket.SOL_SOCKET, option, struct.calcsize("iII")))
    except BlockingIOError:  # it listens, and takes nobody in
        return -1
    except (OSError, UserError):
        return 0
    finally:
        sock.close()
    return (int(pid) or -1) if uid == os.geteuid() else 0


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """`path` in few enough bytes: itself, or through a descriptor of its directory where the system has such names."""
    if len(os.fsencode(path)) <= _LONGEST_PATH:
        yield str(path)
        return
    if not os.path.isdir("/proc/self/fd"):
        raise UserError(f"socket {path}: its path is longer than {_LONGEST_PATH} bytes; give a shorter --state-dir")
    folder_fd = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder_fd}/{path.name}"
    finally:
        os.close(folder_fd)


def _check_folder(path: Path) -> None:
    """Refuse a directory in which somebody else could put another socket in our place."""
    found = path.parent.stat()
    if found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise UserError(f"socket {path}: its directory must be yours and no others' to write in (chmod 700)")


def _remove_old(path: Path) -> None:
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise UserError(f"socket {path}: something else is there; move it away")
    path.unlink()
