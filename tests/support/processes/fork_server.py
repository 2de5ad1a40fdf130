"""Commands of the program as processes of their own that need not import it: each is a fork of one process that has.

That process is this module (`python -m tests.support.processes.fork_server SOCKET`), one for all tests of a worker. What has to do with
the start of the interpreter is for a process of its own.
"""

import atexit
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import NamedTuple

import engine.__main__
from tests.support.paths import ROOT
from tests.support.waiting import PATIENCE_S

_BASE = {"PYTHONPATH": str(ROOT), "LC_ALL": "C.UTF-8"}
_AT_START = ("PYTHON", "LC_", "LANG", "TZ")  # an interpreter looks at these when it starts


class Answer(NamedTuple):
    """What a command said and how it ended."""

    status: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """The lines on standard error."""
        return self.err.splitlines()


def can_run(environ: Mapping[str, str]) -> bool:
    """Whether a fork can have that environment."""
    return {name: text for name, text in environ.items() if name.startswith(_AT_START)} == _BASE


def run(words: Sequence[str], cwd: Path, environ: Mapping[str, str], text: str = "") -> Answer:
    """A command of the program until its end; `text` is what it can read."""
    with tempfile.TemporaryDirectory() as folder:
        ends = [Path(folder) / name for name in ("in", "out", "err")]
        ends[0].write_text(text, encoding="utf-8")
        command = Fork(words, cwd, environ, ends)
        try:
            status = command.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            command.kill()
            raise
        return Answer(status, *(end.read_text(encoding="utf-8") for end in ends[1:]))


class Fork:
    """A command that runs; a part of what `subprocess.Popen` is. `ends` are what it reads, and what it writes to."""

    def __init__(self, words: Sequence[str], cwd: Path, environ: Mapping[str, str], ends: Sequence[Path]) -> None:
        self.returncode: int | None = None
        self._sock = _connected()
        asked = {"words": words, "cwd": str(cwd), "environ": dict(environ), "ends": [str(end) for end in ends]}
        self._sock.sendall(json.dumps(asked).encode() + b"\n")
        self._said = b""
        while b"\n" not in self._said:
            self._hear(PATIENCE_S)
        pid, _, self._said = self._said.partition(b"\n")
        self.pid = int(pid)

    def _hear(self, timeout_s: float) -> None:
        self._sock.settimeout(timeout_s)
        said = self._sock.recv(99)
        assert said, "the server of forks is gone"
        self._said += said

    def wait(self, timeout: float) -> int:
        """Wait for its end; how it ended. Raises subprocess.TimeoutExpired."""
        give_up_s = time.monotonic() + timeout
        while self.returncode is None:
            if self._said.endswith(b"\n"):
                self.returncode = int(self._said)
                self._sock.close()
                return self.returncode
            try:
                self._hear(max(0.0, give_up_s - time.monotonic()))
            except (BlockingIOError, TimeoutError):
                raise subprocess.TimeoutExpired("a fork", timeout) from None
        return self.returncode

    def poll(self) -> int | None:
        """How it ended, where it has."""
        with suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended: the server may be about to tell so."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


_starting = Lock()  # held by whoever starts it
_servers: list[Path] = []


def _connected() -> socket.socket:
    with _starting:
        if not _servers:
            _servers.append(_started())
    sock = socket.socket(socket.AF_UNIX)
    sock.settimeout(PATIENCE_S)
    sock.connect(str(_servers[0]))
    return sock


def _started() -> Path:
    """The socket of a server that ends when this process does."""
    folder = tempfile.TemporaryDirectory(prefix="forks")
    path = Path(folder.name) / "s"
    environ = {"PATH": os.environ.get("PATH", os.defpath), "HOME": folder.name, **_BASE}
    command = [sys.executable, "-m", "tests.support.processes.fork_server", str(path)]
    server = subprocess.Popen(command, cwd=folder.name, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdin is not None
    assert server.stdout is not None
    assert server.stdout.readline() == b"ready\n"

    def end() -> None:
        server.communicate(timeout=PATIENCE_S)  # which closes its standard input
        folder.cleanup()

    atexit.register(end)
    return path


# ── The process ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _become(asked: dict[str, object]) -> int:
    """Be the command that was asked for; its exit status."""
    words, environ, ends = asked["words"], asked["environ"], asked["ends"]
    assert isinstance(words, list)
    assert isinstance(environ, dict)
    assert isinstance(ends, list)
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.chdir(str(asked["cwd"]))
    os.environ.clear()
    os.environ.update(environ)
    os.setsid()
    os.umask(0)
    written = os.O_WRONLY | os.O_APPEND | os.O_CREAT
    for number, (path, how) in enumerate(zip(ends, (os.O_RDONLY, written, written), strict=True)):
        opened = os.open(path, how, 0o600)
        os.dup2(opened, number)
        os.close(opened)
    sys.argv = [str(engine.__main__.__file__), *words]
    sys.orig_argv = [sys.executable, "-m", "engine", *words]
    sys.modules["__main__"] = engine.__main__
    return engine.__main__.main()


def _serve(path: str) -> None:
    """Fork for whoever connects, and tell how each fork ended; until standard input is closed."""
    import engine.assembly  # noqa: PLC0415 - imported here, it need not be in each of them
    import engine.backtest  # noqa: PLC0415
    import engine.cli  # noqa: PLC0415
    import engine.recording.foreign_source  # noqa: F401, PLC0415

    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(64)
    woken, wakes = socket.socketpair()
    wakes.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)
    selector = selectors.DefaultSelector()
    for each in (0, listener, woken):
        selector.register(each, selectors.EVENT_READ)
    running: dict[int, socket.socket] = {}
    print("ready", flush=True)
    while True:
        ready = [key.fileobj for key, _ in selector.select()]
        if 0 in ready:
            return
        if listener in ready:
            sock, _ = listener.accept()
            asked = json.loads(sock.makefile().readline())
            pid = os.fork()
            if not pid:
                for each in (listener, woken, wakes, sock, *running.values()):
                    each.close()
                selector.close()
                sys.exit(_become(asked))
            running[pid] = sock
            sock.sendall(b"%d\n" % pid)
        if woken in ready:
            woken.recv(4096)
            _tell_ended(running)


def _tell_ended(running: dict[int, socket.socket]) -> None:
    while running:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        with running.pop(pid) as sock:
            sock.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    _serve(sys.argv[1])
