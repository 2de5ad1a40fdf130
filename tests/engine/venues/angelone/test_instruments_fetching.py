"""The exchange's list, fetched: once a day, whole or not at all, and yesterday's where today's cannot be had."""

import json
import os
import resource
import sqlite3
import threading
from contextlib import closing
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import Config
from engine.model.clock import VirtualClock
from engine.model.errors import DiskError, InputError, UserError
from engine.venues.angelone.instruments.master import cache_folder, is_fresh, ready, update
from tests.support.builders import config
from tests.support.http_server import HttpRequest, HttpServer, answer
from tests.support.venues.instrument_list import text_of
from tests.support.waiting import PATIENCE_S

TODAY = date(2025, 11, 20)
NOON_NS = int(datetime(2025, 11, 20, 6, 30, tzinfo=UTC).timestamp()) * 10**9
COUNT = 600


class Server:
    """Hands out the list with a tag, or 304, or whatever `failure` says."""

    def __init__(self) -> None:
        self.failure: bytes | None = None
        self.tag = '"one"'

    def __call__(self, asked: HttpRequest) -> bytes:
        if self.failure is not None:
            return self.failure
        if asked.headers.get("if-none-match") == self.tag:
            return answer(304, "")
        return answer(200, text_of(COUNT), ETag=self.tag)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return cache_folder(os.environ)


def at(stub: HttpServer) -> Config:
    return config(f"smartapi.master_url={stub.url}/list.json")


def test_once_a_day_by_tag_and_in_private_files(cache: Path) -> None:
    server, clock = Server(), VirtualClock(NOON_NS)
    with HttpServer(server) as stub:
        for _ in range(2):
            instruments, warning = ready(at(stub), clock, least_rows=COUNT)
            with instruments:
                assert instruments.instrument("NIFTY", TODAY).token == "99926000"
            assert warning == ""
        assert len(stub.requests) == 1
        clock.advance(20 * 3600 * 10**9)  # 08:00 of the next day: no newer list can be there
        ready(at(stub), clock, least_rows=COUNT)[0].close()
        assert len(stub.requests) == 1
        clock.advance(3600 * 10**9)
        ready(at(stub), clock, least_rows=COUNT)[0].close()
        assert len(stub.requests) == 2
        assert stub.requests[1].headers["if-none-match"] == '"one"'
        ready(at(stub), clock, least_rows=COUNT)[0].close()  # 304: it was the newest, and is so until tomorrow
        assert len(stub.requests) == 2
    assert stub.requests[0].headers["accept-encoding"] == "identity"
    assert "if-none-match" not in stub.requests[0].headers
    assert cache.stat().st_mode & 0o777 == 0o700
    files = {path.name: path.stat().st_mode & 0o777 for path in cache.iterdir()}
    assert files == {"instruments.sqlite": 0o600, "instruments.lock": 0o600}


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (answer(503, "x"), "HTTP 503"),
        (answer(302, "", Location="/x"), "HTTP 302"),
        (answer(200, text_of(50)), "50 rows"),
        (answer(200, text_of(COUNT)[:-40]), "cut off or damaged"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n[", "cut off after 1 of 999"),
        (answer(200, "<html>"), "is not a JSON array"),
        (answer(200, json.dumps([{"token": "1"}] * COUNT)), "0 of them of use"),
        (answer(304, ""), "HTTP 304"),
    ],
)
def test_yesterday_s_copy_stands_in_with_a_warning_and_is_not_touched(cache: Path, failure: bytes, words: str) -> None:
    server, clock = Server(), VirtualClock(NOON_NS)
    server.tag = ""  # so that a 304 is nonsense
    with HttpServer(server) as stub:
        server.failure = failure
        with pytest.raises(UserError, match=words):
            ready(at(stub), clock, least_rows=COUNT)
        assert not (cache / "instruments.sqlite").exists()
        server.failure = None
        ready(at(stub), clock, least_rows=COUNT)[0].close()
        before = (cache / "instruments.sqlite").read_bytes()
        clock.advance(24 * 3600 * 10**9)
        server.failure = failure
        instruments, warning = ready(at(stub), clock, least_rows=COUNT)
        with instruments:
            assert instruments.find("NIFTY 25000 CE", TODAY)
    assert warning.startswith("instrument list of 2025-11-20 12:00 IST is used: instrument list: ")
    assert words in warning
    assert (cache / "instruments.sqlite").read_bytes() == before
    assert sorted(path.name for path in cache.iterdir()) == ["instruments.lock", "instruments.sqlite"]


def test_a_copy_from_elsewhere_or_a_damaged_one_is_no_copy(cache: Path) -> None:
    clock = VirtualClock(NOON_NS)
    with HttpServer(Server()) as stub, HttpServer(Server()) as other:
        ready(at(stub), clock, least_rows=COUNT)[0].close()
        ready(at(other), clock, least_rows=COUNT)[0].close()
        assert len(other.requests) == 1
        (cache / "instruments.sqlite").write_bytes(b"SQLite format 3\0" + b"rubbish" * 1000)
        os.utime(cache / "instruments.sqlite", ns=(NOON_NS, NOON_NS))
        ready(at(other), clock, least_rows=COUNT)[0].close()
        assert len(other.requests) == 2


def test_two_at_once_and_one_waits_for_nobody(cache: Path) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def respond(asked: HttpRequest) -> bytes:
        inside.set()
        assert go_on.wait(PATIENCE_S)
        return Server()(asked)

    clock = VirtualClock(NOON_NS)
    with HttpServer(respond) as stub:
        url = f"{stub.url}/list.json"
        first = threading.Thread(target=lambda: update(cache, url, clock, least_rows=COUNT))
        first.start()
        assert inside.wait(PATIENCE_S)
        with pytest.raises(InputError, match="another myquant-tui"):
            update(cache, url, clock, least_rows=COUNT)
        go_on.set()
        first.join(PATIENCE_S)
    assert (cache / "instruments.sqlite").exists()


def test_a_cache_that_cannot_be_written_is_the_disk_s_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with HttpServer(Server()) as stub, pytest.raises(DiskError, match="Not a directory"):
        ready(at(stub), VirtualClock(NOON_NS), least_rows=COUNT)


def test_a_full_disk_leaves_the_old_copy(cache: Path) -> None:
    clock = VirtualClock(NOON_NS)
    with HttpServer(Server()) as stub:
        ready(at(stub), clock, least_rows=COUNT)[0].close()
        clock.advance(24 * 3600 * 10**9)
        limit = resource.getrlimit(resource.RLIMIT_FSIZE)
        server_tag_changed = replace_tag(cache)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limit[1]))
        try:
            instruments, warning = ready(at(stub), clock, least_rows=COUNT)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        instruments.close()
    assert server_tag_changed
    assert "File too large" in warning


def replace_tag(cache: Path) -> bool:
    """Let the copy have another tag than the server's, so that the whole list is sent."""
    path = cache / "instruments.sqlite"
    stamp = path.stat().st_mtime_ns
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        changed = database.execute("UPDATE told SET value = '\"old\"' WHERE key = 'etag'").rowcount
    os.utime(path, ns=(stamp, stamp))
    return changed == 1


@given(day=st.integers(0, 20_000), checked=st.integers(0, 86_399), now=st.integers(0, 86_399 * 3))
def test_fresh_means_no_half_past_eight_in_between(day: int, checked: int, now: int) -> None:
    """Compared with counting the moments one by one."""
    turn = 3 * 3600  # 08:30 IST is 03:00 UTC
    first, second = day * 86_400 + checked, day * 86_400 + checked + now
    between = any(first < one * 86_400 + turn <= second for one in range(day, day + 5))
    assert is_fresh(first * 10**9, second * 10**9) is not between
