"""Opens a file as plain bytes, whatever it is packed with: gzip, bzip2, xz, zip. Bounded in memory; knows nothing of rows."""

import bz2
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final, NoReturn

from msgspec import Struct

from engine.model.errors import InputError
from engine.outside.files import told
from engine.text.sanitize import clean

_MAX_DICTIONARY = 96 << 20  # what an xz file may ask for; `xz -9` asks for 65 MiB
_MAX_DIRECTORY = 1 << 20  # bytes of a zip's list of members
_MAX_RATIO = 1000  # of plain to packed bytes: beyond it the file is made to fill memory or time
_FREE_BYTES = 256 << 20  # plain bytes that are allowed whatever the ratio
_MEMBERS_SHOWN = 8
_READ = 1 << 16

_MAGICS: Final = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
}
_OTHERS: Final = {
    b"\x28\xb5\x2f\xfd": "zstd",
    b"7z\xbc\xaf\x27\x1c": "7-Zip",
    b"Rar!": "RAR",
    b"PAR1": "Parquet",
    b"\xd0\xcf\x11\xe0": "an Excel workbook",
    b"%PDF": "PDF",
    b"SQLite format 3": "a database",
    b"\x7fELF": "a program",
    b"\x89PNG": "a picture",
    b"\x89HDF": "HDF5",
    b"ARROW1": "Arrow",
    b"\x93NUMPY": "a NumPy array",
    b"\x1f\x9d": "packed by compress",
    b"\x5d\x00\x00": "packed with LZMA",
}
_WORKBOOKS: Final = frozenset({"xl/workbook.xml", "xl/workbook.bin", "content.xml"})
_TAR: Final = (257, b"ustar")  # where its mark stands
_FAULTS = (
    EOFError,
    OSError,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    RuntimeError,  # of zipfile: a password, a method that it does not know
    ValueError,
)


class BrokenError(Exception):
    """The packed data breaks off or is damaged; what was read before is good."""


class Unpacked(Struct, frozen=True):
    """How a file is packed: `gzip`, … or empty where it is not, and which member of a zip is read (its key, as it is written there)."""

    kind: str = ""
    member: str = ""


def how_packed(path: Path, member: str = "") -> Unpacked:
    """How `path` is packed; raises InputError for what is not read, and for a zip of several members unless one is named."""
    with told(path), path.open("rb") as file:
        begin = file.read(16)
    refuse_other(path, begin)
    kind = next((kind for magic, kind in _MAGICS.items() if begin.startswith(magic)), "")
    if kind == "zip":
        return Unpacked(kind, _member_of(path, member))
    if member:
        raise InputError(f"{path}: is no zip, and has no member '{member:.80}'")
    return Unpacked(kind)


def refuse_other(path: Path, begin: bytes, *, within: str = "") -> None:
    """Raise InputError where `begin` is known to begin no text; what is packed `within` another archive is none either."""
    known = {**_OTHERS, **_MAGICS} if within else _OTHERS
    what = next((what for magic, what in known.items() if begin.startswith(magic)), "")
    if begin[_TAR[0] :].startswith(_TAR[1]):
        what = "a tar archive"
    if what:
        holds = f"holds {what}, packed with {within}" if within else f"is {what}"
        raise InputError(f"{path}: {holds}; allowed: text, plain or packed with gzip, bzip2, xz or zip")


def first_bytes(path: Path, count: int) -> bytes:
    """The first bytes of what is in `path`, unpacked where it is packed with one file in it; raises InputError."""
    with told(path), path.open("rb") as file:
        begin = file.read(count)
    if not any(map(begin.startswith, _MAGICS)):
        return begin
    try:
        with opened(path, how_packed(path)) as stream:
            return stream.read(count)
    except (BrokenError, InputError):
        return begin


@contextmanager
def opened(path: Path, how: Unpacked) -> Iterator[IO[bytes]]:
    """The plain bytes of `path`; reading raises BrokenError behind what could be unpacked, InputError for a bomb."""
    with told(path), path.open("rb") as file:
        if not how.kind:
            yield file
            return
        with _plain(path, file, how) as plain:
            yield plain


@contextmanager
def _plain(path: Path, file: IO[bytes], how: Unpacked) -> Iterator[IO[bytes]]:
    if how.kind == "zip":
        with _zip(path, file) as archive, archive.open(how.member) as member:
            yield _Bounded(path, member, archive.getinfo(how.member).compress_size)  # type: ignore[misc]
        return
    stream: IO[bytes] = _Xz(file) if how.kind == "xz" else _BY_LIBRARY[how.kind](file)  # type: ignore[assignment]
    yield _Bounded(path, stream, path.stat().st_size)  # type: ignore[misc]


_BY_LIBRARY: Final[dict[str, Callable[[IO[bytes]], IO[bytes]]]] = {
    "gzip": lambda file: gzip.GzipFile(fileobj=file),  # type: ignore[dict-item, return-value]
    "bzip2": bz2.BZ2File,
}


class _Bounded(io.RawIOBase):
    """Bytes that are unpacked as they are asked for, up to what text could have been packed into so few."""

    def __init__(self, path: Path, stream: IO[bytes], packed_bytes: int) -> None:
        self._path = path
        # `read1` gives what there is: `read` would lose all that came in one piece with the damage.
        self._take: Callable[[int], bytes] = getattr(stream, "read1", stream.read)
        self._left = max(_FREE_BYTES, packed_bytes * _MAX_RATIO)

    def read(self, size: int = -1) -> bytes:
        """At most `size` plain bytes; raises BrokenError, InputError."""
        try:
            data = self._take(min(size, _READ) if size > 0 else _READ)
        except _FAULTS as error:
            raise BrokenError(str(error)) from None
        self._left -= len(data)
        if self._left < 0:
            raise InputError(f"{self._path}: is packed more than {_MAX_RATIO} times smaller; no file of ticks is")
        return data


class _Xz(io.RawIOBase):
    """An .xz file whose dictionary is bounded; the library's own file object takes any."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._unpacker = self._fresh()

    @staticmethod
    def _fresh() -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=_MAX_DICTIONARY)

    def read(self, size: int = -1) -> bytes:
        """At most `size` plain bytes; raises EOFError, LZMAError."""
        while True:
            packed = b""
            if self._unpacker.eof:
                packed = self._unpacker.unused_data or self._file.read(_READ)
                if not packed.strip(b"\0"):
                    return b""
                self._unpacker = self._fresh()
            elif self._unpacker.needs_input:
                packed = self._file.read(_READ)
                if not packed:
                    raise EOFError("the file breaks off")
            data = self._unpacker.decompress(packed, max_length=size)
            if data:
                return data


class _Careful:
    """A file of which no zip reader takes more than a megabyte at once: it would read a list of members whole."""

    def __init__(self, file: IO[bytes]) -> None:
        self.seek, self.tell, self.seekable = file.seek, file.tell, file.seekable
        self._read = file.read

    def read(self, size: int = -1) -> bytes:
        """As the file; raises BadZipFile where too much is asked for."""
        if size > _MAX_DIRECTORY:
            raise zipfile.BadZipFile("its list of members is longer than any that holds a file of ticks")
        return self._read(size)


def _zip(path: Path, file: IO[bytes]) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(_Careful(file))
    except _FAULTS as error:
        raise InputError(f"{path}: is no zip that can be read: {error}") from None


def _member_of(path: Path, wanted: str) -> str:
    """The member to read: the one that is named, or the only one there is."""
    with told(path), path.open("rb") as file, _zip(path, file) as archive:
        infos = [each for each in archive.infolist() if not each.is_dir() and not _is_debris(each.filename)]
        if not wanted and any(each.filename in _WORKBOOKS for each in infos):
            raise InputError(f"{path}: is a spreadsheet's workbook; allowed: a sheet of it, saved as CSV")
        if wanted:
            infos = [each for each in infos if each.filename == wanted] or _ask(path, infos, f"has no '{wanted:.80}'")
        if len(infos) != 1:
            _ask(path, infos, f"holds {len(infos)} files")
        found = infos[0]
        if found.flag_bits & 1:
            raise InputError(f"{path}: '{found.filename:.80}' is encrypted; allowed: a member that is not")
        if found.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2}:
            raise InputError(
                f"{path}: '{found.filename:.80}' is packed in a way that is not read; allowed: deflate, bzip2"
            )
        return found.filename


def _ask(path: Path, infos: list[zipfile.ZipInfo], what: str) -> NoReturn:
    names = ", ".join(clean(each.filename, 60) for each in infos[:_MEMBERS_SHOWN]) or "nothing"
    more = ", …" if len(infos) > _MEMBERS_SHOWN else ""
    raise InputError(f"{path}: {what}; say with --member which one: {names}{more}")


def _is_debris(name: str) -> bool:
    """Whether a member is what desktops leave beside the files that a person has packed."""
    last = name.rpartition("/")[2]
    return name.startswith("__MACOSX/") or last.startswith(".") or last.lower() in {"thumbs.db", "desktop.ini"}
