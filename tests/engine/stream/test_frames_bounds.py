"""WebSocket frames that no server may send: refused by a word wherever the bytes are cut, and before they take any room."""

import tracemalloc
from collections.abc import Iterable

import pytest

from engine.model.errors import WireError
from engine.stream import frames
from engine.stream.frames import BINARY, CLOSE, PING, PONG, TEXT, FrameReader, Message, client_frame
from tests.support.venues.wire_samples import server_frame

CONTINUATION = 0


def pump(reader: FrameReader, pieces: Iterable[bytes], messages: list[Message]) -> None:
    """Reads the pieces into `messages`, which keeps what came before an error."""
    for piece in pieces:
        reader.feed(piece)
        while (message := reader.take()) is not None:
            messages.append(message)


def taken(reader: FrameReader) -> list[Message]:
    messages: list[Message] = []
    pump(reader, [b""], messages)
    return messages


TEBIBYTE = (1 << 40).to_bytes(8, "big")
START = server_frame(BINARY, b"a", final=False)


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (b"\x82\x81", "masked"),
        (client_frame(BINARY, b"payload", b"mask"), "masked"),
        (client_frame(PING, b"", b"mask"), "masked"),
        *((server_frame(BINARY, b"", reserved=bits), "reserved") for bits in range(1, 8)),
        *((server_frame(opcode, b""), "reserved") for opcode in (3, 4, 5, 6, 7, 11, 12, 13, 14, 15)),
        (server_frame(PING, b"", reserved=4), "reserved"),
        *((server_frame(opcode, b"", final=False), "control") for opcode in (CLOSE, PING, PONG)),
        (server_frame(PING, bytes(126)), "control"),
        (server_frame(CLOSE, bytes(65_536)), "control"),
        (b"\x8a\x7f", "control"),
        (server_frame(BINARY, b"a", length_bytes=2), "length"),
        (server_frame(BINARY, bytes(125), length_bytes=2), "length"),
        (server_frame(TEXT, bytes(126), length_bytes=8), "length"),
        (server_frame(TEXT, bytes(65_535), length_bytes=8), "length"),
        (b"\x82\x7f" + TEBIBYTE, "size"),
        (b"\x82\x7f" + b"\xff" * 8, "size"),
        (b"\x82\x7f" + (65_537).to_bytes(8, "big"), "size"),
        (START + b"\x80\x7f" + TEBIBYTE, "size"),
        (server_frame(CONTINUATION, b"a"), "fragment"),
        (server_frame(CONTINUATION, b"a", final=False), "fragment"),
        (START + server_frame(BINARY, b"a"), "fragment"),
        (START + server_frame(BINARY, b"long enough"), "fragment"),
        (START + server_frame(TEXT, b"a", final=False), "fragment"),
        (START + server_frame(CONTINUATION, b"a") + server_frame(CONTINUATION, b"a"), "fragment"),
    ],
)
def test_what_no_server_may_send_is_refused_by_a_word(stream: bytes, reason: str) -> None:
    before = server_frame(TEXT, b"pong")
    ways = []
    for pieces in ([before + stream], [before, *(stream[at : at + 1] for at in range(len(stream)))]):
        reader = FrameReader()
        messages: list[Message] = []
        with pytest.raises(WireError) as error:
            pump(reader, pieces, messages)
        assert error.value.reason == reason
        assert reason in frames.REASONS
        with pytest.raises(WireError, match=f"^{reason}"):
            reader.take()
        ways.append(messages)
    assert ways[0] == ways[1]
    assert ways[0][0] == Message(TEXT, b"pong")


def test_the_limits_are_exact() -> None:
    largest = FrameReader(max_frame=200, max_message=500)
    largest.feed(server_frame(BINARY, bytes(200)))
    assert len(taken(largest)) == 1
    largest.feed(server_frame(BINARY, bytes(201)))
    with pytest.raises(WireError, match="size: a frame of 201 bytes; allowed: 200"):
        largest.take()

    parts = server_frame(TEXT, bytes(200), final=False) + server_frame(CONTINUATION, bytes(200), final=False)
    whole = FrameReader(max_frame=200, max_message=500)
    whole.feed(parts + server_frame(CONTINUATION, bytes(100)))
    assert [len(message.payload) for message in taken(whole)] == [500]
    whole.feed(parts + server_frame(CONTINUATION, bytes(101)))
    with pytest.raises(WireError, match="size: a message of more than 500 bytes"):
        whole.take()


def test_a_message_has_at_most_1024_fragments() -> None:
    empty = server_frame(CONTINUATION, b"", final=False)
    reader = FrameReader()
    reader.feed(server_frame(TEXT, b"a", final=False) + empty * 1022 + server_frame(PING, b"") * 9)
    assert len(taken(reader)) == 9
    reader.feed(server_frame(CONTINUATION, b"z"))
    assert taken(reader) == [Message(TEXT, b"az")]
    reader.feed(server_frame(TEXT, b"", final=False) + empty * 1024)
    with pytest.raises(WireError, match="size: a message of more than 1024 fragments"):
        reader.take()


@pytest.mark.parametrize(
    "pieces",
    [
        [b"\x82\x7f" + TEBIBYTE, *[bytes(1000)] * 2000],
        [START, b"\x80\x7f" + TEBIBYTE, *[bytes(1000)] * 2000],
        [server_frame(TEXT, b"", final=False), *[server_frame(CONTINUATION, b"", final=False)] * 100_000],
        [server_frame(TEXT, b"a", final=False), *[server_frame(CONTINUATION, bytes(1000), final=False)] * 2000],
    ],
    ids=["1 TiB", "1 TiB in a fragment", "endless empty fragments", "endless fragments"],
)
def test_memory_stays_within_bounds(pieces: list[bytes]) -> None:
    reader = FrameReader()
    tracemalloc.start()
    try:
        with pytest.raises(WireError, match="size: "):
            pump(reader, pieces, [])
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 1 << 20


def test_limits_that_make_no_sense_are_refused() -> None:
    for max_frame, max_message in ((124, 1000), (1000, 999)):
        with pytest.raises(ValueError):
            FrameReader(max_frame, max_message)
