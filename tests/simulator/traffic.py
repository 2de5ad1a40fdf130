"""What happens at the exchange, step by step: a recording, or a seeded walk. Knows no client; waits for nothing."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from heapq import heapify, heapreplace
from random import Random
from time import time_ns
from typing import Protocol
from zoneinfo import ZoneInfo

from msgspec import Struct

from engine.model.sources import TickSource
from engine.model.types import Tick
from tests.simulator.market import FIRST_TOKEN, Line, RawMessage, line_of

IST = ZoneInfo("Asia/Kolkata")


class Traffic(Protocol):
    """Steps in the order of their time.

    `due_ns` is when the next step is due, counted from the start at the wanted speed; None: it is over. `speed` 0: as
    fast as the clients take it.
    """

    speed: float
    due_ns: int | None

    @property
    def lines(self) -> Sequence[Line]:
        """The instruments, each at the place of its index."""
        ...

    def begin(self) -> None:
        """The start: a clock that shows the present begins here."""
        ...

    def step(self) -> Line | RawMessage:
        """Let the next thing happen."""
        ...


class Quiet:
    """No traffic at all, on some instruments that stand still."""

    def __init__(self, lines: Sequence[Line] = ()) -> None:
        self.lines = list(lines)
        self.speed = 1.0
        self.due_ns: int | None = None

    def begin(self) -> None:
        """Nothing begins."""

    def step(self) -> Line | RawMessage:
        """There is none."""
        raise AssertionError("nothing is due")


class Recorded:
    """The ticks of `source`, with their own time, price and quantity; the file's receive stamps set the pace, where it has any.

    `longest_wait_s` cuts silences short (a night between two days). With `rebase` a tick's time is that at which it happens
    here. `symbols` are other names for what is traded, `tokens` other tokens.
    """

    def __init__(
        self,
        source: TickSource,
        *,
        speed: float = 1.0,
        tokens: Sequence[str] = (),
        symbols: Sequence[str] = (),
        longest_wait_s: float = 3600.0,
        rebase: bool = False,
    ) -> None:
        self.lines = [
            line_of(index, each, tokens[index] if index < len(tokens) else "")
            for index, each in enumerate(source.instruments)
        ]
        for line, symbol in zip(self.lines, symbols, strict=False):
            line.symbol = symbol
        self._rebase = rebase
        self.speed = speed
        self.due_ns: int | None = 0
        self._longest_ns = round(longest_wait_s * 1e9)
        self._ticks = source.ticks()
        self._at_ns = -1
        self._file_ns = 0  # of the recording's time that has passed
        self._volumes = [0] * len(self.lines)
        self._next = self._read()

    def begin(self) -> None:
        """Times are the file's own, or ours at each tick."""

    def step(self) -> Line:
        """Let the next tick happen; the day's volume is the file's, or else the sum of the quantities."""
        tick = self._next
        assert tick is not None
        place = tick.instrument
        self._volumes[place] = tick.day_volume or self._volumes[place] + tick.quantity
        line = self.lines[place]
        exch_ms = time_ns() // 1_000_000 if self._rebase else tick.exch_ms
        line.happen(exch_ms, tick.price, tick.quantity, self._volumes[place])
        self._next = self._read()
        return line

    def _read(self) -> Tick | None:
        """The next tick of the file; sets when it is due."""
        tick = next(self._ticks, None)
        if tick is None:
            self.due_ns = None
            return None
        at_ns = tick.recv_wall_ns or tick.exch_ms * 1_000_000
        if self._at_ns >= 0:
            self._file_ns += min(max(0, at_ns - self._at_ns), self._longest_ns)
        self._at_ns = max(at_ns, self._at_ns)
        self.due_ns = round(self._file_ns / self.speed) if self.speed else 0
        return tick


class Burst(Struct, frozen=True):
    """`packets` more within `within_s` (0: at once), every `every_s`; the first `every_s` after the start."""

    packets: int
    within_s: float
    every_s: float


class Generated:
    """A seeded walk of each instrument on its tick size, within ±20 % of the day before.

    `rate` is packets a second over all instruments, evenly spaced; with `per_token` each instrument has its own pace of
    that many a second, with the jitter of a real feed. The exchange's clock begins at `day_time` (Kolkata, such as
    "2025-10-01T09:15:00"; "" = now) and runs `speed` times as fast as ours; its stamps are whole seconds. Ends after
    `count` packets or `seconds`, or never. `free`: as fast as the clients take it.
    """

    def __init__(
        self,
        *,
        instruments: int = 1,
        rate: float = 100.0,
        per_token: float = 0.0,
        burst: Burst | None = None,
        seed: int = 1,
        count: int = 0,
        seconds: float = 0.0,
        day_time: str = "",
        speed: float = 1.0,
        free: bool = False,
        tokens: Sequence[str] = (),
        symbols: Sequence[str] = (),
    ) -> None:
        self._random = Random(seed)
        self._day_time = day_time
        self._start_ms = _exchange_ms(day_time)
        self.lines = [self._listed(n, tokens, symbols) for n in range(max(instruments, len(tokens), len(symbols)))]
        self.speed = 0.0 if free else speed
        self._pace = speed
        self._count = count
        self._end_ns = round(seconds * 1e9)
        plan = self._own_pace(per_token) if per_token else self._spaced(rate)
        self._plan = _with_bursts(plan, burst, self._random, len(self.lines)) if burst else plan
        self._done = 0
        self.due_ns: int | None = None
        self._place = 0
        self._due_next()

    def begin(self) -> None:
        """Without a day of its own the exchange's clock is ours."""
        self._start_ms = _exchange_ms(self._day_time)

    def step(self) -> Line:
        """Let the next packet happen."""
        assert self.due_ns is not None
        line = self.lines[self._place]
        exch_ms = self._start_ms + round(self.due_ns * self._pace) // 1_000_000
        draw = self._random.getrandbits(16)
        if draw & 3:  # a fourth of a feed's packets is news of the book alone
            steps = (draw >> 2 & 15).bit_count() - 2
            price = min(max(line.price + steps * line.tick, line.lower), line.upper)
        else:
            price = line.price
        lots = 1 + (draw >> 12)
        line.happen(exch_ms // 1000 * 1000, price, lots * line.lot, line.volume + lots * line.lot)
        self._done += 1
        self._due_next()
        return line

    def _due_next(self) -> None:
        due_ns, self._place = next(self._plan)
        over = (self._count and self._done >= self._count) or (self._end_ns and due_ns > self._end_ns)
        self.due_ns = None if over else due_ns

    def _listed(self, n: int, tokens: Sequence[str], symbols: Sequence[str]) -> Line:
        close = 5 * self._random.randrange(1_000, 6_000)
        token = tokens[n] if n < len(tokens) else str(FIRST_TOKEN + n)
        symbol = symbols[n] if n < len(symbols) else f"NIFTY25NOV25{25000 + 50 * n}CE"
        line = Line(n, token, symbol, happened=True, exch_ms=self._start_ms // 1000 * 1000)
        line.price = line.close = line.open = line.high = line.low = close
        line.lower, line.upper = close * 4 // 5 // 5 * 5, close * 6 // 5 // 5 * 5
        return line

    def _spaced(self, rate: float) -> Iterator[tuple[int, int]]:
        """Evenly spaced packets of instruments drawn at random."""
        n, count = 0, len(self.lines)
        while True:
            n += 1
            yield round(n * 1e9 / rate), self._random.randrange(count)

    def _own_pace(self, per_token: float) -> Iterator[tuple[int, int]]:
        """Each instrument after its own time: 0.1 to 1.9 times the mean, as measured."""
        mean_ns = 1e9 / per_token
        due = [(round(mean_ns * self._random.random()), n) for n in range(len(self.lines))]
        heapify(due)
        while True:
            at_ns, n = due[0]
            yield at_ns, n
            heapreplace(due, (at_ns + round(mean_ns * self._random.uniform(0.1, 1.9)), n))


def _with_bursts(
    plan: Iterator[tuple[int, int]], burst: Burst, random: Random, lines: int
) -> Iterator[tuple[int, int]]:
    """`plan` with bursts put in where they belong."""
    wait = next(plan)
    number = 0
    while True:
        number += 1
        for n in range(burst.packets):
            at_ns = round((number * burst.every_s + n * burst.within_s / burst.packets) * 1e9)
            while wait[0] <= at_ns:
                yield wait
                wait = next(plan)
            yield at_ns, random.randrange(lines)


def today() -> date:
    """Which day it is at the exchange."""
    return datetime.now(IST).date()


def _exchange_ms(day_time: str) -> int:
    """UTC ms of an ISO time in Kolkata, "" = now; raises ValueError."""
    if not day_time:
        return time_ns() // 1_000_000
    return round(datetime.fromisoformat(day_time).replace(tzinfo=IST).timestamp() * 1000)
