"""`python -m tests.soak`: an engine for minutes or hours on an exchange where something is always going wrong."""

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from engine.journal import JOURNAL_FILE
from engine.journal import verify as verify_journal
from engine.model.errors import InputError
from tests.soak.account import PacketLedger, packet_ledger
from tests.soak.fault_schedule import fault_schedule
from tests.soak.growth import Growth, Sample, growth
from tests.soak.soak_harness import SoakHarness, soaking, symbols
from tests.support.processes.live_processes import SCALPING
from tests.support.venues.live_harness import verify

_SAMPLES = 600  # at most, over the whole run
_QUIET_S = 20.0  # at the end nothing goes wrong any more, so that all can be counted
_WARM_UP = 0.5  # of the run: caches, the log's ring and the day's trades fill up meanwhile
_MOST_GROWTH_MB = 1.0  # of the fitted line over the rest of the run, beside what the charts may take
_POINT_S, _POINT_BYTES = 5, 160  # of an instrument's chart
_KEYS = (
    *SCALPING,
    "risk.max_positions_per_day=300",  # the list of the day's trades is kept, and would grow for ever
    "session.zone=UTC",
    "session.start=00:00",
    "session.end=23:59:59",
    "session.start_buffer_minutes=0",
    "session.no_trade_start_minutes=0",
    "session.end_buffer_minutes=0",
    "session.no_trade_end_minutes=0",
    "smartapi.sequence=rising",
    "engine.delivery=callback",
    "engine.inbox_size=5000",
    "recording.checkpoint_ticks=1000",
)


def main(arguments: list[str]) -> int:
    """Run, report, judge: 0 when nothing grew and every packet is accounted for."""
    options = _parser().parse_args(arguments)
    seconds = options.hours * 3600 or options.minutes * 60
    speed, per_token = 1.0, options.per_token
    if options.compressed:
        seconds, speed = 600.0, options.compressed_hours * 3600 / 600.0
        per_token *= speed
    traffic = ("--per-token", str(per_token), "--traffic-seconds", str(seconds), "--speed", str(speed))
    with ExitStack() as stack:
        folder = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soak")))
        folder.mkdir(parents=True, exist_ok=True)
        # Yesterday, so that its clock is never ahead of ours; midnight in UTC is half past five in Kolkata.
        day = time.strftime("%Y-%m-%dT05:30:00", time.gmtime(time.time() - 86_400))
        keys = (*_KEYS, f"feed.silence_s={options.silence}", *options.overrides)
        began = ("--seed", str(options.seed), "--no-rate-limits", *(("--day-time", day) if options.compressed else ()))
        harness = stack.enter_context(soaking(folder, symbols(options.instruments), (*traffic, *began), keys))
        samples, done = _soak(harness, seconds, options)
        charts_mb = options.instruments * (1 - _WARM_UP) * seconds * speed / _POINT_S * _POINT_BYTES / 1e6
        problems, told = _judge(harness, samples, charts_mb)
        lines = (",".join(map(str, sample)) for sample in samples)
        (folder / "samples.csv").write_text("\n".join((",".join(Sample._fields), *lines)) + "\n", encoding="utf-8")
    print("\n".join((*(f"{name:<24} {value}" for name, value in told), f"{'faults done':<24} {done}")))
    for problem in problems:
        print(f"PROBLEM: {problem}")
    print("soak: " + ("FAILED" if problems else "well"))
    return int(bool(problems))


def _soak(harness: SoakHarness, seconds: float, options: argparse.Namespace) -> tuple[list[Sample], int]:
    """Let it run, and let things go wrong; the samples, and how many faults there were."""
    samples: list[Sample] = []
    schedule = fault_schedule(options.seed, options.link_every, options.packet_every)
    due_s, fault = next(schedule)
    done = 0
    every_s = max(0.5, seconds / _SAMPLES)
    while (now_s := time.monotonic() - harness.begun_s) < seconds:
        while due_s <= now_s:
            if now_s < seconds - _QUIET_S:
                try:
                    harness.exchange.tell(fault)
                except InputError as error:  # nothing to be wrong with at this moment
                    print(f"{now_s:8.1f} s {fault}: {error}", file=sys.stderr)
                done += 1
            due_s, fault = next(schedule)
        if not samples or now_s >= samples[-1].at_s + every_s:
            samples.append(harness.sample())
            if harness.engine.poll() is not None:
                raise SystemExit(f"soak: the engine ended with status {harness.engine.returncode}")
        harness.pause(min(every_s, max(0.01, due_s - now_s)))
    return samples, done


def _judge(harness: SoakHarness, samples: list[Sample], charts_mb: float) -> tuple[list[str], list[tuple[str, object]]]:
    """End the run; what is wrong, and the figures."""
    finished = harness.exchange.wait_finished(120)
    harness.pause(2.0)
    last = harness.seen
    assert last.feed is not None
    status = harness.end()
    counters = harness.exchange.stop()
    (recording,) = harness.recordings
    book = packet_ledger(recording, counters, last.merged, last.feed.bad, last.feed.link)
    (report,) = verify([recording])
    figures = growth(samples, _WARM_UP * samples[-1].at_s)
    journal = verify_journal(harness.home.folder / "state" / JOURNAL_FILE)
    problems = book.problems()
    problems += [] if finished else ["the exchange could not send all it had"]
    problems += [] if report["outcome"] == "same" else [f"verify: {report['outcome']}: {report['reason']}"]
    problems += [f"journal: {journal}"] if journal else []
    problems += [f"exit status {status}"] if status not in {0, 75} else []
    problems += _grown(figures, _MOST_GROWTH_MB + charts_mb)
    if last.faults:
        problems.append(f"{last.faults} exceptions in the trader")
    return problems, _figures(harness, book, figures, report, last)


def _grown(figures: Growth, most_mb: float = _MOST_GROWTH_MB) -> list[str]:
    """What grew; memory may by `most_mb`."""
    found = []
    if figures.rss_growth_mb > most_mb:
        found.append(f"memory grew by {figures.rss_growth_mb:.2f} MB ({figures.rss_mb_per_hour:+.1f} MB/h)")
    for name, (least, most) in (("descriptors", figures.descriptors), ("threads", figures.threads)):
        if most - least > 6:
            found.append(f"{name}: between {least} and {most}")
    return found


def _figures(
    harness: SoakHarness, book: PacketLedger, figures: Growth, report: dict[str, Any], last: Any
) -> list[tuple[str, object]]:
    total = last.epochs[-1].stages["receive→decision"]
    counters = harness.exchange.final
    assert counters is not None
    return [
        ("ran", f"{time.monotonic() - harness.begun_s:.0f} s, {len(last.instruments)} instruments"),
        ("ticks sent", f"{book.sent:,}"),
        ("  worked, recorded", f"{book.worked:,}"),
        ("  merged", book.merged),
        ("  lost with a link", book.lost),
        ("  holes within links", book.holes),
        ("missed while down", f"{book.missed_while_down:,}"),
        ("bad packets", f"{book.bad_sent} sent, {book.bad_counted} counted {last.feed.bad}"),
        ("refused", last.refused),
        ("links", f"{book.links}; refusals {counters.refusals}, logins {counters.logins}"),
        ("entries, exits", f"{last.account.total.entries}, {last.account.exits}"),
        ("verify", f"{report['outcome']} {report['same']}/{report['checkpoints']}, exits {report['exits_same']}"),
        ("memory", f"{figures.rss_mb:.1f} MB now, {figures.rss_peak_mb:.1f} at most"),
        ("memory grows", f"{figures.rss_mb_per_hour:+.2f} MB/h, {figures.rss_growth_mb:+.2f} MB over the run"),
        ("descriptors, threads", f"{figures.descriptors}, {figures.threads}"),
        ("processor", f"{100 * figures.cpu_share:.1f} % of a core"),
        ("receive→decision", f"p50 {total.p50_ns / 1000:.0f} µs, p99 {total.p99_ns / 1000:.0f} µs"),
    ]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__, allow_abbrev=False)
    option = parser.add_argument
    option("--minutes", type=float, default=3.0)
    option("--hours", type=float, default=0.0)
    option("--compressed", action="store_true", help="a session of --compressed-hours within ten minutes")
    option("--compressed-hours", type=float, default=8.0)
    option("--instruments", type=int, default=10)
    option("--per-token", type=float, default=2.0, help="ticks a second of each, before compression")
    option("--seed", type=int, default=1)
    option("--silence", type=int, default=8, help="feed.silence_s")
    option("--link-every", type=float, default=25.0, help="seconds between two faults of the link, about")
    option("--packet-every", type=float, default=2.0, help="seconds between two bad packets, about")
    option("--set", dest="overrides", action="append", default=[], metavar="KEY=VALUE")
    option("--keep", type=Path, metavar="FOLDER", help="leave state, recording and log there")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
