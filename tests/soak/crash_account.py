"""Kills a trading account with SIGKILL at random moments, starts it again, and looks whether it is still the same account.

`python -m tests.soak.crash_replay 200 --account` reports figures. What must be there is worked out from the journal's rows
by itself, without the program's own way of folding them.
"""

import random
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import msgspec

from engine.journal import JOURNAL_FILE, read_events, verify
from engine.journal.rows import RunStarted, StoredEvent
from engine.model.events import EntriesChanged, FillBooked, LevelsMoved, OrderRejected, StateKept, Submit
from engine.model.types import Order, PositionState
from tests.support.paths import ROOT
from tests.support.processes.account_process import SYMBOLS

LIVES = 10  # kills of one account, before the next one begins
_RUN_S = 0.25  # kills land within, counted from when the account was taken over


class Round(NamedTuple):
    """One kill: rows acknowledged and found of it, positions and flats taken over, exits at once, `problem` "" if well."""

    acknowledged: int
    rows: int
    held: int
    resumed: int
    sunk: int
    problem: str


class AccountLedger:
    """What the rows of a journal say of the account, worked out row by row."""

    def __init__(self) -> None:
        self.nets: Counter[str] = Counter()
        self.cash = Decimal(0)
        self.held: dict[str, PositionState] = {}
        self.problems: list[str] = []
        self._symbols: tuple[str, ...] = ()
        self._orders: dict[int, Order] = {}
        self._numbers: set[int] = set()
        self._locked = False

    def take(self, event: StoredEvent) -> None:
        """Follow one row."""
        entry = event.entry()
        match entry:
            case RunStarted():
                self._end_run()
                self._locked = event.run > 1
            case StateKept():
                self._symbols = entry.symbols
                self.cash = self.cash or Decimal(str(entry.fields["book.cash"]))
                self._levels(entry)
            case Submit(order=order):
                if order.side == "BUY" and self._locked:
                    self.problems.append(f"event {event.number}: an entry before anybody unlocked")
                if order.number in self._numbers:
                    self.problems.append(f"event {event.number}: order {order.number} a second time")
                self._numbers.add(order.number)
                self._orders[order.number] = order
            case FillBooked(fill=fill):
                self._orders.pop(fill.order, None)
                symbol = self._symbols[fill.instrument]
                self.nets[symbol] += fill.quantity if fill.side == "BUY" else -fill.quantity
                self.cash = Decimal(entry.cash)
                self.held.pop(symbol, None)
                if entry.position is not None:
                    self.held[symbol] = entry.position
            case LevelsMoved(position=position):
                self.held[self._symbols[position.instrument]] = position
            case OrderRejected(order=number):
                self._orders.pop(number, None)
            case EntriesChanged(state="unlocked"):
                self._locked = False

    def _levels(self, kept: StateKept) -> None:
        """Take the levels of what is held: they may have moved since their last row."""
        for number, symbol in enumerate(kept.symbols):
            if symbol in self.held:
                names = PositionState.__struct_fields__[1:]
                levels = {name: kept.fields.get(f"position.{number}.{name}") for name in names}
                self.held[symbol] = msgspec.convert({"instrument": number, **levels}, PositionState)

    def _end_run(self) -> None:
        """Orders that nobody has answered died with their run, and their targets are there to be taken again."""
        for order in self._orders.values():
            held = self.held.get(self._symbols[order.instrument])
            if held is not None and order.target >= 0:
                taken = held.taken & ~(1 << order.target)
                self.held[self._symbols[order.instrument]] = msgspec.structs.replace(held, taken=taken)
        self._orders.clear()

    def expected(self) -> tuple[dict[str, PositionState], Decimal]:
        """What the next run must take over."""
        self._end_run()
        return {symbol: msgspec.structs.replace(held, instrument=0) for symbol, held in self.held.items()}, self.cash


class _Said(msgspec.Struct):
    held: dict[str, PositionState]
    cash: Decimal
    locked: str


def kill(folder: Path, seed: int, chance: random.Random) -> Round:
    """Start the account in `folder` once more, kill it at a random moment and judge what is left."""
    path = folder / JOURNAL_FILE
    before = ledger_of(path) if path.exists() else None
    words = ("-m", "tests.support.processes.account_process", str(folder), str(seed))
    with subprocess.Popen([sys.executable, *words], cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        with suppress(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0, _RUN_S))
        process.send_signal(signal.SIGKILL)
        said += process.stdout.read()
    return judge(path, before, said.decode().split("\n")[:-1])


def ledger_of(path: Path) -> AccountLedger:
    """The ledger after all rows that are there."""
    ledger = AccountLedger()
    for event in read_events(path):
        ledger.take(event)
    return ledger


def judge(path: Path, before: AccountLedger | None, said: Sequence[str]) -> Round:
    """Compare what a run `said` with what was there `before` it, and what it left with what it had acknowledged."""
    problems = [line for line in said if line.startswith("problem")]
    acknowledged = max((int(line.split()[1]) for line in said if line.startswith("acknowledged")), default=0)
    after = ledger_of(path)
    problems += after.problems
    rows = sum(1 for _ in read_events(path))
    if rows < acknowledged:
        problems.append(f"{acknowledged} rows were acknowledged, {rows} are there")
    problems += filter(None, (verify(path),))
    if any(after.nets[symbol] != (held.quantity if held else 0) for symbol, held in _all(after)):
        problems.append(f"positions are not the sum of all fills: {after.nets} and {after.held}")
    first = next((line for line in said if line.startswith("restored ")), "")
    if not first:
        problems.append("nothing was taken over")
        return Round(acknowledged, rows, 0, 0, 0, "; ".join(problems))
    taken = msgspec.json.decode(first.removeprefix("restored "), type=_Said)
    if before is not None:
        held, cash = before.expected()
        if taken.held != held:
            problems.append(f"taken over {taken.held} instead of {held}")
        if taken.cash != cash:
            problems.append(f"taken over {taken.cash} instead of {cash}")
        if not taken.locked:
            problems.append("entries were not locked")
    return Round(acknowledged, rows, len(taken.held), said.count("resumed"), said.count("sunk"), "; ".join(problems))


def _all(ledger: AccountLedger) -> list[tuple[str, PositionState | None]]:
    return [(symbol, ledger.held.get(symbol)) for symbol in SYMBOLS]


def experiment(folder: Path, kills: int, seed: int) -> list[Round]:
    """The outcome of `kills` kills, `LIVES` of each account; the same `seed` gives the same moments."""
    chance = random.Random(seed)
    rounds = []
    for number in range(kills):
        rounds.append(kill(folder / f"account{number // LIVES}", seed * 100_000 + number, chance))
        if sys.stderr.isatty():
            print(f"\r{number + 1}/{kills}", end="", file=sys.stderr, flush=True)
    return rounds


def figures(rounds: Sequence[Round]) -> list[str]:
    """What a number of kills came to, for a person."""
    lost = sum(max(0, each.acknowledged - each.rows) for each in rounds)
    held, sunk, resumed = (sum(getattr(each, name) for each in rounds) for name in ("held", "sunk", "resumed"))
    lines = [
        f"{len(rounds)} kills of a trading account, rows acknowledged and lost {lost}",
        f"positions taken over {held}, sold by their first tick {sunk}; flats finished {resumed}",
    ]
    problems = [f"kill {number}: {each.problem}" for number, each in enumerate(rounds, 1) if each.problem]
    return lines + (problems or ["no problem"])
