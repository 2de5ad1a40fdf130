"""Bytes that are no WebSocket's, or too many, end a link with their close code; bad packets are counted, and too many end it."""

import pytest

from tests.support.venues.stream_harness import loss_of, packet, running, sends_one_packet, smartapi
from tests.support.venues.stream_server import BINARY, TEXT, ScriptedServer, frame


def answering(data, expected_code):
    def script(conn):
        conn.accept()
        try:
            for piece in data():
                conn.raw(piece)
        except OSError:
            return  # it has had enough
        assert conn.read_close() == expected_code
        checked.append(expected_code)

    checked = []
    script.checked = checked
    return script


def a_tebibyte():
    yield b"\x82\x7f" + (1 << 40).to_bytes(8)


def a_message_too_long():
    yield frame(BINARY, bytes(60_000), fin=False)
    for _ in range(4):
        yield frame(0, bytes(60_000), fin=False)


def endless_fragments():
    yield frame(BINARY, b"", fin=False)
    yield frame(0, b"", fin=False) * 5000


def masked():
    yield b"\x82\x81\x00\x00\x00\x00x"


def reserved_bits():
    yield b"\xf2\x01x"


@pytest.mark.parametrize(
    ("data", "code"), [(a_tebibyte, 1009), (a_message_too_long, 1009), (masked, 1002), (reserved_bits, 1002)]
)
def test_what_no_frame_may_be_ends_the_link_with_its_close_code(data, code):
    script = answering(data, code)
    reason, _ = loss_of(script)
    assert reason.startswith("no WebSocket's bytes: ")
    assert script.checked == [code]


def test_endless_empty_fragments_end_the_link():
    assert loss_of(answering(endless_fragments, 1009))[0].startswith("no WebSocket's bytes: ")


def test_the_twenty_first_bad_packet_ends_the_link_and_each_kind_is_told_once():
    def script(conn):
        conn.accept()
        for _ in range(20):
            conn.send(BINARY, b"\x02short")
        conn.send(TEXT, b"pong")
        conn.send(TEXT, b"nonsense")
        conn.linger()

    with ScriptedServer(script, sends_one_packet) as server:
        feed, observer = smartapi(server.url)
        with running(feed, observer):
            observer.until_ups(2)
            observer.until(lambda: observer.ticks)
            assert feed.view().bad == {"length": 20, "text": 1}
    assert observer.losses[0].startswith("too many bad packets, the last: text")
    assert [note.text.split(":")[1].strip() for note in observer.notes] == ["length", "text"]
    assert not any(note.severe for note in observer.notes)


def test_twenty_bad_packets_are_counted_and_the_link_kept():
    def script(conn):
        conn.accept()
        for _ in range(20):
            conn.send(BINARY, b"\x02short")
        for number in range(1, 31):
            conn.send(BINARY, packet(number, token="999"))
        well_known = packet(1)
        conn.send(BINARY, well_known)
        conn.linger()

    with ScriptedServer(script) as server:
        feed, observer = smartapi(server.url)
        with running(feed, observer):
            observer.until(lambda: observer.ticks)
        assert observer.losses == []
        assert feed.view().bad == {"length": 20, "unknown_token": 30}
