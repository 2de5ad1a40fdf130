"""The service as a process of its own, with or without an engine beside it."""

import re
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from tests.support.processes.command_home import Home
from tests.support.waiting import PATIENCE_S, until

_TICKS_A_S = 100  # of the kernel's clock
_LISTENS = "0A"  # a socket's state in /proc/net/tcp


class Service:
    """A running service, where it listens and what it said first."""

    def __init__(self, home: Home, popen: subprocess.Popen[str]) -> None:
        assert popen.stdout is not None
        self.home = home
        self.popen = popen
        self.line = popen.stdout.readline()
        found = re.search(r"http://127\.0\.0\.1:(\d+)", self.line)
        self.port = int(found[1]) if found else 0

    def get(self, target: str, token: str = "") -> tuple[int, Any]:
        """The status and the decoded answer."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{target}", headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
                return answer.status, msgspec.json.decode(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, msgspec.json.decode(error.read())

    @property
    def token_file(self) -> Path:
        """Where it says that the token lies."""
        return Path(self.line.split()[-1])

    def rss_mb(self) -> float:
        """Its resident memory."""
        return self._kb("VmRSS") / 1024

    def peak_mb(self) -> float:
        """The most that it ever had."""
        return self._kb("VmHWM") / 1024

    def waiting(self) -> int:
        """How many connections the system holds for it that it has not taken in."""
        for line in Path("/proc/net/tcp").read_text(encoding="ascii").splitlines()[1:]:
            _, local, _, state, queues, *_ = line.split()
            if state == _LISTENS and local.endswith(f":{self.port:04X}"):
                return int(queues.partition(":")[2], 16)
        return 0

    def cpu_s(self) -> float:
        """What it has used of a processor."""
        fields = Path(f"/proc/{self.popen.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS_A_S

    def end(self) -> str:
        """SIGTERM; what it said on standard error."""
        self.popen.send_signal(signal.SIGTERM)
        return self.popen.communicate(timeout=PATIENCE_S)[1]

    def _kb(self, name: str) -> int:
        status = Path(f"/proc/{self.popen.pid}/status").read_text(encoding="ascii")
        return int(re.search(rf"{name}:\s+(\d+)", status)[1])  # type: ignore[index]


@contextmanager
def served(home: Home, *words: str | Path, engine: bool = False, **other: object) -> Iterator[Service]:
    """A service on a free port, killed at the end where it has not ended; beside an engine of a generated session where wanted."""
    with ExitStack() as stack:
        if engine:
            running = stack.enter_context(home.start("engine", "--source", "mock", "--quiet", "--set", "mock.speed=1"))
            stack.callback(running.kill)
        popen = stack.enter_context(home.start(*(words or ("serve", "--port", "0")), **other))
        stack.callback(popen.kill)
        service = Service(home, popen)
        if engine:
            until(lambda: service.get("/health")[1]["status"] == "healthy")
        yield service
