"""Frames on a byte stream: four bytes of length (little endian), then that many bytes. Knows neither sockets nor requests."""

from engine.model.errors import WireError

_HEAD = 4


def frame(payload: bytes) -> bytes:
    """`payload` with its length in front."""
    return len(payload).to_bytes(_HEAD, "little") + payload


class MessageReader:
    """Cuts a byte stream into frames of at most `limit` bytes; a longer one is refused by its length, before it is read."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._bytes = bytearray()

    @property
    def begun(self) -> bool:
        """Whether a frame has begun that is not complete."""
        return bool(self._bytes) and not self.ready

    @property
    def ready(self) -> bool:
        """Whether `take` has something to give, or to refuse."""
        if len(self._bytes) < _HEAD:
            return False
        length = self._claim()
        return not 0 < length <= self.limit or len(self._bytes) >= _HEAD + length

    def feed(self, data: bytes) -> None:
        """Take what came; raises WireError when the frame at hand claims a length that is not allowed."""
        self._bytes += data
        if len(self._bytes) >= _HEAD:
            self._check()

    def take(self) -> bytes | None:
        """The oldest whole frame's payload, or None; raises WireError for a length that is not allowed."""
        if not self.ready:
            return None
        end = _HEAD + self._check()
        payload = bytes(self._bytes[_HEAD:end])
        del self._bytes[:end]
        return payload

    def _check(self) -> int:
        length = self._claim()
        if not length:
            raise WireError("empty", "a frame of no bytes")
        if length > self.limit:
            raise WireError("too_long", f"a frame of {length} bytes, {self.limit} are allowed")
        return length

    def _claim(self) -> int:
        return int.from_bytes(self._bytes[:_HEAD], "little")
