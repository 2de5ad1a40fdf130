"""The program as a trader meets it: a real terminal, real keys, a line that drops."""

import os
import signal
from pathlib import Path

import pytest

from engine.journal import read_events, verify
from tests.support.paths import BUNDLED
from tests.support.terminals.terminal import Pty, tmux
from tests.support.waiting import until

pytestmark = pytest.mark.slow


def test_watching_a_replay_to_its_end(tmp_path):
    with tmux(tmp_path, 120, 40, "replay", str(BUNDLED), "--speed", "max") as terminal:
        terminal.sees("■", "32,664/32,664", "day +1,861.52", "exits 62")
        terminal.sees("END OF THE REPLAY", "47 positions, 36 won (77%)", "any other key closes")
        terminal.keys("Escape")
        terminal.keys("T")
        terminal.sees("TRADES 62", "Session End")
        terminal.keys("Escape")
        terminal.read_it()
        terminal.keys("q")
        terminal.sees("47 entries, 62 exits", "status=0")


def test_whoever_is_new_is_told_three_lines_until_the_first_key(tmp_path):
    with tmux(tmp_path, 80, 24, "replay", str(BUNDLED), "--paused", new=True) as terminal:
        terminal.sees("Welcome", "! then x", "?  every key")
        terminal.keys("2")
        until(lambda: "Welcome" not in terminal.screen())
    assert (tmp_path / ".local/state/myquant-tui/screen-seen").exists()  # what the next screen asks


def test_switching_delivery_twice_proves_that_nothing_was_lost(tmp_path):
    with tmux(tmp_path, 120, 40, "replay", str(BUNDLED), "--speed", "100") as terminal:
        terminal.sees("REPLAY", "callback")
        terminal.keys("d")
        terminal.sees("delivery callback → polling at #", ", 0 lost")
        terminal.keys("d")
        terminal.sees("delivery polling → queued at #", "queued")
        assert "polling" in terminal.screen()


def test_flat_and_unlock(tmp_path):
    with tmux(tmp_path, 120, 40, "replay", str(BUNDLED), "--paused") as terminal:
        terminal.sees("REPLAY", "‖")
        terminal.keys("n")
        terminal.sees("LONG 150")
        terminal.keys("!")
        terminal.sees("EMERGENCY FLAT", "x fires", "LOCKED")
        terminal.read_it()
        terminal.keys("x")
        terminal.sees("FLAT verified", "unresolved: nothing", "no position")
        terminal.keys("Space")
        terminal.keys("k", *"UNLOCK", "Enter")
        terminal.sees("entries on")
        terminal.keys("q")
        terminal.sees("status=0")


def test_what_must_never_fire(tmp_path):
    with tmux(tmp_path, 80, 24, "replay", str(BUNDLED), "--paused") as terminal:
        terminal.sees("REPLAY", "‖")
        terminal.keys("n")
        terminal.sees("LONG 150")
        terminal.paste("!x")
        terminal.keys("x", "Up", "F5", "F12")
        for piece in ("\x1b", "[", "M", "!", "x", "y"):
            terminal.keys(piece)
        terminal.keys("!", "!", "!", "!", "!")
        terminal.sees("LONG 150")
        assert "FLAT verified" not in terminal.screen()


@pytest.mark.parametrize(
    ("term", "env"),
    [
        ("screen", {}),
        ("tmux-256color", {}),
        ("linux", {}),
        ("vt100", {}),
        ("xterm-256color", {"NO_COLOR": "1"}),
        ("xterm", {"LC_ALL": "C"}),
    ],
)
def test_terminals_of_all_kinds_can_be_read_and_flattened(tmp_path, term, env):
    with tmux(tmp_path, 80, 24, "replay", str(BUNDLED), "--paused", TERM=term, **env) as terminal:
        terminal.sees("REPLAY", "TICKS", "LOG")
        terminal.keys("n")
        terminal.sees("LONG 150")
        terminal.keys("!")
        terminal.sees("EMERGENCY FLAT")
        terminal.read_it()
        terminal.keys("x")
        terminal.sees("FLAT verified")


def test_a_dumb_terminal_is_refused_in_one_line(tmp_path):
    with tmux(tmp_path, 120, 24, TERM="dumb") as terminal:
        terminal.sees("--headless", "status=2")


def the_journal(home: Path) -> Path:
    (path,) = (home / ".local/state/myquant-tui/replay").glob("*/journal.db")
    return path


def rows(home: Path) -> int:
    return sum(1 for _ in read_events(the_journal(home)))


def test_a_terminal_that_is_closed_ends_the_program_in_good_order(tmp_path):
    program = Pty(tmp_path, "replay", str(BUNDLED), "--speed", "100")
    program.read_until(b"REPLAY")
    program.close()
    program.status()
    assert verify(the_journal(tmp_path)) is None
    *_, last = read_events(the_journal(tmp_path))
    assert last.kind == "RunEnded"


def test_a_terminal_that_nobody_reads_does_not_stop_the_engine(tmp_path):
    program = Pty(tmp_path, "replay", str(BUNDLED), "--speed", "1000")
    program.read_until(b"REPLAY")
    until(lambda: rows(tmp_path) > 3)
    # Nothing reads the pty from here on, and the engine goes on to trade.
    before = rows(tmp_path)
    until(lambda: rows(tmp_path) > before + 40)
    program.write(b"?")
    program.read_until(b"HELP")
    os.kill(program.pid, signal.SIGTERM)
    program.read_until(b"\x1b[?1049l")
    assert program.status() in {0, 143}
    assert verify(the_journal(tmp_path)) is None
