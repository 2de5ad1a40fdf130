"""A trader's harness that leaves in a journal what a run leaves there, and can take over what an earlier one left."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Protocol, Self

from msgspec.structs import replace

from engine.journal import JournalledAccount, SqliteJournal, StateDir, verify
from engine.journal.closed_check import links_broken
from engine.journal.months import closed_files
from engine.model.clock import VirtualClock
from engine.model.commands import Lock
from engine.model.events import AnyEvent, StateKept
from engine.model.state import Plain
from engine.model.types import Instrument, TradeMode
from engine.runtime.exits import Exits
from engine.runtime.persistence import Persistence
from engine.trading.trader import Trader
from tests.support.brokers import InstantBroker
from tests.support.builders import EAGER, ms, nifty
from tests.support.trader_harness import TraderHarness


class EventWriter(Protocol):
    """All that the harness asks of a journal."""

    def write(self, event: AnyEvent) -> int: ...


class MemoryJournal(list[AnyEvent]):
    """The rows of a journal in memory."""

    def write(self, event: AnyEvent) -> int:
        self.append(event)
        return len(self)


def instruments_named(*symbols: str) -> tuple[Instrument, ...]:
    """Instruments like the default one under these names."""
    return tuple(replace(nifty(), symbol=symbol) for symbol in symbols)


def chain_problems(folder: Path) -> list[str]:
    """One line for each closed file in `folder` that is damaged, missing, or does not lead to the next."""
    files = closed_files(folder)
    return [f"{path.name}: {problem}" for path in files if (problem := verify(path))] + links_broken(folder, files)


class JournalHarness(TraderHarness):
    """A trader's harness that begins with `kept`, writes all that a run would write, and keeps its account first of all."""

    def __init__(
        self,
        journal: EventWriter,
        *overrides: str,
        kept: StateKept | None = None,
        instruments: tuple[Instrument, ...] = instruments_named("NIFTY"),
        broker: InstantBroker | None = None,
        prefix: str = "T-",
    ) -> None:
        super().__init__(*overrides, broker=broker or InstantBroker(len(instruments)), instruments=len(instruments))
        self.trader = Trader(self.config, instruments, prefix)
        self.counted = Exits([instrument.symbol for instrument in instruments])
        self.persistence = Persistence(self.trader, self.counted, journal, None, keeps_account=True)  # type: ignore[arg-type]
        self.told_at_start: tuple[str, ...] = ()
        if kept is not None:
            self.told_at_start = self.trader.state.restore(kept)
            self.counted.statistics.take_over(kept)
            self.now_ms = kept.at_ms or self.now_ms
            self.broker.hold(self.nets)  # type: ignore[attr-defined]
        self.counted.statistics.take(self.trader.state.keep(self.now_ms))
        journal.write(self.kept())

    def kept(self) -> StateKept:
        """The account as a whole, as a run would write it now."""
        return self.counted.statistics.keep(self.trader.state.keep(self.now_ms))

    @property
    def nets(self) -> list[int]:
        """What is held of each instrument."""
        portfolio = self.trader.state.portfolio
        return [portfolio.net(index) for index in range(len(portfolio.positions))]

    def carry_out(self, effects: Sequence[AnyEvent]) -> None:
        """Carry effects out, and write them."""
        before = len(self.events)
        super().carry_out(effects)
        for event in self.events[before:]:
            self.counted.statistics.take(event)
            self.persistence.keep(event)
        self.persistence.account(self.now_ms)

    def beat(self) -> Self:
        """Let the beat come, which also writes levels that have moved."""
        super().beat()
        self.persistence.levels()
        return self


def ran(folder: Path, *prices: float, mode: TradeMode = "paper", lock: str = "") -> JournalHarness:
    """What a run in `folder` had at its end, when it had seen these prices."""
    with StateDir.open(folder, mode):
        journal = SqliteJournal.open(folder, mode, VirtualClock(ms("09:30:00") * 1_000_000))
        harness = JournalHarness(journal, *EAGER, kept=journal.opened.kept)
        if lock:
            harness.command(Lock(lock))
        harness.prices(*prices)
        journal.close("stopped")
    return harness


# What no row but a `StateKept` tells: whether the broker was asked twice, under which name a flat sells, the ticks of
# an instrument between two orders.
_UNTOLD = ("flat.trusted_reads", "flat.exit_reason", ".day", ".day_open", ".last_price")
_MONEY = ("book.cash", "book.realised", "book.costs_paid", "book.day_realised", "book.profit", "book.loss")
_MONEY += ("book.peak", "book.drawdown")


def exact_fields(kept: StateKept) -> dict[str, Plain | Decimal]:
    """The fields of an account that rows tell exactly, money as numbers: `1.0` and `1.00` are the same cash; its statistics are no part of it."""
    fields: dict[str, Plain | Decimal] = {}
    for name, value in kept.fields.items():
        if name in _MONEY or name.endswith(".entry_costs"):
            fields[name] = Decimal(str(value))
        elif not name.endswith(_UNTOLD) and not name.startswith("statistics."):
            fields[name] = value
    return fields


def account_after(kept: StateKept, rows: Sequence[AnyEvent]) -> JournalledAccount:
    """The account after `rows`, of which no `StateKept` helps."""
    account = JournalledAccount(kept)
    for row in rows:
        if not isinstance(row, StateKept):
            account.take(row)
    return account
