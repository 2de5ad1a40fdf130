"""Days of ticks at a simulated exchange whose book follows them."""

import csv
from collections.abc import Iterable
from datetime import date, datetime
from random import Random

from engine.model.types import Tick
from tests.simulation.engine_run import EngineRun
from tests.simulator.exchange.exchange import SimulatedExchange
from tests.simulator.exchange.securities import Security
from tests.simulator.exchange.settings import Delays, Quirks
from tests.support.builders import EAGER, config, ticks
from tests.support.shared_data import shared
from tests.support.spoken_orders import instrument_of

DAY = date(2025, 10, 1)
CALL = Security("NIFTY07OCT2524900CE", "40001", lot=75, freeze=1_801, tick=5)
TWELVE = (
    CALL,
    *(
        Security(f"NIFTY07OCT25{25_000 + 50 * at}PE", f"{40_010 + at}", lot=75, freeze=1_801, tick=5)
        for at in range(11)
    ),
)
QUICK = Delays((2, 2), (1, 1), (1, 1), (0, 0), (0, 0), (0, 0), (1, 1), 0)
LIVELY = (*EAGER, "risk.base_sl_points=3", "risk.max_position_value_percent=20")
AT_THE_PRICE = (  # what is decided is what is got where the book stands there
    "risk.max_position_value_percent=100",
    "risk.slippage_points=0",
    "risk.slippage_points_exit=0",
    "paper.fill=last",
    "charges.model=percent",
)
_DEEP = 1_000_000


def recorded_day() -> list[Tick]:
    """The ticks of the recorded day."""
    found = []
    with shared("nifty_option_20251001.csv").open(newline="") as file:
        for seq, row in enumerate(csv.DictReader(file), 1):
            at_ms = int(datetime.fromisoformat(row["timestamp"]).timestamp() * 1000)
            price = round(float(row["price"]) * 100)
            found.append(Tick(seq, 0, 0, at_ms * 1_000_000, 0, at_ms, 0, price, int(row["volume"]), 0))
    return found


def wandering(
    count: int, *, seed: int = 1, step_ms: int = 1_000, start: str = "09:30:00", instruments: int = 1
) -> list[Tick]:
    """Ticks whose price goes up and down, far enough to enter and to exit; each of one of so many instruments."""
    rng, last = Random(seed), [100.0] * instruments
    prices, numbers = [], []
    for _ in range(count):
        at = rng.randrange(instruments)
        last[at] = max(60.0, min(140.0, last[at] + rng.choice((-1.5, -0.5, 0.5, 1.5))))
        prices.append(last[at])
        numbers.append(at)
    made = ticks(prices, step_ms=step_ms, start=start, day=DAY.isoformat())
    for tick, at in zip(made, numbers, strict=True):
        tick.instrument = at
    return made


def run_at_exchange(
    stream: list[Tick],
    *overrides: str,
    script: str = "",
    delays: Delays | None = None,
    quirks: Quirks | None = None,
    securities: tuple[Security, ...] = (CALL,),
    **options: object,
) -> EngineRun:
    """A run that is about to begin with `stream`, and has read the broker's books twice."""
    exchange = SimulatedExchange(
        securities,
        Random(1),
        stream[0].exch_ms - 10_000,
        script=script,
        delays=delays or QUICK,
        quirks=quirks,
        cash=10**12,
    )
    return begun(exchange, securities, *overrides, **options)


def begun(
    exchange: SimulatedExchange, securities: tuple[Security, ...], *overrides: str, **options: object
) -> EngineRun:
    """A run that has read the broker's books twice."""
    listed = tuple(map(instrument_of, securities))
    run = EngineRun(config(*LIVELY, *overrides), listed, exchange, DAY, **options)  # type: ignore[arg-type]
    run.pass_time(run.now_ms + 5_000)
    return run


def play(run: EngineRun, stream: Iterable[Tick], missing: int = 0) -> EngineRun:
    """Let ticks come at their own time, the exchange's book at their price; so many numbers before each never come."""
    for tick in stream:
        run.pass_time(tick.exch_ms)
        book = [(tick.price, _DEEP)]
        run.exchange.set_book(run.now_ms, run.parts.instruments[tick.instrument].symbol, book, book, tick.price)
        run.tick(tick, missing)
    return run
