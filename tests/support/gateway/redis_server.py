"""A real Redis on a free port of 127.0.0.1 that a test stops, hangs, kills and starts again."""

import shutil
import signal
import socket
import subprocess
from pathlib import Path
from typing import Self

import pytest

from tests.support.waiting import PATIENCE_S, until

PROGRAM = shutil.which("redis-server")
needs_redis = pytest.mark.skipif(PROGRAM is None, reason="no redis-server on this machine (Debian: redis-server)")


class RedisServer:
    """Within: a server at `url` that keeps nothing on the disk; `password` is wanted from whoever connects."""

    def __init__(self, folder: Path, password: str = "") -> None:
        self._folder = folder
        self._password = password
        self._process: subprocess.Popen[bytes] | None = None
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.port: int = listener.getsockname()[1]
        self.url = f"redis://{f':{password}@' if password else ''}127.0.0.1:{self.port}/0"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        assert PROGRAM is not None
        command = [PROGRAM, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        command += ["--dir", str(self._folder), *(["--requirepass", self._password] if self._password else [])]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(self._answers, lambda: f"redis-server at port {self.port}")

    def hang(self) -> None:
        """Let it take connections and answer nothing."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """End `hang`."""
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it in good order."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once, also where it hangs or is gone."""
        self._end(signal.SIGKILL)

    def command(self, *words: str | bytes) -> bytes:
        """What it answers to one command, as it comes over the wire."""
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE_S) as connection:
            connection.settimeout(PATIENCE_S)
            if self._password:
                connection.sendall(_packed("AUTH", self._password))
                assert connection.recv(100).startswith(b"+OK")
            connection.sendall(_packed(*words))
            return connection.recv(65_536)

    def _answers(self) -> bool:
        try:
            return self.command("PING").startswith(b"+PONG")
        except OSError:
            return False

    def _signal(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def _end(self, number: int) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(number)
            process.wait(PATIENCE_S)


def _packed(*words: str | bytes) -> bytes:
    parts = [word if isinstance(word, bytes) else word.encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)
