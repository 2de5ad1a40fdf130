"""Plain bytes to UTF-8 text: byte order marks, UTF-16, the line ends of old machines. Knows nothing of rows."""

import codecs
from collections.abc import Iterator
from typing import IO, Final

from msgspec import Struct

CHUNK: Final = 1 << 16
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class Encoding(Struct, frozen=True):
    """How text is encoded, how long its mark is, and whether rows end in a carriage return alone."""

    name: str = "utf-8"
    mark: int = 0
    lone_cr: bool = False

    @property
    def plain(self) -> bool:
        """Whether the bytes of the file are the text's own, so that reading can begin anywhere."""
        return self.name == "utf-8"


def encoding_of(begin: bytes) -> Encoding:
    """The encoding of a file that begins so: by its mark, or by the noughts of UTF-16 where it has none."""
    name, mark = next(((name, len(mark)) for mark, name in _MARKS if begin.startswith(mark)), ("", 0))
    if not name:
        even, odd = begin[0:512:2].count(0), begin[1:512:2].count(0)
        half = len(begin[:512]) // 2
        name = "utf-8"
        if half and not even and odd > half * 0.7:
            name = "utf-16-le"
        elif half and not odd and even > half * 0.7:
            name = "utf-16-be"
    text = begin[mark:] if name == "utf-8" else begin[mark:].decode(name, errors="replace").encode()
    return Encoding(name, mark, b"\r" in text and b"\n" not in text)


def chunks(stream: IO[bytes], encoding: Encoding) -> Iterator[bytes]:
    """The text of `stream`, which stands behind the mark, as UTF-8, whose lines end in a line feed, with or without a carriage return."""
    if encoding.plain and not encoding.lone_cr:
        while chunk := stream.read(CHUNK):
            yield chunk
        return
    decoder = codecs.getincrementaldecoder(encoding.name)(errors="replace")
    while chunk := stream.read(CHUNK):
        text = chunk if encoding.plain else decoder.decode(chunk).encode(errors="replace")
        yield text.replace(b"\r", b"\n") if encoding.lone_cr else text
    if not encoding.plain and (rest := decoder.decode(b"", final=True)):
        yield rest.encode(errors="replace")
