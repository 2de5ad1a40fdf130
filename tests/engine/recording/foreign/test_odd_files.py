"""What odd files hold: each is read as it is meant, or refused in one line that says what it is; nothing else, unsaid."""

import gzip
import io
import tarfile
import zipfile
from codecs import BOM_UTF8
from pathlib import Path

import pytest

from engine.model.errors import InputError
from engine.model.types import Instrument, Tick
from engine.recording.csv_layout import CsvLayout
from engine.recording.foreign.reader import ForeignReader
from engine.recording.foreign.rows import BadRow

MINUTES = range(15, 27)
FIRST_NS = 1_763_437_500_000_000_000  # 2025-11-18 09:15:00 in India
TEXT = "timestamp,price,volume\n" + "".join(f"2025-11-18 09:{m}:00,150.{m},75\n" for m in MINUTES)
PLAIN = [(FIRST_NS + k * 60 * 10**9, 15000 + m, 75) for k, m in enumerate(MINUTES)]


def opened(path: Path, content: str | bytes, **layout: object) -> ForeignReader:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return ForeignReader(path, CsvLayout(**layout), Instrument)  # type: ignore[arg-type]


def ticks(reader: ForeignReader) -> list[tuple[int, int, int]]:
    return [(row.recv_wall_ns, row.price, row.quantity) for row in reader.rows() if isinstance(row, Tick)]


def by_row(header: str, row: str) -> str:
    """A file of the same ticks: `{m}` is the minute, `{k}` the number."""
    return header + "\n" + "".join(row.format(m=m, k=k) + "\n" for k, m in enumerate(MINUTES))


READ = {
    "dates that a program wrote as midnights": by_row(
        "date,time,price,volume", "2025-11-18 00:00:00,09:{m}:00,150.{m},75"
    ),
    "such with an offset": by_row("date,time,price,volume", "2025-11-18T00:00:00+05:30,09:{m}:00,150.{m},75"),
    "midnights of twelve hours": by_row("date,time,price,volume", "18-Nov-2025 12:00:00 AM,09:{m}:00,150.{m},75"),
    "an index without a name": by_row(",price,volume", "2025-11-18 09:{m}:00,150.{m},75"),
    "an index that pandas named": by_row("Unnamed: 0,price,volume", "2025-11-18 09:{m}:00,150.{m},75"),
    "units in brackets": by_row("Timestamp (IST),Price [INR],Volume (shares)", "2025-11-18 09:{m}:00,150.{m},75"),
    "a zone in brackets": by_row("Time (UTC),Price,Volume", "2025-11-18T03:45:00,150.{m},75"),
    "names and values before the header": "Symbol,NIFTY\nFrom,2025-11-18\n\n" + TEXT,
    "no-break spaces": by_row("timestamp,price,volume", "2025-11-18 09:{m}:00\u00a0,\u00a0150.{m},75"),
    "a symbol that is never known": by_row("timestamp,price,volume,symbol", "2025-11-18 09:{m}:00,150.{m},75,NaN"),
    "names of a feed": by_row("ts_recv,ts_event,price,size", "1763437999000000000,1763437500000000000,150.{m},75"),
}


@pytest.mark.parametrize("content", READ.values(), ids=READ.keys())
def test_it_is_read_as_it_is_meant(tmp_path: Path, content: str) -> None:
    reader = opened(tmp_path / "a.csv", content)
    found = ticks(reader)
    assert [each[1:] for each in found] == [each[1:] for each in PLAIN]
    assert found[0] == PLAIN[0]
    assert len(reader.instruments) == 1


def test_the_header_of_a_second_export_may_have_a_mark_of_its_own(tmp_path: Path) -> None:
    reader = opened(tmp_path / "a.csv", BOM_UTF8 + TEXT.encode() + BOM_UTF8 + TEXT.encode())
    bad = [row for row in reader.rows() if isinstance(row, BadRow)]
    assert [(each.kind, each.row) for each in bad] == [("header", len(MINUTES) + 2)]
    assert ticks(reader) == [*PLAIN, *PLAIN]


def archive(**members: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return file.getvalue()


def tape(content: bytes) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as packed:
        info = tarfile.TarInfo("a.csv")
        info.size = len(content)
        packed.addfile(info, io.BytesIO(content))
    return file.getvalue()


REFUSED = {
    "a spreadsheet's day": (by_row("timestamp,price", "45979.3{m}4166667,150.{m}"), "a spreadsheet's number of a day?"),
    "its day and fraction apart": (
        by_row("date,time,price", "45979,0.3{m}4166667,150.{m}"),
        "a spreadsheet's number of a day?",
    ),
    "a week's date": (by_row("timestamp,price", "2025-W47-2T09:{m}:00,150.{m}"), "is not a stamp"),
    "a day's number in the year": (by_row("timestamp,price", "2025-322T09:{m}:00,150.{m}"), "is not a stamp"),
    "a zone in brackets that is not clear": (by_row("Time (EST),Price", "2025-11-18 09:{m}:00,150.{m}"), "no column"),
    "JSON": ('[\n  {"timestamp": "2025-11-18 09:15:00", "price": 150.2}\n]\n', "is JSON"),
    "JSON, a value a line": ('{"timestamp": "2025-11-18 09:15:00", "price": 150.2}\n' * 3, "is JSON"),
    "a page": ("<!DOCTYPE html><html>\n<body>Log in</body></html>\n", "is a page"),
    "packed twice": (gzip.compress(gzip.compress(TEXT.encode())), "holds gzip, packed with gzip"),
    "packed in a zip": (archive(a=gzip.compress(TEXT.encode())), "holds gzip, packed with zip"),
    "a tape": (tape(TEXT.encode()), "is a tar archive"),
    "a packed tape": (gzip.compress(tape(TEXT.encode())), "holds a tar archive, packed with gzip"),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(100), "is HDF5"),
    "Arrow": (b"ARROW1\0\0" + bytes(100), "is Arrow"),
}


@pytest.mark.parametrize(("content", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_it_is_refused_in_a_line_that_says_what_it_is(tmp_path: Path, content: str | bytes, said: str) -> None:
    try:
        rows = opened(tmp_path / "a.csv", content).rows()
        line = next(row.text for row in rows if isinstance(row, BadRow))
    except InputError as error:
        line = str(error)
    assert said in line
    assert "\n" not in line


def test_a_workbook_is_no_zip_of_which_a_member_is_to_be_named(tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("[Content_Types].xml", "")
        packed.writestr("xl/workbook.xml", "")
    with pytest.raises(InputError, match="a spreadsheet's workbook; allowed: a sheet of it, saved as CSV"):
        opened(tmp_path / "a.xlsx", file.getvalue())


@pytest.mark.parametrize("damage", ["junk behind it", "cut", "a wrong sum"])
def test_what_comes_before_the_damage_of_a_small_packed_file_is_read(tmp_path: Path, damage: str) -> None:
    whole = gzip.compress(TEXT.encode())
    content = {
        "junk behind it": whole + b"junk",
        "cut": whole[:-9],
        "a wrong sum": whole[:-8] + bytes(4) + whole[-4:],
    }[damage]
    reader = opened(tmp_path / "a.csv.gz", content)
    rows = list(reader.rows())
    assert [row.kind for row in rows if isinstance(row, BadRow)] == ["torn"]
    found = [(row.recv_wall_ns, row.price, row.quantity) for row in rows if isinstance(row, Tick)]
    assert found
    assert found == PLAIN[: len(found)]


def test_desktops_leave_things_in_a_zip(tmp_path: Path) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        for name in ("ticks/a.csv", "ticks/Thumbs.db", "desktop.ini", "__MACOSX/._a.csv", ".DS_Store"):
            packed.writestr(name, TEXT if name.endswith("/a.csv") else "x")
    assert ticks(opened(tmp_path / "a.zip", file.getvalue())) == PLAIN


def test_an_hour_that_clocks_showed_twice_is_told(tmp_path: Path) -> None:
    rows = "".join(f"2025-11-02 0{hour}:30:00,100.00,75\n" for hour in range(5))
    reader = opened(tmp_path / "a.csv", "timestamp,price,volume\n" + rows, zone="America/New_York", zone_said=True)
    assert len(ticks(reader)) == 5
    assert [line for line in reader.told() if "stand for two moments" in line and "'2025-11-02 01:30:00'" in line]
    india = opened(tmp_path / "b.csv", "timestamp,price,volume\n" + rows)
    assert ticks(india)
    assert not india.told()
    offsets = rows.replace(":30:00,", ":30:00-04:00,")
    clear = opened(tmp_path / "c.csv", "timestamp,price,volume\n" + offsets, zone="America/New_York", zone_said=True)
    assert ticks(clear)
    assert not clear.told()


def test_the_line_says_how_many_symbols_there_are_and_that_there_are_no_quantities(tmp_path: Path) -> None:
    text = "timestamp,price,symbol\n2025-11-18 09:15:00,150.20,NIFTY\n2025-11-18 09:15:01,150.20,Nifty\n"
    line = opened(tmp_path / "a.csv", text).understood()
    assert "2 symbols" in line
    assert "no quantities" in line
    assert "no quantities" not in opened(tmp_path / "b.csv", TEXT).understood()


def test_a_column_goes_by_the_name_that_says_what_it_is(tmp_path: Path) -> None:
    reader = opened(tmp_path / "a.csv", TEXT.replace("\n", "\n,INR,shares\n", 1))
    assert "price=price, volume=volume" in reader.understood()
    assert ticks(reader) == PLAIN


def test_a_candle_that_is_none_does_not_make_the_others_unknown(tmp_path: Path) -> None:
    rows = [f"2025-11-18 09:{m}:00,150,151,149,150.50,75" for m in range(10, 40)]
    rows[7] = rows[7].replace("151,149", "149,151")
    reader = opened(tmp_path / "a.csv", "\n".join(rows) + "\n", candles=True)
    assert [row.row for row in reader.rows() if isinstance(row, BadRow)] == [8]
    assert len(ticks(reader)) == 4 * 29


def test_prices_beyond_any_market_are_asked_about(tmp_path: Path) -> None:
    text = "ts_event,price,size\n1763437500000000000,150200000000,75\n"
    assert [line for line in opened(tmp_path / "a.csv", text).told() if "--price-divisor" in line]
    divided = opened(tmp_path / "b.csv", text, price_divisor=10**9)
    assert not divided.told()
    assert [
        row.price * 100 // divided.instruments[0].price_scale for row in divided.rows() if isinstance(row, Tick)
    ] == [15020]
