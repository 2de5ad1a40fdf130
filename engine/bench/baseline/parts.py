"""What each part of the engine costs a tick: two engines side by side, one of them without it. Judges nothing, prints nothing."""

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from engine.assembly import Run
from engine.bench.driving import batches, hand_over, prepared
from engine.config import Config
from engine.model.commands import PauseEntries
from engine.model.latency import Histogram
from engine.model.types import Tick
from engine.runtime import LOGGERS

_SELDOM_MS: Final = 10_000  # between two snapshots: longer than a pass
_INDICATORS: Final = {  # by the switch in [strategy]
    "use_ema_crossover": "ema",
    "use_macd": "macd",
    "use_vwap": "vwap",
    "use_htf_trend": "ema",
    "use_rsi_filter": "rsi",
    "use_atr": "atr",
    "use_bollinger_bands": "bollinger",
}


class Part(Struct, frozen=True):
    """A part that can be left out.

    `places` are the folders or files of `engine/` where its code lies, `without` is the configuration that leaves it out and
    `strip` what does where no key can. `trades`: orders are placed; else, where leaving it out would change what is
    decided, nobody enters on either side.
    """

    name: str
    places: tuple[str, ...]
    without: Callable[[Config], Config] = lambda config: config
    strip: Callable[[Run], None] = lambda _run: None
    trades: bool = True


class PartPair(Struct, frozen=True):
    """CPU nanoseconds of the thread that ticks come in, for all `ticks`, with a part and without."""

    ticks: int
    with_ns: int
    without_ns: int

    @property
    def us_per_tick(self) -> float:
        """What the part costs."""
        return (self.with_ns - self.without_ns) / 1000 / self.ticks


class _Uncounted(Histogram):
    """Takes durations and counts none, by a call that costs nearly nothing."""

    __slots__ = ()
    record = deque[int](maxlen=0).append  # type: ignore[assignment]  # a call of our own would cost as much as counting


def _without_latency(run: Run) -> None:
    epoch = run.engine.epochs.now
    epoch.total = epoch.wait = epoch.decide = epoch.act = epoch.to_order = epoch.to_inbox = _Uncounted()


_JOURNAL: Final = Part(
    "journal",
    ("journal/", "runtime/persistence.py"),
    lambda config: replace(config, journal=replace(config.journal, enabled=False)),
)
_RECORDER: Final = Part(
    "recorder",
    ("recording/recorder.py", "recording/daily_recorder.py", "recording/segment.py", "recording/writer.py"),
    lambda config: replace(config, recording=replace(config.recording, enabled="off")),
)
_SNAPSHOTS: Final = Part(
    "snapshots",
    (
        "runtime/snapshot_builder.py",
        "runtime/publisher.py",
        "model/snapshot.py",
        "model/run_views.py",
        "model/trading_views.py",
    ),
    lambda config: replace(config, engine=replace(config.engine, snapshot_interval_ms=_SELDOM_MS)),
)
_LOG: Final = Part("log", ("logs/", "runtime/event_log.py", "trading/event_text.py"))
_LATENCY: Final = Part("latency", ("model/latency.py", "runtime/epochs.py"), strip=_without_latency)
_DECODING: Final = Part("decoding", ("recording/reader.py", "recording/blocks.py", "recording/foreign"))


def parts(config: Config) -> tuple[Part, ...]:
    """The parts that `config` switches on: six always, and its indicators."""
    switched_on = (switch for switch in _INDICATORS if getattr(config.strategy, switch))
    return (_RECORDER, _JOURNAL, _SNAPSHOTS, _LOG, _LATENCY, _DECODING, *map(_indicator, switched_on))


def _indicator(switch: str) -> Part:
    def without(config: Config) -> Config:
        return replace(config, strategy=replace(config.strategy, **{switch: False}))

    name = switch.removeprefix("use_").removesuffix("_filter").replace("_", " ")
    places = (f"trading/indicators/{_INDICATORS[switch]}.py", "trading/indicators/wilder.py")
    return Part(f"indicator {name}", places, without, trades=False)


def whole(config: Config) -> Config:
    """`config` with every part on, the recorder too."""
    return replace(
        config, recording=replace(config.recording, enabled="on"), journal=replace(config.journal, enabled=True)
    )


def measure_pair(config: Config, path: Path, part: Part) -> PartPair:
    """Take every tick of `path` through two engines in turn, one of them without `part`; raises UserError."""
    ticks = with_ns = without_ns = 0
    with _engine(config, path, part, left_out=True) as less, _engine(config, path, part, left_out=False) as more:
        for number, (with_it, without_it) in enumerate(zip(more, less, strict=True)):
            if number % 2:
                without_ns += without_it()
                with_ns += with_it()
            else:
                with_ns += with_it()
                without_ns += without_it()
        ticks = more.ticks
    return PartPair(ticks, with_ns, without_ns)


class _Stepping:
    """An engine that works a batch each time it is asked to."""

    def __init__(self, run: Run, stream: Iterator[list[Tick]], part: Part, *, left_out: bool) -> None:
        self.ticks = 0
        self._run = run
        self._stream = stream
        self._looks = not (left_out and part is _SNAPSHOTS)
        self._decoding_counts = part is _DECODING and not left_out
        self._is_mute = part is _LOG and left_out

    def __iter__(self) -> Iterator[Callable[[], int]]:
        """For each batch a function that works it and returns what that cost, in CPU nanoseconds."""
        while True:
            begun_ns = time.thread_time_ns()
            batch = next(self._stream, None)
            decoded_ns = time.thread_time_ns() - begun_ns if self._decoding_counts else 0
            if batch is None:
                return
            self.ticks += len(batch)
            yield partial(self._work, batch, decoded_ns)

    def _work(self, batch: list[Tick], decoded_ns: int) -> int:
        if self._looks:
            _ = self._run.engine.snapshot  # as a screen does, so that there is a new one every interval
        if not self._is_mute:
            return decoded_ns + hand_over(self._run, batch)
        for logger in LOGGERS.values():
            logger.disabled = True
        try:
            return decoded_ns + hand_over(self._run, batch)
        finally:
            for logger in LOGGERS.values():
                logger.disabled = False


@contextmanager
def _engine(config: Config, path: Path, part: Part, *, left_out: bool) -> Iterator[_Stepping]:
    with prepared(part.without(config) if left_out else config, path) as (run, source):
        if left_out:
            part.strip(run)
            run.logs.close()  # one log takes the lines of all engines of a process
        if not part.trades:
            run.engine.send(PauseEntries())
        yield _Stepping(run, batches(source), part, left_out=left_out)
