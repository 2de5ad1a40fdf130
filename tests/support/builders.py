"""What most tests are made with: configurations, instruments, ticks, and a source of them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo

from engine.assembly import load
from engine.config import Config, bundled, instrument_for
from engine.model.marks import Mark
from engine.model.types import Instrument, Tick

IST = ZoneInfo("Asia/Kolkata")
DAY = "2025-10-01"


@cache
def _config(overrides: tuple[str, ...]) -> Config:
    return load(bundled("config.toml"), overrides)


def config(*overrides: str) -> Config:
    """The default configuration with overrides such as `risk.base_sl_points=10`."""
    return _config(overrides)


# What an order cost before there were contract notes, and where it was filled.
PERCENT = ("charges.model=percent", "paper.fill=last")

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
    fields |= {"day_volume": 0}
    return Tick(seq=seq, exch_ms=exch_ms, price=paise, quantity=quantity, **(fields | more))


def priced(seq: int, price: int, at: str) -> Tick:
    """A tick of instrument 0 whose price in minor units, a sentinel perhaps, is taken as it is."""
    made = tick(seq, 1, at)
    made.price = price
    return made


def ticks(prices: Iterable[float], *, start: str = "09:30:00", step_ms: int = 1000, day: str = DAY) -> list[Tick]:
    """Ticks one after the other."""
    first = ms(start, day)
    return [tick(i + 1, price, first + i * step_ms) for i, price in enumerate(prices)]


class ListSource:
    """A source over ticks in memory, which are nobody's."""

    name = "list"
    generated = True

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
