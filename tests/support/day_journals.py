"""A journal of several days and runs as traders leave it, and what it comes to by its fills alone, counted another way."""

from collections import defaultdict
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Final, NamedTuple

from engine.journal import JOURNAL_FILE, SqliteJournal, read_events
from engine.journal.months import closed_files
from engine.model.clock import VirtualClock
from engine.model.commands import Unlock
from engine.model.events import AnyEvent, DayStarted, FillBooked, StateKept
from tests.support.builders import EAGER, ms, tick
from tests.support.journal_harness import JournalHarness, instruments_named
from tests.support.waiting import PATIENCE_S

RULES: Final = (
    *EAGER,
    "risk.tp_points=[2, 4]",
    "risk.tp_percents=[0.5, 0.5]",
    "risk.base_sl_points=3",
    "risk.max_position_value_percent=20",
    "risk.max_positions_per_day=1000",
    "risk.max_daily_loss=0",
)


class _Cut:
    """A journal whose last row is the fill that is the `sells`th to sell; what comes then was never written."""

    def __init__(self, journal: SqliteJournal, sells: int) -> None:
        self._journal = journal
        self._left = sells

    def write(self, event: AnyEvent) -> int:
        if not self._left:
            return 0
        self._left -= isinstance(event, FillBooked) and event.fill.side == "SELL"
        return self._journal.write(event)


class Run(NamedTuple):
    """A run on `days` (ISO), with `symbols`, ticks drawn from `seed`; killed right behind so many fills that sell."""

    days: tuple[str, ...]
    symbols: tuple[str, ...]
    ticks: int
    seed: int
    sells: int = 1 << 30


def write(folder: Path, runs: Sequence[Run], *, anew: bool = False) -> None:
    """Let them trade, one after the other, each with the account that the one before has left on the disk, or `anew`."""
    folder.mkdir(exist_ok=True)
    for run in runs:
        journal = SqliteJournal.open(folder, "paper", VirtualClock(ms("09:10:00", run.days[0]) * 1_000_000))
        kept = None if anew else journal.opened.kept
        harness = JournalHarness(
            _Cut(journal, run.sells), *RULES, kept=kept, instruments=instruments_named(*run.symbols)
        )
        harness.command(Unlock())
        chance, prices = Random(run.seed), [100.0] * len(run.symbols)
        for day in run.days:
            harness.at("09:30:00", day)
            for _ in range(run.ticks):
                number = chance.randrange(len(prices))
                prices[number] = max(20.0, prices[number] + chance.choice((-3, -1, 1, 1, 2)))
                harness.seq += 1
                harness.now_ms += 1000
                harness.play([tick(harness.seq, prices[number], harness.now_ms, instrument=number)])
        assert journal.wait_durable(journal.durable + journal.waiting, PATIENCE_S)
        journal.close("well")


class Counted(NamedTuple):
    """What a day comes to."""

    entries: int
    exits: int
    positions: int
    won: int
    gross: Decimal
    costs: Decimal
    net: Decimal


def counted(folder: Path) -> dict[str, Counted]:
    """Each day of the journal by its fills: what cash changed by, and what was held before and after. Knows no `TradeClosed`."""
    days: dict[str, list[Decimal | int]] = defaultdict(lambda: [0, 0, 0, 0, Decimal(0), Decimal(0)])
    held: dict[str, tuple[int, Decimal, Decimal]] = {}  # of a symbol: what it cost, with which costs, what it has made
    cash, day, symbols = Decimal(0), "", ()
    for entry in (row.entry() for path in (*closed_files(folder), folder / JOURNAL_FILE) for row in read_events(path)):
        if isinstance(entry, StateKept):
            cash, symbols = Decimal(str(entry.fields["book.cash"])), entry.symbols
            if not entry.fields.get("book.entries"):  # an account that has just begun
                held.clear()
        elif isinstance(entry, DayStarted):
            day = entry.date
            days[day]
        elif isinstance(entry, FillBooked):
            fill, left = entry.fill, entry.position
            symbol, before, cash = symbols[fill.instrument], cash, Decimal(entry.cash)
            turnover, made = Decimal(fill.price * fill.quantity) / 100, days[day]
            if fill.side == "BUY":
                made[0] += symbol not in held
                bought, paid, so_far = held.get(symbol, (0, Decimal(0), Decimal(0)))
                held[symbol] = (bought + fill.price * fill.quantity, paid + before - cash - turnover, so_far)
                continue
            bought, paid, so_far = held.pop(symbol)
            rest, rest_paid = (left.entry_turnover, left.entry_costs) if left else (0, Decimal(0))
            gross = turnover - Decimal(bought - rest) / 100
            costs = paid - rest_paid + turnover - (cash - before)
            made[1] += 1
            made[4] += gross
            made[5] += costs
            so_far += gross - costs
            if left is None:
                made[2] += 1
                made[3] += so_far > 0
            else:
                held[symbol] = (rest, rest_paid, so_far)
    return {date: Counted(*each[:6], each[4] - each[5]) for date, each in days.items()}  # type: ignore[arg-type]
