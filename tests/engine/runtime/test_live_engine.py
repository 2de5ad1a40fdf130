"""The engine on a live feed: late ticks, full inboxes, links, clocks, tickets, and what it leaves in journal and recording."""

import re
from collections.abc import Iterator

import pytest

from engine.journal import JOURNAL_FILE, read_events
from engine.model.commands import (
    Acknowledge,
    Fault,
    Flat,
    Lock,
    PauseEntries,
    ResumeEntries,
    Seek,
    SetLogLevel,
    Stall,
    Stop,
    SwitchDelivery,
    Unlock,
)
from engine.model.events import FeedNote, LinkChanged
from engine.model.marks import InputMark, StateMark
from engine.model.state import state_hash
from engine.model.types import DELIVERIES, FLAG_AHEAD, FLAG_LATE, FLAG_NEW_LINK, Instrument
from engine.trading.trader import Trader
from tests.support.scripted_feed import AT_10, ScriptedRun
from tests.support.waiting import until


@pytest.fixture
def live(tmp_path) -> Iterator[ScriptedRun]:
    it = ScriptedRun(tmp_path, "engine.delivery=queued")
    with it.run:
        yield it


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_a_live_tick_is_traded_in_every_delivery(tmp_path, delivery) -> None:
    live = ScriptedRun(tmp_path, f"engine.delivery={delivery}")
    with live.run:
        for price in (100, 101, 102):
            live.tick(price)
        live.worked()
        assert live.held > 0
        assert live.run.engine.snapshot.trade_mode == "paper"
        assert live.run.engine.snapshot.feed.state == "UP"


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_a_tick_that_waited_enters_nothing_and_is_recorded_as_late(tmp_path, delivery) -> None:
    live = ScriptedRun(tmp_path, f"engine.delivery={delivery}")
    with live.run:
        live.tick(100)
        late = live.tick(101, late_ns=3_000_000_000)
        live.worked()
        assert late.flags & FLAG_LATE
        assert not live.held
        assert live.run.trader.state.instrument_states[0].objection == "the price is late"
    assert [tick.flags & FLAG_LATE for tick in live.recording().ticks()] == [0, FLAG_LATE]


def test_a_late_tick_still_exits(live) -> None:
    live.tick(100)
    live.tick(101)
    live.worked()
    assert live.held
    live.tick(70, late_ns=3_000_000_000)
    live.worked()
    assert not live.held
    assert live.run.engine.exits.newest[-1].reason == "Stop Loss"


def test_a_tick_whose_time_is_ahead_is_recorded_and_blinds_no_exit(live) -> None:
    for price, flags in ((100, FLAG_NEW_LINK), (101, 0), (50, FLAG_AHEAD), (100, 0)):
        live.tick(price, flags=flags)
    live.worked()
    assert live.held
    live.tick(70)
    live.worked()
    assert live.run.engine.exits.newest[-1].reason == "Stop Loss"
    assert live.run.trader.state.instrument_states[0].tick_filter.refused == {"future": 1}
    live.run.engine.stop()
    flags = [tick.flags for tick in live.recording().ticks()]
    assert flags == [FLAG_NEW_LINK, 0, FLAG_AHEAD, 0, 0]


def test_exchange_numbers_are_not_compared_across_links(live) -> None:
    live.tick(100, exch_seq=1000)
    live.tick(101, exch_seq=7, flags=FLAG_NEW_LINK)
    live.tick(102, exch_seq=8)
    live.tick(103, exch_seq=8)
    live.worked()
    snapshot = live.run.engine.trader.state.instrument_states[0]
    assert snapshot.tick_filter.refused == {"duplicate": 1}
    assert snapshot.tick_filter.sequence_gaps == 0


def test_a_full_inbox_keeps_the_newest_and_counts_the_rest(tmp_path) -> None:
    live = ScriptedRun(tmp_path, "engine.delivery=polling", "engine.inbox_size=10", "engine.poll_interval_ms=10000")
    with live.run:
        with live.run.engine.turn.lock:
            for price in range(100, 135):
                live.tick(price)
            assert len(live.run.engine.inbox) <= 11
        live.run.engine.send(SwitchDelivery("queued"))
        live.worked()
        engine = live.run.engine
        assert engine.inbox.merged + engine.cursor.position == 35
        assert engine.inbox.merged > 20
        assert live.run.trader.state.instrument_states[0].last_price == 13400
    assert live.recording().count() == live.run.engine.cursor.position


@pytest.mark.parametrize("ways_on", [SwitchDelivery("queued"), Stop()], ids=["drained", "ended"])
def test_the_loop_goes_on_while_many_ticks_are_worked_in_one_go(tmp_path, monkeypatch, ways_on) -> None:
    """However slow a strategy is: who is stamped between its ticks is not taken for wedged."""
    live = ScriptedRun(tmp_path, "engine.delivery=polling", "engine.poll_interval_ms=10000")
    engine, decide, stamps = live.run.engine, Trader.on_tick, set()

    def on_tick(self, tick):
        stamps.add(engine.stats.beat_ns)
        return decide(self, tick)

    monkeypatch.setattr(Trader, "on_tick", on_tick)
    with live.run:
        with engine.turn.lock:
            for _ in range(350):
                live.tick(100)
            engine.send(ways_on)
        live.worked()
        assert len(stamps) == 4


def test_what_became_of_a_command_is_told_under_its_ticket(live) -> None:
    send = live.run.engine.send
    send(PauseEntries(), 1)
    send(Seek(5), 2)
    send(SwitchDelivery("callback"), 3)
    send(SwitchDelivery("callback"), 4)
    live.tick(100)
    assert live.done(1) == "DONE"
    assert live.done(2) == "REFUSED only in a replay"
    assert live.done(3) == live.done(4) == "DONE"
    assert live.run.engine.switch.mode == "callback"
    send(ResumeEntries(), 5)
    assert live.done(5) == "DONE"


def test_a_level_of_the_log_changes_while_it_runs_and_nothing_is_decided_by_it(live) -> None:
    send = live.run.engine.send
    live.tick(100)
    live.worked()
    before = state_hash(live.run.trader.state.dump())
    send(SetLogLevel("trader", "debug", 600), 1)
    send(SetLogLevel("tradr", "debug"), 2)
    send(SetLogLevel("trader", "loud"), 3)
    assert live.done(1) == "DONE"
    assert live.done(2).startswith("REFUSED component 'tradr' is not known; allowed: engine, ")
    assert live.done(3).startswith("REFUSED level 'loud' is not known; allowed: debug, ")
    (trader,) = [each for each in live.run.engine.snapshot.log_levels if each.by]
    assert (trader.component, trader.level, trader.back) == ("trader", "debug", "info")
    assert state_hash(live.run.trader.state.dump()) == before
    live.run.close()
    assert [mark for mark in live.recording().marks() if isinstance(mark, InputMark)] == []


def test_a_heartbeat_says_what_is_held_and_what_the_day_has_brought(tmp_path) -> None:
    live = ScriptedRun(tmp_path, "heartbeat.heartbeat_log_s=1", "engine.delivery=queued")
    with live.run:
        live.tick(100)
        live.tick(101)
        live.worked()
        until(lambda: any(" NIFTY day P&L" in line.text for line in live.run.logs.lines_since(0, 999)))
        (line, *_) = [line.text for line in live.run.logs.lines_since(0, 999) if " NIFTY day P&L" in line.text]
    assert re.fullmatch(
        rf"heartbeat ticks 2 beats \d+ waiting 0 merged 0 faults 0 delivery queued position {live.held} NIFTY day P&L -\d+\.\d\d",
        line,
    )


def test_a_flat_is_done_when_it_is_verified_and_a_second_one_joins_it(live) -> None:
    live.tick(100)
    live.tick(101)
    live.worked()
    assert live.held
    with live.run.engine.turn.lock:
        live.run.engine.send(Flat("first"), 1)
        live.run.engine.send(Flat("second"), 2)
    assert live.done(1) == live.done(2) == "DONE"
    assert live.run.engine.snapshot.flat.state == "FLAT"
    assert live.run.engine.snapshot.flat.reason == "first"
    live.run.engine.send(Unlock(), 3)
    assert live.done(3) == "DONE"


def test_commands_and_beats_stand_in_the_recording_where_they_happened(live) -> None:
    live.tick(100)
    live.tick(101)
    live.worked()
    live.run.engine.send(Flat("operator"), 1)
    assert live.done(1) == "DONE"
    live.tick(102)
    live.worked()
    live.run.close()
    marks = [mark for mark in live.recording().marks() if isinstance(mark, InputMark)]
    assert marks[0].command == Flat("operator")
    assert marks[0].ticks == 2
    assert {type(mark.command) for mark in marks[1:]} == {type(None)}
    assert len(marks) >= 3  # two reads a beat apart, at least
    state = [mark for mark in live.recording().marks() if isinstance(mark, StateMark)][-1]
    assert state.fields["flat.state"] == "'FLAT'"


def test_the_link_is_told_in_log_journal_events_and_recording(live) -> None:
    live.tick(100)
    live.worked()
    live.feed.tell(LinkChanged("WAITING", 1, "no data for 8.0 s", AT_10))
    live.feed.tell(LinkChanged("UP", 2, "", AT_10 + 4200, 4200))
    live.feed.tell(FeedNote("26 packets of an unknown token", AT_10))
    until(lambda: not live.run.engine.turn.inputs)
    until(lambda: any(event.kind == "reconnect" for event in live.run.engine.snapshot.events))
    live.run.close()
    texts = [mark.text for mark in live.recording().marks() if getattr(mark, "kind", "") == "reconnect"]
    assert texts == ["WAITING no data for 8.0 s", "UP"]
    kinds = [event.kind for event in read_events(live.folder / "state" / JOURNAL_FILE)]
    assert kinds.count("LinkChanged") == 2
    assert kinds.count("FeedNote") == 1


def test_a_stepped_clock_is_told_and_decides_nothing(live) -> None:
    clock = live.run.engine.housekeeping._clock
    before_ms = live.run.engine.now_ms
    clock._followed_ns -= 300_000_000_000  # as if somebody had put the clock five minutes ahead
    until(lambda: live.run.engine.turn._late_before_ns > 0)
    assert 0 <= live.run.engine.now_ms - before_ms < 60_000
    live.tick(100)
    live.tick(101)
    live.worked()
    assert live.held
    live.run.close()
    kinds = [event.kind for event in read_events(live.folder / "state" / JOURNAL_FILE)]
    assert kinds.count("ClockStepped") == 1


def test_what_waited_while_the_process_stood_still_enters_nothing(tmp_path) -> None:
    live = ScriptedRun(tmp_path, "engine.delivery=polling", "engine.poll_interval_ms=10000")
    with live.run:
        stats = live.run.engine.stats
        until(lambda: stats.beats > 1)
        live.tick(100)
        live.tick(101)
        stats.beat_ns -= 10_000_000_000
        until(lambda: live.run.engine.turn._late_before_ns > 0)
        live.run.engine.send(SwitchDelivery("queued"))
        live.worked()
        assert not live.held
        live.tick(100)
        live.tick(101)
        live.worked()
        assert live.held


@pytest.mark.parametrize("tool", [Fault("drop"), Stall(10.0)])
def test_a_test_tool_is_refused_where_ticks_are_real(live, tool) -> None:
    live.run.engine.send(tool, 1)
    assert live.done(1) == "REFUSED only on generated data"
    assert not live.run.engine.problem


def test_how_the_last_run_ended_is_shown_until_it_is_acknowledged(live) -> None:
    live.run.engine._dispatch._parts.outcomes.found = ("run 7 did not end in good order",)
    live.run.engine.send(Lock("test"), 1)
    assert live.done(1) == "DONE"
    assert live.run.engine.snapshot.found
    live.run.engine.send(Acknowledge(), 2)
    assert live.done(2) == "DONE"
    assert not live.run.engine.snapshot.found


def test_a_thousand_instruments_are_watched_and_fifty_shown(tmp_path) -> None:
    listed = tuple(Instrument(f"NIFTY{i}", str(i)) for i in range(1000))
    live = ScriptedRun(tmp_path, "engine.delivery=callback", "recording.checkpoint_ticks=1000", instruments=listed)
    with live.run:
        live.tick(100, instrument=777)
        live.tick(101, instrument=777)
        for index in range(1000):
            live.tick(100, instrument=index)
        live.worked()
        until(lambda: live.run.engine.snapshot.ticking == 1000)
        snapshot = live.run.engine.snapshot
        assert len(snapshot.quotes) == 50
        assert snapshot.watched == 1000
        assert snapshot.positions[0].state.instrument == 777
        assert 777 in [quote.instrument for quote in snapshot.quotes]
    marks = [mark for mark in live.recording().marks() if isinstance(mark, StateMark)]
    covered = {name.split(".")[0] for name in marks[0].fields if name[0].isdigit()}
    assert covered == {str(index) for index in range(10)}
    assert "book.cash" in marks[0].fields


def test_after_two_faults_callback_mode_can_be_had_again(tmp_path, monkeypatch) -> None:
    live = ScriptedRun(tmp_path, "engine.delivery=callback", "engine.handler_budget_ms=1000")
    whole, left = Trader._work, [1, 1]

    def breaks(self, inst, tick):
        if left:
            left.pop()
            raise RuntimeError("twice")
        return whole(self, inst, tick)

    monkeypatch.setattr(Trader, "_work", breaks)
    with live.run:
        for price in (100, 101, 102):
            live.tick(price)
        live.worked()
        assert live.run.engine.switch.mode == "queued"
        live.run.engine.send(SwitchDelivery("callback"), 1)
        assert live.done(1) == "DONE"
        for price in range(100, 550):  # more than two windows, at whose ends it is judged
            live.tick(price)
        live.worked()
        assert live.run.engine.switch.mode == "callback"
