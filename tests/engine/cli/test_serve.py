"""The command as a program of its own: one service for nearly all tests here."""

import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gateway.service import Service, served
from tests.support.processes.command_home import Home
from tests.support.waiting import PATIENCE_S


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with served(Home(tmp_path_factory.mktemp("serve"))) as service:
        yield service


def test_it_says_where_it_is_and_where_the_token_lies(service: Service) -> None:
    path = service.token_file
    assert path == service.home.folder / "state" / "myquant-tui" / "serve.token"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert service.get("/")[1]["name"] == "myquant-tui"
    assert service.get("/health")[1]["status"] == "degraded"


def test_a_second_one_of_the_same_state_says_who_serves_it(service: Service) -> None:
    second = service.home.run("serve", "--port", "0")
    assert second.status == 2
    (line,) = second.lines
    assert f"is served already by process {service.popen.pid}; one `serve` at a time" in line


def test_another_one_says_that_the_port_is_taken(service: Service, tmp_path: Path) -> None:
    second = service.home.run("serve", "--port", str(service.port), "--state-dir", tmp_path)
    assert second.status == 2
    taken = (
        f"port {service.port} of 127.0.0.1: somebody listens there already; allowed: another --port, 0 for a free one"
    )
    assert second.lines == [f"myquant-tui: {taken}"]


@pytest.mark.parametrize("words", [("--port", "0.0.0.0:80"), ("--port", "70000"), ("--port", "1", "--socket", "s")])
def test_another_address_is_refused(service: Service, words: tuple[str, ...]) -> None:
    answer = service.home.run("serve", *words)
    assert (answer.status, len(answer.lines)) == (2, 1)


def test_it_ends_well_by_a_signal(service: Service) -> None:
    said = service.end()
    assert service.popen.returncode == 0
    assert "Traceback" not in said


def test_a_unix_socket_is_private_taken_once_and_gone_at_the_end(tmp_path: Path) -> None:
    home = Home(tmp_path)
    path = home.cwd / "serve.sock"
    with served(home, "serve", "--set", f"serve.socket={path}") as service:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            sock.connect(str(path))
            sock.sendall(b"HEAD /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            answer = b""
            while part := sock.recv(4096):
                answer += part
        assert answer.startswith(b"HTTP/1.1 200 ")
        assert answer.endswith(b"\r\n\r\n")  # HEAD: no body
        second = home.run("serve", "--socket", path, "--state-dir", tmp_path / "other")
        assert (second.status, len(second.lines)) == (2, 1)
        assert "somebody listens there already" in second.lines[0]
        service.popen.send_signal(signal.SIGINT)
        service.popen.communicate(timeout=PATIENCE_S)
        assert service.popen.returncode == 0
    assert not path.exists()
