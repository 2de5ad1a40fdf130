"""A session at a real broker as a test plays it: a market that wanders, mischief, somebody who interferes, and a journal that is folded as it comes."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from random import Random

from engine.config import Config
from engine.journal import JournalledAccount
from engine.journal.live_day import DatedRow, LiveDay, told
from engine.journal.rows import RunStarted
from engine.model.commands import (
    ClosePosition,
    Flat,
    Lock,
    MoveStop,
    PauseEntries,
    ResumeEntries,
    TraderCommand,
    Unlock,
)
from engine.model.events import AnyEvent, LevelsMoved
from engine.model.state import Plain
from engine.model.types import Instrument, Tick
from engine.trading.kept_orders import parts_in
from engine.trading.live_trader import LiveTrader
from tests.simulation.session import Session
from tests.simulator.exchange.exchange import SimulatedExchange
from tests.simulator.exchange.securities import Security
from tests.simulator.exchange.settings import Delays
from tests.support.builders import EAGER, config, ms
from tests.support.journal_harness import exact_fields
from tests.support.spoken_orders import instrument_of

DAY = date(2025, 10, 1)
START = ms("09:30:00")
SECURITIES = (
    Security("NIFTY07OCT2524900CE", "40001", lot=75, freeze=150, start=10_000),
    Security("BANKNIFTY28OCT2555000PE", "40002", lot=35, freeze=600, start=20_000),
)
NAMES = tuple(instrument_of(each) for each in SECURITIES)
SYMBOL = SECURITIES[0].symbol
QUICK = Delays((20, 20), (5, 5), (5, 5), (0, 0), (0, 0), (0, 0), (5, 5), 0)
RULES = (*EAGER, "risk.max_position_value_percent=40", "risk.base_sl_points=3", "risk.trail_activation_points=2")
RULES += ("risk.tp_points=[1.5, 4]", "risk.tp_percents=[0.5, 0.5]", "risk.max_positions_per_day=60")
DEEP = 100_000
MISCHIEF = "\n".join(
    (
        "p 0.15 place: partial 50",
        "p 0.05 place: reject price at_once",
        "p 0.05 place: reject price",
        "p 0.03 place: lost",
        "p 0.05 place: after",
        "p 0.05 cancel: fill 100",
        f"at 40s: external -75 {SYMBOL}",
        f"at 90s: external -150 {SYMBOL}",
    )
)


def whole(kept: dict[str, Plain | Decimal]) -> dict[str, object]:
    """Fields of an account with the parts of orders as what they say: `1.0` and `1.00` are the same money."""
    return {**kept, "orders.parts": parts_in(kept)}  # type: ignore[arg-type]


class Journalled(Session):
    """A session whose rows are folded as they come, and compared with the trader whenever it has taken something in.

    The account is kept as a whole after so many comparisons (`keeps_every`; 0: never).
    """

    keeps_every = 0

    def __init__(self, rules: Config, instruments: tuple[Instrument, ...], exchange: SimulatedExchange) -> None:
        super().__init__(rules, instruments, exchange, DAY)
        self.begun = self.trader.state.keep(self.now_ms)
        self.account = JournalledAccount(self.begun)
        self.followed = self.compared = 0

    @property
    def rows(self) -> list[object]:
        """All that the journal has."""
        return [row.content for row in self.journal._rows]

    def carry_out(self, effects: Sequence[AnyEvent]) -> None:
        super().carry_out(effects)
        self.follow()
        for index in range(len(self._instruments)):
            held, known = self.trader.state.told(index), self.account.held.get(index)
            if held and known and (held.highest, held.trail_stop) != (known.highest, known.trail_stop):
                self.journal.write(LevelsMoved(held), self.now_ms)
        self.follow()
        kept = self.trader.state.keep(self.now_ms)
        assert whole(exact_fields(self.account.state())) == whole(exact_fields(kept))
        self.compared += 1
        if self.keeps_every and not self.compared % self.keeps_every:
            self.journal.write(kept, self.now_ms)
            self.follow()

    def another(self) -> LiveTrader:
        """A trader who knows nothing so far."""
        return self._trader(self._begun)

    def killed(self, away_ms: int) -> LiveDay:
        """The process dies with every row on the disk, and another takes over; what it was told of orders."""
        symbols = tuple(each.symbol for each in self._instruments)
        day = told([DatedRow(self.now_ms * 1_000_000, row, symbols) for row in self.rows], symbols)  # type: ignore[arg-type]
        self.account.take(RunStarted(self.runs + 1, "live", "", 1, ""))
        kept = self.account.state()
        self.restart(day.rows, day.sent, kept, away_ms)
        self.beat()
        return day

    def follow(self) -> None:
        """Fold the rows that have come."""
        rows = self.journal._rows
        for row in rows[self.followed :]:
            self.account.take(row.content)  # type: ignore[arg-type]
        self.followed = len(rows)


class Play:
    """A market that wanders, a trader in it, and somebody who looks on and interferes."""

    def __init__(self, seed: int, script: str, rules: tuple[str, ...] = RULES) -> None:
        self.chance = Random(seed)
        self.exchange = SimulatedExchange(
            SECURITIES, Random(seed), START - 10_000, script=script, delays=QUICK, cash=10**12
        )
        self.prices = [each.start for each in SECURITIES]
        self.seq = 0
        for at in range(len(SECURITIES)):
            self.move(at, 0)
        self.session = Journalled(config(*rules), NAMES, self.exchange)
        self.session.pass_time(START)

    def move(self, at: int, by: int) -> None:
        """The price of an instrument moves; now and then there is little of it, or nobody who buys."""
        price = self.prices[at] = max(2_000, self.prices[at] + by)
        lot, drawn = SECURITIES[at].lot, self.chance.random()
        size = lot * self.chance.randint(1, 12) if drawn < 0.3 else DEEP
        bids = [] if drawn > 0.93 else [(price, size)]
        self.exchange.set_book(self.exchange.now_ms, SECURITIES[at].symbol, bids, [(price + 10, size)], price)

    def second(self) -> None:
        """A second with a tick of each instrument, some of them together with what somebody does."""
        session = self.session
        for at in range(len(SECURITIES)):
            self.move(at, self.chance.choice((-300, -150, -50, 0, 50, 50, 100, 150, 300)))
            self.seq += 1
            recv_ns = session.now_ms * 1_000_000
            session.tick(Tick(self.seq, at, 0, recv_ns, 0, session.now_ms, 0, self.prices[at], 75, 0))
            session.pass_time(session.now_ms + 400)
        if self.chance.random() < 0.08:
            session.command(self.wanted())
        session.pass_time(session.now_ms + 200)

    def wanted(self) -> TraderCommand:
        """What the operator wants."""
        session, plain = self.session, (PauseEntries(), ResumeEntries(), ResumeEntries(), Lock("me"), Flat("me"))
        held = next(iter(self.session.account.held.values()), None)
        if held is None or self.chance.random() < 0.4:
            return self.chance.choice(plain)
        symbol = NAMES[held.instrument].symbol
        if self.chance.random() < 0.5:
            stop = session.trader.state.instrument_states[held.instrument].last_price - 25
            return MoveStop(symbol, held.entry_ms, held.entry_price, stop)
        return ClosePosition(symbol, held.entry_ms, held.entry_price, 0)

    def go(self, seconds: int) -> Journalled:
        """Let so much time pass; whatever locks entries is lifted after a while."""
        for at in range(seconds):
            self.second()
            if at % 15 == 14 and not self.session.trader.state.flat.running:
                self.session.command(Unlock())
        return self.session
