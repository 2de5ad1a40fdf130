"""Measures wire → decision in every delivery mode, beside a bare `recv` loop in the same run. Judges nothing, prints nothing.

Stamped packets go over a WebSocket on 127.0.0.1 to an engine process, and in turn to a process that does nothing but
receive. Modes and bare loop alternate in short slices, so that what else the machine does hits them alike.
"""

import gc
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, Literal

from engine.bench.children import BenchError, started
from engine.bench.figures import Collected, DeliveryReport, ThroughputFigures
from engine.bench.packets import Traffic
from engine.bench.protocol import Begin, Collect, Ended, Ready, Slice
from engine.bench.screen import attached_screen, check_screen
from engine.bench.sender import accept, listening, send
from engine.config import find_config
from engine.model.errors import InputError
from engine.model.types import DELIVERIES, Delivery
from engine.runtime.process_stats import rss_mb

RATES: Final = (20.0, 100.0, 1000.0)
_LEAST_S, _MOST_S = 1.0, 3600.0
_LEAST_RATE, _MOST_RATE = 1.0, 20_000.0
_ROUNDS = 5
_THROUGHPUT_SHARE = 0.25  # of the seconds
_PROBES = 9  # of the search, about, for each mode
_FIRST_PROBE = 4_000.0
_LEAST_PROBE = 200  # ticks
_LEAST_PROBED = 500.0  # ticks a second; below it a machine is too busy to be measured
_NEAR = 1.15  # the search ends
_WARM_RATE = 500.0
_WARM_TICKS = 300
_LEAST_TICKS = 3
_GROWING_NS = 10_000_000  # the newest ticks of a probe are later than that: the engine does not keep up
_SLOW_SENDER = 1.05
_TRAFFIC_SEED = 1
_SLACK_S = 0.01

# Round the clock, whatever day it is; no link is dropped in the pauses between two slices.
_OVERRIDES: Final = (
    "feed.source=smartapi",
    "feed.symbols=[]",
    "feed.silence_s=3600",
    "smartapi.mode=quote",
    "smartapi.sequence=chained",
    "session.zone=UTC",
    "session.start=00:00:00",
    "session.end=23:59:59",
    "session.start_buffer_minutes=0",
    "session.end_buffer_minutes=0",
    "session.no_trade_start_minutes=0",
    "session.no_trade_end_minutes=0",
    "session.holidays=[]",
    # Entries of a few lots, and none refused for want of cash however long it runs.
    "capital.initial_capital=100000000",
    "risk.max_position_value_percent=0.1",
    "operator.on_loss=keep",
    "recording.enabled=on",
    "engine.handler_budget_ms=10000",  # here it would count from the send on
)


def measure_delivery(
    config_file: Path | None,
    overrides: Sequence[str],
    seconds: float,
    rates: Iterable[float],
    tell: Callable[[str], None],
    *,
    with_screen: bool,
) -> DeliveryReport:
    """Measure for about `seconds` at these rates (none: the usual ones), and as long once more with a screen.

    `tell` is told once how long it will take. Raises InputError for what cannot be measured, before anything is started.
    """
    rates = tuple(dict.fromkeys(rates)) or RATES
    _check(seconds, rates)
    if with_screen:
        check_screen()
    whole_s = seconds * (2 if with_screen else 1)
    tell(f"measuring for about {whole_s:.0f} s, on a machine that should do nothing else")
    with tempfile.TemporaryDirectory(prefix="myquant-bench-") as folder, ExitStack() as children:
        children.callback(gc.enable)
        gc.disable()  # no pause between a packet's stamp and its way out
        bench = Bench(config_file, overrides, Path(folder), children)
        return bench.measure(seconds, rates, with_screen=with_screen)


def _check(seconds: float, rates: tuple[float, ...]) -> None:
    problems = []
    if not _LEAST_S <= seconds <= _MOST_S:
        problems.append(f"--seconds {seconds:g}: allowed: {_LEAST_S:g} to {_MOST_S:g}")
    problems += [
        f"--rate {rate:g}: allowed: {_LEAST_RATE:g} to {_MOST_RATE:g} ticks a second"
        for rate in rates
        if not _LEAST_RATE <= rate <= _MOST_RATE
    ]
    if problems:
        raise InputError(*problems)


class Bench:
    """Bare loop and engine, connected; they end with `children`."""

    def __init__(self, config_file: Path | None, overrides: Sequence[str], folder: Path, children: ExitStack) -> None:
        listener = children.enter_context(listening())
        port = listener.getsockname()[1]
        own = [f"smartapi.stream_url=ws://127.0.0.1:{port}/engine", f"recording.directory={folder / 'recordings'}"]
        words = (str(find_config(config_file).absolute()), str(folder / "state"), *overrides, *_OVERRIDES, *own)
        self._bare = started("engine.bench.floor_process", folder, children, str(port), "/bare")
        self._engine = started("engine.bench.engine_process", folder, children, *words)
        self.ready = self._engine.receive(Ready)
        with _sending():
            self._to_bare = children.enter_context(accept(listener, "/bare"))
            self._to_engine = children.enter_context(accept(listener, "/engine"))
        self._seed = 0
        self._folder = folder
        self._traffic = Traffic(_TRAFFIC_SEED)
        self._poll_ns = self.ready.poll_ms * 1_000_000

    def measure(self, seconds: float, rates: tuple[float, ...], *, with_screen: bool) -> DeliveryReport:
        """Measure for about so long, and once more with a screen attached; raises BenchError."""
        collected = Collected()
        latency_s = seconds * (1 - _THROUGHPUT_SHARE)
        slice_s = latency_s / (_ROUNDS * len(rates) * (len(DELIVERIES) + 1))
        for delivery in (None, *DELIVERIES):  # every path once before anything counts
            self._slice(delivery, _WARM_RATE, _WARM_TICKS)
        screen_rss_mb = 0.0
        for turn in range(_ROUNDS):
            self._round(turn, rates, slice_s, collected, screen=False)
            if with_screen:
                with attached_screen(Path(self.ready.folder), self._folder) as screen_pid:
                    self._round(turn, rates, slice_s, collected, screen=True)
                    screen_rss_mb = max(screen_rss_mb, rss_mb(screen_pid))
        probe_s = seconds * _THROUGHPUT_SHARE / (_PROBES * len(DELIVERIES))
        return DeliveryReport(
            seconds=seconds,
            measuring_us=self.ready.measuring_ns / 1000,
            engine_rss_mb=round(collected.rss_mb, 1),
            screen_rss_mb=round(screen_rss_mb, 1) if with_screen else None,
            latencies=collected.figures(),
            throughput=tuple(self._limit(delivery, probe_s) for delivery in DELIVERIES),
        )

    def _round(self, turn: int, rates: tuple[float, ...], slice_s: float, into: Collected, *, screen: bool) -> None:
        """One slice of each, in another order every time, with the same moments for all receivers of a rate."""
        receivers: list[Delivery | None] = [None, *DELIVERIES]
        first = turn % len(receivers)
        for rate in rates:
            self._seed += 1
            count = max(_LEAST_TICKS, round(rate * slice_s))
            for delivery in receivers[first:] + receivers[:first]:
                measured, _ = self._slice(delivery, rate, count)
                if measured.wrong:
                    raise BenchError(f"bench: {delivery} at {rate:g} ticks/s: {measured.wrong}")
                into.add(rate, delivery, screen, measured)

    def _slice(self, delivery: Delivery | None, rate: float, count: int) -> tuple[Slice, bool]:
        """Send `count` packets to the engine in this mode, or to the bare loop; whether they went out in time. Raises BenchError."""
        child, client = (self._engine, self._to_engine) if delivery else (self._bare, self._to_bare)
        if delivery:
            child.tell(Begin(delivery))
            child.receive(Ended)
        else:
            child.tell(Collect(count))
        frames, moments_ns = self._traffic.frames(count), Traffic.moments_ns(count, rate, self._seed)
        with _sending():
            took_s = send(client, frames, moments_ns)
        if delivery:
            child.tell(Collect(count))
        return child.receive(Slice), took_s <= _SLOW_SENDER * moments_ns[-1] / 1e9 + _SLACK_S

    def _limit(self, delivery: Delivery, probe_s: float) -> ThroughputFigures:
        """Search the highest rate: doubled until it fails, then halved in between."""
        works, fails, sender_limit = 0.0, 0.0, False
        rate = _FIRST_PROBE
        for _ in range(_PROBES):
            verdict = self._probe(delivery, rate, probe_s)
            if verdict == "works":
                works = rate
            else:
                fails, sender_limit = rate, verdict == "sender"
            if not fails:
                rate = 2 * works
            elif not works:
                rate = fails / 2
                if rate < _LEAST_PROBED:
                    break
            elif fails / works < _NEAR:
                break
            else:
                rate = (works * fails) ** 0.5
        return ThroughputFigures(delivery, round(works), sender_limit)

    def _probe(self, delivery: Delivery, rate: float, probe_s: float) -> Literal["works", "engine", "sender"]:
        """Whether the engine works `rate` ticks a second, or who it is that cannot."""
        count = max(_LEAST_PROBE, round(rate * probe_s))
        measured, in_time = self._slice(delivery, rate, count)
        newest_ns = measured.late_ns[-max(1, count // 10) :]
        allowed_ns = _GROWING_NS + (self._poll_ns if delivery == "polling" else 0)
        if measured.wrong or measured.merged or sum(newest_ns) > allowed_ns * len(newest_ns):
            return "engine"
        return "works" if in_time else "sender"


@contextmanager
def _sending() -> Iterator[None]:
    """Within: a connection that fails is told in one line."""
    try:
        yield
    except OSError as error:
        raise BenchError(f"bench: sender: {error.strerror or error}") from None
