"""A zone that a file states anywhere is its stamps' zone; what it states twice, or not clearly, is asked for; a count since 1970 is above all."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.errors import InputError
from engine.model.types import Instrument, Tick
from engine.recording.csv_layout import CsvLayout
from engine.recording.foreign.reader import ForeignReader
from engine.recording.foreign.vocabulary import role_of, zone_in
from engine.recording.foreign.zones import zone_called
from tests.support.thorough import examples

NAIVE = datetime(2025, 11, 18, 3, 45)  # noqa: DTZ001 - as a file writes it


def read(path: Path, text: str, **layout: object) -> list[int]:
    path.write_text(text)
    found = list(ForeignReader(path, CsvLayout(**layout), Instrument).rows())  # type: ignore[arg-type]
    return [row.recv_wall_ns // 10**9 for row in found if isinstance(row, Tick)]


def at(zone: str, seconds: int = 0) -> int:
    return int((NAIVE.replace(tzinfo=ZoneInfo(zone)) + timedelta(seconds=seconds)).timestamp())


STATED = {
    "in the date's name": ("date_utc,time,price\n2025-11-18,03:45:00,9\n", "UTC"),
    "in the time's name": ("date,time_utc,price\n2025-11-18,03:45:00,9\n", "UTC"),
    "in both": ("Date (UTC),Time (UTC),price\n2025-11-18,03:45:00,9\n", "UTC"),
    "in one word": ("TradeTimeUTC,price\n2025-11-18 03:45:00,9\n", "UTC"),
    "before the time": ("utc_timestamp,price\n2025-11-18 03:45:00,9\n", "UTC"),
    "India's": ("timestamp_ist,price\n2025-11-18 03:45:00,9\n", "Asia/Kolkata"),
    "an area in brackets": ("Datetime (America/New_York),price\n2025-11-18 03:45:00,9\n", "America/New_York"),
    "an offset in brackets": ("Time [UTC+5:30],price\n2025-11-18 03:45:00,9\n", "Asia/Kolkata"),
    "a name that the options bring": ("when_utc,price\n2025-11-18 03:45:00,9\n", "UTC"),
    "a column of its own": ("timestamp,timezone,price\n2025-11-18 03:45:00,UTC,9\n", "UTC"),
    "such a column with blanks": (
        "timestamp,tz,price\n2025-11-18 03:45:00,,9\n2025-11-18 03:45:00,Asia/Tokyo,9\n",
        "Asia/Tokyo",
    ),
    "an offset in a column": ("timestamp,utc_offset,price\n2025-11-18 03:45:00,+02:00,9\n", "Etc/GMT-2"),
    "above the header": ("Symbol,NIFTY\nTimezone,UTC\n\ntimestamp,price,volume\n2025-11-18 03:45:00,9,75\n", "UTC"),
    "a remark above": ("# all times are GMT\ntimestamp,price,volume\n2025-11-18 03:45:00,9,75\n", "UTC"),
    "nowhere": ("timestamp,price\n2025-11-18 03:45:00,9\n", "Asia/Kolkata"),
    "in a name that has none": ("list_time,timestamp,price\nx,2025-11-18 03:45:00,9\n", "Asia/Kolkata"),
}


@pytest.mark.parametrize("name", STATED)
def test_a_zone_is_heard_wherever_it_is_stated(tmp_path: Path, name: str) -> None:
    text, zone = STATED[name]
    layout = {"columns": ("time=when_utc",)} if "when_utc" in text else {}
    assert set(read(tmp_path / "a.csv", text, **layout)) == {at(zone)}
    said = read(tmp_path / "a.csv", text, zone="Asia/Tokyo", zone_said=True, **layout)
    assert set(said) == {at("Asia/Tokyo")}, "what a person says goes first"


ASKED = {
    "two in the names": ("Date (IST),Time (UTC),price\n2025-11-18,03:45:00,9\n", "Asia/Kolkata, and UTC; say --zone"),
    "a name and a column": (
        "time_utc,timezone,price\n2025-11-18 03:45:00,Asia/Kolkata,9\n",
        "elsewhere UTC; say --zone",
    ),
    "two in a column": (
        "timestamp,tz,price\n" + "2025-11-18 03:45:00,EST,9\n" * 700 + "2025-11-18 03:45:00,EDT,9\n",
        "column 'tz' names more than one zone, 'EST' and 'EDT'; say --zone",
    ),
    "one that is not clear": ("timestamp,tz,price\n2025-11-18 03:45:00,CST,9\n", "which zone is 'CST'? say --zone"),
    "one in a name that is not clear": (
        "Date (EST),Time,price\n2025-11-18,03:45:00,9\n",
        "column 'Date (EST)': which zone is EST? say --zone",
    ),
}


@pytest.mark.parametrize("name", ASKED)
def test_what_is_stated_twice_or_not_clearly_is_asked_for(tmp_path: Path, name: str) -> None:
    text, question = ASKED[name]
    with pytest.raises(InputError) as asked:
        read(tmp_path / "a.csv", text)
    assert question in str(asked.value)
    assert "\n" not in str(asked.value)
    assert set(read(tmp_path / "a.csv", text, zone="America/New_York", zone_said=True)) == {at("America/New_York")}


@pytest.mark.parametrize("stamp", ["2025-11-18T03:45:00Z", "1763437500", "2025-11-18 03:45:00 UTC"])
def test_stamps_that_say_it_themselves_need_no_other_word(tmp_path: Path, stamp: str) -> None:
    text = f"timestamp,timezone,price\n{stamp},CST,9\n{stamp},PST,9\n"
    assert set(read(tmp_path / "a.csv", text)) == {at("UTC")}


WRITTEN = {"%Y-%m-%d %H:%M:%S": 1, "%d/%m/%Y %H:%M:%S": 1, "%d-%b-%Y %H:%M": 60, "%Y-%m-%dT%H:%M:%S.%f": 1}


@settings(max_examples=examples(60), deadline=None)
@given(
    zone=st.sampled_from(["UTC", "Asia/Tokyo", "America/New_York", "Asia/Kathmandu"]),
    way=st.sampled_from(sorted(WRITTEN)),
    unit=st.sampled_from([1, 1000, 10**6]),
    names=st.sampled_from(
        ["unix,date", "date,unix", "datetime,timestamp", "timestamp,datetime", "date,epoch_ms", "ts,time"]
    ),
    moments=st.lists(st.integers(0, 86_400), min_size=2, max_size=40),
)
def test_of_a_count_and_a_calendar_that_disagree_the_count_is_right(
    tmp_path_factory: pytest.TempPathFactory, zone: str, way: str, unit: int, names: str, moments: list[int]
) -> None:
    rows = []
    for each in moments:
        moment = datetime(2025, 11, 18, tzinfo=UTC) + timedelta(seconds=each)
        count = str(int(moment.timestamp()) * unit)
        calendar = moment.astimezone(ZoneInfo(zone)).strftime(way)
        counts_first = names.split(",", maxsplit=1)[0] in {"unix", "timestamp", "ts"}
        rows.append(f"{count},{calendar},9\n" if counts_first else f"{calendar},{count},9\n")
    found = read(tmp_path_factory.mktemp("count") / "a.csv", f"{names},price\n" + "".join(rows))
    assert found == [int(datetime(2025, 11, 18, tzinfo=UTC).timestamp()) + each for each in moments]


def test_two_times_of_different_things_are_still_a_question_and_a_word_goes_first(tmp_path: Path) -> None:
    rows = "".join(f"{1763437500 + 97 * n},2025-11-18 09:{15 + n}:00,9\n" for n in range(20))
    with pytest.raises(InputError, match="are both the time"):
        read(tmp_path / "a.csv", "timestamp,time,price\n" + rows)
    apart = "1763437500,2025-11-18 03:45:00,9\n"
    said = read(tmp_path / "a.csv", "timestamp,datetime,price\n" + apart, columns=("time=datetime",))
    assert said == [at("Asia/Kolkata")]
    zoned = read(
        tmp_path / "a.csv", "ltt,timestamp,price\n2025-11-18 03:45:00,1763437501,9\n", zone="UTC", zone_said=True
    )
    assert zoned == [at("UTC")]


CALLED = {
    **dict.fromkeys(("UTC", "utc", "GMT", "Z", "+00:00", "UTC+0", "+0000"), "UTC"),
    **dict.fromkeys(("IST", "+05:30", "+0530", "GMT+5:30", "Asia/Kolkata", "India Standard Time"), "Asia/Kolkata"),
    "-05:00": "Etc/GMT+5",
    "UTC+8": "Etc/GMT-8",
    "America/New_York": "America/New_York",
    **dict.fromkeys(("", "EST", "CST", "New York", "price", "+05:45", "+25:00", "No/Where", "shares", "INR"), ""),
}


@pytest.mark.parametrize("text", CALLED)
def test_what_a_zone_is_called(text: str) -> None:
    assert zone_called(text) == CALLED[text]


@pytest.mark.parametrize(
    "name", ["list", "hist", "price_list", "low", "gmt_offset", "utc_offset", "distance", "ist_price"]
)
def test_names_that_only_look_so_are_no_times(name: str) -> None:
    assert (role_of(name) or ("", 0))[0] not in {"time", "date"}
    assert zone_in("time") == zone_in("assist_timestamp") == ""
