"""What the tests of the heart are made with: configurations, ticks, and a stage on which a trader plays with a broker."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.assembly import load
from engine.config import Config, bundled, instrument_for
from engine.model.broker_events import BrokerEvent
from engine.model.clock import VirtualClock
from engine.model.commands import TraderCommand
from engine.model.events import AnyEvent, Cancel, ReadHoldings, Submit, TradeClosed
from engine.model.marks import Mark
from engine.model.types import Instrument, Order, Tick, Trade
from engine.runtime.cursor import Cursor
from engine.runtime.turn_parts import TurnParts
from engine.trading.trader import Trader
from engine.venues.simulated.broker import simulated
from tests.support.brokers import InstantBroker

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "data"
IST = ZoneInfo("Asia/Kolkata")
DAY = "2025-10-01"


def shared(name: str) -> Path:
    """A recorded session from beside the project; skips where it is missing."""
    path = SHARED / name
    if not path.is_file():
        pytest.skip(f"no recorded data beside the project: {name}")
    return path


@cache
def _config(overrides: tuple[str, ...]) -> Config:
    return load(bundled("config.toml"), overrides)


def config(*overrides: str) -> Config:
    """The default configuration with overrides such as `risk.base_sl_points=10`."""
    return _config(overrides)


# A strategy that enters on the first rising tick of the window: no warm-up, no filters.
EAGER = (
    "strategy.use_ema_crossover=false",
    "strategy.min_warmup_ticks=1",
    "strategy.consecutive_green_ticks=1",
    "strategy.green_ticks_after_stop_loss=2",
    "risk.max_position_value_percent=100",
)


def nifty(cfg: Config | None = None) -> Instrument:
    """The default instrument."""
    return instrument_for(cfg or config(), "NIFTY")


def ms(at: str, day: str = DAY) -> int:
    """UTC milliseconds of a time of day in Kolkata."""
    return round(datetime.fromisoformat(f"{day}T{at}").replace(tzinfo=IST).timestamp() * 1000)


def tick(seq: int, price: float, at: str | int, *, quantity: int = 75, day: str = DAY, **more: int) -> Tick:
    """A tick of instrument 0 at a price in rupees."""
    exch_ms = at if isinstance(at, int) else ms(at, day)
    paise = price if price != price else round(price * 100)
    fields = {"instrument": 0, "flags": 0, "recv_wall_ns": exch_ms * 1_000_000, "recv_ns": 0, "exch_seq": 0}
    return Tick(seq=seq, exch_ms=exch_ms, price=paise, quantity=quantity, day_volume=0, **(fields | more))


def ticks(prices: Iterable[float], *, start: str = "09:30:00", step_ms: int = 1000, day: str = DAY) -> list[Tick]:
    """Ticks one after the other."""
    first = ms(start, day)
    return [tick(i + 1, price, first + i * step_ms) for i, price in enumerate(prices)]


class Stage:
    """A trader and a broker, without threads: what the runner does within a turn, and nothing else."""

    def __init__(self, *overrides: str, broker: InstantBroker | None = None, instruments: int = 1) -> None:
        self.config = config(*overrides)
        listed = (nifty(self.config),) * instruments
        self.trader = Trader(self.config, listed, "T-")
        self.broker = broker or InstantBroker(instruments)
        self.facts: list[AnyEvent] = []
        self.seq = 0
        self.now_ms = ms("09:30:00")

    def play(self, stream: Iterable[Tick]) -> "Stage":
        """Let the trader work `stream`."""
        for each in stream:
            self.now_ms = each.exch_ms if isinstance(each.exch_ms, int) else self.now_ms
            self.carry(self.trader.on_tick(each))
        return self

    def prices(self, *prices: float, step_ms: int = 1000) -> "Stage":
        """Go on with ticks at `prices`, `step_ms` apart."""
        for price in prices:
            self.seq += 1
            self.now_ms += step_ms
            self.play([tick(self.seq, price, self.now_ms)])
        return self

    def at(self, clock: str, day: str = DAY) -> "Stage":
        """Set the time of the next tick's predecessor."""
        self.now_ms = ms(clock, day)
        return self

    def do(self, command: TraderCommand) -> "Stage":
        """Give a command."""
        self.carry(self.trader.on_command(command, self.now_ms))
        return self

    def beat(self) -> "Stage":
        """Let the beat come."""
        self.carry(self.trader.on_beat(self.now_ms))
        return self

    def answer(self, *events: BrokerEvent) -> "Stage":
        """Let the broker say something late."""
        for event in events:
            self.carry(self.trader.on_event(event, self.now_ms))
        return self

    def carry(self, effects: Sequence[AnyEvent]) -> None:
        """Carry effects out until nothing follows."""
        waiting = deque(effects)
        while waiting:
            effect = waiting.popleft()
            self.facts.append(effect)
            if isinstance(effect, Submit):
                self.broker.submit(effect.order)
            elif isinstance(effect, Cancel):
                self.broker.cancel(effect.order)
            elif isinstance(effect, ReadHoldings):
                self.broker.read_holdings()
            while self.broker.posted:
                waiting.extend(self.trader.on_event(self.broker.posted.popleft(), self.now_ms))

    @property
    def trades(self) -> list[Trade]:
        """The exits so far."""
        return [fact.trade for fact in self.facts if isinstance(fact, TradeClosed)]

    @property
    def orders(self) -> list[Order]:
        """The orders so far."""
        return [fact.order for fact in self.facts if isinstance(fact, Submit)]

    def told(self, kind: type[AnyEvent]) -> list[AnyEvent]:
        """The facts of one kind so far."""
        return [fact for fact in self.facts if isinstance(fact, kind)]

    @property
    def exits(self) -> list[tuple[str, float, int]]:
        """The exits so far as (reason, price in rupees, quantity)."""
        return [(trade.reason, trade.exit_price / 100, trade.quantity) for trade in self.trades]

    @property
    def held(self) -> int:
        """What is held of instrument 0."""
        return self.trader.state.book.net(0)


def turn_parts(instruments: tuple[Instrument, ...], *overrides: str) -> TurnParts:
    """The parts of a replay's turn, without journal and recorder."""
    chosen = config(*overrides)
    trader = Trader(chosen, instruments, "T-")
    cursor = Cursor(lossless=True)
    return TurnParts(
        chosen, trader, VirtualClock(0), cursor, simulated, journal=None, recorder=None, keeps_account=False,
        inbox_size=1,
    )  # fmt: skip


class ListSource:
    """A source over ticks in memory."""

    name = "list"

    def __init__(self, stream: Sequence[Tick], instruments: tuple[Instrument, ...] | None = None) -> None:
        self._stream = stream
        self.instruments = instruments or (nifty(),)

    def ticks(self, first: int = 1) -> Iterator[Tick]:
        for number, each in enumerate(self._stream[first - 1 :], first):
            yield _copy(each, number)

    def count(self) -> int:
        return len(self._stream)

    def number_at(self, at_ms: int) -> int:
        return max((i for i, each in enumerate(self._stream, 1) if each.exch_ms <= at_ms), default=0)

    def marks(self) -> Iterator[Mark]:
        return iter(())

    def losses(self) -> tuple[str, ...]:
        return ()

    def row_of(self, seq: int) -> str:
        return f"tick {seq}"


def _copy(of: Tick, seq: int) -> Tick:
    values = {name: getattr(of, name) for name in Tick.__struct_fields__}
    return Tick(**(values | {"seq": seq}))
