"""Recorded runs drawn from a seed: faults, operators, files, holes. `python -m tests.simulation.recorded_histories FIRST [COUNT]`."""

import sys
import tempfile
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random

from engine.model.commands import (
    AllowEntries,
    BarEntries,
    ClosePosition,
    Flat,
    Lock,
    PauseEntries,
    ResumeEntries,
    TraderCommand,
    Unlock,
    WithdrawEntry,
)
from engine.recording import MqrSource
from engine.text.sanitize import CleanText
from tests.simulation.engine_run import EngineRun
from tests.simulation.recorded import Files, after_seeks, same
from tests.simulation.seeds import KINDS
from tests.simulation.trading_days import CALL, TWELVE, begun, play, run_at_exchange, wandering
from tests.simulator.exchange.drawn import credible, drawn_script
from tests.simulator.exchange.settings import Delays, Quirks

NOTHING_TRADED = "nothing was traded"
_STEPS_MS = (200, 500, 1_000, 4_000)
_MOST_FAULTS = 16


def _command(run: EngineRun, rng: Random) -> TraderCommand | None:
    """What an operator may want at this moment."""
    at = rng.randrange(len(run.parts.instruments))
    symbol, held = run.parts.instruments[at].symbol, run.trader.state.portfolio.positions[at]
    if held is not None and rng.random() < 0.3:
        return ClosePosition(symbol, held.entry_ms, held.entry_price, rng.choice((0, held.quantity)), "ann")
    return rng.choice((
        Unlock(), Unlock(), Unlock(), Flat("a whim"), Lock("a while"), PauseEntries(), ResumeEntries(),
        BarEntries(symbol, "ann"), AllowEntries(symbol, "ann"),
        *(WithdrawEntry(CleanText(order.tag)) for order in run.trader.orders.desk.blotter.open.values()),
    ))  # fmt: skip


def history(seed: int, folder: Path) -> list[Files]:
    """The files of a run, and of each that went on after the one before was killed."""
    rng = Random(seed)
    step_ms = rng.choice(_STEPS_MS)
    securities = TWELVE[: rng.choice((1, 1, 2, 12))]
    stream = wandering(rng.randint(60, 300), seed=seed, step_ms=step_ms, instruments=len(securities))
    until_s = len(stream) * step_ms / 1_000
    script = credible(drawn_script(rng, until_s, rng.randint(0, _MOST_FAULTS), CALL.lot, KINDS))
    slow_rows = rng.choice((0.0, 0.0, 0.05))
    files = [Files(folder / "0", securities=securities)]
    overrides = ("live.net_points=4",) if seed % 3 == 0 else ()
    run = run_at_exchange(
        stream,
        *overrides,
        script=script,
        delays=Delays(),
        quirks=Quirks(null_token=rng.random() < 0.3, new_orderid=rng.random() < 0.3),
        securities=securities,
        recorder=files[0].recorder,
        checkpoint_ticks=10,
        row_ms=lambda: rng.randint(300, 1_500) if rng.random() < slow_rows else rng.randint(0, 3),
    )
    operated, rolled, lost = rng.choice((0.0, 0.03, 0.1)), rng.choice((0.0, 0.02)), rng.choice((0.0, 0.05))
    killed = rng.choice((0.0, 0.02))
    for each in stream:
        if each.exch_ms < run.now_ms or rng.random() < lost:
            continue
        play(run, [each], missing=rng.randint(1, 3) if rng.random() < lost else 0)
        if rng.random() < operated and (command := _command(run, rng)) is not None:
            run.command(command)
        if rng.random() < rolled:
            files[-1].go_on(run)
        if rng.random() < killed:
            files[-1].recorder.close()
            files.append(Files(folder / str(len(files)), securities=securities))
            run.exchange.step(run.now_ms + rng.randint(300, 6_000))
            run = begun(
                run.exchange, securities, *overrides, before=run, recorder=files[-1].recorder, checkpoint_ticks=10
            )
            run.command(Unlock())
    run.end()
    return files


def _seek(path: Path, seed: int) -> str:
    """What is wrong once a replay was moved back and forth, and then to its end."""
    rng, ticks = Random(seed), MqrSource(path).count()
    view = after_seeks(path, [*(rng.randint(0, ticks) for _ in range(6)), ticks])
    return "" if view.same == view.total and not view.incomparable else f"{view}"


def told(seed: int) -> str:
    """What is wrong with the recordings of one history, or that there was nothing to be right; "" where nothing is."""
    wrong: list[str] = []
    exits = 0
    with tempfile.TemporaryDirectory() as folder:
        for run, files in enumerate(history(seed, Path(folder))):
            for at, (path, found) in enumerate(zip(files.paths, files.verified(), strict=True)):
                exits += found.exits_recorded
                if not (same(found) or found.blank):
                    wrong.append(f"run {run}, file {at}: {found.outcome} {found.reason} {found.damage}")
                if why := _seek(path, seed):
                    wrong.append(f"run {run}, file {at}, after seeks: {why}")
    return "; ".join(wrong) or ("" if exits else NOTHING_TRADED)


def main(first: int, count: int) -> int:
    """Try so many seeds; how many are wrong."""
    wrong = idle = 0
    seeds: Iterable[int] = range(first, first + count)
    with ProcessPoolExecutor(2) as pool:
        for seed, why in zip(seeds, pool.map(told, seeds, chunksize=5), strict=True):
            idle += why == NOTHING_TRADED
            if why and why != NOTHING_TRADED:
                wrong += 1
                print(f"seed {seed}: {why}", flush=True)
    print(f"{count} histories, {wrong} wrong, {idle} without a trade")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1))
