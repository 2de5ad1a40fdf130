"""The words of `bench`. Knows no engine."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

_JSON = """--delivery sends the same traffic in each mode to an engine process of its own, and to a bare recv loop; beyond
--seconds it takes a few seconds to start, and with --screen twice as long.

--delivery --json prints one object: seconds, measuring_us (in every latency of a mode), engine_rss_mb, screen_rss_mb
(or null), latencies [{rate, receiver ("bare recv", polling, queued, callback), screen, ticks, p50_us, p95_us, p99_us,
max_us, over_bare (p99 over that of bare recv), over_unwatched (p99 over that without a screen), both the median of
all rounds, cpu_percent (of one core, all threads of the engine process), merged, lost}], throughput [{delivery,
ticks_per_s, sender_limit (nothing faster could be sent)}]. Memory is in MB of 1,000,000 bytes. A warm-up is not counted."""


def add_bench_command(commands: Any, config_options: Callable[[argparse.ArgumentParser], None]) -> None:
    """Add `bench`; `config_options` adds those of the configuration."""
    bench = commands.add_parser(
        "bench",
        help="speed of the engine on this machine",
        epilog=_JSON,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    bench.add_argument("file", type=Path, metavar="FILE", nargs="?", help="default: the bundled recording")
    bench.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="as JSON")
    bench.add_argument("--rounds", type=int, default=5, metavar="N", help="how often each measurement is made")
    bench.add_argument("--delivery", action="store_true", dest="by_delivery", help="wire → decision in every mode")
    bench.add_argument("--seconds", type=float, default=60.0, metavar="S", help="how long --delivery measures")
    bench.add_argument(
        "--rate", type=float, action="append", metavar="N", help="ticks a second (repeatable; default: 20, 100, 1000)"
    )
    bench.add_argument(
        "--screen", action="store_true", help="with --delivery: once more with a screen of 80×24 attached"
    )
    config_options(bench)
