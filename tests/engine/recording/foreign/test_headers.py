"""Headers among the rows, where files were joined: the same once more is passed over, another one never, for what stands behind it."""

from pathlib import Path

import pytest

from engine.model.errors import InputError
from engine.model.types import Instrument
from engine.recording import CsvLayout
from engine.recording.foreign_source import ForeignSource

DAY = [f"2025-11-18 09:{15 + n // 60:02d}:{n % 60:02d}" for n in range(200)]


def source(folder: Path, header: str, again: str, row: str, **layout: object) -> ForeignSource:
    """A file of 200 rows with a second header in its middle, read with --skip-bad-rows."""
    path = folder / "joined.csv"
    rows = [row.format(stamp=stamp, day=stamp[:10], time=stamp[11:], n=100 + n) for n, stamp in enumerate(DAY)]
    path.write_text("\n".join([*[header] * bool(header), *rows[:100], again, *rows[100:]]) + "\n", encoding="utf-8")
    return ForeignSource(path, CsvLayout(symbol="A", **layout), Instrument, skip_bad=True)  # type: ignore[arg-type]


PLAIN = "{stamp},{n},75"
SAME = {
    "as it is": ("timestamp,price,volume", "timestamp,price,volume", PLAIN),
    "in another case": ("timestamp,price,volume", "TimeStamp,PRICE,Volume", PLAIN),
    "with a mark": ("timestamp,price,volume", "\ufefftimestamp,price,volume", PLAIN),
    "in quotes": ("timestamp,price,volume", '"timestamp", "price", "volume"', PLAIN),
    "in other words": ("timestamp,price,volume", "datetime,ltp,Quantity", PLAIN),
    "with a unit": ("Time,Price [INR],volume", "Time,Price,Volume", PLAIN),
    "with a column of no matter": ("time,price,volume,note", "time,price,volume,what", PLAIN + ",x"),
    "of a date and a time": ("date,time,close,volume", "DATE,TIME,CLOSE,VOLUME", "{day},{time},{n},75"),
    "with a symbol": ("time,price,volume,symbol", "Time,Price,Volume,Symbol", PLAIN + ",NIFTY"),
    "with names of the file's own": ("time,price,volume,xyz", "Time,Price,Volume,XYZ", PLAIN + ",x"),
}


@pytest.mark.parametrize(("header", "again", "row"), SAME.values(), ids=SAME.keys())
def test_the_same_once_more_is_known_as_that(tmp_path: Path, header: str, again: str, row: str) -> None:
    found = source(tmp_path, header, again, row)
    assert [tick.price // 100 for tick in found.ticks()] == list(range(100, 300))
    assert [(each.reason, each.count, each.first) for each in found.passed_over()] == [("header", 1, "row 102")]
    assert len(found.instruments) == 1


OTHER = {
    "in another order": ("timestamp,price,volume", "timestamp,volume,price", PLAIN),
    "with another price": ("timestamp,price,volume", "timestamp,open,volume", PLAIN),
    "with another column first": ("timestamp,price,volume", "price,timestamp,volume", PLAIN),
    "behind rows without any": ("", "timestamp,volume,price", PLAIN),
    "of names that only a person knows": ("when,what,much", "when,much,what", PLAIN),
}


@pytest.mark.parametrize(("header", "again", "row"), OTHER.values(), ids=OTHER.keys())
def test_another_one_ends_it_although_bad_rows_are_passed_over(
    tmp_path: Path, header: str, again: str, row: str
) -> None:
    columns = ("time=when", "price=what", "volume=much") if "what" in header else ()
    place = 102 if header else 101
    with pytest.raises(InputError, match=f"joined.csv: row {place}: names the columns otherwise than they are") as said:
        source(tmp_path, header, again, row, columns=columns)
    assert "--skip-bad-rows" not in str(said.value)


def test_what_only_looks_like_one_is_a_bad_row(tmp_path: Path) -> None:
    for again in ("time", "price,volume,x", "2025-11-18 09:15:00,price,volume", "-,-,-", ",,x"):
        assert [each.count for each in source(tmp_path, "time,price,volume", again, PLAIN).passed_over()] == [1]
    (bad,) = source(tmp_path, "", "timestamp,price,volume", PLAIN).passed_over()
    assert "'timestamp' is not a stamp" in bad.text
