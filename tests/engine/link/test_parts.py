"""The parts of the link without a socket: frames, rates, sections, the replica, the tickets."""

from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.link.delta import SnapshotDelta
from engine.link.flat_news import flat_news
from engine.link.frames import MessageReader, frame
from engine.link.limits import Bucket, Notes
from engine.link.protocol import (
    FIRST_SECTIONS,
    LIGHT,
    LINES_A_LOOK,
    ORDERS_CHANGED,
    REPLY_LIMIT,
    REQUESTS,
    SECTIONS,
    AbsenceView,
    AnyCommand,
    CommandTaken,
    ControlView,
    History,
    OrderChanges,
    SendCommand,
    SnapshotReply,
    understood,
)
from engine.link.replica import Replica
from engine.link.tickets import NO_ANSWER, PendingCommands
from engine.model.commands import Command, Flat, HoldEntries, PauseEntries, SetSpeed
from engine.model.errors import WireError
from engine.model.ports import LogLine
from engine.model.run_views import CommandView
from engine.model.snapshot import Snapshot
from engine.model.trading_views import NOT_YET_DURABLE, FlatView
from tests.support.link_harness import FakeEngine, engine_snapshot, gap, trade
from tests.support.screens.live_snapshots import busy

SECOND = 1_000_000_000

# ── Frames ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.lists(st.binary(min_size=1, max_size=60), max_size=8), st.lists(st.integers(1, 40), min_size=1))
def test_frames_come_out_whole_however_the_stream_is_cut(payloads: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(map(frame, payloads))
    reader, out, at = MessageReader(60), [], 0
    while at < len(stream):
        cut = cuts[at % len(cuts)]
        reader.feed(stream[at : at + cut])
        at += cut
        while reader.ready:
            out.append(reader.take())
    assert out == payloads
    assert not reader.begun
    assert reader.take() is None


@pytest.mark.parametrize(
    ("head", "reason"), [(b"\0\0\0\0", "empty"), (b"\x3d\0\0\0", "too_long"), (b"\xff" * 4, "too_long")]
)
def test_a_length_that_is_not_allowed_is_refused_at_once_and_behind_a_good_frame_too(head: bytes, reason: str) -> None:
    with pytest.raises(WireError) as refused:
        MessageReader(60).feed(head)
    assert refused.value.reason == reason
    reader = MessageReader(60)
    reader.feed(frame(b"good") + head)
    assert reader.take() == b"good"
    assert reader.ready
    with pytest.raises(WireError):
        reader.take()


@given(st.binary(max_size=300))
def test_any_bytes_are_a_request_or_a_wire_error(data: bytes) -> None:
    with suppress(WireError):
        understood(REQUESTS, data)


def test_every_command_there_is_can_be_sent() -> None:
    for kind in set(Command.__subclasses__()) - {HoldEntries}:  # that one is the engine's own
        fields = {"delivery": "queued", "speed": 2.0, "ticks": 3, "tick": 4, "at_ms": 5, "on": True, "forward": True}
        fields |= {"kind": "stall", "seconds": 0.5, "symbol": "NIFTY", "entry_ms": 6, "entry_price": 7, "stop": 8}
        fields |= {
            "symbols": ("NIFTY", "BANKNIFTY"),
            "component": "trader",
            "level": "debug",
            "for_s": 9,
            "order": "L01",
        }
        command = kind(**{name: fields[name] for name in kind.__struct_fields__ if name in fields})
        sent = REQUESTS.decode(msgspec.msgpack.encode(SendCommand(7, command)))
        assert sent == SendCommand(7, command)


# ── Rates and notes ─────────────────────────────────────────────────────────────────────────────────────────────────


@given(st.lists(st.integers(0, 300_000_000), max_size=200))
def test_a_bucket_never_lets_more_through_than_burst_and_rate(steps: list[int]) -> None:
    bucket, now_ns, passed = Bucket(20, 10, 0), 0, 0
    for step in steps:
        now_ns += step
        if bucket.has_one(now_ns):
            bucket.use()
            passed += 1
        assert passed <= 10 + now_ns * 20 / SECOND
    if len(steps) <= 10:
        assert passed == len(steps)


def test_trouble_of_a_kind_is_told_once_a_minute_with_its_number() -> None:
    told: list[str] = []
    notes = Notes(told.append)
    for n in range(100):
        notes.tell("bytes", f"bad {n}", n)
    notes.tell("user", "another", 5)
    notes.tell("bytes", "bad again", 61 * SECOND)
    assert told == ["link: bad 0", "link: another", "link: bad again (99 more like it before)"]


# ── Sections and the replica ─────────────────────────────────────────────────────────────────────────────────────────


def look(sections: SnapshotDelta, replica: Replica) -> tuple[str, ...]:
    """One look of `replica`, without a connection; what was sent."""
    asked = replica.look()
    names, frames = sections.wanted(asked.number, asked.have, changes=asked.changes is True)
    told = SnapshotReply(
        sections.number, names, sections.versions, None, ControlView("", False, 0), AbsenceView("keep", 0, 0, ""), 1, ()
    )
    replica.take(told, {name: encoded[4:] for name, encoded in zip(names, frames, strict=True)})
    return names


def test_only_what_changed_is_sent_and_the_snapshot_is_whole_again() -> None:
    sections, replica, fake = (
        SnapshotDelta(),
        Replica(),
        FakeEngine(engine_snapshot(instruments=3, trades=20, events=4)),
    )
    sections.take(fake.snapshot)
    assert look(sections, replica) == (LIGHT, *SECTIONS)
    assert replica.snapshot == fake.snapshot
    assert look(sections, replica) == ()
    fake.go_on(trades=(*fake.snapshot.trades,), events=(*fake.snapshot.events, gap(9)))
    sections.take(fake.snapshot)
    assert look(sections, replica) == (LIGHT, "events")
    assert replica.snapshot == fake.snapshot


def older(snapshot: Snapshot, have: dict[str, int]) -> tuple[tuple[str, ...], dict[str, int]]:
    """What an engine sends to a screen that names the sections in `have`, and the versions that it tells."""
    sections = SnapshotDelta()
    sections.take(snapshot)
    names, _ = sections.wanted(-1, have)
    return names, sections.versions_for(have)


def test_orders_are_sent_again_only_where_one_has_changed() -> None:
    sections, replica, fake = SnapshotDelta(), Replica(), FakeEngine(busy())
    sections.take(fake.snapshot)
    look(sections, replica)
    assert replica.snapshot == fake.snapshot
    standing = replace(fake.snapshot.live, round_ms=fake.snapshot.live.round_ms + 4_000)
    fake.go_on(live=standing, orders=(*fake.snapshot.orders,))
    sections.take(fake.snapshot)
    assert look(sections, replica) == (LIGHT,)
    fake.go_on(orders=(replace(fake.snapshot.orders[0], rounds=2), *fake.snapshot.orders[1:]))
    sections.take(fake.snapshot)
    assert look(sections, replica) == (LIGHT, ORDERS_CHANGED)
    assert replica.snapshot == fake.snapshot


def test_of_two_hundred_orders_those_that_have_changed_go_over_the_wire() -> None:
    sections, replica, fake = SnapshotDelta(), Replica(), FakeEngine(busy())
    one = replace(fake.snapshot.orders[0], broker_id="2" * 15)
    fake.go_on(orders=tuple(replace(one, number=number, tag=f"A{number:09}") for number in range(300, 100, -1)))
    sections.take(fake.snapshot)
    asked = replica.look()
    assert len(sections.wanted(asked.number, asked.have, changes=True)[1][-1]) > 30_000
    look(sections, replica)
    for number in range(301, 340):
        before = fake.snapshot.orders
        filled = replace(before[0], filled=75, state="FILLED")
        fake.go_on(orders=(replace(one, number=number, tag=f"A{number:09}"), filled, *before[1:-1]))
        sections.take(fake.snapshot)
        asked = replica.look()
        names, frames = sections.wanted(asked.number, asked.have, changes=True)
        assert names == (LIGHT, ORDERS_CHANGED)
        assert len(frames[-1]) < 1_500
        look(sections, replica)
        assert replica.snapshot == fake.snapshot


def test_a_screen_that_is_far_behind_is_told_all_orders_and_changes_of_others_are_none_of_its() -> None:
    sections, replica, fake = SnapshotDelta(), Replica(), FakeEngine(busy())
    sections.take(fake.snapshot)
    look(sections, replica)
    for number in range(20):
        fake.go_on(orders=(replace(fake.snapshot.orders[0], rounds=number), *fake.snapshot.orders[1:]))
        sections.take(fake.snapshot)
    assert look(sections, replica) == (LIGHT, "orders")
    assert replica.snapshot == fake.snapshot
    stranger = {ORDERS_CHANGED: msgspec.msgpack.encode(OrderChanges((77,), ()))}
    control, absence = ControlView("", False, 0), AbsenceView("keep", 0, 0, "")
    told = SnapshotReply(9, (ORDERS_CHANGED,), sections.versions, None, control, absence, 1, ())
    with pytest.raises(WireError, match="never told"):
        replica.take(told, stranger)


def test_a_screen_that_never_heard_of_orders_gets_none_and_one_that_has_gets_them() -> None:
    snapshot = engine_snapshot(instruments=1)
    names, versions = older(snapshot, {})
    assert names == (LIGHT, *FIRST_SECTIONS)
    assert tuple(versions) == FIRST_SECTIONS
    names, versions = older(snapshot, Replica().look().have)
    assert names == (LIGHT, *SECTIONS)
    assert tuple(versions) == SECTIONS


def test_an_engine_that_never_heard_of_orders_shows_none() -> None:
    replica, sections = Replica(), SnapshotDelta()
    sections.take(engine_snapshot(instruments=2))
    names, frames = sections.wanted(-1, {})
    fields = msgspec.to_builtins(engine_snapshot(instruments=2))
    for name in ("orders", "live", "broker_account"):
        del fields[name]
    light = msgspec.msgpack.encode(fields | dict.fromkeys(FIRST_SECTIONS, ()))
    parts = {name: encoded[4:] for name, encoded in zip(names, frames, strict=True)} | {LIGHT: light}
    control, absence = ControlView("", False, 0), AbsenceView("keep", 0, 0, "")
    replica.take(SnapshotReply(sections.number, names, sections.versions_for({}), None, control, absence, 1, ()), parts)
    assert replica.snapshot is not None
    assert (replica.snapshot.orders, replica.snapshot.live) == ((), None)
    assert len(replica.snapshot.instruments) == 2


def test_many_share_the_bytes_of_one_snapshot() -> None:
    sections = SnapshotDelta()
    sections.take(engine_snapshot(instruments=50, trades=100))
    _, first = sections.wanted(-1, {})
    _, second = sections.wanted(-1, {})
    assert all(one is other for one, other in zip(first, second, strict=True))


@pytest.mark.slow
def test_a_picture_over_the_limit_comes_in_several_looks() -> None:
    long = tuple(trade(n, "x" * 1000) for n in range(2_500))
    events = tuple(replace(gap(n), text="y" * 1000) for n in range(2_500))
    sections, replica = SnapshotDelta(), Replica()
    snapshot = engine_snapshot(trades=1, events=1)
    sections.take(replace(snapshot, trades=long, events=events))
    _, frames = sections.wanted(-1, {})
    assert sum(map(len, frames)) <= REPLY_LIMIT
    assert "events" not in look(sections, replica)
    assert replica.snapshot is None
    assert replica.behind
    assert look(sections, replica) == ("events", "epochs", "orders")
    assert replica.snapshot is not None
    assert replica.snapshot.events == events


def test_another_engine_is_seen_anew_and_its_log_lines_count_on() -> None:
    def told(*lines: LogLine, history: History | None = None) -> None:
        nobody = ControlView("", mine=False, since_ns=0)
        parts = {"log": msgspec.msgpack.encode(lines)}
        replica.take(SnapshotReply(1, ("log",), {}, history, nobody, AbsenceView("keep", 0, 0, ""), 1, ()), parts)

    replica = Replica()
    replica.attach(1)
    told(*(LogLine(n, n, "INFO", "engine", "old") for n in (1, 2, 5)), history=History(0, True, ((1, 10), (2, 20))))
    told(history=History(0, False, ((3, 30),)))
    assert replica.chart(0) == ((1, 10), (2, 20), (3, 30))
    assert (replica.look().history_since_ms, replica.look().history_of) == (3, None)
    assert [line.number for line in replica.lines(1, 10)] == [2, 5]
    replica.attach(2)
    assert replica.look().log_since == 0
    told(LogLine(1, 9, "INFO", "engine", "new"))
    assert [(line.number, line.text) for line in replica.lines(2, 10)] == [(5, "old"), (6, "new")]
    assert replica.chart(0) is None


def test_a_full_batch_of_lines_is_followed_up_at_once() -> None:
    replica = Replica()
    encoded = msgspec.msgpack.encode([LogLine(n, n, "INFO", "engine", "x") for n in range(1, LINES_A_LOOK + 1)])
    replica.take(
        SnapshotReply(-1, ("log",), {}, None, ControlView("", False, 0), AbsenceView("keep", 0, 0, ""), 1, ()),
        {"log": encoded},
    )
    assert replica.behind
    assert len(replica.lines(0, 1000)) == LINES_A_LOOK
    assert [line.number for line in replica.lines(10, 2)] == [11, 12]


# ── Tickets ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class Hands:
    """Tickets with a clock that is moved by hand."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.tickets = PendingCommands(lambda: self.now_ns)

    def states(self) -> list[tuple[str, str]]:
        return [(each.state, each.reason) for each in self.tickets.pending()]

    def send(self, command: AnyCommand) -> int:
        self.tickets.add(command)
        sent = self.tickets.to_send()
        assert sent is not None
        return sent[0]


def test_a_command_goes_from_requested_to_done() -> None:
    hands = Hands()
    number = hands.send(PauseEntries())
    assert hands.states() == [("REQUESTED", "")]
    hands.tickets.taken(CommandTaken(number, "ACCEPTED"))
    assert hands.states() == [("ACCEPTED", "")]
    hands.tickets.seen((CommandView(number, "PauseEntries", "DONE"),))
    assert hands.states() == [("DONE", "")]
    hands.now_ns = 6 * SECOND
    assert hands.states() == []


def test_silence_is_told_after_two_seconds_and_given_up_in_the_end() -> None:
    hands = Hands()
    hands.tickets.taken(CommandTaken(hands.send(PauseEntries()), "ACCEPTED"))
    hands.now_ns = 3 * SECOND
    assert hands.states() == [("ACCEPTED", NO_ANSWER)]
    hands.now_ns = 31 * SECOND
    assert hands.states() == [("FAILED", NO_ANSWER)]


def test_a_running_flat_is_no_silence() -> None:
    hands = Hands()
    number = hands.send(Flat())
    hands.tickets.seen((CommandView(number, "Flat", "ACCEPTED"),))
    hands.now_ns = 100 * SECOND
    assert hands.states() == [("ACCEPTED", "")]
    hands.tickets.seen(())
    assert hands.states()[0][0] == "FAILED"


def test_what_cannot_be_sent_is_never_sent_late_but_a_flat_is_tried_for_a_minute() -> None:
    hands = Hands()
    hands.tickets.add(SetSpeed(5.0))
    hands.tickets.add(Flat())
    hands.now_ns = 3 * SECOND
    assert [state for state, _ in hands.states()] == ["FAILED", "REQUESTED"]
    assert hands.tickets.to_send()[1] == Flat()
    hands.tickets.unsure()
    assert hands.tickets.to_send()[1] == Flat()
    hands.tickets.unsure()
    hands.now_ns = 61 * SECOND
    assert hands.tickets.to_send() is None


def test_after_a_broken_link_only_the_engine_can_tell_whether_it_was_carried_out() -> None:
    hands = Hands()
    speed, flat = hands.send(SetSpeed(5.0)), hands.send(Flat())
    hands.tickets.unsure()
    assert "may have been carried out" in hands.states()[0][1]
    hands.tickets.seen(
        (CommandView(flat, "Flat", "ACCEPTED"), CommandView(speed, "SetSpeed", "REFUSED", "only in a replay"))
    )
    assert hands.tickets.to_send() is None
    assert hands.states() == [("REFUSED", "only in a replay"), ("ACCEPTED", hands.states()[1][1])]


def test_tickets_of_two_clients_are_not_the_same() -> None:
    first, second = PendingCommands(lambda: 0), PendingCommands(lambda: 0)
    assert {first.add(Flat()) for _ in range(100)}.isdisjoint({second.add(Flat()) for _ in range(100)})


# ── News of a flat ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("state", "receipt", "outcome"),
    [("FLAT", ("FLAT verified",), "DONE"), ("VERIFYING", (), "ACCEPTED"), ("NORMAL", ("FLAT verified",), "DONE")],
)
def test_who_follows_a_flat_is_never_sent_away_without_its_receipt(
    state: str, receipt: tuple[str, ...], outcome: str
) -> None:
    seen = replace(
        engine_snapshot(), commands=(CommandView(7, "Flat", "DONE", ""),), flat=FlatView(state, "", 0, (), receipt)
    )
    news = flat_news(seen, 7)
    assert (news.outcome, news.receipt) == (outcome, receipt)


def test_a_flat_that_the_disk_has_not_taken_says_so_in_legs_and_receipt() -> None:
    """Whoever follows it prints what he is told, so that both ways of `flat` say it."""
    done = replace(
        engine_snapshot(),
        commands=(CommandView(7, "Flat", "DONE", ""),),
        flat=FlatView("FLAT", "", 0, (), ("FLAT verified",)),
    )
    assert (flat_news(done, 7).legs, flat_news(done, 7).receipt) == ((), ("FLAT verified",))
    news = flat_news(replace(done, unkept_from_ms=1), 7)
    assert [NOT_YET_DURABLE in line for line in news.legs] == [True]
    assert [NOT_YET_DURABLE in line for line in news.receipt] == [False, True]
    assert flat_news(replace(done, unkept_from_ms=1), 8).legs == ()  # of a request that is not known so far
