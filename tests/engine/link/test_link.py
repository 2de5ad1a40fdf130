"""The link over a socket: screens look and command, one has control, short commands come and go, the lost are missed."""

import os
import socket
from pathlib import Path

from engine.assembly import Run, build
from engine.config import bundled
from engine.link.client import RemoteEngine
from engine.link.control import OperatorPolicy
from engine.link.oneshot import Oneshot, ask
from engine.link.protocol import AnyCommand, Bye, CommandTaken, GetSnapshot, SendCommand, SnapshotReply, TakeControl
from engine.model.clock import VirtualClock
from engine.model.commands import Flat, Lock, PauseEntries, ResumeEntries, SetSpeed, Stop
from engine.model.snapshot import Snapshot
from engine.recording import MqrSource
from tests.support.builders import config
from tests.support.link_harness import FakeEngine, RawClient, engine_snapshot, gap, remote, serving, trade
from tests.support.waiting import until

SECOND = 1_000_000_000


def catches_up(opened: RemoteEngine, fake: FakeEngine) -> None:
    until(lambda: opened.snapshot == fake.snapshot, lambda: opened.state)


# ── Looking ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_screen_sees_what_the_engine_puts_on_the_table(tmp_path: Path) -> None:
    fake = FakeEngine(engine_snapshot(instruments=50, trades=30, events=20))
    fake.log(600)
    fake.chart = [(n * 5000, 100 + n) for n in range(300)]
    with serving(tmp_path, fake=fake) as there, remote(there) as ann:
        assert ann.snapshot == fake.snapshot
        assert ann.state.word == "CONNECTED"
        fake.go_on(trades=(*fake.snapshot.trades, trade(31)))
        catches_up(ann, fake)
        until(lambda: len(ann.log_lines(0, 1000)) == 600)
        assert ann.log_lines(598, 10) == fake.lines[598:]
        assert ann.history(0) == ()
        until(lambda: ann.history(0) == tuple(fake.chart))
        fake.chart.append((1_500_000, 7))
        until(lambda: ann.history(0) == tuple(fake.chart))
        fake.chart = fake.chart[:10]  # a replay went back
        until(lambda: ann.history(0) == tuple(fake.chart))
        assert ann.history(77) == ()


def test_the_engine_in_its_own_process_and_thread_is_commanded_through_the_socket(tmp_path: Path) -> None:
    source = MqrSource(bundled("nifty-synthetic.mqr"))
    with build(config(), source, "replay", speed=0.0, paused=True, state_root=tmp_path / "state") as run:
        run.engine.start()
        with serving(tmp_path / "state", fake=Real(run)) as there, remote(there) as ann:
            assert ann.snapshot.trade_mode == "replay"
            ann.send(PauseEntries())
            until(lambda: ann.snapshot.entries.paused)
            until(lambda: ann.pending()[0].state == "DONE", ann.pending)
            with Oneshot(there.path, "flat") as call:
                taken = call.send(Flat("by hand"))
                assert taken.state == "ACCEPTED"
                until(lambda: (told := call.outcome(taken.ticket)) is not None and told.state == "DONE")
                assert call.snapshot().flat.state == "FLAT"
            until(lambda: ann.snapshot.flat.reason == "by hand")


class Real(FakeEngine):
    """A real engine on the table."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.said = []

    @property
    def snapshot(self) -> Snapshot:
        return self._run.engine.snapshot

    def send(self, command: AnyCommand, ticket: int) -> None:
        self._run.engine.send(command, ticket)

    def history(self, instrument: int) -> tuple[tuple[int, int], ...]:
        return self._run.engine.history(instrument)

    def log_lines(self, since: int, limit: int) -> list:
        return self._run.logs.lines_since(since, limit)


# ── Commands ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_command_is_requested_accepted_and_done(tmp_path: Path) -> None:
    with serving(tmp_path) as there, remote(there) as ann:
        ann.send(PauseEntries())
        assert ann.pending()[0].state in {"REQUESTED", "ACCEPTED"}
        until(lambda: ann.pending()[0].state == "ACCEPTED")
        assert [command for command, _ in there.fake.sent] == [PauseEntries()]
        there.fake.carry_out()
        until(lambda: ann.pending()[0].state == "DONE")
        assert ann.pending()[0].command == PauseEntries()


def test_only_the_one_with_control_commands_and_both_are_told_when_it_moves(tmp_path: Path) -> None:
    with serving(tmp_path) as there, remote(there, "Ann") as ann, remote(there, "Ben") as ben:
        assert ann.control.mine
        assert (ben.control.holder, ben.control.mine) == ("Ann", False)
        assert ben.told == ("Ann has control: you may look",)
        until(lambda: ann.watched_by == 2)
        ben.send(ResumeEntries())
        until(lambda: ben.pending()[0].state == "REFUSED")
        assert ben.pending()[0].reason == "Ann has control"
        ben.send(Lock("fire"))
        until(lambda: ben.pending()[1].state == "ACCEPTED")
        ben.take_control()
        until(lambda: ben.control.mine and ann.control.holder == "Ben")
        until(lambda: "Ben took control: you may look" in ann.told)
        assert not ann.control.mine
        assert [command for command, _ in there.fake.sent] == [Lock("fire")]
        assert there.fake.said[-1] == "Ben has control, Ann had it"


def test_who_only_looks_never_has_control(tmp_path: Path) -> None:
    with serving(tmp_path) as there, remote(there, "Eve", wants_control=False) as eve:
        assert eve.control.holder == ""
        eve.take_control()
        until(lambda: "control is not for those who only look" in eve.told)
        assert eve.control.holder == ""
        eve.send(SetSpeed(1.0))
        until(lambda: eve.pending()[0].state == "REFUSED")
        with RawClient(there.path) as short:
            short.hello("flat", screen=False, wants_control=True).ask(TakeControl())
            assert short.ask(GetSnapshot()).control.holder == ""


def test_control_can_be_given_up_and_is_not_asked_back_by_itself(tmp_path: Path) -> None:
    with serving(tmp_path) as there, remote(there, "Ann") as ann:
        ann.give_control()
        until(lambda: ann.control.holder == "")
        [connection] = there.server._connections
        connection.sock.shutdown(socket.SHUT_RDWR)
        until(lambda: ann.state.word == "LOST")
        until(lambda: ann.state.word == "CONNECTED")
        assert ann.control.holder == ""
        ann.take_control()
        until(lambda: ann.control.mine)


def test_texts_and_numbers_of_a_command_are_made_harmless(tmp_path: Path) -> None:
    with serving(tmp_path) as there, RawClient(there.path) as plain:
        plain.hello("Ann\x1b[2J", wants_control=True)
        assert plain.ask(GetSnapshot()).control.holder == "Ann�[2J"
        assert plain.ask(SendCommand(1, Lock("\x1b]0;x\x07" + "y" * 1000))).state == "ACCEPTED"
        [(command, ticket)] = there.fake.sent
        assert ticket == 1
        assert "\x1b" not in command.reason
        assert len(command.reason) == 200
        refused = plain.ask(SendCommand(2, SetSpeed(float("nan"))))
        assert refused == CommandTaken(2, "REFUSED", "a number in it is none")


# ── Coming, going, and what happens when nobody is there ────────────────────────────────────────────────────────────


def test_a_lost_operator_is_missed_and_told_on_return_what_happened(tmp_path: Path) -> None:
    clock = VirtualClock()
    clock.advance(SECOND)
    with serving(tmp_path, operator=OperatorPolicy("flat_after", 60), clock=clock) as there:
        with RawClient(there.path) as ann:
            ann.hello("Ann", wants_control=True)
            assert ann.ask(GetSnapshot()).told == ("you have control",)
            assert ann.ask(GetSnapshot()).absence.lost_ns == 0
        until(lambda: there.clients == 0)
        there.fake.go_on(events=(gap(5),))
        with RawClient(there.path) as eve:
            absence = eve.hello("Eve").ask(GetSnapshot()).absence
            assert absence.due_ns - absence.lost_ns == 60 * SECOND
        clock.advance(61 * SECOND)
        until(lambda: there.fake.flats == 1)
        clock.advance(100 * SECOND)
        with RawClient(there.path) as ann:
            seen = ann.hello("Ann", wants_control=True).ask(GetSnapshot())
            away = "away 2 min 41 s: flat: operator lost for 60 s, feed gap 4.2 s at 10:14:03, P&L meanwhile 0.00"
            assert seen.told == (away,)
            assert seen.absence.lost_ns == 0
            assert ann.ask(GetSnapshot()).told == ()
        assert there.fake.flats == 1
        assert there.fake.said[:5] == [
            "Ann has control",
            "operator Ann lost: everything is closed in 60 s",
            "policy: flat: operator lost for 60 s",
            "Ann has control",
            f"operator back: {away}",
        ]


def test_leaving_on_purpose_starts_the_clock_as_well_and_coming_back_stops_it(tmp_path: Path) -> None:
    clock = VirtualClock()
    clock.advance(SECOND)
    with serving(tmp_path, operator=OperatorPolicy("flat_after", 60), clock=clock) as there:
        for _ in range(3):
            with RawClient(there.path) as ann:
                ann.hello("Ann", wants_control=True)
                ann.say(Bye(detached=True))
                assert ann.is_closed()
            until(lambda: there.clients == 0)
            assert there.fake.said[-1] == "operator Ann detached: everything is closed in 60 s"
            clock.advance(59 * SECOND)
        with RawClient(there.path) as ann:
            ann.hello("Ann", wants_control=True)
            beat_ns = there.server.beat_ns
            clock.advance(5 * SECOND)
            until(lambda: there.server.beat_ns > beat_ns)
            assert ann.ask(GetSnapshot()).absence.due_ns == 0
        assert there.fake.flats == 0


def test_no_entries_are_made_without_an_operator_but_short_commands_are_none(tmp_path: Path) -> None:
    with serving(tmp_path, operator=OperatorPolicy("no_entries", 60)) as there:
        with Oneshot(there.path, "status") as call:
            assert call.snapshot() == there.fake.snapshot
            assert call.pid == os.getpid()
        until(lambda: there.clients == 0)
        with remote(there):
            assert there.fake.sent == []
            assert isinstance(ask(there.path, GetSnapshot(), 5.0), SnapshotReply)
        until(lambda: there.fake.sent == [(PauseEntries(), 0)])


def test_a_short_command_stops_the_engine_under_a_screen(tmp_path: Path) -> None:
    with serving(tmp_path) as there, remote(there), Oneshot(there.path, "stop") as call:
        taken = call.send(Stop())
        assert taken.state == "ACCEPTED"
        assert call.outcome(taken.ticket) is None
        there.fake.carry_out()
        assert call.outcome(taken.ticket).state == "DONE"


def test_a_screen_finds_the_next_engine_and_a_flat_asked_meanwhile_gets_through(tmp_path: Path) -> None:
    first, second = FakeEngine(), FakeEngine(engine_snapshot(number=1, source="next"))
    first.log(3, "old")
    second.log(2, "new")
    with serving(tmp_path, fake=first) as there:
        ann = RemoteEngine(there.path, "Ann")
        ann.start()
        until(lambda: len(ann.log_lines(0, 10)) == 3)
    until(lambda: ann.state.word == "LOST")
    assert ann.snapshot == first.snapshot
    ann.send(Flat())
    with serving(tmp_path, fake=second):
        until(lambda: ann.state.word == "CONNECTED" and second.flats == 1, lambda: ann.state)
        catches_up(ann, second)
        until(lambda: [line.number for line in ann.log_lines(0, 10)] == [1, 2, 3, 4, 5])
        assert ann.control.mine
        ann.leave(detached=True)
        until(lambda: len(second.said) == 2)
    assert second.said[1] == "operator Ann detached: trading goes on"


def test_who_took_alerts_over_sees_that_an_engine_ended_on_purpose(tmp_path: Path) -> None:
    with serving(tmp_path) as there:
        serve = RemoteEngine(there.path, "serve", wants_control=False, screen=False)
        serve.tells = dict  # whatever it can be counted on for at the moment
        serve.start()
        there.fake.go_on(stopped=True)
        there.server.stop(5.0)
        until(lambda: serve.state.word == "LOST")
        assert serve.snapshot.stopped  # else it would tell that the engine is gone
        serve.leave(detached=True)


def test_screens_see_the_last_snapshot_of_an_engine_that_stops(tmp_path: Path) -> None:
    with serving(tmp_path) as there, remote(there) as ann:
        there.fake.go_on(stopped=True)
        there.server.stop(5.0)
        until(lambda: ann.state.word == "LOST")
        assert ann.snapshot.stopped
