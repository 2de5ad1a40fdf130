"""Measures the whole program on a real terminal (a pty): memory, bytes, CPU, first frame, keys, delay of other threads.

Run it as `python -m tests.bench.screen [--seconds 20]`. It reports figures and judges none. The program is driven from
outside, by what it draws and by the keys it is sent; only for the delays does a thread of ours run inside it.
"""

import argparse
import fcntl
import json
import os
import pty
import runpy
import select
import signal
import struct
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.support.paths import BUNDLED, ROOT
from tests.support.terminals.emulator import Emulator

SPEED = 700  # of the bundled recording: about 1,000 ticks a second
WARM_S = 3.0
HELLO = """
from textual.app import App
from textual.widgets import Static
class Hello(App):
    def compose(self):
        yield Static("hello world")
Hello().run()
"""


def program(state: str, *, headless: bool = False, entry: str = "tui") -> list[str]:
    """The command line of a replay at about 1,000 ticks a second."""
    more = ["--headless", "--quiet"] if headless else []
    return ["-m", entry, "replay", str(BUNDLED), "--speed", str(SPEED), "--state-dir", state, *more]


class Watched:
    """A Python program on a pty of its own."""

    def __init__(self, arguments: list[str], width: int, height: int) -> None:
        self.started = time.monotonic()
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(ROOT)
            os.environ.update(TERM="xterm-256color", LANG="C.UTF-8", PYTHONPATH=str(ROOT))
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))
            os.execv(sys.executable, [sys.executable, *arguments])
        self.screen = Emulator(width, height)
        self.size = 0
        self.raw = ""
        self._undecoded = b""

    def pump(self, timeout_s: float) -> bool:
        """Read once what the program draws, waiting at most `timeout_s`; False when it has ended."""
        if not select.select([self.fd], [], [], timeout_s)[0]:
            return True
        try:
            data = os.read(self.fd, 65536)
        except OSError:
            return False
        self.size += len(data)
        self._undecoded += data
        try:
            text, self._undecoded = self._undecoded.decode(), b""
        except UnicodeDecodeError:
            return bool(data)
        self.raw += text
        return bool(data)

    def text(self) -> str:
        """What the terminal shows."""
        start = self.raw.find("\x1b[2J")
        if start >= 0 or self.screen.modes.get("drawn"):
            cut = self.raw.rfind("\x1b") if self.raw[-20:].count("\x1b") else len(self.raw)
            self.screen.feed(self.raw[max(start, 0) : cut].replace("\r", "").replace("\n", ""))
            self.raw = self.raw[cut:]
            self.screen.modes["drawn"] = True
        return self.screen.text()

    def run(self, seconds: float) -> None:
        """Read for so long."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.pump(max(0.0, until - time.monotonic())):
            pass

    def until(self, seen: Callable[[], bool], seconds: float = 15.0) -> float:
        """Milliseconds until `seen` is true; raises TimeoutError."""
        begun = time.monotonic()
        while not seen():
            if time.monotonic() - begun > seconds or not self.pump(0.05):
                raise TimeoutError(f"not seen; the screen says:\n{self.screen.text()}\n{self.raw[-500:]!r}")
        return (time.monotonic() - begun) * 1000

    def cpu_s(self) -> float:
        """Processor time used so far."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_mb(self) -> float:
        """Resident memory."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024

    def end(self) -> None:
        """Ask it to end, as `kill` does, and wait."""
        os.kill(self.pid, signal.SIGTERM)
        until = time.monotonic() + 5
        while time.monotonic() < until and self.pump(0.1):
            pass
        if os.waitpid(self.pid, os.WNOHANG)[0] == 0:
            time.sleep(0.5)
            if os.waitpid(self.pid, os.WNOHANG)[0] == 0:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
        os.close(self.fd)


def quantile(values: list[float], part: float) -> float:
    """The value below which `part` of `values` lie."""
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


def usage(width: int, height: int, seconds: float, *, headless: bool = False) -> dict[str, float]:
    """Bytes a second, CPU share and memory over `seconds` after a warm-up."""
    with tempfile.TemporaryDirectory() as state:
        child = Watched(program(state, headless=headless), width, height)
        child.run(WARM_S)
        size, cpu_s, begun = child.size, child.cpu_s(), time.monotonic()
        child.run(seconds)
        took_s = time.monotonic() - begun
        figures = {
            "bytes_per_s": (child.size - size) / took_s,
            "cpu_percent": 100 * (child.cpu_s() - cpu_s) / took_s,
            "rss_mb": child.rss_mb(),
        }
        child.end()
    return figures


def first_frame_ms(rounds: int) -> tuple[float, float]:
    """Median time to the first frame: of this program, and of a Textual hello world, taken in turn."""
    ours, hello = [], []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as state:
            child = Watched(program(state), 120, 40)
            ours.append(child.until(lambda child=child: "entries" in child.text()))
            child.end()
        child = Watched(["-c", HELLO], 120, 40)
        hello.append(child.until(lambda child=child: "hello world" in child.raw))
        child.end()
    return quantile(ours, 0.5), quantile(hello, 0.5)


def key_ms(presses: int) -> list[float]:
    """Times from the key `p` until row 0 says that entries are paused, or on again."""
    times = []
    with tempfile.TemporaryDirectory() as state:
        child = Watched(program(state), 120, 40)
        child.until(lambda: "REPLAY" in child.text())
        child.run(WARM_S)
        for press in range(presses):
            pauses = press % 2 == 0  # while they are on, row 0 says what keeps an entry out at the moment
            os.write(child.fd, b"p")
            times.append(child.until(lambda pauses=pauses: ("paused" in child.text().partition("\n")[0]) is pauses))
            child.run(0.13 + 0.037 * (press % 5))  # at any phase of the frames
        child.end()
    return times


def delays_ms(seconds: float, *, headless: bool = False) -> list[float]:
    """How late a thread that sleeps for 1 ms wakes inside the program."""
    with tempfile.TemporaryDirectory() as state:
        out = str(Path(state) / "delays.json")
        arguments = program(str(Path(state) / "state"), headless=headless)[2:]
        child = Watched(["-m", "tests.bench.screen", "--inside", out, str(WARM_S), str(seconds), *arguments], 120, 40)
        child.run(WARM_S + seconds + 1.5)
        child.end()
        found: list[float] = json.loads(Path(out).read_text())
    return found


def inside(out: str, warm_s: float, seconds: float, arguments: list[str]) -> None:
    """Run the program with a thread that notes how late it wakes from each sleep of 1 ms."""

    def watch() -> None:
        time.sleep(warm_s)
        late, until = [], time.monotonic() + seconds
        while time.monotonic() < until:
            before = time.perf_counter_ns()
            time.sleep(0.001)
            late.append((time.perf_counter_ns() - before) / 1e6 - 1)
        Path(out).write_text(json.dumps(late))

    threading.Thread(target=watch, daemon=True).start()
    sys.argv = ["myquant-tui", *arguments]
    runpy.run_module("tui", run_name="__main__")


def report(seconds: float) -> None:
    """Measure everything and print one line per figure."""
    bare = usage(120, 40, seconds, headless=True)
    print(f"{'without screen':22} {bare['rss_mb']:7.1f} MB   {bare['cpu_percent']:5.1f} % CPU", flush=True)
    for width, height in ((80, 24), (120, 40)):
        seen = usage(width, height, seconds)
        print(
            f"{f'screen {width}x{height}':22} {seen['rss_mb']:7.1f} MB   {seen['cpu_percent']:5.1f} % CPU"
            f"   {seen['cpu_percent'] - bare['cpu_percent']:+5.1f} % for the screen   {seen['bytes_per_s'] / 1000:5.2f} KB/s",
            flush=True,
        )
    ours, hello = first_frame_ms(5)
    print(f"{'first frame':22} {ours:7.0f} ms   hello world {hello:.0f} ms   {ours / hello:.2f} times", flush=True)
    keys = key_ms(20)
    print(
        f"{'key to action':22} {quantile(keys, 0.5):7.1f} ms   p95 {quantile(keys, 0.95):.1f} ms   max {max(keys):.1f} ms",
        flush=True,
    )
    for name, headless in (("delay, no screen", True), ("delay, with screen", False)):
        late = delays_ms(seconds, headless=headless)
        shown = "   ".join(
            f"{label} {quantile(late, part):.2f} ms" for label, part in (("p50", 0.5), ("p99", 0.99), ("p999", 0.999))
        )
        print(f"{name:22} {shown}   max {max(late):.2f} ms   of {len(late)}", flush=True)


def main() -> None:
    """Report, or be the program that is measured."""
    if sys.argv[1:2] == ["--inside"]:
        inside(sys.argv[2], float(sys.argv[3]), float(sys.argv[4]), sys.argv[5:])
        return
    parser = argparse.ArgumentParser(description="figures of the screen, at about 1,000 ticks a second")
    parser.add_argument("--seconds", type=float, default=20, help="of each measurement")
    report(parser.parse_args().seconds)


if __name__ == "__main__":
    main()
