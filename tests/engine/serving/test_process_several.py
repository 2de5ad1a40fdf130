"""A flat, a stop and a status where it is not plain which engine is meant, or what is to become of a position."""

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.journal import JOURNAL_FILE
from engine.model.commands import Stall
from engine.model.errors import EXIT_BAD_INPUT, EXIT_DIFFERENT, EXIT_WELL
from engine.serving import place_of
from tests.simulator import Generated, Simulator
from tests.support.parallel import Parallel
from tests.support.processes.fork_server import Answer
from tests.support.processes.process_harness import HOLDING, OperatorShell, coin_shell, environment
from tests.support.terminals.terminal import Pty
from tests.support.waiting import until

pytestmark = pytest.mark.slow

side_by_side = Parallel(lambda folder: OperatorShell(folder, *HOLDING))


def usual(home: Path, mode: str) -> Path:
    return home / "state" / "myquant-tui" / mode


@contextmanager
def two_engines(folder: Path) -> Iterator[tuple[OperatorShell, OperatorShell]]:
    """One operator's engines on paper and on generated data, each in its usual place, both holding something."""
    with (
        Simulator(Generated(symbols=["BTCUSDT"], rate=200, seed=5)) as sim,
        coin_shell(folder, sim, "BTCUSDT") as paper,
        OperatorShell(folder, *HOLDING) as mock,
    ):
        paper.state, mock.state = usual(folder, "paper"), usual(folder, "mock")
        mock.output = folder / "mock output"
        paper.start("--quiet").holds()
        mock.start("--quiet").holds()
        yield paper, mock


@side_by_side
def test_of_several_engines_none_is_flattened_unchosen(home: OperatorShell) -> None:
    with two_engines(home.folder) as (paper, mock):
        unsaid = home.run("flat", "--yes")
        assert (unsaid.status, unsaid.out) == (EXIT_BAD_INPUT, "")
        assert f"1  PAPER engine {paper.pid}" in unsaid.err
        assert f"2  MOCK engine {mock.pid}" in unsaid.err
        assert unsaid.lines[-3:] == [
            "myquant-tui:   myquant-tui flat --yes --all",
            f"myquant-tui:   myquant-tui flat --yes --state-dir {paper.state}",
            f"myquant-tui:   myquant-tui flat --yes --state-dir {mock.state}",
        ]
        for words, text in (((), "\n"), ((), "3\n"), ((), "2\nno\n"), (("2",), "no\n"), (("--all",), "no\n")):
            assert home.run("flat", *words, text=text).status == EXIT_DIFFERENT
        assert home.run("flat", "7", text="FLAT\n").status == EXIT_BAD_INPUT
        assert home.run("flat", "2", "--yes").status == EXIT_BAD_INPUT
        assert paper.snapshot.flat.state == mock.snapshot.flat.state == "NORMAL"
        assert paper.snapshot.positions
        second = home.run("flat", text="2\nFLAT\n")
        assert (second.status, second.err) == (EXIT_WELL, "")
        assert (paper.snapshot.flat.state, mock.snapshot.flat.state) == ("NORMAL", "FLAT")
        every = home.run("flat", "--yes", "--all")
        assert (every.status, every.err) == (EXIT_WELL, "")
        assert "paper | FLAT verified" in every.out
        assert "mock | FLAT verified" in every.out
        assert paper.net() == mock.net() == 0


@side_by_side
def test_a_dead_engine_that_holds_something_counts(home: OperatorShell) -> None:
    with two_engines(home.folder) as (paper, mock):
        mock.kill()
        unsaid = home.run("flat", "--yes")
        assert (unsaid.status, unsaid.out) == (EXIT_BAD_INPUT, "")
        assert "2  MOCK in " in unsaid.err
        assert "no engine runs: its journal holds" in unsaid.err
        assert paper.snapshot.positions
        commands = [shlex.split(line.removeprefix("myquant-tui:   myquant-tui ")) for line in unsaid.lines[-2:]]
        assert [home.run(*words).status for words in commands] == [EXIT_WELL, EXIT_WELL]
        assert paper.snapshot.flat.state == "FLAT"
        assert paper.net() == mock.net() == 0
        # Nothing is left behind now: the engine that runs is meant without a word, and the short way.
        again = home.run("flat", "--yes")
        assert (again.status, again.out.splitlines()[0]) == (
            EXIT_WELL,
            f"flat accepted by the PAPER engine {paper.pid}",
        )


@side_by_side
def test_a_dead_engine_is_flattened_beside_one_that_runs(home: OperatorShell) -> None:
    with two_engines(home.folder) as (paper, mock):
        mock.kill()
        every = home.run("flat", "--yes", "--all")
        assert (every.status, every.err) == (EXIT_WELL, "")
        assert "mock | no engine is running for" in every.out
        assert paper.net() == mock.net() == 0


@side_by_side
def test_what_a_dead_engine_may_hold_is_told_and_keeps_nobody_from_the_rest(home: OperatorShell) -> None:
    with two_engines(home.folder) as (paper, mock):
        mock.kill()
        for path in mock.state.glob(f"{JOURNAL_FILE}*"):
            path.rename(path.with_name(f"archived {path.name}"))
        gone = f"{JOURNAL_FILE} is missing in {mock.state}: what is held is not known"
        asked = home.run("flat", "--yes")
        assert (asked.status, "FLAT verified" in asked.out, gone in asked.err) == (EXIT_BAD_INPUT, True, True)
        every = home.run("flat", "--yes", "--all")
        assert (every.status, "FLAT verified" in every.out, gone in every.err) == (EXIT_BAD_INPUT, True, True)
        status = home.run("status")
        assert (gone in status.out, f"PAPER engine {paper.pid}" in status.out) == (True, True)
        assert (paper.net(), paper.ask("flat", "--yes").status) == (0, EXIT_WELL)  # who names one means that one


# ── stop ────────────────────────────────────────────────────────────────────────────────────────────────────────────


@side_by_side
def test_stop_leaves_no_position_by_accident(shell: OperatorShell) -> None:
    shell.start()
    quantity = shell.holds().positions[0].state.quantity
    asked = shell.ask("stop")
    assert (asked.status, asked.out) == (EXIT_BAD_INPUT, "")
    assert asked.lines[0] == f"myquant-tui: engine {shell.pid} holds {quantity} NIFTY; nothing was done, say which:"
    assert f"myquant-tui stop --flat --state-dir {shell.state}" in asked.lines[1]
    assert f"myquant-tui stop --leave-open --state-dir {shell.state}" in asked.lines[2]
    assert shell.ask("stop", "--flat", "--leave-open").status == EXIT_BAD_INPUT
    assert not shell.snapshot.stopped
    stopped = shell.ask("stop", "--flat")
    assert (stopped.status, stopped.err, shell.ended()) == (EXIT_WELL, "", EXIT_WELL)
    assert "FLAT verified" in stopped.out
    assert stopped.out.endswith(f"engine {shell.pid} has ended\n")
    assert shell.net() == 0


def in_terminal(shell: OperatorShell, *words: str) -> Pty:
    return Pty(shell.folder, *words, "--state-dir", str(shell.state), program=("-m", "engine"))


@side_by_side
def test_stop_asks_a_person(shell: OperatorShell) -> None:
    shell.start().holds()
    for word, status in ((b"flat\n", EXIT_DIFFERENT), (b"FLAT\n", EXIT_WELL)):
        terminal = in_terminal(shell, "stop")
        terminal.read_until(b"type FLAT to close it first")
        terminal.write(word)
        terminal.read_until(b"the engine goes on" if status else b"has ended")
        assert terminal.status() == status
        terminal.close()
    assert shell.ended() == EXIT_WELL
    assert shell.net() == 0


# ── The client that is interrupted, or nobody listens to ────────────────────────────────────────────────────────────


@side_by_side
def test_a_client_that_is_interrupted_says_what_goes_on(shell: OperatorShell) -> None:
    shell.start().holds()
    with shell.remote() as remote:
        remote.send(Stall(3.0))  # it is accepted, and not carried out so far
        until(lambda: remote.pending()[-1].state != "REQUESTED", remote.pending)
        terminal = in_terminal(shell, "flat", "--yes")
        terminal.read_until(b"flat accepted by the MOCK engine")
        terminal.write(b"\x03")
        terminal.read_until(b"goes on with it; `myquant-tui flat` joins it")
        assert terminal.status() == 130
        terminal.close()
    shell.is_flat("flat command")
    assert place_of(shell.state).pid == shell.pid


@side_by_side
def test_a_reader_that_leaves_does_not_make_it_well(shell: OperatorShell) -> None:
    """Whoever reads the client's words may go; the flat is followed to its end, and the status is that of the flat."""
    shell.start().holds()
    command = f"{sys.executable} -m engine flat --yes --state-dir {shell.state} | true; exit ${{PIPESTATUS[0]}}"
    read, write = os.pipe()
    pid = os.posix_spawn(
        "/bin/bash", ["bash", "-c", command], environment(shell.folder), file_actions=[(os.POSIX_SPAWN_DUP2, write, 2)]
    )
    os.close(write)
    with os.fdopen(read) as said:
        assert "Traceback" not in said.read()
    until(lambda: os.waitpid(pid, os.WNOHANG)[0])
    shell.is_flat("flat command")
    assert shell.net() == 0


def test_one_engine_needs_no_number(tmp_path: Path) -> None:
    with OperatorShell(tmp_path, *HOLDING) as shell:
        shell.state = usual(tmp_path, "mock")
        shell.start("--quiet").holds()
        answer: Answer = shell.run("flat", "1", "--yes")
        assert (answer.status, shell.net()) == (EXIT_WELL, 0)
