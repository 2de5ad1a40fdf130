"""What comes that should not: bounded, refused, and told once. One service for all tests here."""

import re
import resource
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.gateway.http_requests import exchange
from tests.support.gateway.service import Service, served
from tests.support.processes.command_home import Home
from tests.support.waiting import PATIENCE_S, until

MOST_MB = 45
AT_ONCE = 50  # fewer connections than the system holds until the service takes them in
# The command with a bound that is over sooner; what counts towards it, `test_connection.py` looks at.
IS_IMPATIENT = """
from engine.cli import main
from engine.gateway.http import connection
connection.HEAD_S = 0.1
main()
"""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("hostile")
    with (folder / "log").open("wb") as log, served(Home(folder), stderr=log) as service:
        yield service


def said(service: Service) -> str:
    return (service.home.folder / "log").read_text(encoding="utf-8")


def open_files(service: Service) -> int:
    return len(list(Path(f"/proc/{service.popen.pid}/fd").iterdir()))


def is_well(service: Service) -> None:
    assert service.get("/health")[0] == 200
    assert service.rss_mb() < MOST_MB


def request(target: str, *lines: str, host: str = "localhost", method: str = "GET") -> bytes:
    return "\r\n".join((f"{method} {target} HTTP/1.1", f"Host: {host}", *lines, "", "")).encode("latin-1")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (request("/", host="evil.example"), 421),
        (request("/", "Host: localhost"), 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.0\r\n\r\n", 400),
        (request("/", "Origin: https://evil.example"), 403),
        (request("/", method="POST"), 405),
        (request("/", method="DELETE"), 405),
        (request("/", method="TRACE"), 405),
        (request("http://evil.example/"), 400),
        (request("*", method="OPTIONS"), 400),
        (request("evil.example:443", method="CONNECT"), 400),
        (request("/../../etc/passwd"), 404),
        (request("/%2e%2e/%2e%2e/etc/passwd"), 404),
        (request("/docs/..%2f..%2fetc%2fpasswd"), 404),
        (request("/docs/swagger-ui-bundle.js.map"), 404),
        (request("/\\..\\health"), 404),
        (request("/health%00"), 404),
        (request("/api/v1/data/mock/A%1b%5B2J"), 422),
        (request("/api/v1/data/mock/%E2%80%AEA"), 422),
        (request("/api/v1/data/mock/%ff%fe"), 422),
        (request("/api/v1/data/mock/A%0d%0aSet-Cookie:%20a=b"), 404),
        (request("/api/v1/positions", "Authorization: Bearer wrong"), 401),
        (request("/api/v1/positions?token=wrong"), 401),
        (request("/" + "a" * 20_000), 431),
        (request("/", "X-Long: " + "a" * 20_000), 431),
        (request("/", *(f"X-{n}: 1" for n in range(5_000))), 431),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
        (b"\x00" * 100, 400),
        (b"NONSENSE / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nBad Header\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    ],
)
def test_it_is_refused_in_one_shape(service: Service, data: bytes, status: int) -> None:
    head, _, body = exchange(service.port, data.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n", 1)).partition(
        b"\r\n\r\n"
    )
    assert head.startswith(f"HTTP/1.1 {status} ".encode())
    assert b"nosniff" in head
    assert re.search(rb'"status":%d' % status, body)
    assert b'"success":false' in body


def test_a_header_of_ten_megabytes_is_not_kept(service: Service) -> None:
    before = service.peak_mb()
    exchange(service.port, b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 10_000_000)
    exchange(service.port, b"GET /" + b"a" * 10_000_000)
    is_well(service)
    assert service.peak_mb() < before + 3


def test_a_body_is_thrown_away_and_ends_the_connection(service: Service) -> None:
    answer = exchange(service.port, request("/", "Content-Length: 10000000") + b"a" * 10_000_000)
    assert answer.count(b"HTTP/1.1 ") <= 1  # it may be ended before it has read the answer
    chunked = request("/", "Transfer-Encoding: chunked", method="POST") + b"5\r\nhello\r\n0\r\n\r\n" + request("/")
    answer = exchange(service.port, chunked)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert answer.startswith(b"HTTP/1.1 405 ")
    is_well(service)


def test_many_requests_at_once_on_one_connection_are_bounded(service: Service) -> None:
    answer = exchange(service.port, request("/") * 10 + request("/", "Connection: close"))
    assert answer.count(b"HTTP/1.1 200 ") == 11
    before = service.peak_mb()
    exchange(service.port, request("/") * 100_000)
    is_well(service)
    assert service.peak_mb() < before + 5


def test_a_thousand_connections_keep_nobody_out_for_long(service: Service) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 4096), most))
    silent: list[socket.socket] = []
    try:
        for number in range(1000):
            silent.append(socket.create_connection(("127.0.0.1", service.port), 10))
            if number % AT_ONCE == 0:  # of more at once the system drops some, and tries again in seconds
                until(lambda: service.waiting() == 0)
        assert open_files(service) < 300
        until(lambda: open_files(service) < 100)
        until(lambda: exchange(service.port, request("/health", "Connection: close")).startswith(b"HTTP/1.1 200 "))
    finally:
        for sock in silent:
            sock.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    until(lambda: open_files(service) < 40)
    until(lambda: exchange(service.port, request("/health", "Connection: close")).startswith(b"HTTP/1.1 200 "))
    is_well(service)


@pytest.mark.slow
def test_a_slow_client_is_ended(tmp_path: Path) -> None:
    with (
        served(Home(tmp_path), program=("-c", IS_IMPATIENT)) as service,
        socket.create_connection(("127.0.0.1", service.port), PATIENCE_S) as sock,
    ):
        sock.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        answer = b""
        while part := sock.recv(1000):
            answer += part
        assert answer.startswith(b"HTTP/1.1 408 ")
        is_well(service)


def test_each_kind_was_told_once_and_the_service_ends_well(service: Service) -> None:
    service.get("/nothing")
    service.get("/nothing")
    service.end()
    assert service.popen.returncode == 0
    lines = said(service).splitlines()
    assert lines
    assert "Traceback" not in said(service)
    kinds = [re.sub(r"^\S+ ", "", line) for line in lines]
    assert len(set(kinds)) == len(kinds)
    assert len(lines) < 30
