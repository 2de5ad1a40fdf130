"""What a frame of the screen costs, part by part: processor time and bytes, of a session that was looked at beforehand.

Run it as `python -m tests.bench.frames [--series FILE]`. The session is played once at about 1,000 ticks a second and what
a screen asks for is kept, in FILE where one is named: another program can be given the same. Then the real application
draws it on a pty, one look after the other. Reports figures, judges none.
"""

import argparse
import cProfile
import json
import pickle
import pstats
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import astuple

from engine import Bar, LogLine, Snapshot
from engine.assembly import build
from engine.config import bundled
from engine.recording import MqrSource
from tests.bench.screen import SPEED, WARM_S, Watched
from tests.support.builders import config
from tests.support.screens.engine_clients import FakeClient
from tui.frame.screen import cut
from tui.shell.app import MyQuant
from tui.shell.board import strip_of
from tui.terminal.diff import Cells
from tui.text.rows import Line, width_of

SIZES = ((80, 24), (120, 40))
_LOOK_S = 0.25
_STEP_S = 0.03  # between two frames while they are measured
_WARM = 8  # frames that are not counted: what they need is made and kept
# What is reported, by the function that makes it: the figure is its share of a profile, those it calls included.
_PARTS = {
    "look at the engine": ("view/view_builder.py", "look"),
    "row 0": ("frame/header.py", "status"),
    "row 1": ("frame/header.py", "bar"),
    "ticks": ("panes/ticks.py", "rows"),
    "chart": ("panes/chart.py", "rows"),
    "positions": ("panes/positions.py", "rows"),
    "latency": ("panes/latency.py", "rows"),
    "heartbeat": ("panes/heartbeat.py", "rows"),
    "log": ("panes/log.py", "rows"),
    "right panes in lines": ("panes/layout.py", "_collapsed"),
    "footer": ("frame/footer.py", "line"),
    "frame of all": ("frame/screen.py", "frame"),
    "lines to width": ("text/rows.py", "fit"),
    "changed cells": ("terminal/diff.py", "frame"),
}


class Look(Struct):
    """What a screen asks for at one moment: its clock, the snapshot, the chart and the new log lines."""

    now_ns: int
    snapshot: Snapshot
    history: tuple[Bar, ...]
    lines: list[LogLine]


def looks(seconds: float) -> list[Look]:
    """Play the bundled session for so long, and look at it four times a second."""
    found: list[Look] = []
    with tempfile.TemporaryDirectory() as folder:
        source = MqrSource(bundled("nifty-synthetic.mqr"))
        run = build(config(), source, "replay", speed=SPEED, state_root=Path(folder), on_screen=True)
        with run:
            engine = run.engine
            engine.start()
            number, due = 0, time.monotonic() + WARM_S
            for _ in range(int(seconds / _LOOK_S)):
                time.sleep(max(0.0, due - time.monotonic()))
                due += _LOOK_S
                lines = run.logs.lines_since(number, 1_000)
                number = lines[-1].number if lines else number
                found.append(Look(time.perf_counter_ns(), engine.snapshot, engine.history(0), lines))
            engine.stop()
    return found


class Played(FakeClient):
    """A client that shows one look after the other."""

    def __init__(self, series: Sequence[Look]) -> None:
        super().__init__(series[0].snapshot)
        self._left = iter(series)
        self.lines = []
        self.step()

    def step(self) -> bool:
        """Go on to the next look; False where there is none."""
        look = next(self._left, None)
        if look is None:
            return False
        self.snapshot, self.now_ns, self._bars = look.snapshot, look.now_ns, look.history
        self.lines = [*self.lines, *look.lines][-2_000:]
        return True

    def history(self, instrument: int) -> tuple[Bar, ...]:
        return self._bars

    def log_lines(self, since: int, limit: int) -> list[LogLine]:
        if not self.lines or self.lines[-1].number <= since:
            return []
        return super().log_lines(since, limit)


class CountedCells(Cells):
    """Cells that count what they have drawn."""

    size = 0

    def frame(self) -> str:
        drawn = super().frame()
        self.size += len(drawn.encode())
        return drawn


class Drawing(MyQuant):
    """The application over a series of looks, as fast as frames can be drawn; `profile` is of the frames that count."""

    def __init__(self, series: Sequence[Look], profile: cProfile.Profile | None) -> None:
        self._client = Played(series)
        super().__init__(self._client, Path(tempfile.gettempdir()), now_ns=lambda: self._client.now_ns)
        self.cells = CountedCells()
        self._profile = profile
        self.frames: list[list[Line]] = []
        self.cpu_s = 0.0
        self.sent = 0

    def on_mount(self) -> None:
        """Begin, besides what the screen does at its own begin."""
        self.set_interval(_STEP_S, self._step)

    def _tick(self) -> None:
        """The screen's own pace is not that of the measurement."""

    def _step(self) -> None:
        if len(self.frames) == _WARM:
            self.cpu_s, self.sent = -time.thread_time(), -self.cells.size
            if self._profile is not None:
                self._profile.enable()
        if self._client.step():
            super()._tick()
            self.frames.append(list(self.board.lines))
            return
        self.cpu_s, self.sent = self.cpu_s + time.thread_time(), self.sent + self.cells.size
        if self._profile is not None:
            self._profile.disable()
        self.exit()


def _regions(lines: Sequence[Line], width: int) -> Iterator[tuple[str, int, int, int, int]]:
    """Name, first and last row, first and last column of each part of a frame, by the rules over them."""
    yield "row 0", 0, 1, 0, width
    yield "row 1", 1, 2, 0, width
    texts = ["".join(words for words, _ in line) for line in lines]
    wall = texts[2].find("┬")
    split = next((y for y, text in enumerate(texts) if y > 2 and wall >= 0 and text[wall] not in "┬│"), 2)
    columns = [(2, split, 0, wall), (2, split, wall, width), (split, len(texts) - 1, 0, width)]
    for top, bottom, left, right in columns if wall >= 0 else columns[2:]:
        begins = [y for y in range(top, bottom) if texts[y][left : left + 3].lstrip("┬│").startswith("─ ")]
        for y, until in zip(begins, [*begins[1:], bottom], strict=True):
            words = texts[y][left + 2 : right].split()
            name = words[1] if words[0].isdigit() else "chart"
            yield name.lower(), y, until, left, right
    yield "footer", len(texts) - 1, len(texts), 0, width


def bytes_by_part(frames: Sequence[Sequence[Line]], width: int) -> dict[str, float]:
    """Bytes a frame that each part would take if it were drawn alone."""
    cells: dict[str, Cells] = {}
    spent: dict[str, int] = {}
    for number, lines in enumerate(frames):
        for name, top, bottom, left, right in _regions(lines, width):
            one = cells.setdefault(name, Cells())
            one.resize(right - left, bottom - top)
            for y in range(top, bottom):
                one.put(0, y - top, strip_of(cut(lines[y], left, right), right - left, "ansi"))
            drawn = len(one.frame().encode())
            one.commit()
            spent[name] = spent.get(name, 0) + (drawn if number >= _WARM else 0)
    return {name: size / (len(frames) - _WARM) for name, size in spent.items()}


def inside(series: Path, out: Path, *, profiled: bool) -> None:
    """Draw the series on this process's terminal and leave the figures in `out`."""
    profile = cProfile.Profile(time.thread_time) if profiled else None
    kept = pickle.loads(series.read_bytes())
    app = Drawing([Look(*each) for each in kept], profile)
    app.run(mouse=False)
    counted = len(app.frames) - _WARM
    figures: dict[str, object] = {"cpu_ms": app.cpu_s * 1000 / counted, "bytes": app.sent / counted}
    if profile is not None:
        stats = pstats.Stats(profile)
        stats.dump_stats(f"{out}.prof")
        by_function = stats.stats.items()  # type: ignore[attr-defined]
        whole = sum(own for _, (_, _, own, _, _) in by_function)
        figures["shares"] = {
            part: sum(row[3] for (path, _, called), row in by_function if called == name and path.endswith(file))
            / whole
            for part, (file, name) in _PARTS.items()
        }
        figures["parts"] = bytes_by_part(app.frames, width_of(app.frames[0][0]))
    out.write_text(json.dumps(figures))


def drawn(series: Path, width: int, height: int, *, profiled: bool = False) -> dict[str, object]:
    """The figures of one drawing of the series in a terminal of that size."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "figures.json"
        words = [f"--inside={out}", f"--series={series}", *(["--profiled"] if profiled else [])]
        child = Watched(["-m", "tests.bench.frames", *words], width, height)
        while child.pump(5.0):
            pass
        said = child.raw
        child.end()
        if not out.exists():
            sys.exit(said[-2_000:])
        figures: dict[str, object] = json.loads(out.read_text())
    return figures


def report(series: Path, rounds: int) -> None:
    """Draw the series in every size, and print what a frame of it costs."""
    for width, height in SIZES:
        times = sorted(drawn(series, width, height)["cpu_ms"] for _ in range(rounds))
        figures = drawn(series, width, height, profiled=True)
        print(
            f"{width}x{height}: {times[0]:.2f} ms a frame (of {rounds} rounds the least, {times[-1]:.2f} the most)   ",
            end="",
        )
        print(f"{figures['bytes']:,.0f} bytes a frame")
        shown = {name: (share * times[0], None) for name, share in figures["shares"].items() if share}
        for name, (ms, _) in shown.items():
            print(f"  {name:22} {ms:6.2f} ms")
        for name, size in figures["parts"].items():
            print(f"  {name:22} {size:6,.0f} bytes")


def main() -> None:
    """Report, or be the screen that is measured."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=15.0, help="of the session that is looked at")
    parser.add_argument("--series", type=Path, help="where the looks are kept; used again where it is there")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--profiled", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.inside:
        inside(chosen.series, chosen.inside, profiled=chosen.profiled)
        return
    with tempfile.TemporaryDirectory() as folder:
        series = chosen.series or Path(folder) / "looks"
        if not series.exists():
            series.write_bytes(pickle.dumps([astuple(look) for look in looks(chosen.seconds)]))
        report(series, chosen.rounds)


if __name__ == "__main__":
    main()
