"""`python -m tests.soak.thousand`: a thousand instruments for a minute, with a screen looking on: drops, processor, memory."""

import argparse
import os
import pty
import select
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from fcntl import ioctl
from pathlib import Path
from struct import pack
from termios import TIOCSWINSZ
from threading import Event, Thread

from tests.soak.account import packet_ledger
from tests.soak.growth import Sample, growth
from tests.soak.soak_harness import SoakHarness, soaking, symbols
from tests.support.venues.live_harness import HOLDING, verify

_WARM_UP_S = 10.0
_KEYS = (
    *HOLDING,
    "capital.initial_capital=100000000000",
    "session.zone=UTC",
    "session.start=00:00",
    "session.end=23:59:59",
    "session.start_buffer_minutes=0",
    "session.no_trade_start_minutes=0",
    "session.end_buffer_minutes=0",
    "session.no_trade_end_minutes=0",
)


def main(arguments: list[str]) -> int:
    """Run and report; 1 when a tick was dropped or is unaccounted for."""
    options = _parser().parse_args(arguments)
    listed = symbols(options.instruments)
    traffic = ("--per-token", str(options.per_token), "--traffic-seconds", str(options.seconds), "--seed", "9")
    keys = (*_KEYS, f"engine.delivery={options.delivery}", *options.overrides)
    with ExitStack() as stack:
        folder = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="thousand")))
        folder.mkdir(parents=True, exist_ok=True)
        harness = stack.enter_context(soaking(folder, listed, traffic, keys))
        if options.screen:
            stack.enter_context(_screen(harness))
        samples = _watch(harness, options.seconds)
        return _report(harness, samples, options.delivery)


def _watch(harness: SoakHarness, seconds: float) -> list[Sample]:
    samples = [harness.sample()]
    while samples[-1].at_s < seconds:
        harness.pause(1.0)
        samples.append(harness.sample())
    return samples


def _report(harness: SoakHarness, samples: list[Sample], delivery: str) -> int:
    finished = harness.exchange.wait_finished(60)
    harness.reaches(harness.exchange.counters().all_sent)
    last = harness.seen
    assert last.feed is not None
    harness.end()
    counters = harness.exchange.stop()
    book = packet_ledger(harness.recordings[0], counters, last.merged, last.feed.bad, last.feed.link)
    figures = growth(samples, _WARM_UP_S)
    (report,) = verify(harness.recordings)
    for epoch in last.epochs:
        stage = epoch.stages["receive→decision"]
        print(f"{epoch.delivery:<12} from tick {epoch.first_tick}, {epoch.ticks:,} ticks, merged {epoch.merged}; "
              f"receive→decision p50 {stage.p50_ns / 1000:.0f}, p99 {stage.p99_ns / 1000:.0f}, "
              f"max {stage.max_ns / 1000:.0f} µs")  # fmt: skip
    print(
        f"ticks        {book.sent:,} sent, {book.worked:,} worked, {book.merged} merged, {book.lost} lost ({delivery})"
    )
    print(f"ticking      {last.ticking} of {last.watched}, {last.silent} silent, positions {len(last.positions)}")
    print(f"verify       {report['outcome']} {report['same']}/{report['checkpoints']}")
    print(f"processor    {100 * figures.cpu_share:.1f} % of a core")
    print(
        f"memory       {figures.rss_mb:.1f} MB, at most {figures.rss_peak_mb:.1f}, {figures.rss_mb_per_hour:+.0f} MB/h"
    )
    print(f"collector    longest pause {last.process.gc_longest_ms:.1f} ms")
    return int(not finished or book.merged > 0 or bool(book.problems()) or report["outcome"] != "same")


@contextmanager
def _screen(harness: SoakHarness) -> Iterator[None]:
    """The program's own screen on a terminal of 120 × 40 whose output is read and thrown away."""
    pid, master = pty.fork()
    if not pid:
        environment = harness.home.environment | {"TERM": "xterm-256color"}
        words = (
            sys.executable,
            "-m",
            "tui",
            "attach",
            "--read-only",
            "--state-dir",
            str(harness.home.folder / "state"),
        )
        os.execve(sys.executable, words, environment)
    ioctl(master, TIOCSWINSZ, pack("HHHH", 40, 120, 0, 0))
    ending = Event()

    def read() -> None:
        while not ending.is_set():
            if select.select([master], [], [], 0.2)[0]:
                try:
                    os.read(master, 65_536)
                except OSError:
                    return

    reader = Thread(target=read, daemon=True)
    reader.start()
    try:
        yield
    finally:
        ending.set()
        os.close(master)  # hangs up
        reader.join(2)
        os.waitpid(pid, 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.soak.thousand", description=__doc__, allow_abbrev=False)
    option = parser.add_argument
    option("--instruments", type=int, default=1000)
    option("--per-token", type=float, default=2.0)
    option("--seconds", type=float, default=60.0)
    option("--delivery", choices=("polling", "queued", "callback"), default="polling")
    option("--screen", action="store_true", help="with the program's own screen on a pty besides")
    option("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE")
    option("--keep", type=Path, metavar="FOLDER")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
