"""One list of ticks written in any layout that the world's files have, by code: delimiter, quotes, encoding, stamps, marks, archive."""

import bz2
import gzip
import io
import lzma
import random
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

IST = timezone(timedelta(hours=5, minutes=30))
BEGIN = datetime(2025, 11, 18, 9, 15, tzinfo=IST)  # a day that no month has


@dataclass(frozen=True)
class Written:
    """A tick as every layout can say it: its time to the millisecond, its price in paise, its quantity."""

    at: datetime
    paise: int
    quantity: int

    @property
    def told(self) -> tuple[int, int, int]:
        return (
            int((self.at - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1)) * 1000,
            self.paise,
            self.quantity,
        )


def ticks(count: int = 40, seed: int = 7, step_ms: int = 1000) -> list[Written]:
    chance = random.Random(seed)
    at, paise, found = BEGIN, 15_020, []
    for _ in range(count):
        found.append(Written(at, paise, 75 * chance.randint(1, 20)))
        at += timedelta(milliseconds=step_ms * chance.randint(0, 3))
        paise += 5 * chance.randint(-3, 3)
    return found


Fraction = Callable[[datetime], str]


def _clock(at: datetime) -> str:
    return f"{at:%H:%M:%S}" + (f".{at.microsecond // 1000:03d}" if at.microsecond else "")


def _epoch(at: datetime, unit: int) -> str:
    return str(int((at - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1)) * unit // 1_000_000)


STAMPS: dict[str, Callable[[datetime], tuple[str, ...]]] = {
    "ISO": lambda at: (f"{at:%Y-%m-%d} {_clock(at)}",),
    "ISO with T": lambda at: (f"{at:%Y-%m-%d}T{_clock(at)}",),
    "ISO with an offset": lambda at: (f"{at:%Y-%m-%d}T{_clock(at)}+05:30",),
    "offset behind a blank": lambda at: (f"{at:%Y-%m-%d} {_clock(at)} +0530",),
    "in UTC": lambda at: (f"{at.astimezone(UTC):%Y-%m-%dT}{_clock(at.astimezone(UTC))}Z",),
    "zone by name": lambda at: (f"{at:%Y-%m-%d} {_clock(at)} IST",),
    "zone by area": lambda at: (f"{at:%Y-%m-%d} {_clock(at)} Asia/Kolkata",),
    "day first": lambda at: (f"{at:%d-%m-%Y} {_clock(at)}",),
    "day first, slashes": lambda at: (f"{at:%d/%m/%Y} {_clock(at)}",),
    "month first": lambda at: (f"{at:%m/%d/%Y} {_clock(at)}",),
    "dots": lambda at: (f"{at:%d.%m.%Y} {_clock(at)}",),
    "year first, dots": lambda at: (f"{at:%Y.%m.%d} {_clock(at)}",),
    "a month's name": lambda at: (f"{at:%d-%b-%Y} {_clock(at)}",),
    "a month's whole name": lambda at: (f"{at:%B %d} {at:%Y} {_clock(at)}",),
    "AM and PM": lambda at: (
        f"{at:%d/%m/%Y %I:%M:%S}" + (f".{at.microsecond // 1000:03d}" if at.microsecond else "") + f" {at:%p}",
    ),
    "a browser's": lambda at: (f"{at:%a %b %d %Y %H:%M:%S} GMT+0530 (India Standard Time)",),
    "one number": lambda at: (f"{at:%Y%m%d%H%M%S}{at.microsecond // 1000:03d}",),
    "two numbers": lambda at: (f"{at:%Y%m%d} {at:%H%M%S}",),
    "date and time apart": lambda at: (f"{at:%d/%m/%Y}", _clock(at)),
    "numbers apart": lambda at: (f"{at:%Y%m%d}", f"{at:%H%M%S}".lstrip("0")),
    "epoch s": lambda at: (_epoch(at, 1) + (f".{at.microsecond // 1000:03d}" if at.microsecond else ""),),
    "epoch ms": lambda at: (_epoch(at, 1000),),
    "epoch us": lambda at: (_epoch(at, 1_000_000),),
    "epoch ns": lambda at: (_epoch(at, 1_000_000_000),),
}
WHOLE_SECONDS = {"two numbers", "numbers apart", "a browser's"}
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
QUOTES: dict[str, Callable[[str, str], str]] = {
    "none": lambda cell, delimiter: cell,
    "all": lambda cell, delimiter: f'"{cell}"',
    "where needed": lambda cell, delimiter: f'"{cell}"' if delimiter in cell else cell,
    "blanks": lambda cell, delimiter: f" {cell} ",
}
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1")
ENDS = {"LF": "\n", "CRLF": "\r\n", "CR": "\r", "twice": "\r\r\n"}


def _lakhs(whole: str) -> str:
    head, tail = whole[:-3], whole[-3:]
    while len(head) > 2:
        head, tail = head[:-2], f"{head[-2:]},{tail}"
    return f"{head},{tail}" if head else tail


NUMBERS: dict[str, Callable[[int], str]] = {
    "plain": lambda paise: f"{paise / 100:.2f}",
    "decimal comma": lambda paise: f"{paise / 100:.2f}".replace(".", ","),
    "thousands": lambda paise: f"{paise / 100:,.2f}",
    "lakhs": lambda paise: _lakhs(str(paise // 100)) + f".{paise % 100:02d}",
    "continental": lambda paise: f"{paise / 100:,.2f}".translate(str.maketrans(",.", ".,")),
    "blanks": lambda paise: f"{paise / 100:,.2f}".replace(",", " ").replace(".", ","),
}
ARCHIVES: dict[str, Callable[[bytes], bytes]] = {
    "": lambda data: data,
    "gz": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "zip": lambda data: zipped({"ticks.csv": data}),
}


def zipped(members: dict[str, bytes], packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", packing) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return target.getvalue()


@dataclass(frozen=True)
class Style:
    """How to write."""

    delimiter: str = "comma"
    quotes: str = "where needed"
    encoding: str = "utf-8"
    stamps: str = "ISO"
    numbers: str = "plain"
    archive: str = ""
    end: str = "LF"
    header: bool = True
    unended: bool = False
    comment: str = ""  # a cell that nobody reads, at the end of each row

    def written(self, rows: list[Written]) -> bytes:
        delimiter = DELIMITERS[self.delimiter]
        stamp, number = STAMPS[self.stamps], NUMBERS[self.numbers]
        names = ("Date", "Time") if len(stamp(BEGIN)) == 2 else ("Timestamp",)
        table = [[*names, "Price", "Qty"]] if self.header else []
        table += [[*stamp(each.at), number(each.paise), str(each.quantity)] for each in rows]
        if self.comment:
            table = [[*row, "Remark" if self.header and not place else self.comment] for place, row in enumerate(table)]
        lines = [delimiter.join(QUOTES[self.quotes](cell, delimiter) for cell in row) for row in table]
        text = ENDS[self.end].join(lines) + ("" if self.unended else ENDS[self.end])
        return ARCHIVES[self.archive](text.encode(self.encoding))

    def but(self, **changes: object) -> "Style":
        return replace(self, **changes)  # type: ignore[arg-type]

    def write(self, path: Path, rows: list[Written]) -> Path:
        path.write_bytes(self.written(rows))
        return path
