"""WebSocket frames (RFC 6455) as a client sees them: bytes in, whole messages out, bounded; knows no socket, no handshake."""

from typing import Final

from msgspec import Struct

from engine.model.errors import WireError
from engine.text.sanitize import clean

TEXT: Final = 1
BINARY: Final = 2
CLOSE: Final = 8
PING: Final = 9
PONG: Final = 10
NO_CODE: Final = 1005  # a close frame that gave none

# Why bytes are refused, to count by; `size` is what close code 1009 answers, all else but `close` is 1002.
REASONS: frozenset[str] = frozenset({"masked", "reserved", "control", "length", "size", "fragment", "close"})

_FINAL = 0x80
_RESERVED = 0x70
_OPCODE = 0x0F
_CONTROL = 0x08
_MASKED = 0x80
_OPCODES = frozenset({0, TEXT, BINARY, CLOSE, PING, PONG})
_WHOLE = {_FINAL | TEXT: TEXT, _FINAL | BINARY: BINARY}
_SHORT = 125  # the longest payload whose length stands in the second byte, and of any control frame
_LENGTH_16 = 126  # in the second byte: the length stands in the next two
_LENGTH_64 = 127  # … in the next eight
_MAX_FRAGMENTS = 1024
_MASK_BYTES = 4
_CODE_BYTES = 2
# Close codes that may be on the wire: the protocol's, those registered since, and the ranges left to applications.
_CODES = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015), *range(3000, 5000)})


class Message(Struct, frozen=True, gc=False):
    """A whole message (`TEXT`, `BINARY`) or a control frame (`CLOSE`, `PING`, `PONG`); whether a text is UTF-8 is not judged."""

    opcode: int
    payload: bytes


class FrameReader:
    """Makes messages of the bytes of one connection, in whatever pieces they come.

    It holds at most `max_message` bytes of fragments, a frame of `max_frame` and what was fed last: a length is judged
    before anything it announces is kept. After a WireError the connection is lost; `take` raises it again and again.
    """

    __slots__ = ("_at", "_chunk", "_later", "_max_frame", "_max_message", "_opcode", "_parts", "_parts_bytes")

    def __init__(self, max_frame: int = 65_536, max_message: int = 262_144) -> None:
        if not _SHORT <= max_frame <= max_message:
            raise ValueError(f"allowed: {_SHORT} ≤ max_frame ≤ max_message")
        self._max_frame = max_frame
        self._max_message = max_message
        # The bytes at hand from `_at` on, and those that came after them; joined only when that completes something,
        # so that a long frame in small pieces is not copied again for each of them.
        self._chunk = b""
        self._at = 0
        self._later = bytearray()
        # The message whose fragments are coming: its opcode (0: none is), and what there is of it.
        self._opcode = 0
        self._parts: list[bytes] = []
        self._parts_bytes = 0

    @property
    def pending(self) -> int:
        """Bytes of an unfinished frame, when `take` has given None."""
        return len(self._chunk) - self._at + len(self._later)

    def feed(self, data: bytes) -> None:
        """Add what came from the connection; then `take` until None."""
        if self._at < len(self._chunk) or self._later:
            self._later += data
        else:
            self._chunk = data
            self._at = 0

    def take(self) -> Message | None:
        """The next message that is complete, or None; raises WireError with one of `REASONS`."""
        chunk = self._chunk
        at = self._at
        if at == len(chunk) and not self._later:
            return None
        # Nearly every frame is a whole message of at most 64 KiB, and at hand; what is not is looked at again below.
        if len(chunk) > at + 3 and not self._opcode and (opcode := _WHOLE.get(chunk[at])):
            size = chunk[at + 1]
            start = at + 2
            least, most = 0, _SHORT
            if size == _LENGTH_16:
                size = chunk[start] << 8 | chunk[at + 3]
                start = at + 4
                least, most = _LENGTH_16, self._max_frame
            end = start + size
            if least <= size <= most and end <= len(chunk):
                self._at = end
                return Message(opcode, chunk[start:end])
        while (frame := self._frame()) is not None:
            first, payload = frame
            opcode = first & _OPCODE
            if opcode & _CONTROL or (opcode and first & _FINAL):
                return Message(opcode, payload)
            message = self._fragment(first, payload)
            if message is not None:
                return message
        return None

    def _frame(self) -> tuple[int, bytes] | None:
        """The next frame's first byte and payload, if it is complete."""
        if not self._have(2):
            return None
        first = self._chunk[self._at]
        size = self._chunk[self._at + 1]
        _check_head(first, size)
        head = 2
        if size >= _LENGTH_16:
            head = 4 if size == _LENGTH_16 else 10
            if not self._have(head):
                return None
            size = int.from_bytes(self._chunk[self._at + 2 : self._at + head])
            if size <= (_SHORT if head == 4 else 0xFFFF):
                raise WireError("length", f"{size} written in {head - 2} bytes")
        if not first & _CONTROL:
            self._check_data(first & _OPCODE, size)
        if not self._have(head + size):
            return None
        start = self._at + head
        self._at = start + size
        return first, self._chunk[start : self._at]

    def _have(self, needed: int) -> bool:
        """Whether `needed` bytes are there; they are at hand then."""
        if len(self._chunk) - self._at >= needed:
            return True
        if self.pending < needed:
            return False
        self._chunk = self._chunk[self._at :] + self._later
        self._at = 0
        self._later.clear()
        return True

    def _check_data(self, opcode: int, size: int) -> None:
        """Raises WireError for a data frame that is too much, or not the one that may come now."""
        if bool(opcode) == bool(self._opcode):
            raise WireError("fragment", "a message within a message" if opcode else "a continuation of nothing")
        if size > self._max_frame:
            raise WireError("size", f"a frame of {size} bytes; allowed: {self._max_frame}")
        if self._parts_bytes + size > self._max_message:
            raise WireError("size", f"a message of more than {self._max_message} bytes")
        if len(self._parts) >= _MAX_FRAGMENTS:
            raise WireError("size", f"a message of more than {_MAX_FRAGMENTS} fragments")

    def _fragment(self, first: int, payload: bytes) -> Message | None:
        """Keep one part of a message; the message, if that was its last."""
        if first & _OPCODE:
            self._opcode = first & _OPCODE
        self._parts.append(payload)
        self._parts_bytes += len(payload)
        if not first & _FINAL:
            return None
        message = Message(self._opcode, b"".join(self._parts))
        self._opcode = self._parts_bytes = 0
        self._parts.clear()
        return message


def _check_head(first: int, size: int) -> None:
    """Raises WireError for two first bytes that no server may send; `size` is the second of them."""
    if size & _MASKED:
        raise WireError("masked", "a server does not mask")
    if first & _RESERVED or first & _OPCODE not in _OPCODES:
        raise WireError("reserved", f"a frame that begins with {first:#04x}")
    if first & _CONTROL and (not first & _FINAL or size > _SHORT):
        raise WireError("control", f"a control frame in pieces, or of more than {_SHORT} bytes")


def close_code(payload: bytes) -> tuple[int, str]:
    """What a `CLOSE` says: its code (`NO_CODE` where it gives none) and reason, cleaned; raises WireError("close")."""
    if not payload:
        return NO_CODE, ""
    if len(payload) < _CODE_BYTES:
        raise WireError("close", "half a code")
    code = int.from_bytes(payload[:_CODE_BYTES])
    if code not in _CODES:
        raise WireError("close", f"code {code}")
    try:
        return code, clean(payload[_CODE_BYTES:].decode())
    except UnicodeDecodeError:
        raise WireError("close", f"code {code} with a reason that is not UTF-8") from None


def client_frame(opcode: int, payload: bytes, mask: bytes) -> bytes:
    """A whole message or control frame as a client sends it, masked with four bytes nobody can guess; raises ValueError."""
    size = len(payload)
    if not opcode or opcode not in _OPCODES or len(mask) != _MASK_BYTES or (opcode & _CONTROL and size > _SHORT):
        raise ValueError(f"opcode {opcode}, {size} bytes, a mask of {len(mask)} is no frame of a client")
    if size <= _SHORT:
        head = bytes((_FINAL | opcode, _MASKED | size))
    elif size <= 0xFFFF:
        head = bytes((_FINAL | opcode, _MASKED | _LENGTH_16)) + size.to_bytes(2)
    else:
        head = bytes((_FINAL | opcode, _MASKED | _LENGTH_64)) + size.to_bytes(8)
    pattern = (mask * (size // _MASK_BYTES + 1))[:size]
    # As one long number each: a loop over the bytes would take fifty times as long.
    masked = int.from_bytes(payload) ^ int.from_bytes(pattern)
    return head + mask + masked.to_bytes(size)
