"""The command as a program of its own: one service for all tests here."""

import re
import signal
import stat
import subprocess
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.support.command_home import Home


class Served:
    """A running service, where it listens and what it said first."""

    def __init__(self, home: Home, popen: subprocess.Popen[str], line: str) -> None:
        self.home = home
        self.popen = popen
        self.line = line
        self.port = int(re.search(r"http://127\.0\.0\.1:(\d+)", line)[1])  # type: ignore[index]

    def get(self, target: str) -> dict[str, object]:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{target}", timeout=10) as answer:
            return msgspec.json.decode(answer.read())  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = Home(tmp_path_factory.mktemp("serve"))
    with home.start("serve", "--port", "0") as popen:
        assert popen.stdout is not None
        yield Served(home, popen, popen.stdout.readline())
        popen.kill()


def test_it_says_where_it_is_and_where_the_token_lies(served: Served) -> None:
    path = Path(served.line.split()[-1])
    assert path == served.home.folder / "state" / "myquant-tui" / "serve.token"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert served.get("/")["name"] == "myquant-tui"
    assert served.get("/health")["status"] == "degraded"


def test_a_second_one_says_that_the_port_is_taken(served: Served) -> None:
    second = served.home.run("serve", "--port", str(served.port))
    assert second.status == 2
    taken = (
        f"port {served.port} of 127.0.0.1: somebody listens there already; allowed: another --port, 0 for a free one"
    )
    assert second.lines == [f"myquant-tui: {taken}"]


@pytest.mark.parametrize("words", [("--port", "0.0.0.0:80"), ("--port", "70000"), ("--port", "1", "--socket", "s")])
def test_another_address_is_refused(served: Served, words: tuple[str, ...]) -> None:
    answer = served.home.run("serve", *words)
    assert (answer.status, len(answer.lines)) == (2, 1)


def test_it_ends_well_by_a_signal(served: Served) -> None:
    served.popen.send_signal(signal.SIGTERM)
    _, said = served.popen.communicate(timeout=20)
    assert served.popen.returncode == 0
    assert "Traceback" not in said
