"""Runs that the real engine records, with an operator who gives commands at certain ticks; and ways to change the file."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from threading import Thread

from engine.assembly import Run, build
from engine.assembly.recording_config import header_of
from engine.model.commands import (
    Arm,
    Command,
    Disarm,
    Flat,
    Lock,
    PauseEntries,
    ResumeEntries,
    Seek,
    TraderCommand,
    Unlock,
)
from engine.model.events import StateKept
from engine.model.marks import DeskMark, EventMark, InputMark, Mark, StartMark, StateMark
from engine.model.run_views import CheckView
from engine.model.state import as_text, state_hash
from engine.model.types import Instrument, Tick
from engine.recording import Header, MqrSource
from engine.recording.format import BLOCK_HEAD, KIND_TICKS, SYNC
from engine.runtime import Engine
from tests.support.builders import DAY, EAGER, ListSource, config, nifty, ticks
from tests.support.recordings.recording_samples import MarkingWriter
from tests.support.trader_harness import TraderHarness
from tests.support.waiting import PATIENCE_S, until, until_turn

# On the feed's own thread a command is carried out exactly ahead of the tick that it was sent ahead of.
BUSY = (*EAGER, "engine.delivery=callback", "recording.checkpoint_ticks=50", "replay.snapshot_ticks=120")
LENGTH = 600


def zigzag(length: int = LENGTH, *, step_ms: int = 500, day: str = DAY) -> list[Tick]:
    """Ticks that make an eager strategy enter and exit often: 20 up, 10 down, by half a rupee, and some of each are large."""
    prices, price = [], 200.0
    for place in range(length):
        price += 0.5 if place % 30 < 20 else -0.9
        prices.append(round(price + (6.0 if place % 50 == 49 else 0.0), 2))
    return ticks(prices, step_ms=step_ms, day=day)


class Beat:
    """Among the orders of a session: the next tick waits for the engine's beat."""


# What is done ahead of a tick; a command may depend on what the engine holds then.
Order = Command | Beat | Callable[[Engine], Command | None]


class CommandedSource(ListSource):
    """A session in which somebody sends commands: `orders` says which, ahead of which tick."""

    def __init__(
        self,
        stream: Sequence[Tick],
        orders: Mapping[int, Sequence[Order]],
        instruments: tuple[Instrument, ...] | None = None,
    ) -> None:
        super().__init__(stream, instruments)
        self.orders = orders
        self.engine: Engine | None = None

    def ticks(self, first: int = 1) -> Iterator[Tick]:
        for each in super().ticks(first):
            for order in self.orders.get(each.seq, ()):
                if self.engine is not None:
                    self._carry_out(self.engine, order)
            yield each

    @staticmethod
    def _carry_out(engine: Engine, order: Order) -> None:
        if isinstance(order, Beat):
            before = engine.stats.beats
            until(lambda: engine.stats.beats > before)
        elif isinstance(order, Command):
            engine.send(order)
        elif (command := order(engine)) is not None:
            engine.send(command)


class GappyFeed:
    """A live line that is over after `stream`: the numbers of its ticks are those given, whatever is missing."""

    def __init__(self, stream: Sequence[Tick]) -> None:
        self._stream = stream
        self._thread: Thread | None = None

    def start(self, deliver: Callable[[Tick], None], on_end: Callable[[str], None]) -> None:
        def run() -> None:
            for each in self._stream:
                each.recv_ns = time.perf_counter_ns()
                deliver(each)
            on_end("")

        self._thread = Thread(target=run)
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        assert self._thread is not None
        self._thread.join(timeout_s)

    def keep_hours(self, closed: Callable[[], object]) -> None:
        """It rests at no hour."""

    def silence_is_grave(self, grave: Callable[[], bool]) -> None:
        """It never is."""

    def previous_close(self, instrument: int) -> int:
        return 0

    def view(self) -> None:
        """How the line stands is of no interest here."""


def record(
    folder: Path,
    stream: Sequence[Tick] | None = None,
    orders: Mapping[int, Sequence[Order]] | None = None,
    *overrides: str,
    instruments: tuple[Instrument, ...] | None = None,
    state: Path | None = None,
) -> Path:
    """The recording of a run at full speed in `folder`, which keeps its state there or in `state`."""
    source = CommandedSource(zigzag() if stream is None else stream, orders or {}, instruments)
    folder.mkdir(parents=True, exist_ok=True)
    options = (*BUSY, f"recording.directory={folder / 'recordings'}", *overrides)
    with build(config(*options), source, "mock", speed=0.0, state_root=state or folder / "state") as run:
        source.engine = run.engine
        run.engine.start()
        assert run.engine.wait(PATIENCE_S)
        run.engine.stop()
    (path,) = (folder / "recordings").iterdir()
    return path


def replay(path: Path, folder: Path, *overrides: str, paused: bool = False, skip_damage: bool = False) -> Run:
    """A replay of the recording at `path` under the same rules, started."""
    source = MqrSource(path, skip_damage)
    run = build(config(*BUSY, *overrides), source, "replay", speed=0.0, paused=paused, state_root=folder)
    playback = run.engine.playback
    assert playback is not None
    run.engine.start()
    return run


def marks_of(path: Path) -> list[Mark]:
    return list(MqrSource(path).marks())


def rewrite(
    path: Path, change: Callable[[Mark], Mark | None], head: Callable[[Header], Header] = lambda head: head
) -> Path:
    """A copy of the recording beside it, with each mark changed (None: left out)."""
    source = MqrSource(path)
    marks = list(source.marks())
    copy = path.with_name("changed.mqr")
    copy.unlink(missing_ok=True)
    with MarkingWriter(copy, head(source.header)) as writer:

        def put(until: int) -> None:
            while marks and _place(marks[0]) <= until:
                changed = change(marks.pop(0))
                if changed is not None:
                    writer.append_mark(changed)

        put(0)
        for each in source.ticks():
            writer.append_tick(each)
            put(each.seq)
        put(1 << 60)
    return copy


def damage_ticks(path: Path) -> None:
    """Change a byte of a block of ticks in the second half of the recording."""
    data = bytearray(path.read_bytes())
    block = data.index(SYNC + bytes((KIND_TICKS, 0)), len(data) // 2)
    data[block + BLOCK_HEAD.size] ^= 1
    path.write_bytes(data)


def _place(mark: Mark) -> int:
    return 0 if isinstance(mark, StartMark | DeskMark) else mark.ticks


def with_field(mark: StateMark, name: str, text: str) -> StateMark:
    """`mark` as it would have been with another value under `name`."""
    fields = mark.fields | {name: text}

    class Written(str):
        __slots__ = ()

        def __repr__(self) -> str:
            return str(self)

    return StateMark(mark.ticks, state_hash({key: Written(value) for key, value in fields.items()}), fields)


def inputs_of(path: Path) -> list[InputMark]:
    return [mark for mark in marks_of(path) if isinstance(mark, InputMark)]


def record_by_hand(
    path: Path,
    harness: TraderHarness,
    stream: Sequence[Tick],
    orders: Mapping[int, TraderCommand | None],
    kept: StateKept | None = None,
) -> Path:
    """A recording made without an engine, of a run that was given `orders` (None: a beat) and began with the account `kept`."""
    if kept is not None:
        harness.trader.state.restore(kept)
        harness.broker.hold([harness.trader.state.portfolio.net(0)])
    told = 0
    with MarkingWriter(path, header_of(harness.config, "by hand", (nifty(harness.config),))) as writer:
        if kept is not None:
            writer.append_mark(StartMark(kept))
        for seq, each in enumerate(stream, 1):
            writer.append_tick(each)
            harness.play([each])
            for trade in harness.trades[told:]:
                writer.append_mark(EventMark(seq, "fill", f"{trade.quantity} {trade.exit_price} {trade.reason}", 0))
            told = len(harness.trades)
            if seq % 50 == 0:
                fields = harness.trader.state.dump()
                writer.append_mark(StateMark(seq, state_hash(fields), as_text(fields)))
            if seq in orders:
                order = orders[seq]
                writer.append_mark(InputMark(seq, order, harness.now_ms))
                harness.beat() if order is None else harness.command(order)
    return path


def harness_with_position(*overrides: str) -> tuple[TraderHarness, int]:
    """A trader's harness that holds a position after three exits, paused; and how many ticks of `zigzag` that took."""
    harness = TraderHarness(*overrides)
    for each in zigzag():
        harness.play([each])
        if len(harness.trades) >= 3 and harness.held:
            harness.command(PauseEntries())
            return harness, each.seq
    raise AssertionError("the session has no such moment")


COMMANDS: dict[int, Sequence[Command | Beat]] = {
    1: (Lock("not yet"),),
    20: (Unlock(),),
    130: (PauseEntries(),),
    251: (ResumeEntries(), Arm(), Disarm()),
    290: (Unlock(),),
    345: (Flat("enough"), Beat()),
    357: (Beat(),),
    381: (Beat(), Unlock()),
    480: (Lock("a while"), PauseEntries()),
    540: (Unlock(), ResumeEntries()),
}
CHECKPOINTS = LENGTH // 50 + 1  # and one at the end


def check_view(run: Run) -> CheckView:
    found = run.engine.snapshot.replay
    assert found is not None
    assert found.check is not None
    return found.check


def at_the_end(run: Run) -> CheckView:
    """How a replay stands after its last tick."""
    assert run.engine.wait(PATIENCE_S)
    run.engine.stop()
    return check_view(run)


def after_seek(run: Run, target: int) -> CheckView:
    """How it stands at `target`."""
    engine = run.engine
    engine.send(Seek(target))
    until_turn(
        engine, lambda: engine.cursor.last_seq == target and engine.cursor.expected == -1 and not engine.turn.inputs
    )
    with engine.turn.lock:
        assert engine.playback is not None
        assert engine.playback.check is not None
        return engine.playback.check.view()
