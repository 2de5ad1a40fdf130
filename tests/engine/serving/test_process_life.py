"""An engine in a process of its own from its start to its end: ready, asked, signalled, ended; and what it leaves on the disk."""

import resource
import signal
import socket
import time
from pathlib import Path

import pytest

from engine.journal import JOURNAL_FILE, read_events, verify
from engine.model.commands import Acknowledge, Hold, Lock, PauseEntries, Play, Unlock
from engine.model.errors import EXIT_BAD_INPUT, EXIT_BUSY, EXIT_DIFFERENT, EXIT_DISK, EXIT_POSITION_OPEN, EXIT_WELL
from tests.simulator import Generated, Simulator
from tests.support.parallel import Parallel
from tests.support.processes.process_harness import BUSY, HOLDING, PROGRAM, OperatorShell, coin_shell
from tests.support.waiting import PATIENCE_S, until

pytestmark = pytest.mark.slow


side_by_side = Parallel(lambda folder: OperatorShell(folder, *HOLDING))


def exchange() -> Simulator:
    return Simulator(Generated(symbols=["BTCUSDT", "ETHUSDT"], rate=200, seed=5))


def ended_well(shell: OperatorShell) -> bool:
    """Whether the newest run has noted its end, and the journal is sound."""
    last = list(read_events(shell.state / JOURNAL_FILE))[-1]
    return (last.kind, verify(shell.state / JOURNAL_FILE)) == ("RunEnded", None)


# ── Start and end ───────────────────────────────────────────────────────────────────────────────────────────────────


@side_by_side
def test_it_runs_without_a_terminal_and_says_so_in_its_own_log(shell: OperatorShell) -> dict[str, float]:
    shell.start("--quiet", program=PROGRAM)
    assert shell.holds().trade_mode == "mock"
    assert resource.prlimit(shell.pid, resource.RLIMIT_CORE)[0] == 0  # a core would hold credentials
    shell.signal(signal.SIGHUP)
    shell.signal(signal.SIGHUP)
    until(lambda: "SIGHUP: a terminal is gone; the engine goes on" in shell.log)
    ticks = shell.snapshot.ticks
    shell.sees(lambda seen: seen.ticks > ticks)
    asked_s = time.monotonic()
    shell.signal(signal.SIGTERM)
    assert shell.ended() == EXIT_WELL
    stop_s = time.monotonic() - asked_s
    assert ended_well(shell)
    assert "mock of synthetic session, seed 1" in shell.log
    assert "SIGTERM: the engine ends in good order" in shell.log
    assert shell.said() == ""
    return {"ready_s": shell.ready_s, "stop_s": stop_s}


@side_by_side
def test_interrupting_it_in_the_foreground_ends_it_in_good_order(shell: OperatorShell) -> None:
    shell.start(program=PROGRAM)
    shell.signal(signal.SIGINT)
    assert shell.ended() == EXIT_WELL
    assert ended_well(shell)
    assert "Traceback" not in shell.said()
    assert "SIGINT: the engine ends in good order" in shell.said()  # not --quiet: the log is on the terminal as well


@side_by_side
def test_a_second_signal_ends_it_at_once(shell: OperatorShell) -> None:
    shell.start(program=PROGRAM)
    for number in (signal.SIGSTOP, signal.SIGINT, signal.SIGTERM, signal.SIGCONT):
        shell.signal(number)
    assert shell.ended() in {128 + signal.SIGINT, 128 + signal.SIGTERM}
    assert not ended_well(shell)


@side_by_side
def test_a_failing_disk_ends_nothing_and_is_told_at_the_end(shell: OperatorShell) -> None:
    shell.start("--quiet").holds()
    resource.prlimit(shell.pid, resource.RLIMIT_FSIZE, (4096, resource.RLIM_INFINITY))  # no file may grow beyond
    shell.command(PauseEntries())
    seen = shell.sees(lambda seen: "journal: " in seen.entries.locked)
    assert "journal: " in shell.status()["problem"]
    shell.sees(lambda later: later.ticks > seen.ticks and later.positions)
    shell.signal(signal.SIGTERM)
    assert shell.ended() == EXIT_DISK
    assert "myquant-tui: journal: " in shell.said()


@side_by_side
def test_a_service_manager_hears_how_it_is(shell: OperatorShell) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(shell.folder / "manager"))
        manager.settimeout(PATIENCE_S)
        shell.start(environ={"NOTIFY_SOCKET": str(shell.folder / "manager"), "WATCHDOG_USEC": "200000"})
        assert manager.recv(999) == b"READY=1"
        shell.holds()
        heard = [manager.recv(999) for _ in range(12)]
        shell.signal(signal.SIGTERM)
        while heard[-1] != b"STOPPING=1":
            heard.append(manager.recv(999))
        assert shell.ended() == EXIT_WELL
    assert heard.count(b"WATCHDOG=1") >= 5
    assert b"STATUS=mock of synthetic session, seed 1: 1 position, entries allowed" in heard


@side_by_side
def test_a_paper_run_that_is_stopped_with_a_position_says_so(home: OperatorShell) -> None:
    with exchange() as sim, coin_shell(home.folder, sim, "BTCUSDT") as shell:
        shell.start()
        shell.holds()
        stopped = shell.ask("stop", "--leave-open")
        assert (stopped.status, shell.ended()) == (EXIT_POSITION_OPEN, EXIT_POSITION_OPEN)
        assert "has ended, holding" in stopped.out
        assert "BTCUSDT" in stopped.out
        found = shell.status()
        assert found["exit"] == EXIT_DIFFERENT
        assert found["positions"][0]["symbol"] == "BTCUSDT"
        shell.start()
        assert len(shell.snapshot.positions) == 1
        assert shell.ask("stop", "--flat").status == shell.ended() == EXIT_WELL
        assert shell.net() == 0
        assert shell.open_to_others() == []


# ── status and stop ─────────────────────────────────────────────────────────────────────────────────────────────────


@side_by_side
def test_status_tells_running_from_gone(shell: OperatorShell) -> None:
    assert shell.status()["exit"] == EXIT_DIFFERENT
    shell.start()
    held = shell.holds()
    found = shell.status()
    assert (found["exit"], found["pid"], found["running"], found["mode"]) == (EXIT_WELL, shell.pid, True, "mock")
    assert found["positions"][0]["quantity"] == held.positions[0].state.quantity
    text = shell.ask("status")
    assert text.lines == []
    assert f"MOCK engine {shell.pid}: synthetic session, seed 1, delivery callback" in text.out
    shell.kill()
    gone = shell.status()
    assert (gone["exit"], gone["running"], gone["pid"]) == (EXIT_DIFFERENT, False, 0)
    assert [(each["quantity"], each["symbol"]) for each in gone["positions"]] == [
        (held.positions[0].state.quantity, "NIFTY")
    ]
    assert shell.ask("stop").status == EXIT_BAD_INPUT


@side_by_side
def test_stop_from_a_shell_ends_it_under_a_screen_that_sees_the_end(shell: OperatorShell) -> None:
    shell.start()
    with shell.remote("Ann") as ann:
        held = shell.holds()
        stopped = shell.ask("stop", "--leave-open")
        assert (stopped.status, stopped.err, shell.ended()) == (EXIT_WELL, "", EXIT_WELL)
        assert ann.snapshot.stopped
    quantity = held.positions[0].state.quantity
    assert stopped.out == f"engine {shell.pid} has ended, holding {quantity} NIFTY\n"
    assert ended_well(shell)


# ── The next run ────────────────────────────────────────────────────────────────────────────────────────────────────


@side_by_side
def test_a_second_instance_is_refused_and_told_of_the_first(shell: OperatorShell) -> None:
    shell.start()
    second = shell.run("engine", *shell.words("--quiet"))
    assert (second.status, len(second.lines)) == (EXIT_BUSY, 1)
    assert f"is in use by process {shell.pid};" in second.err
    assert shell.status()["exit"] == EXIT_WELL


@side_by_side
def test_a_lock_outlives_every_restart_until_somebody_unlocks(home: OperatorShell) -> None:
    with OperatorShell(home.folder, *BUSY) as shell:
        shell.start("--paused").command(Lock("lunch"))
        shell.kill()
        for _ in range(2):
            shell.start("--paused")
            seen = shell.snapshot
            assert seen.entries.locked == "lunch"
            assert any("did not end in good order" in line for line in seen.found) == (shell.locks() == 0)
            shell.kill()
        shell.start("--paused", "--unlock")
        assert shell.snapshot.entries.locked == ""
        shell.command(Play())
        shell.holds()


@side_by_side
def test_how_the_last_run_ended_is_shown_until_it_is_acknowledged(shell: OperatorShell) -> None:
    shell.start().holds()
    shell.kill()
    shell.start("--paused")
    found = shell.status()["found"]
    assert "did not end in good order" in found[0]
    assert any("@" in line and "stop" in line for line in found)
    assert found[-1].startswith("READY")
    shell.command(Unlock())
    assert shell.status()["found"] == found
    shell.command(Acknowledge())
    assert shell.status()["found"] == []
    assert shell.snapshot.positions


@side_by_side
def test_what_is_held_and_not_listed_any_more_is_refused_in_one_line(shell: OperatorShell) -> None:
    shell.start().holds()
    shell.kill()
    refused = shell.run("engine", *shell.words("--quiet", "--set", 'feed.symbols=["BANKNIFTY"]'))
    assert (refused.status, len(refused.lines)) == (EXIT_BAD_INPUT, 1)
    assert "the last run holds NIFTY, which this source has not" in refused.err
    shell.start("--paused", "--set", 'feed.symbols=["BANKNIFTY", "NIFTY"]')
    (held,) = shell.snapshot.positions
    assert shell.snapshot.instruments[held.state.instrument].symbol == "NIFTY"


@side_by_side
def test_what_a_paper_run_holds_is_subscribed_as_well(home: OperatorShell) -> None:
    with exchange() as sim, coin_shell(home.folder, sim, "BTCUSDT") as shell:
        shell.start().holds()
        shell.kill()
        shell.start("--set", 'feed.symbols=["ETHUSDT"]')
        seen = shell.sees(lambda seen: seen.positions and seen.ticking == 2)
        assert [each.symbol for each in seen.instruments] == ["ETHUSDT", "BTCUSDT"]
        until(lambda: "subscribing BTCUSDT as well: the last run holds it" in shell.log)
        assert shell.ask("flat", "--yes").status == EXIT_WELL


def damaged(shell: OperatorShell, content: bytes | None) -> None:
    """Start on a journal of that content (None: half of its own), and see that nothing of it is lost or trusted."""
    shell.start().holds()
    shell.kill()
    path = shell.state / JOURNAL_FILE
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2 + 100] if content is None else content)
    (shell.state / f"{JOURNAL_FILE}-wal").unlink(missing_ok=True)
    shell.start()
    seen = shell.sees(lambda seen: seen.ticks > 5)
    assert (seen.entries.locked, seen.positions) == ("the journal was damaged", ())
    assert "journal was damaged" in seen.found[0]
    assert len(list(shell.state.glob(f"{JOURNAL_FILE}.damaged-*"))) >= 1


@side_by_side
def test_an_empty_journal_is_kept_aside_and_nobody_enters(shell: OperatorShell) -> None:
    damaged(shell, b"")


@side_by_side
def test_half_a_journal_is_kept_aside_and_nobody_enters(shell: OperatorShell) -> None:
    damaged(shell, None)


@side_by_side
def test_nobody_else_can_open_anything_of_it(shell: OperatorShell) -> None:
    shell.start()
    with shell.remote():
        shell.holds()
        (shell.state / "FLAT").write_text("")
        (shell.state / "FLAT").chmod(0o666)
        shell.is_flat("file FLAT")
        until((shell.state / "FLAT.taken").exists)
        assert shell.open_to_others() == []
    shell.signal(signal.SIGTERM)
    assert shell.ended() == EXIT_WELL
    assert shell.open_to_others() == []
    names = {path.name for path in shell.state.iterdir()}
    assert {"engine.log", "FLAT.taken", "journal.db", "lock", "mode", "recording", "stacks.txt"} <= names
    assert len(shell.receipts) == 1
    assert Path((shell.state / "recording").read_text().strip()).parent == shell.kept


@side_by_side
def test_a_standing_engine_ends_as_well(shell: OperatorShell) -> dict[str, float]:
    shell.start()
    shell.command(Hold())
    asked_s = time.monotonic()
    assert (shell.ask("stop", "--leave-open").status, shell.ended()) == (EXIT_WELL, EXIT_WELL)
    return {"stop_s": time.monotonic() - asked_s}
