"""An HTTP/1.1 answer as a client sees it: bytes in, one whole answer out, bounded. Knows no socket."""

import re
from collections.abc import Callable
from typing import Final

from msgspec import Struct

_HEAD_BYTES: Final = 16_384
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})(?: [^\r\n]*)?", re.ASCII)
_BEGINNING: Final = b"HTTP/1."
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]{1,100}", re.ASCII)
_LENGTH = re.compile(r"[0-9]{1,15}", re.ASCII)
_CHUNK = re.compile(rb"([0-9a-fA-F]{1,8})[ \t]{0,8}(?:;[^\r\n]{0,200})?", re.ASCII)
_WITHOUT_BODY: Final = (204, 304)
_WELL: Final = 200
_GOING_ON: Final = 200  # a status below it announces the answer, and is none


class HttpAnswer(Struct, frozen=True):
    """What a server answered; header names in lower case, `body` empty where a sink took it."""

    status: int
    headers: dict[str, str]
    body: bytes


class BadAnswerError(Exception):
    """What came is no whole answer; the text says why and holds nothing of it."""


class AnswerReader:
    """Takes the bytes of one connection in whatever pieces they come, and never holds more than head, `limit_bytes` and a piece.

    With a `sink` the body of a 200 is handed to it piece by piece, and is not in the answer.
    """

    def __init__(self, limit_bytes: int, sink: Callable[[bytes], object] | None = None) -> None:
        self._limit = limit_bytes
        self._sink = sink
        self._poured = 0  # bytes that it was given
        self._data = bytearray()
        self._status = 0  # 0: the head is still coming
        self._headers: dict[str, str] = {}
        self._expected: int | None = None  # bytes of the body; None where its end says how many
        self._is_chunked = False
        self._body = bytearray()  # of chunks that are whole
        self._over = False  # the last of them has come, and a trailer may follow
        self._beside = 0  # bytes of announcements and of a trailer, which could go on without end

    def feed(self, data: bytes) -> HttpAnswer | None:
        """Add what came; the answer once it is whole. Raises BadAnswerError."""
        self._data += data
        while not self._status:
            if not self._take_head():
                return None
        if self._status in _WITHOUT_BODY:
            return self._answer(b"")
        if self._is_chunked:
            return self._take_chunks()
        return self._take_rest()

    def ended(self) -> HttpAnswer:
        """The server has closed the connection: the answer where that was its end. Raises BadAnswerError."""
        if not self._status and not self._data:
            raise BadAnswerError("the connection was closed without an answer")
        if not self._status and not _BEGINNING.startswith(self._data[: len(_BEGINNING)]):
            raise BadAnswerError("the answer is not HTTP")
        if not self._status or self._is_chunked:
            raise BadAnswerError("the answer was cut off")
        if self._expected is not None:
            came = self._poured + len(self._data)
            raise BadAnswerError(f"the answer was cut off after {came:,} of {self._expected:,} bytes")
        return self._answer(bytes(self._data))

    def _take_head(self) -> bool:
        """Take the head off what has come, where it is whole."""
        end = self._data.find(b"\r\n\r\n")
        if end < 0 or end > _HEAD_BYTES:
            if len(self._data) > _HEAD_BYTES:
                raise BadAnswerError("the answer's head is too long")
            return False
        first, *lines = bytes(self._data[:end]).split(b"\r\n")
        del self._data[: end + 4]
        status = _STATUS.fullmatch(first)
        if status is None:
            raise BadAnswerError("the answer is not HTTP")
        if int(status[1]) < _GOING_ON:
            self._pass_over(end)
            return bool(self._data)  # the answer itself follows
        self._take_headers(lines)
        self._status = int(status[1])
        return True

    def _take_headers(self, lines: list[bytes]) -> None:
        lengths: set[str] = set()
        codings: set[str] = set()
        for line in lines:
            name, colon, value = line.decode("latin-1").partition(":")
            name, value = name.lower(), value.strip()
            if not colon or not _NAME.fullmatch(name):
                raise BadAnswerError("the answer is not HTTP")
            self._headers[name] = value
            if name == "content-length":
                lengths.add(value)
            elif name == "transfer-encoding":
                codings.add(value.lower())
        if self._headers.get("content-encoding", "identity") != "identity":
            raise BadAnswerError("the answer is compressed, which was not asked for")
        if not codings <= {"chunked", "identity"} or len(codings) > 1 or len(lengths) > 1:
            raise BadAnswerError("the answer does not say how long it is")
        self._is_chunked = "chunked" in codings
        if lengths and not self._is_chunked:
            (told,) = lengths
            if not _LENGTH.fullmatch(told):
                raise BadAnswerError("the answer does not say how long it is")
            self._expected = int(told)
            if self._expected > self._limit:
                raise self._too_large()

    def _take_rest(self) -> HttpAnswer | None:
        """Take a body that is as long as was told, or ends with the connection."""
        if self._expected is None and self._poured + len(self._data) > self._limit:
            raise self._too_large()
        left = len(self._data) if self._expected is None else self._expected - self._poured
        # By a view, as a slice would be one more copy of a list that may be long.
        if self._pours:
            with memoryview(self._data) as view:
                self._pour(bytes(view[:left]))
            del self._data[:left]
            left = 0 if self._expected is None else self._expected - self._poured
        if self._expected is None or len(self._data) < left:
            return None
        with memoryview(self._data) as view:
            return self._answer(bytes(view[:left]))

    @property
    def _pours(self) -> bool:
        return self._sink is not None and self._status == _WELL

    def _pour(self, piece: bytes) -> None:
        assert self._sink is not None
        self._poured += len(piece)
        self._sink(piece)

    def _pass_over(self, count: int) -> None:
        """Count bytes that bring nothing: of those there may be some, and not a flood."""
        self._beside += count
        if self._beside > _HEAD_BYTES:
            raise BadAnswerError("the answer is not HTTP")

    def _take_chunks(self) -> HttpAnswer | None:
        data = self._data
        while (end := data.find(b"\r\n")) >= 0:
            line = bytes(data[:end])
            if self._over:
                self._pass_over(end)
                del data[: end + 2]
                if not line:
                    return self._answer(bytes(self._body))
                continue  # of a trailer, which says nothing to us
            size = _CHUNK.fullmatch(line)
            if size is None:
                raise BadAnswerError("the answer is not HTTP")
            count = int(size[1], 16)
            if self._poured + len(self._body) + count > self._limit:
                raise self._too_large()
            stop = end + 2 + count
            if count and len(data) < stop + 2:
                self._pour_part(end + 2, count)
                return None
            if count and data[stop : stop + 2] != b"\r\n":
                raise BadAnswerError("the answer is not HTTP")
            self._over = not count
            if self._pours:
                self._pour(bytes(data[end + 2 : stop]))
            else:
                self._body += data[end + 2 : stop]
            del data[: stop + (2 if count else 0)]
        if len(data) > _HEAD_BYTES:
            raise BadAnswerError("the answer is not HTTP")
        return None

    def _pour_part(self, start: int, count: int) -> None:
        """Pour what is there of a chunk of `count` bytes from `start` on, all but its last one: what is left stands there as a shorter chunk."""
        there = min(len(self._data) - start, count - 1)
        if self._pours and there > 0:
            self._pour(bytes(self._data[start : start + there]))
            self._data[: start + there] = b"%x\r\n" % (count - there)

    def _answer(self, body: bytes) -> HttpAnswer:
        return HttpAnswer(self._status, self._headers, b"" if self._status in _WITHOUT_BODY else body)

    def _too_large(self) -> BadAnswerError:
        return BadAnswerError(f"the answer is larger than {self._limit:,} bytes")
