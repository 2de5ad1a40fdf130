"""The engine as a process of its own on a simulated exchange: stopped and gone on, fed with hostile frames, without credentials."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from engine.link import RemoteEngine
from engine.model.errors import EXIT_BAD_INPUT, EXIT_POSITION_OPEN, EXIT_WELL
from engine.model.types import FLAG_LATE
from engine.recording import MqrSource
from tests.simulator import Simulator
from tests.simulator.framing import TEXT, frame
from tests.support.processes.command_home import Home
from tests.support.processes.live_processes import (
    CANARIES,
    RATE,
    SCALPING,
    WITH_CANARIES,
    EchoingExchange,
    EngineProcess,
    arguments,
    assert_no_secret,
    exchange,
    running_engine,
    wait_for_ticks,
)
from tests.support.venues.live_harness import ENVIRON, HOLDING, assert_same, verify
from tests.support.waiting import PATIENCE_S, until

pytestmark = pytest.mark.slow

# Three runs that spend their time waiting, and so do it together.


class Stopped(NamedTuple):
    """What is left of a run that was stopped for three seconds."""

    status: int
    process: EngineProcess
    sent: int


def is_stopped(folder: Path) -> Stopped:
    with exchange() as sim:
        with running_engine(folder, sim, *SCALPING) as process:
            wait_for_ticks(sim, RATE // 2)
            process.popen.send_signal(signal.SIGSTOP)
            wait_for_ticks(sim, 3 * RATE)
            process.popen.send_signal(signal.SIGCONT)
            wait_for_ticks(sim, RATE // 2)
            status = process.end()
        return Stopped(status, process, sim.counters.all_sent)


class Fed(NamedTuple):
    """What hostile frames brought about."""

    status: int
    process: EngineProcess
    growth_kb: int


def is_fed(folder: Path) -> Fed:
    with exchange() as sim, running_engine(folder, sim, *HOLDING, "recording.enabled=off") as process:
        wait_for_ticks(sim, RATE)
        before_kb = process.rss_kb()
        for times, fault in enumerate(("claim", "endless"), 2):
            sim.fault(fault)
            assert sim.wait_for(lambda counters, times=times: counters.upgrades == times, PATIENCE_S)
            assert sim.wait_subscribed(1, PATIENCE_S)
            wait_for_ticks(sim, RATE // 4)
        growth_kb = process.rss_kb() - before_kb
        return Fed(process.end(), process, growth_kb)


class Watched(NamedTuple):
    """All that could be seen of a run on an exchange that tells our secrets."""

    process: EngineProcess
    texts: tuple[str, ...]
    passwords: list[str]


def is_watched(folder: Path, echo: EchoingExchange) -> Watched:
    with (
        exchange(account=echo.account) as sim,
        running_engine(
            folder, sim, *HOLDING, "heartbeat.heartbeat_log_s=1", environ=WITH_CANARIES, breaks="strategy"
        ) as process,
    ):
        wait_for_ticks(sim, RATE // 2)
        keys = " ".join(CANARIES.values())
        newest = [*echo.account._good.values()][-1]
        tokens = f"{newest.jwt} {newest.feed} {keys}"
        refused = json.dumps({"correlationID": "batch0", "errorCode": "E1001", "errorMessage": f"bad {tokens}"})

        def say() -> None:
            (client,) = sim._floor.clients
            client.data(frame(TEXT, refused.encode()) + frame(TEXT, f"no JSON: {tokens}".encode()))

        sim._do(say)
        client = RemoteEngine(process.state / "engine.sock", "test")
        client.start(PATIENCE_S)
        (process.home.cwd / "hang").touch()
        stacks = process.state / "stacks.txt"
        until(lambda: "has stood still" in stacks.read_text(encoding="utf-8"))
        (process.home.cwd / "hang").unlink()
        sim._do(lambda: sim._floor.clients[0].close(1011, f"gone {keys} {tokens}"[:120]))
        sim.fault("expire")
        until(lambda: client.snapshot.feed is not None and client.snapshot.feed.because.startswith("login: not again"))
        status = process.home.run("status", "--json", "--state-dir", str(process.state))
        shown = repr((client.snapshot, client.log_lines(0, 2000)))
        client.leave(detached=False)
        process.end()
    return Watched(process, (*process.said, status.out, status.err, shown), echo.passwords)


class Runs(NamedTuple):
    """The three, on their way."""

    stopped: "Future[Stopped]"
    fed: "Future[Fed]"
    watched: "Future[Watched]"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(3) as pool:
        yield Runs(
            pool.submit(is_stopped, folder / "stopped"),
            pool.submit(is_fed, folder / "fed"),
            pool.submit(is_watched, folder / "watched", EchoingExchange(patch)),
        )


def test_a_process_that_was_stopped_enters_nothing_on_what_waited(runs: Runs, record_property) -> None:
    status, process, sent = runs.stopped.result()
    assert status in {EXIT_WELL, EXIT_POSITION_OPEN}, process.said
    (paused,) = process.journal("Paused")
    assert 2_500 < paused["pause_ms"] < 8_000
    ticks = {tick.seq: tick for tick in MqrSource(process.recording).ticks()}
    late = [tick for tick in ticks.values() if tick.flags & FLAG_LATE]
    bought = [each["order"]["tick_seq"] for each in process.journal("Submit") if each["order"]["side"] == "BUY"]
    assert len(late) > RATE / 4
    assert not [seq for seq in bought if ticks[seq].flags & FLAG_LATE]
    assert min(bought) < late[0].seq
    assert max(bought) > late[-1].seq
    assert sent - len(ticks) < RATE / 4  # what was on its way when it ended, and nothing else
    assert [tick.exch_ms for tick in ticks.values()] == sorted(tick.exch_ms for tick in ticks.values())
    assert_same(verify([process.recording])[0])
    record_property("late_ticks", len(late))
    record_property("entries", len(bought))


def test_frames_without_end_cost_no_memory(runs: Runs, record_property) -> None:
    status, process, growth_kb = runs.fed.result()
    assert status == EXIT_POSITION_OPEN
    reasons = [each["reason"] for each in process.journal("LinkChanged") if each["state"] == "WAITING"]
    assert [reason.partition(":")[0] for reason in reasons] == ["no WebSocket's bytes"] * 2
    assert growth_kb <= 1024
    record_property("growth_kb", growth_kb)


def test_no_secret_is_in_state_recording_journal_log_output_or_stacks(runs: Runs) -> None:
    process, texts, passwords = runs.watched.result()
    reasons = [each["reason"] for each in process.journal("LinkChanged") if each["state"] == "WAITING"]
    assert reasons[0].startswith("closed by the server: 1011 gone ***")
    notes = [each["text"] for each in process.journal("FeedNote")]
    assert any(note.startswith("subscription refused: E1001 bad ***") for note in notes)
    assert "Thread" in (process.state / "stacks.txt").read_text(encoding="utf-8")
    assert process.recording.stat().st_size > 10_000
    assert_no_secret(process.home.folder, *texts, passwords=passwords)


# ── Credentials ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_without_credentials_the_generated_session_takes_its_place_and_says_so(tmp_path: Path) -> None:
    home = Home(tmp_path)
    answer = home.run("run", "--source", "smartapi", "--headless", "--json", "--set", "mock.speed=max")
    assert answer.status == EXIT_WELL
    summary = json.loads(answer.out)
    assert summary["mode"] == "mock"
    assert "mock of MOCK (no credentials) · " in answer.err
    assert "no SmartAPI credentials: nothing in environment MYQUANT_SMARTAPI_… and " in answer.err
    (state,) = (tmp_path / "state" / "myquant-tui").iterdir()
    assert state.name == "mock"


MALFORMED = {
    "one": ({"MYQUANT_SMARTAPI_PIN": "12345678"}, ["MYQUANT_SMARTAPI_PIN: must be 4 digits"]),
    "two": (
        {"MYQUANT_SMARTAPI_PIN": "12345678", "MYQUANT_SMARTAPI_TOTP_SECRET": "18181818!canary"},
        ["MYQUANT_SMARTAPI_PIN: must be 4 digits", "MYQUANT_SMARTAPI_TOTP_SECRET: must be base32"],
    ),
    "none of it": ({"MYQUANT_SMARTAPI_API_KEY": ""}, ["missing: MYQUANT_SMARTAPI_API_KEY"]),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_credentials_are_refused_in_one_line_each(tmp_path: Path, name: str) -> None:
    changed, expected = MALFORMED[name]
    home = Home(tmp_path)
    answer = home.run("run", "--source", "smartapi", "--headless", env=home.environment | ENVIRON | changed)
    assert (answer.status, answer.out) == (EXIT_BAD_INPUT, "")
    assert len(answer.lines) == len(expected)
    for line, told in zip(answer.lines, expected, strict=True):
        assert line.startswith("myquant-tui: credentials: ")
        assert told in line
    assert not [value for value in (ENVIRON | changed).values() if value and value in answer.err]
    assert not (tmp_path / "state").exists()


def broken(home: Home, sim: Simulator, where: str, *, ends: bool) -> tuple[int, str, str]:
    """Status and output of a run in which something breaks on purpose; one that does not end by itself is ended on its next link."""
    (home.cwd / "recordings").mkdir()
    whole = [
        sys.executable,
        "-m",
        "tests.support.processes.broken_feed_process",
        where,
        "run",
        "--headless",
        *arguments(sim, *HOLDING),
    ]
    with subprocess.Popen(
        whole,
        cwd=home.cwd,
        env=home.environment | WITH_CANARIES,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as popen:
        try:
            if not ends:
                assert sim.wait_for(lambda counters: counters.upgrades == 2, PATIENCE_S)
                assert sim.wait_subscribed(1, PATIENCE_S)
                wait_for_ticks(sim, RATE // 4)
                popen.send_signal(signal.SIGTERM)
            out, err = popen.communicate(timeout=PATIENCE_S)
        finally:
            popen.kill()
    return popen.returncode, out, err


def test_no_secret_is_in_a_traceback(tmp_path: Path, monkeypatch) -> None:
    echo = EchoingExchange(monkeypatch)
    with exchange(account=echo.account, rate_limits=False) as sim:  # it is begun anew at once
        status, out, err = broken(Home(tmp_path), sim, "turn", ends=True)
    assert status not in {EXIT_WELL, EXIT_POSITION_OPEN}
    assert "broken on purpose, with *** *** ***" in err
    assert "Traceback (most recent call last):" in err
    assert_no_secret(tmp_path, out, err, passwords=echo.passwords)


def test_what_breaks_in_the_feed_costs_a_link_and_tells_no_secret(tmp_path: Path, monkeypatch) -> None:
    echo = EchoingExchange(monkeypatch)
    home = Home(tmp_path)
    with exchange(account=echo.account) as sim:
        status, out, err = broken(home, sim, "feed", ends=False)
    assert status in {EXIT_WELL, EXIT_POSITION_OPEN}
    files = [path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.log")]
    assert any("RuntimeError: broken on purpose, with *** *** ***" in text for text in files), files
    assert_no_secret(tmp_path, out, err, passwords=echo.passwords)


def test_no_secret_is_in_what_the_broker_says_of_a_login(tmp_path: Path, monkeypatch) -> None:
    echo = EchoingExchange(monkeypatch, login=True)
    home = Home(tmp_path)
    with exchange(account=echo.account) as sim:
        rest = ("--set", f"smartapi.rest_url={sim.http_url}")
        answer = home.run("login", "--check", *rest, env=home.environment | WITH_CANARIES)
    assert answer.status != EXIT_WELL
    assert "no such login" in answer.out + answer.err
    assert echo.passwords
    (tmp_path / "a file").touch()
    assert_no_secret(tmp_path, answer.out, answer.err, passwords=echo.passwords)


def test_the_canaries_would_be_found(tmp_path: Path) -> None:
    for canary in (*CANARIES.values(), "eyJ.e30.sim-jwt-1", "eyJabc"):
        (tmp_path / "file").write_text(f'{{"said":"{canary}"}}')
        with pytest.raises(AssertionError):
            assert_no_secret(tmp_path, passwords=[])
    (tmp_path / "file").write_text("password 123456,")
    with pytest.raises(AssertionError):
        assert_no_secret(tmp_path, passwords=["123456"])
    assert_no_secret(tmp_path, passwords=["654321"])
