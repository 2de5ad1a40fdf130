"""Packed files: read in bounded memory, whatever they claim; what is broken or a bomb is told."""

import bz2
import gzip
import lzma
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from engine.model.errors import InputError
from engine.model.types import Instrument, Tick
from engine.recording import CsvLayout
from engine.recording.foreign.reader import ForeignReader
from engine.recording.foreign.rows import BadRow
from tests.support.paths import ROOT
from tests.support.recordings.layouts import zipped

HEAD = b"time,price,volume\n"
ROWS = b"".join(b"2025-11-18 09:%02d:%02d,150.%02d,75\n" % (15 + n // 60 % 40, n % 60, n % 100) for n in range(20_000))


def opened(path: Path, data: bytes, **layout: object) -> ForeignReader:
    path.write_bytes(data)
    return ForeignReader(path, CsvLayout(**layout), Instrument)  # type: ignore[arg-type]


def test_a_zip_of_several_files_asks_which_one(path: Path) -> None:
    data = zipped(
        {"a.csv": HEAD + ROWS[:32], "b.csv": HEAD + ROWS, "__MACOSX/._a.csv": b"\0", "folder/.DS_Store": b"\0"}
    )
    with pytest.raises(InputError, match=r"holds 2 files; say with --member which one: a\.csv, b\.csv"):
        opened(path, data)
    with pytest.raises(InputError, match=r"has no 'c\.csv'; say with --member"):
        opened(path, data, member="c.csv")
    assert len(list(opened(path, data, member="b.csv").rows())) == 20_000
    with pytest.raises(InputError, match="is no zip, and has no member"):
        opened(path, HEAD + ROWS, member="b.csv")


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_what_breaks_off_is_read_until_there(path: Path, pack: object) -> None:
    whole = pack(HEAD + ROWS)  # type: ignore[operator]
    found = list(opened(path, whole[: len(whole) * 2 // 3]).rows())
    assert len(found) > 100
    assert isinstance(found[-1], BadRow)
    assert found[-1].kind == "torn"
    assert "the packed file breaks off or is damaged here" in found[-1].text
    assert all(isinstance(each, Tick) for each in found[:-1])


def test_two_packed_one_behind_the_other_are_one(path: Path) -> None:
    for pack in (gzip.compress, bz2.compress, lzma.compress):
        assert len(list(opened(path, pack(HEAD + ROWS) + pack(ROWS)).rows())) == 40_000


def test_reading_from_any_row_on_of_a_packed_file(path: Path) -> None:
    found = opened(path, gzip.compress(HEAD + ROWS))
    whole = list(found.rows())
    assert list(found.rows(15_000)) == whole[14_999:]


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (gzip.compress(HEAD, mtime=0)[:12], "is gzip that cannot be unpacked"),
        (b"PK\x03\x04" + bytes(50), "is no zip that can be read"),
        (
            zipped({"a.csv": HEAD + ROWS}, zipfile.ZIP_LZMA),
            "is packed in a way that is not read; allowed: deflate, bzip2",
        ),
        (zipped({}), "holds 0 files"),
        (
            lzma.compress(HEAD + ROWS, preset=None, filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 30}]),
            "cannot be unpacked: Memory usage limit",
        ),
        (b"\x28\xb5\x2f\xfd" + bytes(9), "is zstd; allowed: text, plain or packed with gzip, bzip2, xz or zip"),
        (zipped({f"{n:0250d}": b"" for n in range(5000)}), "its list of members is longer than any"),
    ],
)
def test_what_is_not_unpacked_is_told(path: Path, data: bytes, told: str) -> None:
    with pytest.raises(InputError) as error:
        opened(path, data)
    assert told in str(error.value)


@pytest.mark.slow
def test_no_bomb_costs_memory(tmp_path: Path) -> None:
    """Noughts, quotes, delimiters, blank lines and rows without end, in a process that may take little."""
    block = 1 << 20
    for name, text in {
        "noughts": b"\0",
        "quotes": b'"',
        "commas": b",",
        "lines": b"\n",
        "rows": b"2025-11-18 09:15:00,1,2\n",
    }.items():
        with gzip.open(tmp_path / f"{name}.csv.gz", "wb", 1) as file:
            file.write(HEAD + ROWS[:31])
            for _ in range({"rows": 4, "lines": 8}.get(name, 64)):
                file.write((text * block)[:block])
    program = """
import resource, sys
from pathlib import Path
from engine.model.errors import InputError
from engine.model.types import Instrument
from engine.recording import CsvLayout
from engine.recording.foreign.reader import ForeignReader
resource.setrlimit(resource.RLIMIT_DATA, (96 << 20, 96 << 20))
for path in sorted(Path(sys.argv[1]).glob("*.gz")):
    try:
        count = sum(1 for _ in ForeignReader(path, CsvLayout(), Instrument).rows())
        print(path.name, count)
    except InputError as error:
        print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 5), done.stderr[-500:]
