"""A service beside an engine, and a real Prometheus that scrapes it once a second; processes of their own, on free ports."""

import json
import re
import shutil
import socket
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any, Self

from engine.gateway.package_files import text_of
from tests.support.processes.process_harness import environment
from tests.support.waiting import PATIENCE_S, until

PROMETHEUS = shutil.which("prometheus")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


class ServeProcess:
    """`myquant-tui serve` on a free port, for the engine of `state`; `folder` is its user's home."""

    def __init__(self, folder: Path, state: Path, *more: str, port: int = 0, **environ: str) -> None:
        self.said = folder / "served"
        words = ["serve", "--port", str(port), "--state-dir", str(state), *more]
        with self.said.open("a") as output:
            self.popen = subprocess.Popen(
                [sys.executable, "-m", "engine", *words],
                cwd=folder, env=environment(folder, **environ), stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip
        until(lambda: self.popen.poll() is not None or "serving on" in self.said.read_text(), self.said.read_text)
        assert self.popen.poll() is None, self.said.read_text()
        line = next(each for each in reversed(self.said.read_text().splitlines()) if "serving on" in each)
        self.port = int(re.search(r"127\.0\.0\.1:(\d+)", line)[1])  # type: ignore[index]
        self.token = state / "serve.token"

    def get(self, path: str) -> tuple[int, bytes]:
        """What `path` answers to whoever has the token."""
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}")
        asked.add_header("Authorization", f"Bearer {self.token.read_text().strip()}")
        try:
            with urllib.request.urlopen(asked, timeout=PATIENCE_S) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def kill(self) -> None:
        self.popen.kill()
        self.popen.wait(PATIENCE_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()


class Prometheus:
    """Scrapes the service at `port` as the package's own files say."""

    def __init__(self, folder: Path, port: int, token: Path) -> None:
        assert PROMETHEUS is not None
        folder.mkdir()
        (folder / "prometheus.yml").write_text(text_of("scrape", port=port, token=token))
        (folder / "myquant-rules.yml").write_text(text_of("rules"))
        self.port = free_port()
        self._said = folder / "said"
        with self._said.open("w") as output:
            self._popen = subprocess.Popen(
                [
                    PROMETHEUS,
                    "--config.file=prometheus.yml",
                    "--storage.tsdb.path=data",
                    f"--web.listen-address=127.0.0.1:{self.port}",
                ],
                cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip
        until(self._is_ready, self._said.read_text)

    def _is_ready(self) -> bool:
        try:
            self.api("query", query="up")
        except OSError:
            return False
        return True

    def api(self, path: str, **words: str) -> Any:
        """What its API says."""
        query = urllib.parse.urlencode(words)
        with urllib.request.urlopen(
            f"http://127.0.0.1:{self.port}/api/v1/{path}?{query}", timeout=PATIENCE_S
        ) as answer:
            return json.load(answer)["data"]

    def series(self, query: str) -> list[Any]:
        """The series that `query` finds now."""
        found: list[Any] = self.api("query", query=query)["result"]
        return found

    def alerts(self, *states: str) -> set[str]:
        """The alerts in one of these states now: `firing`, or `pending` for as long as their rule has them wait."""
        return {each["labels"]["alertname"] for each in self.api("alerts")["alerts"] if each["state"] in states}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._popen.kill()
        self._popen.wait(PATIENCE_S)
