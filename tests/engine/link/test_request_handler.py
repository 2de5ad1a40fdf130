"""What the handler of requests does with commands before the engine has them."""

import pytest

from engine.link.claims import Claim
from engine.link.control import OperatorPolicy
from engine.link.limits import Notes
from engine.link.protocol import (
    PROTOCOL,
    AnyCommand,
    CommandTaken,
    GetMeasures,
    GetSnapshot,
    Hello,
    MeasuresReply,
    Replies,
    RequestRefused,
    SendCommand,
)
from engine.link.request_handler import Client, RequestHandler
from engine.model.commands import AllowEntries, BarEntries, ClosePosition, MoveStop
from engine.model.latency import Histogram
from engine.model.measures import Measures, StageCounts
from engine.version import VERSION
from tests.support.link_harness import FakeEngine

ACTIONS = (
    ClosePosition("NIFTY", 1, 2, by="somebody else"),
    MoveStop("NIFTY", 1, 2, 3),
    BarEntries("NIFTY"),
    AllowEntries("NIFTY", by="somebody else"),
)


def handler(fake: FakeEngine) -> RequestHandler:
    return RequestHandler(fake, OperatorPolicy("keep", 60), Notes(fake.say))


def screen(handler: RequestHandler, name: str, *, wants_control: bool = True, may_flat: bool = False) -> Client:
    client, _ = handler.welcome(
        Hello(PROTOCOL, VERSION, name, wants_control=wants_control, may_flat=may_flat), now_ns=1
    )
    return client


def answer(handler: RequestHandler, client: Client, command: AnyCommand) -> CommandTaken:
    frames = handler.answer(client, SendCommand(7, command), now_ns=2)
    assert frames is not None
    reply = Replies().reply.decode(frames[0][4:])
    assert isinstance(reply, CommandTaken)
    return reply


@pytest.mark.parametrize("command", ACTIONS)
def test_an_action_on_one_position_is_signed_by_whoever_sent_it(command: AnyCommand) -> None:
    fake = FakeEngine()
    there = handler(fake)
    assert answer(there, screen(there, "pts/3 from 10.0.0.7"), command).state == "ACCEPTED"
    ((sent, ticket),) = fake.sent
    assert (type(sent), ticket, sent.by) == (type(command), 7, "pts/3 from 10.0.0.7")


@pytest.mark.parametrize("command", ACTIONS)
@pytest.mark.parametrize("may_flat", [False, True])
def test_a_screen_that_never_has_control_sends_none(command: AnyCommand, may_flat: bool) -> None:
    fake = FakeEngine()
    there = handler(fake)
    looks = screen(there, "ben", wants_control=False, may_flat=may_flat)
    assert answer(there, looks, command).state == "REFUSED"
    screen(there, "ann")
    assert answer(there, looks, command).state == "REFUSED"
    assert fake.sent == []


@pytest.mark.parametrize(("program", "told"), [(VERSION, True), ("0.0.1", False)])
def test_counters_are_told_to_a_client_of_the_same_version_only(program: str, told: bool) -> None:
    fake = FakeEngine()
    took = Histogram()
    took.record(700)
    fake.counted = Measures((StageCounts.of("total", "queued", took),))
    there = handler(fake)
    client, _ = there.welcome(Hello(PROTOCOL, program, "serve", screen=False), now_ns=1)
    (frame,) = there.answer(client, GetMeasures(), now_ns=2) or []
    reply = Replies().reply.decode(frame[4:])
    assert isinstance(reply, MeasuresReply if told else RequestRefused)
    if isinstance(reply, MeasuresReply):
        assert reply.measures == fake.counted
        assert reply.measures.stages[0].below[:3] == (0, 1, 1)


def test_channels_of_alerts_are_taken_over_from_look_to_look() -> None:
    there = handler(FakeEngine())
    first, _ = there.welcome(Hello(PROTOCOL, VERSION, "serve", screen=False), now_ns=1)
    second, _ = there.welcome(Hello(PROTOCOL, VERSION, "serve", screen=False), now_ns=1)
    there.answer(first, GetSnapshot(tells={"command": 7, "bell": 5}), now_ns=10)
    assert (there.claims.of("command"), there.claims.of("bell")) == (Claim(10, 7), Claim(10, 5))
    there.answer(second, GetSnapshot(tells={"command": 99}), now_ns=20)
    assert there.claims.of("command") == Claim(20, 20)  # nobody has told what is yet to come
    there.answer(first, GetSnapshot(tells={}), now_ns=30)
    assert (there.claims.of("command"), there.claims.of("bell")) == (Claim(20, 20), None)
    assert (first.tells, second.tells) == (True, True)
    there.gone(second, now_ns=40)
    assert there.claims.of("command") is None


def test_who_only_looks_takes_nothing_over() -> None:
    there = handler(FakeEngine())
    ann = screen(there, "Ann")
    there.answer(ann, GetSnapshot(), now_ns=10)
    assert (ann.tells, there.claims.of("command")) == (False, None)
