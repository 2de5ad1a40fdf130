"""The server's side of RFC 6455: frames out (wrong ones too, when asked), clients' frames in. Knows no socket."""

import base64
import hashlib

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10

CLOSE_CODES = (
    1000,
    1001,
    1006,
    1011,
)  # with which a server may be made to close; 1006 is the end without a close frame

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_LARGEST = 1 << 20
_FIN = 0x80


class ProtocolError(Exception):
    """A client broke the protocol; `code` is what it is closed with."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


def accept_key(key: str) -> str:
    """What the server answers to `Sec-WebSocket-Key`."""
    return base64.b64encode(hashlib.sha1(key.encode() + _GUID).digest()).decode()


def frame(opcode: int, payload: bytes, *, fin: bool = True) -> bytes:
    """One unmasked frame."""
    return header(opcode, len(payload), fin=fin) + payload


def header(opcode: int, length: int, *, fin: bool = True) -> bytes:
    """The head of an unmasked frame that claims `length` bytes, whatever follows."""
    first = opcode | _FIN if fin else opcode
    if length < 126:
        return bytes((first, length))
    if length < 1 << 16:
        return bytes((first, 126)) + length.to_bytes(2, "big")
    return bytes((first, 127)) + length.to_bytes(8, "big")


def close_frame(code: int, reason: str = "") -> bytes:
    """A close frame; code 1005 is one without a code."""
    return frame(CLOSE, b"" if code == 1005 else code.to_bytes(2, "big") + reason.encode())


class ClientFrames:
    """Takes a client's bytes in any pieces and gives its messages; raises ProtocolError."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._parts = bytearray()
        self._opcode = 0  # of the message whose fragments are being gathered, 0: none

    def feed(self, data: bytes) -> None:
        """Take what came."""
        self._bytes += data

    def take(self) -> tuple[int, bytes] | None:
        """The next whole message or control frame, as (opcode, payload)."""
        while (found := self._frame()) is not None:
            first, payload = found
            opcode, fin = first & 0x0F, first & _FIN
            if opcode >= CLOSE:
                if not fin or len(payload) > 125:
                    raise ProtocolError(1002, "a control frame is fragmented or too long")
                return opcode, payload
            if (opcode == CONTINUATION) != bool(self._opcode):
                raise ProtocolError(1002, "a fragment is out of place")
            self._opcode = self._opcode or opcode
            self._parts += payload
            if fin:
                whole = self._opcode, bytes(self._parts)
                self._opcode, self._parts = 0, bytearray()
                return whole
        return None

    def _frame(self) -> tuple[int, bytes] | None:
        """The next frame's first byte and its payload, unmasked."""
        data = self._bytes
        if len(data) < 2:
            return None
        if data[0] & 0x70 or data[0] & 0x0F not in {CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG}:
            raise ProtocolError(1002, "reserved bits or opcode")
        if not data[1] & 0x80:
            raise ProtocolError(1002, "a client's frame is not masked")
        length, start = data[1] & 0x7F, 2
        if length >= 126:
            start += 2 if length == 126 else 8
            length = int.from_bytes(data[2:start], "big")
        if len(data) < start + 4:
            return None
        if length > _LARGEST:
            raise ProtocolError(1009, "too long")
        end = start + 4 + length
        if len(data) < end:
            return None
        mask, payload = bytes(data[start : start + 4]), bytes(data[start + 4 : end])
        first = data[0]
        del data[:end]
        return first, _unmasked(payload, mask)


def _unmasked(payload: bytes, mask: bytes) -> bytes:
    """`payload` with the mask taken off, as one addition of long numbers."""
    size = len(payload)
    stream = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(stream, "big")).to_bytes(size, "big")
