"""What a tick costs a set in a sweep, as share of what it costs the engine in the same run: `make bench-sweep`.

Processor time alone, of generated sessions and 1,000 sets that vary an EMA, the stop and the trail. All of a sweep counts but the
twenty results that the engine trades anew, which are told apart. Where numba is not installed the kernel is plain.
"""

import resource
import time
from argparse import ArgumentParser
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event

from engine.assembly.recording_config import header_of
from engine.backtest.sweep.by_engine import by_engine
from engine.backtest.sweep.compiling import COMPILES
from engine.backtest.sweep.days import Session
from engine.backtest.sweep.ledger import Ledger
from engine.backtest.sweep.plan import Plan, Search
from engine.backtest.sweep.runner import Runner
from engine.backtest.sweep.same import chosen, same_as_engine
from engine.backtest.sweep.selection import Wishes
from engine.backtest.sweep.store import Store
from engine.backtest.sweep.sweeping import planned, summed_up
from engine.backtest.sweep.worker import Worker
from engine.presentation.sweep_words import lines
from engine.recording.convert import import_file
from engine.venues.simulated.generator import MockSession
from tests.support.builders import ListSource, config, nifty
from tests.support.known_days import KOLKATA

SETS = ("strategy.fast_ema=9..18", "risk.base_sl_points=6..15", "risk.trail_activation_points=2..11")
WHOLE = "risk.max_position_value_percent=100"


def write(folder: Path, days: int) -> None:
    """Record so many generated sessions."""
    for number in range(days):
        day = date(2025, 7, 1) + timedelta(days=number)
        source = ListSource([*MockSession(1000 + number, day, KOLKATA, nifty()).ticks()])
        import_file(
            source, folder / f"{day}.mqr", header_of(config(), "generated", source.instruments), max_backwards_ms=1000
        )


def swept(folder: Path, plan: Plan, jobs: int) -> tuple[float, float, str]:
    """Processor seconds of all of a sweep, and of the results that the engine trades anew; and the last line of the table."""
    begun_s = spent_s()
    store, ledger = Store.made(folder / "out.sqlite", plan), Ledger(folder / "ledger.sqlite")
    ledger.enter(plan)
    Runner(plan, store, jobs, lambda _: None, Event()).run()
    summary, ranking = summed_up(store, ledger, Wishes(), 20)
    told = list(lines(summary))
    swept_s = spent_s()
    same = same_as_engine(plan, store, chosen(plan, ranking.order[:10].tolist(), 1))
    assert len(told) > 5
    store.close()
    return swept_s - begun_s, spent_s() - swept_s, same.words


def spent_s() -> float:
    """Processor time so far, of this process."""
    return time.process_time()


def engine_ns(sessions: list[Session]) -> float:
    """What a tick costs the engine in this process, in ns."""
    begun_s = spent_s()
    for session in sessions:
        by_engine(session, session.config)
    return (spent_s() - begun_s) / sum(len(each.raw) for each in sessions) * 1e9


def main() -> None:
    """Measure, and print a line for each figure."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=60)
    parser.add_argument("--few", action="store_true", help="ten sets only: what the kernel takes where it is plain")
    args = parser.parse_args()
    sets = ("strategy.fast_ema=9..18",) if args.few else SETS
    with TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "sessions").mkdir()
        write(folder / "sessions", args.days)
        begun_s = spent_s()
        plan = planned([folder / "sessions"], (WHOLE, *sets), Search(None, ()))
        planned_s = spent_s() - begun_s
        worker = Worker(plan)
        some = [worker.session(number) for number in range(0, args.days, max(args.days // 6, 1))]
        for session in some[:1]:  # what is compiled is compiled once, and kept
            by_engine(session, session.config)
            worker.work(next(plan.units()))
        engine = engine_ns(some)
        took_s, check_s, same = swept(folder, plan, 1)
        ticks = sum(each.ticks for each in plan.sessions)
        each = (took_s + planned_s) / ticks / len(plan.sets) * 1e9
        print(f"{len(plan.sets):,} sets, {args.days} sessions, {ticks:,} ticks; {'compiled' if COMPILES else 'plain'}")
        print(
            f"a tick and set: {each:.2f} ns of processor time, all in; the engine takes {engine:,.0f} ns: 1/{engine / each:,.0f}"
        )
        print(f"{same}: {check_s:.1f} s beside {took_s + planned_s:.1f} s")
        print(f"results: {(folder / 'out.sqlite').stat().st_size / len(plan.sets) / args.days:.0f} bytes each")
        print(f"memory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
