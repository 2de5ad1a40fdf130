"""Screens that come and go, drop, stall and die, and an engine that must not notice: its beats, its ticks, its memory.

`MYQUANT_LONG=1` runs fifty rounds and a stall of fifteen seconds; `-s` shows the figures.
"""

import os
import signal
import time
from pathlib import Path
from threading import Event, Thread
from typing import Self

import pytest

from engine.link import Oneshot
from tests.support.terminals.terminal import Pty, engine
from tests.support.thorough import LONG
from tests.support.waiting import PATIENCE_S, until

pytestmark = pytest.mark.slow
ROUNDS = 50 if LONG else 4
STALL_S = 15 if LONG else 2


class Pulse(Thread):
    """Looks at the engine from a connection of its own; `longest_s` is the oldest that its beat ever was."""

    def __init__(self, folder: Path) -> None:
        super().__init__(daemon=True)
        self.longest_s = 0.0
        self._folder = folder
        self._ending = Event()

    def run(self) -> None:
        with Oneshot(self._folder / "engine.sock", "pulse") as call:
            while not self._ending.wait(0.1):
                age_s = (time.perf_counter_ns() - call.snapshot().pulse.beat_ns) / 1e9
                self.longest_s = max(self.longest_s, age_s)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self.join(PATIENCE_S)


def seen(folder: Path):
    with Oneshot(folder / "engine.sock", "test") as call:
        return call.snapshot()


def resident_kb(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1])


def attached(home: Path, folder: Path) -> tuple[Pty, float]:
    """A screen, and how long it took to its first frame."""
    begun = time.monotonic()
    screen = Pty(home, "attach", "--state-dir", str(folder))
    screen.read_until(b"CONTROL you")
    return screen, time.monotonic() - begun


def ends(screen: Pty, how: int) -> None:
    """Let the screen detach, lose its line, or be killed."""
    if how == 0:
        screen.write(b"q")
        screen.read_until(b"detaches")
        screen.write(b"q")
        screen.read_until(b"goes on")
        screen.close()
    elif how == 1:
        screen.close()
    else:
        os.kill(screen.pid, signal.SIGKILL)
        screen.close()
    screen.status()


def test_screens_that_come_and_go_leave_the_engine_as_it_was(tmp_path: Path, record_property) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path / "state"
    with engine(tmp_path, folder, "--set", "mock.speed=1000") as process:
        screen, _ = attached(tmp_path, folder)
        ends(screen, 0)
        before_kb, begun = resident_kb(process.pid), seen(folder)
        firsts = []
        with Pulse(folder) as pulse:
            for number in range(ROUNDS):
                screen, first_s = attached(tmp_path, folder)
                firsts.append(first_s)
                ends(screen, number % 3)
        after = seen(folder)
        grown_kb = resident_kb(process.pid) - before_kb
        print(
            f"{ROUNDS} rounds: beat at most {pulse.longest_s:.3f} s old, {grown_kb:+} kB, first frame {max(firsts):.2f} s"
        )
        record_property("oldest_beat_s", pulse.longest_s)
        assert after.beats > begun.beats
        assert after.ticks > begun.ticks
        assert after.merged == 0
        assert grown_kb < 3_000
        assert after.fault == ""


def test_a_terminal_that_nobody_reads_holds_up_nothing(tmp_path: Path, record_property) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path / "state"
    with engine(tmp_path, folder, "--set", "mock.speed=1000"):
        screen, _ = attached(tmp_path, folder)
        begun = seen(folder)
        until_ns = time.perf_counter_ns() + STALL_S * 1_000_000_000
        with Pulse(folder) as pulse:  # nothing is read from the pty meanwhile
            until(lambda: time.perf_counter_ns() > until_ns and seen(folder).beats > begun.beats + 10)
        stalled = seen(folder)
        print(f"stall of {STALL_S} s: beat at most {pulse.longest_s:.3f} s old, {stalled.ticks - begun.ticks} ticks")
        record_property("oldest_beat_s", pulse.longest_s)
        assert stalled.ticks > begun.ticks
        assert stalled.merged == 0
        ends(screen, 2)
        assert seen(folder).fault == ""
