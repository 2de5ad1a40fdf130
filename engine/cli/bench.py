"""The command `bench`: how fast the engine is on this machine."""

import sys
from argparse import Namespace, RawDescriptionHelpFormatter
from pathlib import Path

from engine.cli.options import Parser, config_options, json_option, load_config, overrides_of
from engine.model.errors import InputError

_EPILOG = """--delivery sends the same traffic in each mode to an engine process of its own, and to a bare recv loop; beyond
--seconds it takes a few seconds to start, and with --screen twice as long.

--delivery --json prints one object: seconds, measuring_us (in every latency of a mode), engine_rss_mb, screen_rss_mb
(or null), latencies [{rate, receiver ("bare recv", polling, queued, callback), screen, ticks, p50_us, p95_us, p99_us,
max_us, over_bare (p99 over that of bare recv), over_unwatched (p99 over that without a screen), both the median of
all rounds, cpu_percent (of one core, all threads of the engine process), merged, lost}], throughput [{delivery,
ticks_per_s, sender_limit (nothing faster could be sent)}]. Memory is in MB of 1,000,000 bytes. A warm-up is not counted."""


def arguments(parser: Parser) -> None:
    """Declare the arguments of `bench`."""
    parser.epilog, parser.formatter_class = _EPILOG, RawDescriptionHelpFormatter
    parser.add_argument("file", type=Path, metavar="FILE", nargs="?", help="default: the bundled recording")
    json_option(parser)
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="how often each measurement is made")
    parser.add_argument("--delivery", action="store_true", dest="by_delivery", help="wire → decision in every mode")
    parser.add_argument("--seconds", type=float, default=60.0, metavar="S", help="how long --delivery measures")
    parser.add_argument(
        "--rate", type=float, action="append", metavar="N", help="ticks a second (repeatable; default: 20, 100, 1000)"
    )
    parser.add_argument(
        "--screen",
        action="store_true",
        dest="with_screen",
        help="with --delivery: once more with a screen of 80×24 attached",
    )
    config_options(parser)


def run(args: Namespace) -> int:
    """Measure, and report."""
    if args.by_delivery:
        return _by_delivery(args)
    if args.with_screen or args.rate:
        raise InputError(f"{'--screen' if args.with_screen else '--rate'}: only with --delivery")
    if not 1 <= args.rounds <= 1000:
        raise InputError(f"--rounds {args.rounds}: allowed: 1 to 1000")
    from engine.bench.speed import lines, measure_speed
    from engine.cli.output import answer
    from engine.config import bundled

    figures = measure_speed(load_config(args), args.file or bundled("nifty-synthetic.mqr"), args.rounds)
    answer(args, figures, lines(figures))
    return 0


def _by_delivery(args: Namespace) -> int:
    from engine.bench.delivery import measure_delivery
    from engine.bench.figures import lines
    from engine.cli.output import answer

    def tell(line: str) -> None:
        if not args.json:
            print(line, file=sys.stderr)

    if args.file is not None:
        raise InputError(f"{args.file}: --delivery sends traffic of its own, and reads no file")
    report = measure_delivery(
        args.config, overrides_of(args), args.seconds, args.rate or (), tell, with_screen=args.with_screen
    )
    answer(args, report, lines(report))
    return 0
