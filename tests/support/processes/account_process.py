"""A trading account that is killed and started again: takes over, is locked, lets exits act, is unlocked, trades for ever."""

import os
import random
import sys
from pathlib import Path

import msgspec

from engine.journal import SqliteJournal, StateDir
from engine.model.clock import SystemClock
from engine.model.commands import Flat, Lock, Unlock
from engine.model.events import AnyEvent
from engine.model.types import Tick
from tests.support.builders import EAGER
from tests.support.journal_harness import JournalHarness, instruments_named
from tests.support.waiting import PATIENCE_S

SYMBOLS = ("NIFTY", "BANKNIFTY", "SENSEX")
_RULES = (
    *EAGER,
    "risk.max_position_value_percent=30",
    "risk.base_sl_points=4",
    "risk.tp_points=[2, 4, 7]",
    "risk.tp_percents=[0.4, 0.3, 0.3]",
    "risk.trail_activation_points=3",
    "risk.trail_distance_points=2",
    "risk.max_positions_per_day=1000",
)


def say(text: str) -> None:
    """One line on standard output, whole or not at all."""
    os.write(1, f"{text}\n".encode())


class _WaitingJournal:
    """A journal that is waited for now and then, so that kills land between any two rows; says what is acknowledged."""

    def __init__(self, journal: SqliteJournal, chance: random.Random) -> None:
        self._journal = journal
        self._chance = chance

    def write(self, event: AnyEvent) -> int:
        number = self._journal.write(event)
        if self._chance.random() < 0.08 and self._journal.wait_durable(number, PATIENCE_S):
            say(f"acknowledged {number}")
        return number


class _Session:
    """One run over generated prices: it takes over, is locked, lets exits act, is unlocked and trades for ever."""

    def __init__(self, journal: SqliteJournal, seed: int) -> None:
        opened = journal.opened
        self._chance = chance = random.Random(seed)
        instruments = instruments_named(*chance.sample(SYMBOLS, 3))  # their numbers are others in each run
        waiting = _WaitingJournal(journal, chance)
        self._harness = JournalHarness(
            waiting, *_RULES, kept=opened.kept, instruments=instruments, prefix=f"P{opened.run}-"
        )
        self._prices = dict.fromkeys(range(3), 10000)
        self._locked = opened.still_locked

    def run(self) -> None:
        """Take over, and trade until killed."""
        harness, chance = self._harness, self._chance
        say(f"restored {msgspec.json.encode(self._account()).decode()}")
        if self._locked:
            harness.command(Lock(self._locked))
            self._finish_flat()
            if chance.random() < 0.5:
                self._sink()
            for _ in range(chance.randrange(60)):
                self._tick()
            harness.command(Unlock())
        while True:
            self._tick()
            dice = chance.random()
            if dice < 0.1:
                harness.beat()
            elif dice < 0.106:
                harness.command(Flat("chance"))
                for _ in range(chance.randrange(5)):
                    harness.beat()
            elif dice < 0.16 and not harness.trader.state.flat.running:
                harness.command(Unlock())

    def _account(self) -> dict[str, object]:
        state = self._harness.trader.state
        held = {
            inst.instrument.symbol: position.state(0)
            for inst, position in zip(state.instrument_states, state.portfolio.positions, strict=True)
            if position is not None
        }
        return {"held": held, "cash": str(state.portfolio.cash), "locked": state.gate.locked}

    def _finish_flat(self) -> None:
        flat = self._harness.trader.state.flat
        if not flat.running:
            return
        for _ in range(5):
            self._harness.beat()
        say("resumed" if flat.state == "FLAT" and not any(self._harness.nets) else f"problem: flat is {flat.state}")

    def _sink(self) -> None:
        """Let the first tick of each held instrument be at its nearest stop: all of it must go at once."""
        for index, position in enumerate(self._harness.trader.state.portfolio.positions):
            if position is not None:
                self._prices[index] = position.floor
                self._tick(index, 0)
                gone = self._harness.nets[index] == 0
                say("sunk" if gone else f"problem: {self._harness.nets[index]} left after a tick at the stop")

    def _tick(self, index: int | None = None, move: int | None = None) -> None:
        harness, chance = self._harness, self._chance
        index = chance.randrange(3) if index is None else index
        price = self._prices[index] + (chance.randint(-18, 20) * 5 if move is None else move)
        self._prices[index] = max(5_000, min(price, 20_000))
        harness.now_ms += chance.randint(0, 1500)
        day = harness.trader.hours.day_of(harness.now_ms)
        if harness.now_ms > day.exit_from_ms + 20_000 or chance.random() < 0.0005:
            harness.now_ms = day.start_ms + 86_400_000 + 300_000
        harness.seq += 1
        harness.play([Tick(harness.seq, index, 0, 0, 0, harness.now_ms, 0, self._prices[index], 75, 0)])


def trade_until_killed(folder: Path, seed: int) -> None:
    """Trade in `folder` until killed; says on standard output what was taken over and what is acknowledged."""
    with StateDir.open(folder, "paper") as state:
        journal = SqliteJournal.open(state.path, "paper", SystemClock())
        assert journal.opened.kept or journal.opened.fresh
        _Session(journal, seed).run()


if __name__ == "__main__":
    trade_until_killed(Path(sys.argv[1]), int(sys.argv[2]))
