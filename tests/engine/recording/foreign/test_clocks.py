"""A clock that goes round is no file that goes back: the next day where only times are written, a question where that is not said; else it is sorted."""

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.errors import InputError
from engine.model.types import Instrument
from engine.recording.csv_layout import CsvLayout
from engine.recording.foreign_source import ForeignSource
from tests.support.thorough import examples

IST = ZoneInfo("Asia/Kolkata")


def source(folder: Path, head: str, lines: Sequence[str], **layout: object) -> ForeignSource:
    path = folder / "a.csv"
    path.write_text(head + "\n" + "".join(f"{line},{number + 1}\n" for number, line in enumerate(lines)))
    return ForeignSource(path, CsvLayout(**layout), lambda symbol: Instrument(symbol, price_scale=1))  # type: ignore[arg-type]


def read(found: ForeignSource) -> list[tuple[int, int]]:
    """Second and price of each tick; the price is the number of its row."""
    return [(tick.exch_ms // 1000, tick.price) for tick in found.ticks()]


def refusal(folder: Path, head: str, lines: Sequence[str], **layout: object) -> str:
    with pytest.raises(InputError) as asked:
        source(folder, head, lines, **layout)
    said = str(asked.value)
    assert "\n" not in said
    assert said.count(str(folder / "a.csv")) == 1
    return said


def session(begin: str, minutes: int, step_s: float, days: int = 1) -> list[datetime]:
    start = datetime.fromisoformat(f"2025-11-18 {begin}").replace(tzinfo=IST)
    return [
        start + timedelta(days=day, seconds=second * step_s)
        for day in range(days)
        for second in range(int(minutes * 60 / step_s))
    ]


def wanted(times: Sequence[datetime]) -> list[tuple[int, int]]:
    return sorted((int(at.timestamp()), number + 1) for number, at in enumerate(times))


# ── Twelve hours ────────────────────────────────────────────────────────────────────────────────────────────────────

NSE = ("09:15", 375)
TWELVE = {
    "a day of minutes": (session(*NSE, 60), "%Y-%m-%d %I:%M:%S"),
    "without seconds": (session(*NSE, 60), "%d-%b-%Y %I:%M"),
    "days of minutes": (session(*NSE, 60, 3), "%Y-%m-%d %I:%M:%S"),
    "days of five minutes": (session(*NSE, 300, 5), "%d/%m/%Y %I:%M:%S"),
    "days of a quarter of an hour": (session(*NSE, 900, 9), "%Y-%m-%d %I:%M:%S"),
    "days of an hour": (session(*NSE, 3600, 20), "%Y-%m-%d %I:%M:%S"),
    "ticks": (session("12:50", 20, 2), "%Y-%m-%d %I:%M:%S"),
    "a few rows behind noon": (session("09:15", 230, 60), "%Y-%m-%d %I:%M:%S"),
    "a few rows before one": (session("12:51", 150, 60), "%Y-%m-%d %I:%M:%S"),
    "a pause at noon": ([*session("09:30", 120, 60), *session("13:00", 120, 60)], "%Y-%m-%d %I:%M:%S"),
    "round the clock": (session("00:00", 1440, 60, 2), "%Y-%m-%d %I:%M:%S"),
    "in one number": (session(*NSE, 60), "%Y%m%d%I%M%S"),
    "with an offset": (session(*NSE, 60), "%Y-%m-%dT%I:%M:%S+05:30"),
}


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("name", TWELVE)
def test_a_clock_of_twelve_hours_is_told_and_not_sorted(tmp_path: Path, name: str, backwards: bool) -> None:
    times, way = TWELVE[name]
    lines = [at.strftime(way) for at in (reversed(times) if backwards else times)]
    said = refusal(tmp_path, "timestamp,price", lines)
    assert "as a clock of twelve hours without AM and PM does; write hours of 24, or cut the file there" in said
    assert said.endswith("and say --shift 12:00 for the rest")


@pytest.mark.parametrize("way", ["%d-%m-%Y,%I:%M:%S", "%I:%M:%S", "X,%Y-%m-%d %I:%M:%S"])
def test_wherever_its_stamps_stand(tmp_path: Path, way: str) -> None:
    head = {"%d": "date,time", "%I": "time", "X,": "symbol,timestamp"}[way[:2]]
    lines = [at.strftime(way) for at in session(*NSE, 60)]
    said = refusal(tmp_path, f"{head},price", lines, date="2025-11-18")
    assert "row 227: the time goes from 12:59:00 back to 01:00:00, as a clock of twelve hours" in said


def test_what_it_is_told_to_do_is_right(tmp_path: Path) -> None:
    times = session(*NSE, 60)
    morning = [at for at in times if at.hour < 13]
    rest = [at.strftime("%Y-%m-%d %I:%M:%S") for at in times if at.hour >= 13]
    assert read(source(tmp_path, "timestamp,price", rest, shift_ns=12 * 3600 * 10**9)) == [
        (int(at.timestamp()), number) for number, at in enumerate(times[len(morning) :], 1)
    ]
    both = [at.strftime("%Y-%m-%d %I:%M:%S %p") for at in times]
    assert read(source(tmp_path, "timestamp,price", both)) == wanted(times)


# ── Midnight ────────────────────────────────────────────────────────────────────────────────────────────────────────


@settings(max_examples=examples(40), deadline=None)
@given(
    hour=st.integers(17, 23),
    step_s=st.sampled_from([23, 60, 600]),
    hours=st.integers(8, 50),
    symbols=st.sampled_from([1, 3]),
    zone=st.sampled_from(["Asia/Kolkata", "UTC", "America/New_York"]),
    millis=st.booleans(),
)
def test_times_alone_go_on_into_the_next_day(
    tmp_path_factory: pytest.TempPathFactory, hour: int, step_s: int, hours: int, symbols: int, zone: str, millis: bool
) -> None:
    start = datetime(2025, 11, 18, hour, 30, tzinfo=ZoneInfo(zone))
    times = [start + timedelta(seconds=step_s * number) for number in range(hours * 3600 // step_s)]
    clock = [str((at.hour * 3600 + at.minute * 60 + at.second) * 1000) if millis else f"{at:%H:%M:%S}" for at in times]
    lines = [f"S{number % symbols},{each}" for number, each in enumerate(clock)]
    found = source(
        tmp_path_factory.mktemp("night"),
        "symbol,time,price",
        lines,
        date="2025-11-18",
        zone=zone,
        time_format="ms-of-day" if millis else "auto",
    )
    assert read(found) == wanted(times)
    assert found.passed_over() == ()
    row = next(number for number, at in enumerate(times, 2) if at.date() != start.date())
    assert found.notes() == (f"its clock passes midnight, first at row {row}: from there on the next day",)
    assert found.number_at(int(times[-1].timestamp()) * 1000) == len(times)
    assert [tick.seq for tick in found.ticks(len(times) - 3)] == list(range(len(times) - 3, len(times) + 1))


def test_a_day_whose_clocks_are_set_back_is_as_long_as_it_is(tmp_path: Path) -> None:
    zone = ZoneInfo("America/New_York")
    lines = [
        f"{hour:02d}:{minute:02d}:00"
        for day in range(2)
        for hour in (*range(17, 24), *range(8))
        for minute in range(60)
    ]
    found = source(tmp_path, "time,price", lines[: 15 * 60], date="2025-11-01", zone="America/New_York", zone_said=True)
    first, last = read(found)[0][0], read(found)[-1][0]
    assert (first, last) == tuple(
        int(datetime(2025, 11, day, hour, minute, tzinfo=zone).timestamp())
        for day, hour, minute in ((1, 17, 0), (2, 7, 59))
    )


def test_candles_go_on_as_well(tmp_path: Path) -> None:
    times = session("22:00", 240, 60)
    lines = [f"{at:%H:%M:%S},9,10,8,9" for at in times]
    found = source(tmp_path, "time,open,high,low,close,volume", lines, date="2025-11-18", candles=True)
    assert [at for at, _ in read(found)[::4]] == [int(at.timestamp()) for at in times]
    assert found.count() == 4 * len(times)


@pytest.mark.parametrize(
    ("head", "way", "answer"),
    [
        ("timestamp", "2025-11-18 %H:%M:%S", "cut the file there, and say --shift 24:00 for the rest"),
        ("date,time", "18-11-2025,%H:%M:%S", "say --columns -=date and --date 2025-11-18"),
        ("Trade Date,time", "2025-11-18,%H:%M:%S", "say --columns -=1 and --date 2025-11-18"),
    ],
)
@pytest.mark.parametrize("backwards", [False, True])
def test_a_date_that_stays_the_same_over_midnight_is_told(
    tmp_path: Path, head: str, way: str, answer: str, backwards: bool
) -> None:
    times = session("23:50", 40, 10)
    lines = [at.strftime(way) for at in times]
    said = refusal(tmp_path, f"{head},price", lines[::-1] if backwards else lines)
    assert f"and the date stays the same; has it passed midnight? {answer}" in said
    if backwards:
        return
    assert "row 62: the time goes from 23:59:50 back to 00:00:00" in said
    if "--columns" in answer:
        columns = (answer.partition("--columns ")[2].partition(" and")[0],)
        assert read(source(tmp_path, f"{head},price", lines, columns=columns, date="2025-11-18")) == wanted(times)
    else:
        rest = source(tmp_path, f"{head},price", lines[60:], shift_ns=24 * 3600 * 10**9)
        assert [at for at, _ in read(rest)] == [at for at, _ in wanted(times)[60:]]


def test_times_of_two_sessions_and_no_date_are_told(tmp_path: Path) -> None:
    lines = [f"{at:%H:%M:%S}" for at in session(*NSE, 60, 2)]
    said = refusal(tmp_path, "time,price", lines, date="2025-11-18")
    assert (
        "row 377: the time goes from 15:29:00 back to 09:15:00, and there is no date: another day, or another" in said
    )
    assert "--date" in said
    night = [f"{at:%H:%M:%S}" for at in session("23:50", 40, 10)][::-1]
    assert "and there is no date" in refusal(tmp_path, "time,price", night, date="2025-11-18")


def test_a_few_rows_at_an_end_are_strays_as_ever(tmp_path: Path) -> None:
    lines = [f"{at:%Y-%m-%d %H:%M:%S}" for at in session("22:00", 115, 60)]
    found = source(tmp_path, "timestamp,price", [*lines, "2025-11-18 00:00:00"])
    assert [at for at, _ in read(found)][:115] == [int(at.timestamp()) for at in session("22:00", 115, 60)]


# ── What goes back and is no clock ──────────────────────────────────────────────────────────────────────────────────

WAYS = ["%Y-%m-%d %H:%M:%S", "%d-%m-%Y,%H:%M:%S", "%Y%m%d%H%M%S", "%Y-%m-%dT%H:%M:%S+05:30", "%d/%m/%Y %I:%M:%S %p"]


@settings(max_examples=examples(60), deadline=None)
@given(
    begin=st.sampled_from(["00:00", "01:00", "03:45", "09:15", "17:30"]),
    minutes=st.sampled_from([90, 375, 700, 860, 1435]),
    step_s=st.sampled_from([60, 300]),
    days=st.integers(1, 3),
    order=st.sampled_from(["as it is", "backwards", "days in any order", "shuffled", "in hours"]),
    way=st.sampled_from(WAYS),
    seed=st.integers(0, 1000),
)
def test_a_file_in_another_order_is_sorted_as_ever(
    tmp_path_factory: pytest.TempPathFactory,
    begin: str,
    minutes: int,
    step_s: int,
    days: int,
    order: str,
    way: str,
    seed: int,
) -> None:
    chance = random.Random(seed)
    times = session(begin, minutes, step_s, days)
    whole = minutes * 60 // step_s
    if order == "backwards":
        times.reverse()
    elif order == "shuffled":
        chance.shuffle(times)
    elif order == "days in any order":
        blocks = [times[first : first + whole] for first in range(0, len(times), whole)]
        chance.shuffle(blocks)
        times = [at for block in blocks for at in block]
    elif order == "in hours" and (minutes < 1435 and begin != "01:00"):  # parts of a day, as their names sort: 1, 10, 2
        times.sort(key=lambda at: (at.date(), str(at.hour), at))
    head = "date,time,price" if "," in way else "timestamp,price"
    found = source(tmp_path_factory.mktemp("order") / "", head, [at.strftime(way) for at in times], dates="dmy")
    got = read(found)
    left_out = sum(each.count for each in found.passed_over())
    assert len(got) + left_out == len(times)
    assert set(got) <= set(wanted(times))
    assert [at for at, _ in got] == sorted(at for at, _ in got)
    assert left_out <= 3 or order in {"shuffled", "in hours"}


def test_candles_in_no_order_are_sorted_as_ticks_are(tmp_path: Path) -> None:
    """Each is one row, of which four ticks are made: it must not count as four rows in order."""
    times = session("00:00", 1435, 60)
    random.Random(7).shuffle(times)
    lines = [f"{at:%Y-%m-%d %H:%M:%S},{number},{number},{number}" for number, at in enumerate(times, 1)]
    found = source(tmp_path, "timestamp,open,high,low,close", lines, candles=True)
    got = [at for at, _ in read(found)]
    assert got == sorted(got)
    assert len(got) + 4 * sum(each.count for each in found.passed_over()) == 4 * len(times)


@settings(max_examples=examples(30), deadline=None)
@given(blocks=st.lists(st.integers(60, 200), min_size=2, max_size=4), step_s=st.sampled_from([1, 5]))
def test_symbols_one_after_another_are_merged_whatever_the_hour(
    tmp_path_factory: pytest.TempPathFactory, blocks: list[int], step_s: int
) -> None:
    rows = [(at, f"S{number}") for number, count in enumerate(blocks) for at in session("00:00", 1439, 420)[:count]]
    lines = [f"{symbol},{at:%Y-%m-%d %H:%M:%S}" for at, symbol in rows]
    found = source(tmp_path_factory.mktemp("merged"), "symbol,timestamp,price", lines)
    assert sorted(read(found)) == wanted([at for at, _ in rows])
    alone = source(
        tmp_path_factory.mktemp("merged"),
        "symbol,time,price",
        [f"{s},{at:%H:%M:%S}" for at, s in rows],
        date="2025-11-18",
    )
    assert sorted(read(alone)) == wanted([at for at, _ in rows])
