"""A process of `bench --delivery` that is the engine itself, served as always, told by its standard input what to measure.

Its command line: configuration file, state directory, overrides.

Only two things differ from a paper run: nobody logs in, and a tick counts as received when its packet was sent, so that
the engine's own "receive → decision" is wire → decision. Every value of that is kept.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path
from threading import Thread

from engine.assembly import LiveSupply, Run, build, load
from engine.bench.packets import FRAME_BYTES, INSTRUMENTS, SENT, SENT_AT, Traffic
from engine.bench.protocol import Begin, Ended, Fail, Ready, Slice, answer, orders
from engine.bench.raw_latency import RawLatency
from engine.config import Config
from engine.model.commands import Stop, SwitchDelivery
from engine.model.errors import UserError
from engine.model.events import FeedEvent
from engine.model.latency import Histogram
from engine.model.types import Delivery
from engine.runtime.process_stats import rss_mb
from engine.serving.process import serve
from engine.serving.signals import Signals
from engine.stream.adapter import MessageKind
from engine.stream.frames import BINARY
from engine.stream.live_feed import Pace, StreamFeed
from engine.stream.tick_builder import TickBuilder
from engine.venues.angelone.settings import SmartApiConfig
from engine.venues.angelone.stream import SmartApi
from engine.venues.angelone.tokens import Tokens

_PATIENCE_S = 10.0
_LOOK_S = 0.002
_TRIED = 2_000  # ticks on which the cost of measuring is measured
_now_ns = time.perf_counter_ns


class _FixedLogin:
    """Hands out tokens that open nothing."""

    client_code = "BENCH"
    api_key = "bench"

    def tokens(self) -> Tokens:
        return Tokens("bench", "bench", "bench")

    def renew(self, after: int) -> Tokens:  # noqa: ARG002 - one is like the other
        return self.tokens()


class _StampedApi(SmartApi):
    """SmartAPI's dialect, but each tick is stamped with the time at which its packet was sent."""

    def __init__(self, config: Config, ticker: TickBuilder) -> None:
        super().__init__(config, INSTRUMENTS, _FixedLogin(), ticker)
        self._stamp = ticker.stamp
        self._ahead_ns = time.time_ns() - _now_ns()

    def on_message(self, opcode: int, payload: bytes) -> MessageKind:
        """Take in a message; raises WireError."""
        if opcode == BINARY:
            sent_ns = SENT.unpack_from(payload, SENT_AT)[0]
            self._stamp(sent_ns, sent_ns + self._ahead_ns)
        return super().on_message(opcode, payload)


def main() -> int:
    """Be the engine until the input ends."""
    signals = Signals()
    signals.start()
    config_file, state, *overrides = sys.argv[1:]
    try:
        config = load(Path(config_file), overrides)
        with build(config, _supply(config), "paper", state_root=Path(state), on_screen=True) as run:
            Thread(target=_obey, args=(run,), name="bench", daemon=True).start()
            return serve(
                run, signals, {"MYQUANT_RESTARTS": ",".join([str(int(time.time()))] * 3)}
            )  # it is not started again here
    except UserError as problem:
        answer(Fail("; ".join(problem.lines)))
        return problem.exit_status


def _supply(config: Config) -> LiveSupply:
    def connect(tell: Callable[[FeedEvent], None], in_session: Callable[[], bool]) -> StreamFeed:
        ticker = TickBuilder(len(INSTRUMENTS), config.venue(SmartApiConfig).sequence)
        pace = Pace(silence_s=float(config.feed.silence_s))
        adapter = _StampedApi(config, ticker)
        return StreamFeed(adapter, ticker, tell=tell, in_session=in_session, pace=pace)

    return LiveSupply("bench", INSTRUMENTS, connect)


def _obey(run: Run) -> None:
    """Carry out orders until the input ends, then end the engine; the mouth of a thread."""
    try:
        answer(Ready(str(run.folder), run.config.engine.poll_interval_ms, _measuring_ns(run.config)))
        slices = _Slices(run)
        for order in orders():
            answer(slices.begin(order.delivery) if isinstance(order, Begin) else slices.collect(order.count))
    finally:
        run.engine.send(Stop())


class _Slices:
    """Measures one slice after the other."""

    def __init__(self, run: Run) -> None:
        self._engine = run.engine
        self._delivery: Delivery = "polling"
        self._every = RawLatency()
        self._position = self._merged = self._cpu_ns = self._wall_ns = 0

    def begin(self, delivery: Delivery) -> Ended | Fail:
        """Switch to `delivery` and begin to keep what comes."""
        engine = self._engine
        engine.send(SwitchDelivery(delivery))
        if not _until(lambda: engine.switch.mode == delivery and engine.switch.wanted is None):
            return Fail(f"engine: delivery {delivery} was refused")
        self._delivery, self._every = delivery, RawLatency()
        with engine.turn.lock:
            engine.epochs.now.total = self._every
            self._position, self._merged = engine.cursor.position, engine.inbox.merged
        self._cpu_ns, self._wall_ns = time.process_time_ns(), _now_ns()
        return Ended()

    def collect(self, count: int) -> Slice:
        """What became of the `count` packets that were sent."""
        engine = self._engine
        if not _until(lambda: self._worked() >= count):
            feed = engine.snapshot.feed
            why = f" ({feed.because})" if feed and feed.because else ""
            wrong = f"{count - self._worked()} of {count} ticks never came{why}"
        elif engine.switch.mode != self._delivery:
            wrong = f"fell back to {engine.switch.mode}"
        else:
            wrong = engine.problem
        cpu_ns, wall_ns = time.process_time_ns() - self._cpu_ns, _now_ns() - self._wall_ns
        with engine.turn.lock:
            merged = engine.inbox.merged - self._merged
            return Slice(
                late_ns=self._every.values_ns.tolist(),
                merged=merged,
                lost=max(0, count - self._worked()),
                cpu_share=cpu_ns / wall_ns,
                rss_mb=rss_mb(),
                wrong=wrong,
            )

    def _worked(self) -> int:
        engine = self._engine
        return engine.cursor.position - self._position + engine.inbox.merged - self._merged


def _until(true: Callable[[], bool]) -> bool:
    """Whether `true()` is true within `_PATIENCE_S`."""
    until_ns = _now_ns() + round(_PATIENCE_S * 1e9)
    while not true():
        if _now_ns() > until_ns:
            return False
        time.sleep(_LOOK_S)
    return True


def _measuring_ns(config: Config) -> int:
    """What stamping and keeping cost for one tick: the same packets with and without, the fastest of five each."""
    data = Traffic(0).frames(_TRIED)
    packets = [bytes(data[at + 2 : at + FRAME_BYTES]) for at in range(0, len(data), FRAME_BYTES)]
    plain: list[int] = []
    stamped: list[int] = []
    for _ in range(5):
        for spent, histogram in ((plain, Histogram()), (stamped, RawLatency())):
            ticker = TickBuilder(len(INSTRUMENTS), "rising")
            adapter = SmartApi(config, INSTRUMENTS, _FixedLogin(), ticker)
            on_message = _StampedApi(config, ticker).on_message if spent is stamped else adapter.on_message
            record = histogram.record
            begun_ns = time.thread_time_ns()
            for packet in packets:
                on_message(BINARY, packet)
                record(40_000)
            spent.append(time.thread_time_ns() - begun_ns)
    return max(0, min(stamped) - min(plain)) // _TRIED


if __name__ == "__main__":
    sys.exit(main())
