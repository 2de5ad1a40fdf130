from pathlib import Path

import pytest

from engine.gateway.watched_engine import WatchedEngine
from engine.model.errors import InputError
from tests.support.link_harness import FakeEngine, RawClient, engine_snapshot, serving
from tests.support.waiting import until


def folder(base: Path, name: str) -> Path:
    made = base / name
    made.mkdir(mode=0o700)
    return made


def test_it_waits_for_an_engine_outlives_it_and_finds_the_next_elsewhere(tmp_path: Path) -> None:
    where = folder(tmp_path, "first")
    engine = WatchedEngine(lambda: where / "engine.sock")
    engine.start()
    until(lambda: engine.state.word == "LOST")
    assert engine.snapshot is None
    assert engine.age_s() is None
    with serving(where):
        until(lambda: engine.snapshot is not None)
        assert engine.state.word == "CONNECTED"
    until(lambda: engine.state.word == "LOST")
    assert engine.snapshot is not None  # the last one; its age tells
    where = folder(tmp_path, "second")
    with serving(where, fake=FakeEngine(engine_snapshot(7))):
        until(lambda: engine.snapshot is not None and engine.snapshot.number == 7)
        engine.leave()


def test_what_it_tells_by_it_says_with_every_look(tmp_path: Path) -> None:
    claims = {"command": 3}
    with serving(folder(tmp_path, "engine")) as there:
        engine = WatchedEngine(lambda: there.path)
        engine.start(lambda: dict(claims))
        until(lambda: (claim := there.server.claim("command")) is not None and claim.told_ns == 3)
        claims["command"] = 4
        until(lambda: (claim := there.server.claim("command")) is not None and claim.told_ns == 4)
        claims.clear()
        until(lambda: there.server.claim("command") is None)
        engine.leave()


def test_no_screen_is_counted_and_sixteen_screens_keep_it_out_of_nothing(tmp_path: Path) -> None:
    with serving(folder(tmp_path, "engine")) as there:
        screens = [RawClient(there.path).hello(f"screen {n}") for n in range(16)]
        engine = WatchedEngine(lambda: there.path)
        engine.start()
        until(lambda: engine.snapshot is not None)
        clients = tuple(there.server._handler.clients.values())
        assert [client.name for client in clients if not client.screen] == ["serve"]
        assert not any(client.wants_control for client in clients)
        assert len(clients) == 17
        engine.leave()
        for screen in screens:
            screen.sock.close()


def test_where_it_cannot_be_said_which_engine_that_is_told(tmp_path: Path) -> None:
    def several() -> Path:
        raise InputError("several engines are running: say which")

    engine = WatchedEngine(several)
    engine.start()
    until(lambda: engine.state.word == "LOST")
    assert engine.state.reason == "several engines are running: say which"
    engine.leave()


def test_the_age_of_a_snapshot_is_counted_by_the_clock_of_the_machine(tmp_path: Path) -> None:
    with serving(folder(tmp_path, "engine"), fake=FakeEngine(engine_snapshot(1, taken_ns=2_000_000_000))) as there:
        engine = WatchedEngine(lambda: there.path, clock_ns=lambda: 5_500_000_000)
        engine.start()
        until(lambda: engine.snapshot is not None)
        assert engine.age_s() == 3.5
        engine.leave()


def test_an_engine_of_another_version_is_looked_at_without_its_counters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.link.request_handler.VERSION", "0.0.1")
    with serving(folder(tmp_path, "engine")) as there:
        engine = WatchedEngine(lambda: there.path)
        engine.start()
        until(lambda: engine.snapshot is not None and engine.state.word == "CONNECTED")
        there.fake.go_on(number=7)
        until(lambda: engine.snapshot is not None and engine.snapshot.number >= 7)
        assert (engine.state.word, engine.measures, there.connections) == ("CONNECTED", None, 1)
        engine.leave()
