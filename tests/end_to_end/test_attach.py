"""A screen on an engine that outlives it: real processes, real terminals, a line that drops."""

import os
import signal

import pytest

from tests.support.paths import ROOT
from tests.support.terminals.terminal import Pty, engine, status, tmux
from tests.support.waiting import until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def folder(home):
    """The state directory of an engine that serves all these tests."""
    made = home / "state"
    with engine(home, made):
        yield made


def attach(folder, *args):
    return ("attach", "--state-dir", str(folder), *args)


def is_left(home, folder):
    return status(home, folder)["screens"] == 0


def test_detached_and_back_it_looks_the_same(home, folder, tmp_path):
    with tmux(tmp_path, 120, 40, *attach(folder)) as terminal:
        terminal.sees("MOCK", "CONTROL you", "1 TICKS", "5 LOG INFO")
        terminal.keys("4", "z", "l")
        terminal.sees("4 HEARTBEAT", "ENGINE", "PROCESS")
        terminal.keys("p")
        terminal.sees("pause entries DONE", "entries paused")
        terminal.keys("q")
        terminal.sees("the engine goes on without this screen", "q detaches")
        terminal.keys("q")
        terminal.sees(
            "detached; the engine goes on (pid ", ", MOCK, no position open)", "back: myquant-tui attach", "status=0"
        )
    (tmp_path / "again").mkdir()
    with tmux(tmp_path / "again", 120, 40, *attach(folder)) as terminal:
        terminal.sees("MOCK", "CONTROL you", "4 HEARTBEAT", "entries paused")
        assert "1 TICKS" not in terminal.screen()
        assert "5 LOG" not in terminal.screen()
        terminal.keys("z")
        terminal.sees("1 TICKS", "5 LOG WARNING")


def test_a_line_that_drops_takes_only_the_screen_along(home, folder):
    screen = Pty(home, *attach(folder))
    screen.read_until(b"CONTROL you")
    screen.close()
    assert screen.status() in {0, -signal.SIGHUP}
    until(lambda: is_left(home, folder))
    assert status(home, folder)["running"]


def test_a_screen_that_is_told_to_end_says_nothing_and_the_engine_goes_on(home, folder):
    screen = Pty(home, *attach(folder, "--read-only"))
    screen.read_until(b"read-only")
    os.kill(screen.pid, signal.SIGTERM)
    seen = screen.read_until(b"\x1b[?1049l")
    assert screen.status() == 0
    assert b"detached" not in seen
    screen.close()
    assert status(home, folder)["running"]


def test_control_moves_from_screen_to_screen(home, folder, tmp_path):
    (tmp_path / "other").mkdir()
    with tmux(tmp_path, 120, 24, *attach(folder)) as first:
        first.sees("CONTROL you")
        with tmux(tmp_path / "other", 120, 24, *attach(folder)) as second:
            second.sees("CONTROL pts/", "2 screens", "you may look")
            second.keys("d")
            second.sees("d needs control: pts/", "O takes it")
            second.keys("O", "t")
            second.sees("CONTROL you")
            first.sees("took control: you may look", "CONTROL pts/")


def test_a_screen_that_crashes_comes_up_again_twice_and_takes_nothing_along(home, folder):
    child = (str(ROOT / "tests/support/terminals/crashing_screen_process.py"), str(folder), "2")
    screen = Pty(home, program=child)
    seen = screen.read_until(b"stop: myquant-tui stop")
    assert [f"the screen failed ({n} of 3)".encode() in seen for n in (1, 2, 3)] == [True] * 3
    assert b"the screen failed for good" in seen
    assert b"detached; the engine goes on" in seen
    assert screen.status() == 0
    screen.close()
    assert status(home, folder)["running"]


def test_an_engine_that_is_killed_is_named_and_found_again(home, tmp_path):
    with engine(home, tmp_path / "state") as first, tmux(tmp_path, 120, 24, *attach(tmp_path / "state")) as terminal:
        terminal.sees("CONTROL you")
        first.kill()
        terminal.sees("ENGINE GONE", f"process {first.pid} has ended", "last known state")
        with engine(home, tmp_path / "state"):
            terminal.sees("CONTROL you", "LAST RUN")
        terminal.sees("ENGINE STOPPED in good order")
        terminal.keys("q")
        terminal.sees("the engine has ended (MOCK, no position open)", "status=0")
