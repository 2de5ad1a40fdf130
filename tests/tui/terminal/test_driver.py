"""The real driver in a real pty: stall, loss, bad bytes, signals; and the terminal afterwards."""

import os
import signal
import termios
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.terminals.emulator import Emulator
from tests.support.terminals.pty_process import PtyChild


@pytest.fixture
def start() -> Iterator[Callable[..., PtyChild]]:
    children: list[PtyChild] = []

    def begin(*arguments: str, **size: int) -> PtyChild:
        child = PtyChild(*arguments, **size)
        children.append(child)
        child.until(lambda line: line.startswith("ready"))
        return child

    yield begin
    for child in children:
        child.close()


def shown(child: PtyChild, width: int, height: int) -> Emulator:
    """What is on the terminal after the last time everything was cleared."""
    screen = Emulator(width, height)
    screen.feed("\x1b[2J" + child.screen.decode().rpartition("\x1b[2J")[2].replace("\n", ""))
    return screen


def calm(width: int, height: int) -> str:
    return "\n".join(f"calm {width}x{height} 你好 {y}" for y in range(height))


@pytest.mark.slow
def test_a_reader_that_stops_blocks_nothing_and_sees_the_newest_frame_when_it_is_back(start):
    child = start(width=120, height=40)
    child.until(lambda line: line.startswith("tick") and float(line.split()[2]) > 1.0, read_screen=False)
    first = child.until(lambda line: line.startswith("tick"), read_screen=False)
    number = int(first.split()[1])
    child.until(lambda line: line.startswith(f"tick {number + 30} "), read_screen=False)  # the loop runs on
    rss_kb = int(Path(f"/proc/{child.process.pid}/statm").read_text().split()[1]) * 4
    child.type(b"f")
    child.until(lambda line: line.startswith("key f"), read_screen=False)
    assert rss_kb < 80_000
    child.until_screen(lambda _: "calm" in shown(child, 120, 40).text())
    child.type(b"q")
    child.wait_end()
    assert b"\x1b[2J" in child.screen[1000:]  # drawn anew
    last = child.screen.decode()
    screen = Emulator(120, 40)
    screen.feed("\x1b[2J" + last.rpartition("\x1b[2J")[2].partition("\x1b[?1049l")[0])
    assert screen.text() == calm(120, 40)


def test_a_terminal_that_closes_ends_the_application_once(start):
    child = start()
    child.hang_up()
    assert child.until(lambda line: line.startswith("lost"), read_screen=False)
    child.until(lambda line: line == "end 0", read_screen=False)
    assert child.wait_end(read_screen=False) == 0
    assert not any(line.startswith("lost") for line in child.reported)


def test_a_terminal_that_closes_while_stalled_ends_it_too(start):
    child = start(width=120, height=40)
    child.until(lambda line: line.startswith("tick") and float(line.split()[2]) > 0.3, read_screen=False)
    child.hang_up()
    child.until(lambda line: line.startswith("lost"), read_screen=False)
    assert child.wait_end(read_screen=False) == 0


def test_bytes_that_are_no_utf8_are_replaced_and_a_lost_escape_makes_no_keys(start):
    child = start("frozen")
    child.type(b"\xff\xfe\xc3")
    child.until(lambda line: line.startswith("key"))
    child.type(b"a")
    child.until(lambda line: line.startswith("key a"))
    child.type(b"\x1b[?62;22c\x1b[?2026;2$y\x1bP1$r0m\x1b\\\x1b]11;rgb:0000/0000/0000\x07\x1b[120u")
    child.type(b"\x1b[200~!x\x1b[31m\n\x1b[201~")
    assert child.until(lambda line: not line.startswith("tick")) == "paste !x\x1b[31m"  # the rest is the next line
    child.type(b"q")
    assert "key q" in child.until(lambda line: line.startswith("key"))
    assert child.wait_end() == 0


def test_a_key_knows_whether_it_came_alone(start):
    child = start("frozen")
    child.type(b"!x")
    assert child.until(lambda line: line.startswith("key")).split()[2] == "burst"
    assert child.until(lambda line: line.startswith("key")) == "key x burst clean"
    child.type(b"\x1b[A")
    assert child.until(lambda line: line.startswith("key")).startswith("key up burst")


def test_sigterm_puts_the_terminal_back(start):
    child = start()
    assert termios.tcgetattr(child.slave)[3] & termios.ICANON == 0
    child.signal(signal.SIGTERM)
    assert child.until(lambda line: line.startswith("end")) == "end 143"
    assert child.wait_end() == 0
    assert termios.tcgetattr(child.slave) == child.before
    modes = Emulator(200, 60)
    modes.feed(child.screen.decode().rpartition("\x1b[2J")[2].replace("\r\n", ""))
    assert modes.modes["1049"] is False
    assert modes.modes["25"] is True
    assert modes.modes["2004"] is False
    assert modes.modes["1004"] is False
    assert os.get_blocking(child.master) is not None
    assert os.get_blocking(child.slave)  # nothing of ours is left on the shell's open file


def test_nothing_is_asked_of_the_terminal(start):
    child = start("frozen")
    child.until_screen(lambda screen: b"calm" in screen)
    for question in (b"$p", b"[c", b"[6n", b"[>", b"?u", b"]11;?"):
        assert question not in child.screen


def test_ctrl_z_sigtstp_ctrl_s_and_sigint_stop_nothing(start):
    child = start()
    for number in (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU):
        child.signal(number)
    child.type(b"\x1a")
    child.until(lambda line: line.startswith("key ctrl+z"))
    child.type(b"\x13")
    child.until(lambda line: line.startswith("key ctrl+s"))
    child.signal(signal.SIGINT)
    child.until(lambda line: line.startswith("key ctrl+c"))
    child.until(lambda line: line.startswith("tick"))
    assert child.process.poll() is None


def test_a_resize_and_a_stop_from_elsewhere_draw_everything_again(start):
    child = start("frozen")
    child.until_screen(lambda _: shown(child, 80, 24).text() == calm(80, 24))
    child.resize(100, 30)
    child.until_screen(lambda _: shown(child, 100, 30).text() == calm(100, 30))
    before = child.screen.count(b"\x1b[2J")
    child.signal(signal.SIGSTOP)
    child.signal(signal.SIGCONT)
    child.until_screen(lambda screen: screen.count(b"\x1b[2J") > before)
    child.until_screen(lambda _: shown(child, 100, 30).text() == calm(100, 30))


def test_with_another_version_of_textual_the_screen_is_drawn_as_textual_draws(start):
    child = start("frozen", "stock")
    child.until_screen(lambda _: shown(child, 80, 24).text() == calm(80, 24))
    assert b"\x1b[2J" not in child.screen
    child.type(b"q")
    assert child.wait_end() == 0
    assert termios.tcgetattr(child.slave) == child.before


def test_a_crash_puts_the_terminal_back_and_shows_no_values(start):
    child = start("frozen")
    child.type(b"e")
    assert child.until(lambda line: line.startswith("end")) == "end 1"
    child.wait_end()
    printed = child.screen.rpartition(b"\x1b[?1049l")[2]
    assert b"ValueError: 6" in printed
    assert b"canary" not in printed.replace(b"len(canary)", b"")
    assert termios.tcgetattr(child.slave) == child.before
