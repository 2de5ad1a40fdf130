"""Measures what an engine and a screen cost while nothing, or little, happens: wake-ups and processor time, thread by thread.

Run it as `python -m tests.bench.idle [--seconds 20]`. It reports figures and judges none. The engine is a process of its
own on a simulated exchange that is silent, or sends a hundred ticks a second; the screen is attached on a pty.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench.screen import Watched
from tests.simulator import Generated, Simulator
from tests.support.processes.command_home import Home
from tests.support.processes.live_processes import arguments
from tests.support.venues.live_harness import ENVIRON, noon

_SETTLE_S = 4.0
_CASES = (("idle", 0, False), ("100 ticks/s", 100, False), ("idle, screen attached", 0, True))
_Figures = dict[str, object]


def _read(pid: int) -> dict[int, tuple[int, int]]:
    """What each thread of process `pid` has had so far: wake-ups (voluntary switches), processor time in ns."""
    found = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        lines = (task / "status").read_text(encoding="ascii").splitlines()
        (switches,) = (int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches"))
        found[int(task.name)] = (switches, int((task / "schedstat").read_text(encoding="ascii").split()[0]))
    return found


def measure(pid: int, seconds: float, passing: Callable[[float], None] = time.sleep) -> _Figures:
    """Wake-ups a second and share of a core over `seconds`, which `passing` lets go by; each thread's, the oldest first."""
    before, begun_s = _read(pid), time.monotonic()
    passing(seconds)
    after, passed_s = _read(pid), time.monotonic() - begun_s
    rates = []
    for thread, (switches, cpu_ns) in sorted(after.items()):
        switches_before, cpu_ns_before = before.get(thread, (0, 0))
        rates.append(((switches - switches_before) / passed_s, (cpu_ns - cpu_ns_before) / passed_s / 1e7))
    return {
        "wakeups_per_s": round(sum(wakeups for wakeups, _ in rates), 1),
        "core_percent": round(sum(core for _, core in rates), 2),
        "threads": [f"{wakeups:.1f}/s {core:.2f} %" for wakeups, core in rates],
    }


def case(folder: Path, rate: int, seconds: float, *, screen: bool) -> _Figures:
    """An engine at `rate` ticks a second, 0 = none after the first, or the `screen` that is attached to it."""
    home = Home(folder)
    (home.cwd / "recordings").mkdir()
    traffic = Generated(rate=rate, seed=4) if rate else Generated(rate=50, count=1)
    with Simulator(traffic) as sim:
        state = folder / "here"
        # A link that is silent is made anew; here that would be measured along.
        words = ["--state-dir", state, *arguments(sim, "feed.silence_s=3600", *noon())]
        with home.start("engine", *words, env=home.environment | ENVIRON) as popen:
            try:
                assert sim.wait_subscribed(1, 20), popen.poll()
                return _screen(state, seconds) if screen else _engine(popen.pid, seconds)
            finally:
                popen.kill()


def _engine(pid: int, seconds: float) -> _Figures:
    time.sleep(_SETTLE_S)
    return measure(pid, seconds)


def _screen(state: Path, seconds: float) -> _Figures:
    watched = Watched(["-m", "tui", "attach", "--state-dir", str(state)], 120, 40)
    try:
        watched.until(lambda: "PAPER" in watched.text())
        watched.run(_SETTLE_S)
        begun = watched.size
        figures = measure(watched.pid, seconds, watched.run)
        return {**figures, "bytes_per_s": round((watched.size - begun) / seconds)}
    finally:
        watched.end()


def main() -> None:
    """Measure each case and print its figures as JSON, a line each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--only", choices=[name for name, _, _ in _CASES])
    chosen = parser.parse_args()
    for name, rate, screen in _CASES:
        if chosen.only in {None, name}:
            with tempfile.TemporaryDirectory() as folder:
                print(json.dumps({name: case(Path(folder), rate, chosen.seconds, screen=screen)}), flush=True)


if __name__ == "__main__":
    main()
