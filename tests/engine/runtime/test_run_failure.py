"""What goes wrong around the trader: a full disk, a feed that ends, a process that stood still, an engine that breaks."""

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.assembly import LiveSupply, Run, build
from engine.journal import JOURNAL_FILE, read_events
from engine.model.broker_events import BrokerEvent
from engine.model.commands import Flat, Lock, ResumeEntries, Seek, SwitchDelivery
from engine.model.errors import EXIT_DISK, EXIT_FAULT
from engine.model.events import StateKept
from engine.model.marks import InputMark
from engine.model.types import Tick
from engine.recording import MqrSource
from engine.runtime.housekeeping import refusals
from engine.text.redaction import hide
from engine.venues.simulated.broker import PaperBroker
from tests.support.builders import EAGER, ListSource, config, ms, nifty, ticks
from tests.support.journal_harness import exact_fields
from tests.support.scripted_feed import ScriptedFeed, ScriptedRun
from tests.support.venues.live_harness import assert_same, verify
from tests.support.waiting import PATIENCE_S, until, until_turn

CANARY = "canary-9f3k2"


@pytest.fixture
def live(tmp_path) -> Iterator[ScriptedRun]:
    it = ScriptedRun(tmp_path, "engine.delivery=callback", "recording.checkpoint_ticks=2")
    with it.run:
        yield it


def holding(live: ScriptedRun) -> None:
    for price in (100, 101):
        live.tick(price)
    live.worked()
    assert live.held


def rows(live: ScriptedRun, kind: str) -> list:
    return [event.entry() for event in read_events(live.folder / "state" / JOURNAL_FILE) if event.kind == kind]


def locked(live: ScriptedRun) -> str:
    return live.run.trader.state.gate.locked


# ── The run goes on ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_full_disk_locks_entries_and_leaves_the_exits(live) -> None:
    holding(live)
    engine = live.run.engine
    live.run.journal._reserve.free()
    engine.send(ResumeEntries())  # a row that only found room because of that
    until(lambda: locked(live) != "")
    assert locked(live) == "journal: the disk is full; the journal goes on in its reserve"
    assert not engine.wait(0)
    assert (engine.problem, engine.snapshot.fault) == ("", "")
    assert [edge.problem for edge in engine.snapshot.edges if edge.name == "journal"] == [locked(live)]
    live.tick(70)
    assert not live.held
    live.tick(100)
    live.tick(101)
    assert not live.held
    engine.stop()
    assert (engine.status.exit_status, engine.problem) == (EXIT_DISK, locked(live))


def test_a_journal_that_breaks_by_itself_is_a_fault_of_the_program_and_leaves_the_exits(live) -> None:
    holding(live)
    engine = live.run.engine
    live.run.journal.write(object())
    until(lambda: locked(live) != "")
    assert locked(live).startswith("journal: the journal broke, not the disk: ")
    assert not engine.wait(0)
    live.tick(70)
    assert not live.held
    engine.stop()
    assert engine.status.exit_status == EXIT_FAULT


def test_a_feed_that_ended_by_itself_locks_entries_and_leaves_flats(live) -> None:
    holding(live)
    engine = live.run.engine
    engine._feed_ended("it broke")
    until(lambda: locked(live) != "")
    assert locked(live) == "the feed has ended: it broke"
    assert not engine.wait(0)
    engine.send(Flat("operator"), 1)
    assert live.done(1) == "DONE"
    assert not live.held
    engine.stop()
    (note,) = rows(live, "FeedNote")
    assert (note.text, note.severe) == ("the feed has ended: it broke", True)


@pytest.mark.parametrize("delivery", ["polling", "queued"])
def test_what_waits_when_the_process_goes_on_is_late_at_once(tmp_path, delivery) -> None:
    feeds: list[ScriptedFeed] = []

    def connect(tell, in_session) -> ScriptedFeed:
        feeds.append(ScriptedFeed(tell, in_session))
        return feeds[0]

    overrides = (*EAGER, f"engine.delivery={delivery}", f"recording.directory={tmp_path / 'kept'}")
    supply = LiveSupply("scripted", (nifty(),), connect)
    with build(config(*overrides), supply, "paper", state_root=tmp_path / "state") as run:
        at_ms = ms("10:00:00")
        for seq, price in enumerate((10_000, 10_100), 1):
            run.engine.deliver(
                Tick(seq, 0, 0, time.time_ns(), time.perf_counter_ns(), at_ms + 1000 * seq, 0, price, 75, 0)
            )
        run.engine.stats.beat_ns = time.perf_counter_ns() - 10_000_000_000
        run.engine.start()
        until_turn(run.engine, lambda: run.engine.cursor.position == 2)
        assert not run.trader.state.portfolio.net(0)
        assert run.trader.state.instrument_states[0].objection == "the price is late"


@pytest.mark.parametrize("wrong_s", [-7200, 7200])
@pytest.mark.parametrize("exchange_agrees", [True, False])
def test_a_clock_that_was_set_right_is_followed_where_the_exchange_agrees(live, wrong_s, exchange_agrees) -> None:
    clock = live.run.engine.housekeeping._clock
    clock._start_ns += wrong_s * 1_000_000_000  # as if the machine had been wrong at the start, and put right since
    clock.ahead_ns += wrong_s * 1_000_000_000
    exch_ms = time.time_ns() // 1_000_000 + (0 if exchange_agrees else wrong_s * 500)
    live.run.engine.deliver(Tick(1, 0, 0, time.time_ns(), time.perf_counter_ns(), exch_ms, 0, 10_000, 75, 0))
    assert live.run.engine.trader.state.instrument_states[0].last_tick is not None
    housekeeping = live.run.engine.housekeeping
    housekeeping._look_ns = 0  # the next round looks at once
    looked = housekeeping.stats.beats + 2
    until(lambda: housekeeping.stats.beats > looked)
    ahead_s = (live.run.engine.now_ms - time.time_ns() // 1_000_000) / 1000
    assert round(ahead_s / 60) == (0 if exchange_agrees else wrong_s // 60)


def test_reasons_may_be_added_while_they_are_counted(live) -> None:
    door = live.run.trader.state.instrument_states[0].tick_filter

    class Busy(str):
        """A reason; while it is counted, a feed's thread adds another one."""

        __slots__ = ()

        def __hash__(self) -> int:
            door.refused[f"another {len(door.refused)}"] = 1
            return str.__hash__(self)

    door.refused[Busy("price")] = 3
    assert refusals(live.run.trader.state.instrument_states)["price"] == 3


# ── The end ─────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("delivery", ["polling", "queued", "callback"])
def test_a_feed_that_outlives_the_end_trades_no_more(tmp_path, delivery) -> None:
    live = ScriptedRun(tmp_path, f"engine.delivery={delivery}")
    with live.run:
        live.tick(100)
        live.worked()
    live.tick(101)
    live.tick(102)
    assert live.run.engine.cursor.position == 1
    assert not live.held
    assert live.recording().count() == 1


@pytest.mark.parametrize("breaks", ["picture", "checkpoint", "feed"])
def test_whatever_breaks_at_the_end_the_rest_is_closed(tmp_path, monkeypatch, breaks) -> None:
    live = ScriptedRun(tmp_path, "engine.delivery=callback")
    hide(CANARY)

    def broken(*_: object) -> None:
        raise RuntimeError(f"no {breaks} {CANARY}")

    with live.run:
        holding(live)
        engine = live.run.engine
        owner, name = {
            "picture": (type(engine._publisher), "publish"),
            "checkpoint": (type(engine.turn._persistence), "checkpoint"),
            "feed": (live.feed, "stop"),
        }[breaks]
        monkeypatch.setattr(owner, name, broken)
        engine.stop()
        engine.stop()
        assert engine.status.stopped
        assert (engine.status.exit_status, engine.problem) == (
            EXIT_FAULT,
            f"engine failed: RuntimeError: no {breaks} ***",
        )
        assert engine.wait(0)
    assert live.recording().losses() == ()
    assert live.recording().count() == 2
    (ended,) = rows(live, "RunEnded")
    assert ended.fault
    assert CANARY not in ended.outcome + (live.folder / "state" / "engine.log").read_text()


def test_the_lock_of_a_broken_engine_is_recorded_where_it_was_put_on(live) -> None:
    live.tick(100)
    live.run.engine.failure.broke(RuntimeError("edge"))
    assert locked(live) == "engine fault"
    live.tick(101)  # would be an entry
    live.tick(102)
    assert not live.held
    live.run.close()
    path = next((live.folder / "kept").iterdir())
    given = [mark.command for mark in MqrSource(path).marks() if isinstance(mark, InputMark)]
    assert given == [Lock("engine fault")]
    assert [row.reason for row in rows(live, "EntriesChanged")][-1] == "engine fault"
    assert_same(verify((path,))[0])


def test_a_wedged_turn_does_not_keep_a_fault_from_being_told(live) -> None:
    with live.run.engine.turn.lock:
        live.run.engine.failure.broke(RuntimeError("edge"))
        assert locked(live) == "engine fault"
        assert live.run.engine.status.exit_status == EXIT_FAULT


def test_the_account_on_the_disk_at_the_end_is_the_newest(live) -> None:
    holding(live)
    live.run.engine.stop()
    kept: StateKept = rows(live, "StateKept")[-1]
    assert exact_fields(kept) == exact_fields(live.run.trader.state.keep(kept.at_ms))


# ── Delivery, commands, orders ──────────────────────────────────────────────────────────────────────────────────────


def test_a_slow_window_is_judged_where_numbers_have_holes(live) -> None:
    for _ in range(150):
        live.tick(100)
    live.run.engine.turn._budget.slow = 50  # as if a third of them had taken too long
    live.seq += 100
    for _ in range(50):
        live.tick(100)
    until(lambda: live.run.engine.switch.mode == "queued")
    assert live.seq == 300


def test_a_switch_that_another_one_overtook_is_told_so(live) -> None:
    with live.run.engine.turn.lock:
        live.run.engine.send(SwitchDelivery("polling"), 1)
        live.run.engine.send(SwitchDelivery("queued"), 2)
    assert live.done(1) == "REFUSED another mode was asked for before that one came"
    assert live.done(2) == "DONE"


class Noting(PaperBroker):
    """Notes when it is given an order."""

    def __init__(self, note: Callable[[str], None], post: Callable[[BrokerEvent], None]) -> None:
        super().__init__(2, post)
        self._note = note

    def submit(self, order):
        self._note("order")
        super().submit(order)


def test_orders_go_out_before_anything_is_put_into_words(tmp_path) -> None:
    rich = ("capital.initial_capital=100000000", "risk.max_position_value_percent=1")
    live = ScriptedRun(tmp_path, "engine.delivery=callback", *rich, instruments=(nifty(),) * 2)
    happened: list[str] = []

    class Heard(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            happened.append("words")

    heard = Heard()
    with live.run:
        for price in (100, 101):
            for index in range(2):
                live.tick(price, instrument=index)
        assert sum(each is not None for each in live.run.trader.state.portfolio.positions) == 2
        effects = live.run.engine._parts.effects
        broker = Noting(happened.append, effects._answers.append)
        broker.hold([live.run.trader.state.portfolio.net(index) for index in range(2)])
        effects._broker = broker
        logging.getLogger("myquant").addHandler(heard)
        try:
            live.run.engine.send(Flat("operator"), 1)
            assert live.done(1) == "DONE"
        finally:
            logging.getLogger("myquant").removeHandler(heard)
    assert happened[:2] == ["order", "order"]
    assert "words" in happened[2:]


def test_going_back_is_told_to_whoever_reads_the_journal(tmp_path: Path) -> None:
    stream = ListSource(ticks([100.0, 101.0, 102.0, 70.0, 100.0]))
    chosen = config(*EAGER, "recording.enabled=off")
    run: Run
    with build(chosen, stream, "mock", speed=0.0, state_root=tmp_path) as run:
        run.engine.start()
        assert run.engine.wait(PATIENCE_S)
        assert run.trader.state.portfolio.trades == 1
        run.engine.send(Seek(2))
        until(lambda: run.trader.state.portfolio.trades == 0)
        until_turn(run.engine, lambda: run.engine.cursor.last_seq == 2)
    kinds = [event.kind for event in read_events(tmp_path / JOURNAL_FILE)]
    back = kinds.index("Rewound")
    assert kinds[back + 1] == "StateKept"
