"""WebSocket frames: the same messages as an independent client reads, however the bytes are cut; and ours as it writes them."""

from collections.abc import Callable, Iterable, Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websocket._abnf import ABNF, continuous_frame, frame_buffer

from engine.model.errors import WireError
from engine.stream.frames import (
    BINARY,
    CLOSE,
    NO_CODE,
    PING,
    PONG,
    TEXT,
    FrameReader,
    Message,
    client_frame,
    close_code,
)
from tests.support.venues.wire_samples import server_frame

CONTINUATION = 0
Frame = tuple[bool, int, bytes]  # last of its message, opcode, payload


def taken(reader: FrameReader) -> list[Message]:
    messages = []
    while (message := reader.take()) is not None:
        messages.append(message)
    return messages


def read(pieces: Iterable[bytes]) -> list[Message]:
    """The messages in a stream that comes in these pieces."""
    reader = FrameReader()
    messages = []
    for piece in pieces:
        reader.feed(piece)
        messages += taken(reader)
    assert reader.pending == 0
    return messages


def read_by_library(stream: bytes) -> list[Message]:
    """The messages that websocket-client reads from `stream`."""
    at = 0

    def receive(size: int) -> bytes:
        nonlocal at
        at += size
        return stream[at - size : at]

    buffer = frame_buffer(receive, skip_utf8_validation=True)
    joined = continuous_frame(fire_cont_frame=False, skip_utf8_validation=True)
    messages = []
    while at < len(stream):
        frame = buffer.recv_frame()
        if frame.opcode in {ABNF.OPCODE_TEXT, ABNF.OPCODE_BINARY, ABNF.OPCODE_CONT}:
            joined.validate(frame)
            joined.add(frame)
            if not joined.is_fire(frame):
                continue
            opcode, frame = joined.extract(frame)
            messages.append(Message(opcode, bytes(frame.data)))
        else:
            messages.append(Message(frame.opcode, bytes(frame.data)))
    return messages


def by_library(sequence: Sequence[Frame]) -> bytes:
    """The bytes that websocket-client writes for these frames, unmasked as a server's."""
    return b"".join(ABNF(int(last), 0, 0, 0, opcode, 0, payload).format() for last, opcode, payload in sequence)


PAYLOADS = st.one_of(
    st.binary(max_size=40),
    st.builds(
        lambda size, seed: Random(seed).randbytes(size), st.sampled_from([125, 126, 127, 379]), st.integers(0, 9)
    ),
)
CONTROLS = st.lists(st.tuples(st.just(True), st.sampled_from([PING, PONG]), st.binary(max_size=125)), max_size=2)


@st.composite
def messages_in_frames(draw: st.DrawFn) -> list[Frame]:
    """One message in one to four frames, with control frames before each."""
    opcode = draw(st.sampled_from([TEXT, BINARY]))
    parts = draw(st.lists(PAYLOADS, min_size=1, max_size=4))
    sequence: list[Frame] = []
    for place, part in enumerate(parts):
        sequence += draw(CONTROLS)
        sequence.append((place == len(parts) - 1, CONTINUATION if place else opcode, part))
    return sequence


STREAMS = st.lists(messages_in_frames(), max_size=4).map(lambda found: [frame for each in found for frame in each])


@given(STREAMS)
def test_an_independent_client_reads_the_same_at_every_cut(sequence: list[Frame]) -> None:
    stream = by_library(sequence)
    expected = read_by_library(stream)
    assert read([stream]) == expected
    assert read(stream[at : at + 1] for at in range(len(stream))) == expected
    for at in range(0, len(stream), 1 + len(stream) // 200):
        assert read([stream[:at], stream[at:]]) == expected


@given(STREAMS, st.lists(st.tuples(st.integers(0, 60), st.integers(0, 3))))
def test_feeding_and_taking_may_come_in_any_order(sequence: list[Frame], turns: list[tuple[int, int]]) -> None:
    stream = by_library(sequence)
    reader = FrameReader()
    messages = []
    at = 0
    for size, takes in turns:
        reader.feed(stream[at : at + size])
        at = min(at + size, len(stream))
        messages += [message for _ in range(takes) if (message := reader.take()) is not None]
    reader.feed(stream[at:])
    assert messages + taken(reader) == read_by_library(stream)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65_535, 65_536])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
def test_every_form_of_length(opcode: int, size: int) -> None:
    payload = Random(size).randbytes(size)
    stream = by_library([(True, opcode, payload)])
    assert stream == server_frame(opcode, payload)
    assert read([stream]) == read([stream[:5], stream[5:9], stream[9:]]) == [Message(opcode, payload)]


def test_a_long_frame_in_single_bytes_between_others() -> None:
    long = Random(1).randbytes(65_536)
    stream = server_frame(TEXT, b"pong") + server_frame(BINARY, long) + server_frame(PING, b"x")
    expected = [Message(TEXT, b"pong"), Message(BINARY, long), Message(PING, b"x")]
    assert read(stream[at : at + 1] for at in range(len(stream))) == expected


def test_what_is_fed_twice_before_it_is_taken_keeps_its_order() -> None:
    first, second = server_frame(BINARY, b"first"), server_frame(BINARY, b"second")
    reader = FrameReader()
    reader.feed(first)
    reader.feed(second[:4])
    assert (reader.take(), reader.pending) == (Message(BINARY, b"first"), 4)
    reader.feed(second[4:] + first)
    assert taken(reader) == [Message(BINARY, b"second"), Message(BINARY, b"first")]


def test_what_is_pending_is_told() -> None:
    reader = FrameReader()
    frame = server_frame(BINARY, bytes(123))
    reader.feed(frame + frame[:100])
    assert (len(taken(reader)), reader.pending) == (1, 100)
    reader.feed(frame[100:110])
    assert (taken(reader), reader.pending) == ([], 110)
    reader.feed(frame[110:])
    assert (len(taken(reader)), reader.pending) == (1, 0)
    reader.feed(b"")
    assert (reader.take(), reader.pending) == (None, 0)


@pytest.mark.parametrize("size", [0, 1, 3, 4, 5, 125, 126, 65_535, 65_536, 70_001])
def test_a_frame_of_ours_is_what_the_library_writes_and_reads(size: int) -> None:
    payload = Random(size).randbytes(size)
    frame = ABNF(1, 0, 0, 0, BINARY, 1, payload)
    frame.get_mask_key = lambda _: b"\x01\xfe\x80\x7f"
    ours = client_frame(BINARY, payload, b"\x01\xfe\x80\x7f")
    assert ours == frame.format()
    assert read_by_library(ours) == [Message(BINARY, payload)]


@given(st.sampled_from([TEXT, BINARY, CLOSE, PING, PONG]), st.binary(max_size=125), st.binary(min_size=4, max_size=4))
def test_every_mask_comes_off_again(opcode: int, payload: bytes, mask: bytes) -> None:
    frame = client_frame(opcode, payload, mask)
    assert frame[:2] == bytes((0x80 | opcode, 0x80 | len(payload)))
    assert frame[2:6] == mask
    assert bytes(byte ^ mask[place % 4] for place, byte in enumerate(frame[6:])) == payload


@pytest.mark.parametrize(
    "call",
    [
        lambda: client_frame(CONTINUATION, b"", b"mask"),
        lambda: client_frame(3, b"", b"mask"),
        lambda: client_frame(TEXT, b"", b""),
        lambda: client_frame(TEXT, b"", b"mask!"),
        lambda: client_frame(PONG, bytes(126), b"mask"),
    ],
)
def test_our_own_mistakes_are_told(call: Callable[[], bytes]) -> None:
    with pytest.raises(ValueError):
        call()


@pytest.mark.parametrize(
    ("payload", "meaning"),
    [
        (b"", (NO_CODE, "")),
        (b"\x03\xe8", (1000, "")),
        (b"\x03\xe9Connection Idle Timeout", (1001, "Connection Idle Timeout")),
        (b"\x03\xf3\x1b[2J\xe2\x80\xae", (1011, "\ufffd[2J\ufffd")),
        (b"\x0b\xb8", (3000, "")),
        (b"\x13\x87", (4999, "")),
        (b"\x03", None),
        (b"\x03\xe8\xff", None),
        *((code.to_bytes(2, "big"), None) for code in (0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535)),
    ],
)
def test_close_codes(payload: bytes, meaning: tuple[int, str] | None) -> None:
    if meaning is not None:
        assert close_code(payload) == meaning
        return
    with pytest.raises(WireError) as error:
        close_code(payload)
    assert error.value.reason == "close"


def test_the_library_judges_close_codes_alike() -> None:
    for code in range(1 << 16):
        payload = code.to_bytes(2, "big")
        if ABNF._is_valid_close_status(code):
            assert close_code(payload) == (code, "")
        else:
            with pytest.raises(WireError):
                close_code(payload)
