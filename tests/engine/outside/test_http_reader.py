"""Answers in pieces: whole ones come out whole, in whatever pieces they came; everything else is refused, and nothing grows."""

from collections.abc import Iterator
from itertools import cycle, repeat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.outside.http_reader import AnswerReader, BadAnswerError, HttpAnswer

BODY = b'{"status": true}'
WHOLE = {
    "counted": b"HTTP/1.1 200 OK\r\nContent-Length: 16\r\nX-Thing:  a \r\n\r\n" + BODY,
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6;ext=1\r\n"
    + BODY[:6]
    + b"\r\nA\r\n"
    + BODY[6:]
    + b"\r\n0\r\nTrailer: x\r\n\r\n",
    "announced": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n" + BODY,
    "without a word": b"HTTP/1.0 200\r\ncontent-length: 16\r\n\r\n" + BODY,
}
BAD = {
    "not HTTP": b"SSH-2.0\r\n\r\n",
    "is not HTTP": b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
    "how long": b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "how long it is": b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "not say how long it is": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n",
    "compressed": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n",
    "larger than 100": b"HTTP/1.1 200 OK\r\nContent-Length: 101\r\n\r\n",
    "larger than 100 bytes": b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 101,
    "than 100 bytes": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffff\r\n",
    "the answer is not HTTP": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n",
    "the (answer) is not HTTP": b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" * 500,
    "answer is not HTTP": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"x: y\r\n" * 5_000,
    "(is not HTTP)": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"x" * 1_000 + b"\r\na\r\n",
    "head is too long": b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 4_000,
}
CUT = {
    "closed without an answer": b"",
    "cut off": b"HTTP/1.1 20",
    "was cut off": b"HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n" + BODY[:-1],
    "answer was cut off": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n" + BODY[:6] + b"\r\n",
}


def fed(data: bytes, piece: int) -> HttpAnswer | None:
    reader = AnswerReader(100)
    for start in range(0, len(data), piece):
        answer = reader.feed(data[start : start + piece])
        if answer is not None:
            return answer
    return None


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("piece", [1, 2, 3, 7, 1_000])
def test_an_answer_is_whole_in_whatever_pieces_it_comes(name: str, piece: int) -> None:
    answer = fed(WHOLE[name], piece)
    assert answer is not None
    assert (answer.status, answer.body) == (200, BODY)


def test_headers_are_known_by_their_names_in_lower_case() -> None:
    answer = fed(WHOLE["counted"], 5)
    assert answer is not None
    assert answer.headers["x-thing"] == "a"


def test_an_answer_that_does_not_say_how_long_it_is_ends_with_the_connection() -> None:
    reader = AnswerReader(100)
    assert reader.feed(b"HTTP/1.1 400 Bad Request\r\n\r\n") is None
    assert reader.feed(BODY) is None
    assert reader.ended() == HttpAnswer(400, {}, BODY)


@pytest.mark.parametrize("words", BAD)
@pytest.mark.parametrize("piece", [1, 100_000])
def test_what_is_no_answer_is_refused(words: str, piece: int) -> None:
    with pytest.raises(BadAnswerError, match=words):
        fed(BAD[words], piece)


@pytest.mark.parametrize("words", CUT)
def test_what_ends_too_soon_is_no_answer(words: str) -> None:
    reader = AnswerReader(100)
    assert reader.feed(CUT[words]) is None or not CUT[words]
    with pytest.raises(BadAnswerError, match=words):
        reader.ended()


@given(
    st.lists(st.sampled_from([*WHOLE.values(), *BAD.values(), *CUT.values()]) | st.binary(max_size=30), max_size=4),
    st.lists(st.integers(1, 40), min_size=1, max_size=8),
)
def test_whatever_comes_it_is_an_answer_or_none_the_same_in_all_pieces(parts: list[bytes], sizes: list[int]) -> None:
    data = b"".join(parts)

    def outcome(pieces: Iterator[int]) -> HttpAnswer | str | None:
        reader, at = AnswerReader(100), 0
        try:
            while at < len(data):
                size = next(pieces)
                if (answer := reader.feed(data[at : at + size])) is not None:
                    return answer
                at += size
            return reader.ended()
        except BadAnswerError:
            return "none"

    by_pieces = outcome(cycle(sizes))
    assert by_pieces == outcome(repeat(1))
    if isinstance(by_pieces, HttpAnswer):
        assert len(by_pieces.body) <= 100


@pytest.mark.parametrize("step", [1, 3, 1_000])
@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabcdef",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n2\r\nef\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\nabcdef",
    ],
)
def test_a_body_is_poured_out_as_it_comes_and_kept_nowhere(said: bytes, step: int) -> None:
    poured = bytearray()
    reader = AnswerReader(6, poured.extend)
    answers = [reader.feed(said[at : at + step]) for at in range(0, len(said), step)]
    answer = answers[-1] or reader.ended()
    assert (bytes(poured), answer.status, answer.body) == (b"abcdef", 200, b"")
    tight = AnswerReader(5, poured.extend)
    with pytest.raises(BadAnswerError, match="larger"):
        [tight.feed(said[at : at + step]) for at in range(0, len(said), step)]


def test_a_chunk_is_poured_out_before_all_of_it_has_come() -> None:
    poured: list[int] = []
    reader = AnswerReader(1_000_000, lambda piece: poured.append(len(piece)))
    assert reader.feed(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nf4240\r\n") is None
    for _ in range(99):
        assert reader.feed(b"x" * 10_000) is None
    assert (sum(poured), max(poured)) == (990_000, 10_000)
    assert reader.feed(b"x" * 10_000) is None
    answer = reader.feed(b"\r\n0\r\n\r\n")
    assert answer is not None
    assert (answer.body, sum(poured)) == (b"", 1_000_000)
