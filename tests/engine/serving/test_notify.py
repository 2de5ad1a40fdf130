"""What systemd is told of a served engine: that its loop goes on, and how it stands."""

import os
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.assembly import Run
from engine.model.commands import Flat, Lock, PauseEntries
from engine.serving.notify import Heartbeat, Notifier, status_line
from tests.support.waiting import PATIENCE_S

S = 1_000_000_000


@pytest.fixture(params=["path", "abstract"])
def heard(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[socket.socket, dict[str, str]]]:
    """A service manager's socket, and the environment that names it."""
    name = str(tmp_path / "n") if request.param == "path" else f"\0myquant-{os.getpid()}-{time.monotonic_ns()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(name)
        sock.settimeout(PATIENCE_S)
        yield sock, {"NOTIFY_SOCKET": name.replace("\0", "@"), "WATCHDOG_USEC": "4000000"}


def test_systemd_is_told_only_while_the_loop_itself_goes_on(
    run: Run, heard: tuple[socket.socket, dict[str, str]]
) -> None:
    sock, environ = heard
    heartbeat = Heartbeat(run, Notifier(environ))
    heartbeat.look(1 * S)
    assert [sock.recv(999), sock.recv(999)] == [
        b"WATCHDOG=1",
        b"STATUS=mock of synthetic session, seed 1: 0 positions, entries allowed",
    ]
    heartbeat.look(1 * S + 1)
    heartbeat.look(4 * S)  # the loop has not gone on
    run.engine.housekeeping.make()
    heartbeat.look(4 * S + 1)
    assert sock.recv(999) == b"WATCHDOG=1"
    run.engine.housekeeping.make()
    heartbeat.look(5 * S)  # it is not time
    heartbeat.look(6 * S + 1)
    assert sock.recv(999) == b"WATCHDOG=1"
    sock.setblocking(False)
    with pytest.raises(BlockingIOError):
        sock.recv(999)


def test_the_status_line_tells_what_a_person_asks_first(run: Run) -> None:
    trader = run.trader
    trader.on_command(PauseEntries(), 0)
    assert status_line(run).endswith("0 positions, entries paused")
    trader.state.gate.halted = "gaps"
    assert status_line(run).endswith("entries halted (gaps)")
    trader.on_command(Lock("me"), 0)
    assert status_line(run).endswith("entries locked (me)")
    trader.on_command(Flat("me"), 0)
    assert status_line(run).endswith("0 positions, flat VERIFYING, entries locked (flat: me)")


def test_nobody_is_told_where_nobody_listens(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    silent = Notifier({})
    silent.say("READY=1")
    deaf = Notifier({"NOTIFY_SOCKET": str(tmp_path / "nobody")})
    deaf.say("READY=1")
    deaf.say("READY=1")
    assert (silent.listens, deaf.listens) == (False, True)
    assert [line.message.partition(":")[0] for line in caplog.records] == ["the service manager does not listen"]


@pytest.mark.parametrize(
    ("environ", "wanted_ns"),
    [
        ({"WATCHDOG_USEC": "10000000"}, 5 * S),
        ({"WATCHDOG_USEC": "10000000", "WATCHDOG_PID": str(os.getpid())}, 5 * S),
        ({"WATCHDOG_USEC": "10000000", "WATCHDOG_PID": "1"}, 0),
        ({"WATCHDOG_USEC": "soon"}, 0),
        ({"WATCHDOG_USEC": "1" * 5000}, 0),
        ({}, 0),
    ],
)
def test_systemd_says_how_often_it_wants_to_hear(environ: dict[str, str], wanted_ns: int) -> None:
    assert Notifier(environ).watchdog_ns == wanted_ns
