"""The command `baseline`: what a tick costs here, where that goes, and whether it has become more."""

import math
import time
from argparse import Namespace, RawDescriptionHelpFormatter
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.options import Parser, config_options, engine_options, json_option, load_config
from engine.model.errors import EXIT_DIFFERENT, EXIT_WELL, InputError

if TYPE_CHECKING:
    from engine.bench.baseline.gate import Verdict

_PAIRS = 15
_LEAST_MINUTES, _MOST_MINUTES = 0.05, 1440.0
_LEAST_COMPARED = 5  # pairs: of fewer there is no interval to speak of
_EPILOG = """examples:
  myquant-tui baseline --out before                              before a change …
  myquant-tui baseline --compare before/baseline_TIME.json       … and after it
  myquant-tui baseline --attach --minutes 5                      of the engine that runs

Two files are written into --out: baseline_metrics_<time>.csv, a row for each measurement (timestamp, component,
operation, duration_ms, tick_count, delivery, pair), and baseline_<time>.json, which --json prints as well:
  schema 1, made, source, ticks, pairs, machine {cpu, cores, system, memory_mb, load}, versions {program, rules, python,
  libraries}, key (what two baselines must have in common: reference, python, cpu, ticks, settings that differ from the
  defaults), operations [{component, operation, delivery, count, mean_us, median_us, p95_us, p99_us, max_us} of a tick],
  log_lines_per_tick, inbox (deepest, by delivery), gc {count, total_ms, longest_ms}, bottlenecks [{part, us_per_tick,
  low, high, hint}, the dearest first], gate {ratio, low, high, pairs}, compared {outcome, text, more, more_low, more_high}

Bottlenecks are found by leaving parts out: two engines side by side get the same ticks, one of them without the part.
The gate compares no time but a ratio: CPU time of the engine over that of a fixed loop which takes turns with it, the
median of all pairs. It fails only where the lower end of the 95 % interval is more than --tolerance percent above BASE.

--attach watches an engine that runs, for --minutes, by counters that it keeps anyway: each second a row a stage and delivery
(duration_ms of tick_count ticks; pair numbers the looks). Its JSON has no bottlenecks and no gate, but engine, pid, seconds,
gc_longest_ms, rss_mb and ended ("" or why it was left early); quantiles are known to a power of two.

exit status: 0 passes or not comparable (another reference loop, Python, processor, recording, configuration), 1 fails"""


def arguments(parser: Parser) -> None:
    """Declare the arguments of `baseline`."""
    parser.epilog, parser.formatter_class = _EPILOG, RawDescriptionHelpFormatter
    parser.add_argument("file", type=Path, metavar="FILE", nargs="?", help="default: the bundled recording")
    parser.add_argument("--pairs", type=int, metavar="N", help="how often each is measured (default: 15)")
    parser.add_argument("--out", type=Path, default=Path(), metavar="DIR", help="where the files go (default: here)")
    parser.add_argument("--compare", type=Path, metavar="BASE.json", help="fail where a tick costs more than then")
    parser.add_argument(
        "--tolerance", type=float, default=10.0, metavar="PERCENT", help="how much more is allowed (default: 10)"
    )
    parser.add_argument("--attach", action="store_true", help="watch an engine that runs instead")
    parser.add_argument("--minutes", type=float, metavar="M", help="how long --attach watches (default: 1)")
    engine_options(parser)
    json_option(parser)
    config_options(parser)


def run(args: Namespace) -> int:
    """Measure, write down, compare."""
    if args.attach:
        return _attached(args)
    pairs = _checked_pairs(args)
    from engine.bench.baseline.files import file_names, read_json, write_json
    from engine.bench.baseline.measure import BaselineRun
    from engine.bench.baseline.measurements import Measurements
    from engine.bench.baseline.report import compared, lines
    from engine.cli.output import answer, progress_bar
    from engine.config import bundled

    config = load_config(args)
    base = None if args.compare is None else read_json(args.compare)
    baseline = BaselineRun(config, args.file or bundled("nifty-synthetic.mqr"), pairs)
    metrics, summary = file_names(args.out)
    with Measurements(metrics) as measurements, progress_bar("baseline") as progress:
        report = baseline.measure(measurements, progress or (lambda _: None))
    if base is not None:
        report = compared(report, base, args.tolerance)
    write_json(summary, report)
    answer(args, report, [*lines(report), f"written: {metrics}", f"         {summary}"])
    return exit_status(report.compared)


def exit_status(verdict: "Verdict | None") -> int:
    """1 only where a comparison was made and failed."""
    return EXIT_DIFFERENT if verdict is not None and verdict.outcome == "fails" else EXIT_WELL


def _checked_pairs(args: Namespace) -> int:
    """How many pairs are to be measured; raises InputError where that, or what else is said, makes no sense."""
    pairs: int = _PAIRS if args.pairs is None else args.pairs
    if args.minutes is not None:
        raise InputError("--minutes: only with --attach")
    if not 1 <= pairs <= 1000:
        raise InputError(f"--pairs {pairs}: allowed: 1 to 1000")
    if args.compare is not None and pairs < _LEAST_COMPARED:
        raise InputError(f"--pairs {pairs}: with --compare allowed: {_LEAST_COMPARED} to 1000, for an interval")
    if not (math.isfinite(args.tolerance) and 0 <= args.tolerance <= 1000):
        raise InputError(f"--tolerance {args.tolerance:g}: allowed: 0 to 1000 percent")
    return pairs


def _attached(args: Namespace) -> int:
    """Watch a running engine."""
    minutes: float = 1.0 if args.minutes is None else args.minutes
    for name, said in (("FILE", args.file), ("--pairs", args.pairs), ("--compare", args.compare)):
        if said is not None:
            raise InputError(f"{name} {said}: not with --attach, which watches an engine that runs")
    if not (math.isfinite(minutes) and _LEAST_MINUTES <= minutes <= _MOST_MINUTES):
        raise InputError(f"--minutes {minutes:g}: allowed: {_LEAST_MINUTES:g} to {_MOST_MINUTES:g}")
    from engine.bench.baseline.attached import AttachedRun, live_lines
    from engine.bench.baseline.files import file_names, write_json
    from engine.bench.baseline.measurements import Measurements
    from engine.cli.output import answer, progress_bar
    from engine.link import Oneshot
    from engine.serving import find_place

    place = find_place(args.state_dir)
    if not place.pid:
        raise InputError(f"no engine is running for {place.where}")
    metrics, summary = file_names(args.out)
    with Oneshot(place.socket, "baseline") as engine:
        engine.measures()  # one of another version refuses, before there is any file
        with Measurements(metrics) as measurements, progress_bar("baseline") as progress:
            run = AttachedRun(engine, measurements, time.sleep, time.monotonic)
            report = run.watch(minutes * 60, progress or (lambda _: None))
    write_json(summary, report)
    answer(args, report, [*live_lines(report), f"written: {metrics}", f"         {summary}"])
    return EXIT_WELL
