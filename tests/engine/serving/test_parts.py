"""The parts of a served engine, each by itself: what systemd and screens are told, and how a broken one ends."""

import os
import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from engine.assembly import Run
from engine.journal import JOURNAL_FILE
from engine.model.commands import Flat, Lock, PauseEntries
from engine.model.errors import EXIT_FAULT
from engine.serving.notify import Heartbeat, Notifier, status_line
from engine.serving.served import DurableView
from tests.support.process_harness import unstarted, until

S = 1_000_000_000


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with unstarted(tmp_path) as built:
        yield built


# ── systemd ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(params=["path", "abstract"])
def heard(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[socket.socket, dict[str, str]]]:
    """A service manager's socket, and the environment that names it."""
    name = str(tmp_path / "n") if request.param == "path" else f"\0myquant-{os.getpid()}-{time.monotonic_ns()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.bind(name)
        sock.settimeout(20)
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


# ── What screens are shown ──────────────────────────────────────────────────────────────────────────────────────────


def paint(run: Run) -> None:
    """A turn in which somebody pauses entries, and its picture."""
    with run.engine.turn.lock:
        run.engine._dispatch.carry_out(PauseEntries())
        run.engine._publisher.publish(time.perf_counter_ns())


def test_nobody_is_shown_what_is_not_on_the_disk(run: Run) -> None:
    run.engine.prepare()
    assert run.journal is not None
    until(lambda: not run.journal.waiting)
    served = DurableView(run)
    assert not served.snapshot.entries.paused
    with closing(sqlite3.connect(run.folder / JOURNAL_FILE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # the journal's own writing waits for this
        paint(run)
        assert run.engine.snapshot.entries.paused
        assert not served.snapshot.entries.paused
        other.execute("ROLLBACK")
    until(lambda: not run.journal.waiting)
    assert served.snapshot.entries.paused


def test_a_disk_that_stands_still_does_not_blind_the_screens(run: Run) -> None:
    run.engine.prepare()
    served = DurableView(run)
    first = served.snapshot
    with closing(sqlite3.connect(run.folder / JOURNAL_FILE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        paint(run)
        assert served.snapshot is first
        with run.engine.turn.lock:
            run.engine._publisher.publish(first.taken_ns + 2 * S)
        assert served.snapshot.entries.paused


# ── Ends ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_broken_engine_is_stopped_without_one_more_step(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> dict[str, object]:
        raise AssertionError("its state was touched")

    run.engine.start()
    run.engine.broke(RuntimeError("one"))
    run.engine.broke(RuntimeError("two"))
    monkeypatch.setattr(type(run.trader), "dump", fails)
    run.engine.stop()
    assert (run.engine.problem, run.engine.status.exit_status) == ("engine failed: RuntimeError: one", EXIT_FAULT)
    assert run.engine.snapshot.stopped
