"""Whatever comes through the socket: the engine is unmoved, others are served, memory is bounded, the log has a line of each kind."""

import random
import tracemalloc
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from threading import Thread

import pytest
from msgspec import msgpack

from engine.link import address
from engine.link.channel import LinkError
from engine.link.client import RemoteEngine
from engine.link.control import OperatorPolicy
from engine.link.frames import frame
from engine.link.oneshot import Oneshot, ask
from engine.link.protocol import (
    ENCODER,
    HELLO_LIMIT,
    REQUEST_LIMIT,
    SECTIONS,
    CommandTaken,
    GetSnapshot,
    Hello,
    RequestRefused,
    SendCommand,
    SnapshotReply,
    Welcome,
)
from engine.model.clock import VirtualClock
from engine.model.commands import Flat
from engine.version import VERSION
from tests.support.link_harness import FakeEngine, LinkHarness, RawClient, engine_snapshot, serving, trade, undisturbed
from tests.support.waiting import PATIENCE_S, until

SECOND = 1_000_000_000
MIB = 2**20
NOBODY = 65_534


@pytest.fixture
def clock() -> VirtualClock:
    made = VirtualClock()
    made.advance(SECOND)
    return made


def passes(there: LinkHarness, clock: VirtualClock, seconds: float) -> None:
    """Let time pass, and the server look at its watch."""
    beat_ns = there.server.beat_ns
    clock.advance(round(seconds * SECOND))
    until(lambda: there.server.beat_ns > beat_ns)


STRANGE = {
    "a web browser": (b"GET / HTTP/1.1\r\n\r\n", "too_long"),
    "a frame of nothing": (b"\0\0\0\0", "empty"),
    "a gigabyte": ((2**30).to_bytes(4, "little"), "too_long"),
    "a long hello": ((HELLO_LIMIT + 1).to_bytes(4, "little"), "too_long"),
    "no msgpack": (frame(b"\xc1\xc1\xc1"), "not_understood"),
    "another word": (frame(msgpack.encode({"type": "Python", "code": "import os"})), "not_understood"),
    "a wrong type": (frame(msgpack.encode({"type": "Hello", "protocol": "1"})), "not_understood"),
    "no hello": (frame(ENCODER.encode(GetSnapshot())), "order"),
}
KNOWN = {
    "a byte too many": ((REQUEST_LIMIT + 1).to_bytes(4, "little"), "too_long"),
    "a deep nest": (frame(b"\x91" * 60_000), "not_understood"),
    "a deep nest in a word": (frame(b"\x82\xa4type\xa4Look\xa1x" + b"\x91" * 60_000), "not_understood"),
    "a name that is no text": (frame(b"\x81\xa4type\xa4Lo\xe9k"), "not_understood"),
    "a command with no ticket": (frame(ENCODER.encode(SendCommand(0, Flat()))), "not_understood"),
    "hello again": (frame(ENCODER.encode(Hello(1, VERSION, "x"))), "order"),
}


@pytest.mark.parametrize("name", [*STRANGE, *KNOWN])
def test_what_is_no_request_ends_that_connection_with_one_line(tmp_path: Path, name: str) -> None:
    data, reason = (STRANGE | KNOWN)[name]
    who = "a client" if name in STRANGE else "client plain"
    with serving(tmp_path) as there, undisturbed(there):
        for _ in range(5):
            with RawClient(there.path) as bad:
                if name in KNOWN:
                    bad.hello()
                bad.pour(data)
                assert bad.is_closed()
        assert there.notes == [f"link: {who} sent bytes that are no request ({reason}): dropped"]


def test_a_guest_that_goes_bad_is_named_once_and_a_huge_claim_takes_no_memory(tmp_path: Path) -> None:
    with serving(tmp_path) as there, undisturbed(there):
        tracemalloc.start()
        try:
            for _ in range(5):
                with RawClient(there.path) as bad:
                    bad.hello("Mallory\n")
                    bad.pour((2**30).to_bytes(4, "little") + b"x" * 100_000)
                    assert bad.is_closed()
            assert tracemalloc.get_traced_memory()[1] < 2 * MIB
        finally:
            tracemalloc.stop()
        assert there.notes == ["link: client Mallory� sent bytes that are no request (too_long): dropped"]


def test_random_bytes_in_good_frames_and_out_of_them(tmp_path: Path) -> None:
    dice = random.Random(7)
    words = [
        ENCODER.encode(word)
        for word in (GetSnapshot(), SendCommand(1, Flat()), GetSnapshot(1, {"trades": 1}, 2, 3, 0, 5))
    ]
    with serving(tmp_path) as there, undisturbed(there):
        for n in range(60):
            with RawClient(there.path) as bad:
                if n % 2:
                    bad.hello()
                payload = bytearray(dice.choice(words))
                for _ in range(dice.randrange(1, 4)):
                    payload[dice.randrange(len(payload))] = dice.randrange(256)
                bad.pour(frame(bytes(payload)) if n % 3 else dice.randbytes(dice.randrange(1, 200)))
        until(lambda: there.connections == 1)
        assert not any("failed" in line for line in there.notes)
        assert len(there.notes) <= 6


def test_half_a_frame_no_hello_and_silence_are_dropped_in_time(tmp_path: Path, clock: VirtualClock) -> None:
    with serving(tmp_path, clock=clock) as there, ExitStack() as open_ones:
        mute, half, good = (open_ones.enter_context(RawClient(there.path)) for _ in range(3))
        good.hello("good")
        half.hello("half").sock.sendall(frame(b"x" * 100)[:50])
        until(lambda: there.connections == 3)
        until(lambda: any(each._reader.begun for each in there.server._connections))
        passes(there, clock, 2.1)
        assert mute.is_closed()
        passes(there, clock, 2.0)
        half.sock.sendall(b"x")  # a trickle gains no time
        assert isinstance(good.ask(GetSnapshot()), SnapshotReply)
        passes(there, clock, 2.0)
        assert half.is_closed()
        assert isinstance(good.ask(GetSnapshot()), SnapshotReply)
        passes(there, clock, 10.1)
        assert good.is_closed()
        assert there.notes == [
            "link: a client does not say who it is: dropped",
            "link: client half sent half a frame: dropped",
            "link: client good is silent: dropped",
        ]


def test_two_hundred_connections_keep_nobody_out(tmp_path: Path) -> None:
    with serving(tmp_path) as there, undisturbed(there), ExitStack() as open_ones:

        def storm() -> None:
            for _ in range(200):
                open_ones.enter_context(address.connect(there.path, 20.0))

        thread = Thread(target=storm)
        thread.start()
        with RawClient(there.path) as flat:  # in the midst of it
            assert isinstance(flat.hello("flat", screen=False).answer, Welcome)
            assert flat.ask(SendCommand(1, Flat())) == CommandTaken(1, "ACCEPTED")
        thread.join(PATIENCE_S)
        until(lambda: there.connections <= 1 + 128)
        assert len(there.notes) <= 2


def test_the_seventeenth_screen_is_told_that_it_is_busy(tmp_path: Path) -> None:
    with serving(tmp_path) as there, ExitStack() as open_ones:
        for n in range(16):
            assert isinstance(open_ones.enter_context(RawClient(there.path)).hello(f"{n}").answer, Welcome)
        for _ in range(3):
            with RawClient(there.path) as late:
                assert late.hello("late").answer == RequestRefused("busy: 16 screens are connected")
                assert late.is_closed()
        with pytest.raises(LinkError, match="busy: 16 screens"):
            RemoteEngine(there.path, "late").start(60.0)
        assert there.notes == ["link: a client was refused: busy: 16 screens are connected"]


def _screens(there: LinkHarness, kept: ExitStack, count: int) -> None:
    for n in range(count):
        kept.enter_context(RawClient(there.path)).hello(f"screen {n}")


def _commands(there: LinkHarness, kept: ExitStack, count: int) -> None:
    for n in range(count):
        kept.enter_context(RawClient(there.path)).hello(f"command {n}", screen=False)


def _mute(there: LinkHarness, kept: ExitStack, count: int) -> None:
    for _ in range(count):
        kept.enter_context(RawClient(there.path))


def _half(there: LinkHarness, kept: ExitStack, count: int) -> None:
    for _ in range(count):
        kept.enter_context(RawClient(there.path)).pour(frame(b"x" * 100)[:50])


def _deaf(there: LinkHarness, kept: ExitStack, count: int) -> None:
    for n in range(count):
        guest = kept.enter_context(RawClient(there.path)).hello(f"deaf {n}", screen=False)
        for _ in range(3):
            guest.pour(frame(ENCODER.encode(GetSnapshot(log_limit=200))))


@pytest.mark.parametrize("count", [16, 64, pytest.param(1000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("guests", [_screens, _commands, _mute, _half, _deaf])
def test_no_number_of_guests_keeps_a_command_out(
    tmp_path: Path, guests: Callable[[LinkHarness, ExitStack, int], None], count: int
) -> None:
    fake = FakeEngine(engine_snapshot(trades=1000, events=500))
    with serving(tmp_path, fake=fake) as there, ExitStack() as kept:
        guests(there, kept, count)
        for name in ("status", "flat", "stop"):
            with Oneshot(there.path, name) as command:
                assert command.snapshot().number == fake.snapshot.number
                assert command.send(Flat()).state == "ACCEPTED"
        until(lambda: there.connections <= 16 + 16 + 128)
        assert len(there.notes) <= 3


def test_of_the_commands_the_one_that_has_been_idle_longest_goes(tmp_path: Path, clock: VirtualClock) -> None:
    with serving(tmp_path, clock=clock) as there, ExitStack() as kept:
        kept_open = [kept.enter_context(RawClient(there.path)).hello(f"{n}", screen=False) for n in range(16)]
        clock.advance(SECOND)
        for each in (*kept_open[:7], *kept_open[8:]):
            each.ask(GetSnapshot())
        with Oneshot(there.path, "flat") as flat:
            assert kept_open[7].is_closed()
            assert flat.send(Flat()).state == "ACCEPTED"
        for each in (*kept_open[:7], *kept_open[8:]):
            assert isinstance(each.ask(GetSnapshot()), SnapshotReply)
        assert there.notes == ["link: client 7 gave its place to another: dropped"]


def test_a_screen_that_hangs_gives_its_place_to_one_that_looks(tmp_path: Path, clock: VirtualClock) -> None:
    with serving(tmp_path, clock=clock) as there, ExitStack() as kept:
        screens = [kept.enter_context(RawClient(there.path)).hello(f"{n}") for n in range(16)]
        passes(there, clock, 3.0)
        for each in screens[1:]:
            each.ask(GetSnapshot())
        assert isinstance(kept.enter_context(RawClient(there.path)).hello("late").answer, Welcome)
        assert screens[0].is_closed()
        assert kept.enter_context(RawClient(there.path)).hello("later").answer == RequestRefused(
            "busy: 16 screens are connected"
        )


def test_a_client_that_never_reads_costs_little_and_is_dropped(tmp_path: Path, clock: VirtualClock) -> None:
    fake = FakeEngine(engine_snapshot(trades=1000, events=500))
    with serving(tmp_path, fake=fake, clock=clock) as there, ExitStack() as open_ones:
        deaf = [open_ones.enter_context(RawClient(there.path)).hello(f"deaf {n}") for n in range(10)]
        good = open_ones.enter_context(RawClient(there.path)).hello("good")
        tracemalloc.start()
        try:
            for n in range(8):
                for each in deaf:
                    each.say(GetSnapshot())
                fake.go_on(trades=tuple(trade(n + m) for m in range(1000)))
                assert good.ask(GetSnapshot()).number == fake.snapshot.number
            assert tracemalloc.get_traced_memory()[1] < 12 * MIB  # ten of them, and the snapshots themselves
        finally:
            tracemalloc.stop()
        assert there.clients == 11
        passes(there, clock, 8.0)
        good.ask(GetSnapshot())
        passes(there, clock, 4.0)
        until(lambda: there.clients == 1)
        assert there.notes == ["link: client deaf 0 does not read: dropped"]
        assert good.ask(GetSnapshot()).number == fake.snapshot.number


def test_a_flood_of_looks_is_answered_at_a_bounded_rate(tmp_path: Path, clock: VirtualClock) -> None:
    looks = frame(ENCODER.encode(GetSnapshot(number=1, have=dict.fromkeys(SECTIONS, 1)))) * 300
    with serving(tmp_path, clock=clock) as there, RawClient(there.path) as flood, RawClient(there.path) as good:
        flood.hello("flood")
        good.hello("good")
        flood.sock.sendall(looks)
        for _ in range(39):  # one is spent for the hello, as the flood has spent one
            flood.receive()
        assert isinstance(good.ask(GetSnapshot()), SnapshotReply)
        flood.sock.settimeout(0.3)
        with pytest.raises(TimeoutError):
            flood.receive()
        flood.sock.settimeout(PATIENCE_S)
        passes(there, clock, 1.0)
        for _ in range(20):
            flood.receive()
        assert isinstance(good.ask(GetSnapshot()), SnapshotReply)
        assert there.clients == 2
        assert there.notes == []


def test_a_failure_of_the_link_itself_ends_it_in_the_end_but_never_the_policy(tmp_path: Path) -> None:
    class Broken(FakeEngine):
        def log_lines(self, since: int, limit: int) -> list:
            raise OSError("broken")

    with serving(tmp_path, fake=Broken(), operator=OperatorPolicy("flat_after", 0)) as there:
        for n in range(5):
            with RawClient(there.path) as plain:
                plain.hello("Ann", wants_control=True).say(GetSnapshot(log_limit=1))
                assert plain.is_closed()
            until(lambda n=n: len(there.notes) == n + 1)
        assert there.notes[0] == "link failed: OSError: broken"
        assert "no client is accepted any more" in there.notes[-1]
        until(lambda: there.fake.flats >= 1 and not there.path.exists())
        with pytest.raises(LinkError, match="no engine runs here"):
            ask(there.path, GetSnapshot(), 1.0)
        beat_ns = there.server.beat_ns
        until(lambda: there.server.beat_ns > beat_ns)
