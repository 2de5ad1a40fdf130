"""Rows of others in any order come in order of time: none lost but those that are named, those of one moment as they were."""

import os
import tempfile
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.errors import DiskError
from engine.model.types import Instrument, Tick
from engine.recording import CsvLayout
from engine.recording.foreign import spill
from engine.recording.foreign.spill import ordered
from engine.recording.foreign_source import ForeignSource
from tests.support.thorough import examples

START_S = 1_763_437_500  # 2025-11-18 09:15 in Kolkata
DAY_S = 86_400
Row = tuple[int, int, str]  # seconds, a price that is the row's own, symbol


def made(folder: Path, rows: Sequence[Row], **more: bool) -> ForeignSource:
    path = folder / "made.csv"
    path.write_text("time,price,symbol\n" + "".join(f"{at},{price},{symbol}\n" for at, price, symbol in rows))
    layout = CsvLayout(time_format="epoch-s", zone="Asia/Kolkata")
    return ForeignSource(path, layout, lambda symbol: Instrument(symbol, price_scale=1), **more)


def read(source: ForeignSource) -> list[Row]:
    symbols = [instrument.symbol for instrument in source.instruments]
    return [(tick.exch_ms // 1000, tick.price, symbols[tick.instrument]) for tick in source.ticks()]


def refused(source: ForeignSource) -> int:
    return sum(each.count for each in source.passed_over())


def day(count: int, step_s: int = 2, start_s: int = START_S, symbol: str = "A", first_price: int = 1) -> list[Row]:
    return [(start_s + number * step_s, first_price + number, symbol) for number in range(count)]


@st.composite
def days(draw: st.DrawFn) -> list[Row]:
    """A day of one symbol in order: most steps small or none, some long silences."""
    steps = draw(st.lists(st.sampled_from([0, 0, 1, 1, 1, 2, 3, 30, 900]), min_size=12, max_size=150))
    at, rows = START_S, []
    for number, step in enumerate(steps):
        at += step
        rows.append((at, number + 1, "A"))
    return rows


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("order")


@settings(max_examples=examples(40), deadline=None)
@given(rows=days())
def test_a_file_in_order_is_read_as_it_stands(folder: Path, rows: list[Row]) -> None:
    source = made(folder, rows)
    assert read(source) == rows
    assert (source.passed_over(), source.notes()) == ((), ())
    assert source.count() == len(rows)


@settings(max_examples=examples(40), deadline=None)
@given(rows=days())
def test_a_file_that_runs_backwards_is_the_same_file(folder: Path, rows: list[Row]) -> None:
    if len({at for at, _, _ in rows}) < 4:
        return
    source = made(folder, rows[::-1])
    assert read(source) == rows
    assert source.passed_over() == ()
    assert "backwards" in source.notes()[0]


def shuffled(rows: Sequence[Row], random: Callable[[list[Row]], None], block: int) -> list[Row]:
    found: list[Row] = []
    for first in range(0, len(rows), block):
        part = list(rows[first : first + block])
        random(part)
        found += part
    return found


@settings(max_examples=examples(70), deadline=None)
@given(rows=days(), block=st.integers(2, 60), random=st.randoms(use_true_random=False), backwards=st.booleans())
def test_what_is_shuffled_is_sorted_and_what_is_missing_is_named(
    folder: Path, rows: list[Row], block: int, random: "object", backwards: bool
) -> None:
    mixed = shuffled(rows, random.shuffle, block)  # type: ignore[attr-defined]
    source = made(folder, mixed[::-1] if backwards else mixed)
    got = read(source)
    missing = Counter(rows) - Counter(got)
    assert not Counter(got) - Counter(rows)
    assert missing.total() == refused(source)
    in_place = not source.notes()
    newest = 0
    for at, _, _ in got:
        assert in_place or at >= newest  # sorted throughout, or as it stands, for the engine to judge
        newest = max(newest, at)
    assert source.count() == len(got)


@settings(max_examples=examples(40), deadline=None)
@given(st.data())
def test_days_in_any_order_and_symbols_one_after_another_are_merged(folder: Path, data: st.DataObject) -> None:
    blocks = []
    price = 1
    for symbol in data.draw(st.sampled_from(["A", "AB", "ABC"])):
        for number in data.draw(st.permutations([0, 1, 2])):
            count = data.draw(st.integers(40, 90))
            blocks.append(day(count, 3, START_S + number * DAY_S, symbol, price))
            price += count
    rows = [row for block in blocks for row in block]
    source = made(folder, rows)
    got = read(source)
    assert got == sorted(rows, key=lambda row: row[0])  # stable: those of one moment as the file has them
    assert source.passed_over() == ()


@settings(max_examples=examples(80), deadline=None)
@given(
    rows=st.integers(40, 300).map(day),
    place=st.floats(0, 1),
    many=st.integers(1, 7),
    hours=st.sampled_from([1, 3, 24, 24 * 365]),
    backwards=st.booleans(),
)
def test_a_few_stamps_ahead_are_refused_and_named(
    folder: Path, rows: list[Row], place: float, many: int, hours: int, backwards: bool
) -> None:
    first = int(place * (len(rows) - 2 * many - 2))  # more rows behind them than they are: else they are in the right
    wrong = {number: (rows[number][0] + hours * 3600, *rows[number][1:]) for number in range(first, first + many)}
    mixed = [wrong.get(number, row) for number, row in enumerate(rows)]
    source = made(folder, mixed[::-1] if backwards else mixed)
    assert read(source) == [row for number, row in enumerate(rows) if number not in wrong]
    (told,) = source.passed_over()
    places = [2 + (len(rows) - 1 - number if backwards else number) for number in wrong]
    assert (told.reason, told.count) == ("contradicted", many)
    assert (told.first, told.last) == (f"row {min(places)}", f"row {max(places)}")


@settings(max_examples=examples(50), deadline=None)
@given(rows=st.integers(40, 300).map(day), place=st.floats(0, 1), many=st.integers(1, 7), backwards=st.booleans())
def test_a_few_stamps_behind_disturb_no_other(
    folder: Path, rows: list[Row], place: float, many: int, backwards: bool
) -> None:
    first = 12 + int(place * (len(rows) - 12 - many))
    wrong = {number: (rows[number][0] - 3 * 3600, *rows[number][1:]) for number in range(first, first + many)}
    mixed = [wrong.get(number, row) for number, row in enumerate(rows)]
    source = made(folder, mixed[::-1] if backwards else mixed)
    got = [row for row in read(source) if row not in wrong.values()]  # where nothing is sorted the engine refuses them
    assert got == [row for number, row in enumerate(rows) if number not in wrong]


def test_the_first_and_the_last_row_are_judged_by_those_beside_them(tmp_path: Path) -> None:
    rows = day(50)
    ahead = [(rows[0][0] + 7200, 1, "A"), *rows[1:]]
    source = made(tmp_path, ahead)
    assert read(source) == rows[1:]
    assert source.passed_over()[0].first == "row 2"
    late = [*rows[:-2], (rows[-2][0] + 7200, 49, "A"), rows[-1]]  # one row alone behind it: the gaps speak against it
    assert read(made(tmp_path, late)) == [*rows[:-2], rows[-1]]


def test_a_last_row_that_stands_alone_is_a_stray_and_one_of_the_next_day_is_none(tmp_path: Path) -> None:
    rows = day(50)
    for hours, refused_rows in ((3, 1), (24, 0)):
        source = made(tmp_path, [*rows[:-1], (rows[-1][0] + hours * 3600, 50, "A")])
        assert (refused(source), source.count()) == (refused_rows, 50 - refused_rows)
    slow = day(50, step_s=900)  # what is silent for a quarter of an hour may be silent for three hours
    source = made(tmp_path, [*slow[:-1], (slow[-1][0] + 3 * 3600, 50, "A")])
    assert source.passed_over() == ()


def test_an_outlier_of_each_symbol_is_found_among_blocks(tmp_path: Path) -> None:
    rows = [*day(100, symbol="A"), *day(100, symbol="B", first_price=1001)]
    rows[50] = (rows[50][0] + 10_000, *rows[50][1:])
    rows[150] = (rows[150][0] - 10_000, *rows[150][1:])
    source = made(tmp_path, rows)
    wanted = [row for number, row in enumerate(rows) if number not in {50, 150}]
    assert read(source) == sorted(wanted, key=lambda row: row[0])
    assert [(each.count, each.first, each.last) for each in source.passed_over()] == [(2, "row 52", "row 152")]
    assert source.notes() == ("its symbols are not in one order of time, first at row 102: merged by it",)


def test_a_moment_in_a_file_that_runs_backwards_is_turned_round_as_well(tmp_path: Path) -> None:
    rows = [(START_S + number // 3, number + 1, "A") for number in range(60)]  # stamps of whole seconds
    source = made(tmp_path, rows[::-1])
    assert read(source) == rows
    assert (source.row_of(1), source.row_of(60)) == ("row 61", "row 2")


def test_ticks_are_found_again_from_any_of_them_and_by_time(tmp_path: Path) -> None:
    rows = day(700)
    source = made(tmp_path, rows[::-1])
    assert [tick.seq for tick in source.ticks(600)] == list(range(600, 701))
    assert [tick.price for tick in source.ticks(699)] == [699, 700]
    assert [source.number_at((START_S + at) * 1000) for at in (-1, 0, 1, 2, 1398, 9999)] == [0, 1, 1, 2, 700, 700]
    assert source.number_at((START_S + 2) * 1000 - 1) == 1


# ── Sorting by way of files ─────────────────────────────────────────────────────────────────────────────────────────


def ticks(times: Iterable[int]) -> Iterable[Tick]:
    return (Tick(row, 0, 2, at * 10**9, 0, at * 1000, 0, row, 1, 0, -row, 7) for row, at in enumerate(times, 2))


@settings(max_examples=examples(50), deadline=None)
@given(times=st.lists(st.integers(0, 50), max_size=400), run=st.integers(1, 40), backwards=st.booleans())
def test_any_number_of_runs_is_one_stable_order(times: list[int], run: int, backwards: bool) -> None:
    found = ordered(ticks(times), backwards=backwards, run_ticks=run)
    rows = sorted(ticks(times), key=lambda tick: (tick.exch_ms, -tick.seq if backwards else tick.seq))
    assert [found.row(number) for number in range(1, found.count + 1)] == [tick.seq for tick in rows]
    for number, tick in enumerate(rows, 1):
        tick.seq = number
    assert list(found.ticks()) == rows


def test_ticks_of_one_candle_stay_in_their_order(tmp_path: Path) -> None:
    candles = [
        Tick(row, 0, 2, row // 2 * 10**9, 0, row // 2 * 1000, 0, 10 * row + part, 1, 0)
        for row in (5, 4, 3)
        for part in range(4)
    ]
    found = ordered(candles, backwards=True)
    assert [tick.price for tick in found.ticks()] == [30, 31, 32, 33, 50, 51, 52, 53, 40, 41, 42, 43]


def peak(count: int) -> int:
    tracemalloc.start()
    try:
        found = ordered(ticks(range(count, 0, -1)), run_ticks=100)
        assert sum(1 for _ in found.ticks()) == count
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_file() -> None:
    peak(600)  # what is made once
    assert peak(30_000) < 1.3 * peak(7_500)


def open_files() -> list[str]:
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            found.append(os.readlink(f"/proc/self/fd/{name}"))
        except OSError:
            continue
    return found


def test_nothing_stays_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def breaks() -> Iterable[Tick]:
        yield from ticks(range(2000))
        raise KeyError

    found = ordered(ticks(range(5000, 0, -1)), run_ticks=100)
    assert list(tmp_path.iterdir()) == []  # while it is used, too
    del found
    with pytest.raises(KeyError):
        ordered(breaks(), run_ticks=100)
    assert list(tmp_path.iterdir()) == []
    assert not [name for name in open_files() if str(tmp_path) in name]


def test_a_disk_that_is_full_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spill, "_nameless", lambda: open("/dev/full", "r+b"))  # noqa: SIM115
    with pytest.raises(DiskError, match=r"sorting by time: .*: No space left on device; TMPDIR names another folder"):
        ordered(ticks(range(500, 0, -1)))


def test_quantities_from_a_total_of_the_day_are_those_of_the_order_in_time(tmp_path: Path) -> None:
    """A file with its newest row first: the total falls from row to row, and no quantity is the whole day's."""
    lines = [f"2025-11-18 09:15:{second:02},{100 + second},{1000 + 10 * second}\n" for second in range(60)]
    found = {}
    for name, rows in (("on", lines), ("back", lines[::-1])):
        path = tmp_path / f"{name}.csv"
        path.write_text("timestamp,price,day_volume\n" + "".join(rows))
        layout = CsvLayout(symbol="A", columns=("time", "price", "day_volume"))
        source = ForeignSource(path, layout, Instrument)
        found[name] = [(tick.price, tick.quantity, tick.day_volume) for tick in source.ticks()]
    assert found["back"] == found["on"]
    assert {quantity for _, quantity, _ in found["on"][1:]} == {10}


def test_a_part_that_stands_in_it_twice_is_told_and_counts(tmp_path: Path) -> None:
    rows = [(START_S + n // 2, 100 + n % 2, "A") for n in range(400)]
    source = made(tmp_path, [*rows, *rows[100:]])
    assert len(read(source)) == 700
    assert [note for note in source.notes() if note.startswith("300 rows repeat") and "first row 402" in note]
    days = [*rows, *((at + DAY_S, price, symbol) for at, price, symbol in rows)]
    assert not [note for note in made(tmp_path, days[400:] + days[:400]).notes() if "repeat" in note]
    assert not [note for note in made(tmp_path, rows[::-1]).notes() if "repeat" in note]
    same = [(at, 100, symbol) for at, _, symbol in rows]  # two trades of one moment and price are two trades
    assert not [note for note in made(tmp_path, same[200:] + same[:200]).notes() if "repeat" in note]
