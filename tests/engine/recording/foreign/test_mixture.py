"""Rows of several instruments under a name that nobody knows are asked about; one instrument's never are, however its columns change."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.errors import InputError
from engine.model.types import Instrument, Tick
from engine.recording.csv_layout import CsvLayout
from engine.recording.foreign.reader import ForeignReader
from engine.recording.foreign_source import ForeignSource
from tests.support.thorough import examples

Walk = list[float]


def opened(path: Path, names: str, rows: Sequence[Sequence[object]], **layout: object) -> ForeignReader:
    lines = [
        f"2025-11-18 {9 + n // 3600}:{n // 60 % 60:02d}:{n % 60:02d},{','.join(map(str, row))}\n"
        for n, row in enumerate(rows)
    ]
    path.write_text(f"timestamp,price,{names}\n" + "".join(lines))
    return ForeignReader(path, CsvLayout(symbol="SAID", **layout), Instrument)  # type: ignore[arg-type]


def walk(chance: random.Random, price: float, count: int) -> Walk:
    found = []
    for _ in range(count):
        price = max(0.05, round(price + 0.05 * chance.randint(-2, 2), 2))
        found.append(price)
    return found


@settings(max_examples=examples(25), deadline=None)
@given(
    seed=st.integers(0, 10**6),
    first=st.sampled_from([40.0, 150.0, 24_000.0]),
    apart=st.floats(1.2, 50),
    many=st.integers(2, 5),
    share=st.floats(0.2, 1),
)
def test_instruments_told_apart_by_an_unknown_column_are_asked_about(
    tmp_path_factory: pytest.TempPathFactory, seed: int, first: float, apart: float, many: int, share: float
) -> None:
    chance = random.Random(seed)
    walks = [walk(chance, first * apart**each, 300) for each in range(many)]
    whose = [chance.randrange(many) if chance.random() < share else 0 for _ in range(300)]
    rows = [
        (walks[each][n], chance.choice("BS"), f"X{each}", 75 * chance.randint(1, 4)) for n, each in enumerate(whose)
    ]
    path = tmp_path_factory.mktemp("mixed") / "a.csv"
    count = len(set(whose))
    with pytest.raises(InputError) as asked:
        opened(path, "side,zz_code,lots", rows)
    said = f"the prices of {count} values of column 'zz_code' lie apart, as those of {count} instruments do; say --columns "
    assert str(asked.value).endswith(f"{said}symbol=zz_code, or --columns -=zz_code where all are of one")
    assert len(opened(path, "side,zz_code,lots", rows, columns=("symbol=zz_code",)).instruments) == count
    one = opened(path, "side,zz_code,lots", rows, columns=("-=zz_code",))
    assert [row.instrument for row in one.rows() if isinstance(row, Tick)] == [0] * 300
    assert opened(path, "side,zz_code,lots", rows, columns=("time", "price", "-", "-", "-"))


def test_within_one_symbol_as_well_and_in_a_column_without_a_name(tmp_path: Path) -> None:
    rows = [(150 + n % 3 + 90 * (n // 2 % 2), "NIFTY", "note", "ab"[n // 2 % 2]) for n in range(200)]
    with pytest.raises(InputError, match=r"column '5' lie apart.* --columns series=5, or --columns -=5"):
        opened(tmp_path / "a.csv", "symbol,note,", rows)
    found = opened(tmp_path / "a.csv", "symbol,note,", rows, columns=("series=5",))
    assert [each.symbol for each in found.instruments] == ["NIFTY a", "NIFTY b"]


def prices(chance: random.Random, kind: str, count: int) -> Walk:
    found = walk(chance, chance.choice([0.5, 3.0, 150.0, 24_000.0]), count)
    if kind == "two sides":  # an option that nobody trades: bought at 1.50, sold at 1.00, and nothing else
        return [found[0] + 0.5 * chance.randint(0, 1) for _ in range(count)]
    if kind == "a gap":
        return [price * (3 if n > count // 2 else 1) for n, price in enumerate(found)]
    if kind == "bad ticks":
        return [price * 10 if chance.random() < 0.05 else price for price in found]
    return found


COLUMNS: dict[str, Callable[[random.Random, int, float], str]] = {
    "aggressor": lambda chance, n, price: chance.choice(["buy", "sell"]),
    "condition": lambda chance, n, price: chance.choice("@FTI"),
    "venue": lambda chance, n, price: chance.choice(["ARCX", "XNAS", "BATS"]),
    "lots": lambda chance, n, price: str(75 * chance.randint(1, 5)),
    "session": lambda chance, n, price: str(n // 90),
    "mode": lambda chance, n, price: "full",
    "depth": lambda chance, n, price: str(chance.randint(1, 10**6)),
    "half": lambda chance, n, price: "AM" if n < 200 else "PM",
}


@settings(max_examples=examples(50), deadline=None)
@given(seed=st.integers(0, 10**6), kind=st.sampled_from(["a walk", "two sides", "a gap", "bad ticks"]))
def test_one_instrument_is_never_asked_about(tmp_path_factory: pytest.TempPathFactory, seed: int, kind: str) -> None:
    chance = random.Random(seed)
    rows = [
        (price, *(of(chance, n, price) for of in COLUMNS.values())) for n, price in enumerate(prices(chance, kind, 400))
    ]
    reader = opened(tmp_path_factory.mktemp("one") / "a.csv", ",".join(COLUMNS), rows)
    assert len(reader.instruments) == 1


def test_a_side_of_the_trade_is_no_instrument_however_far_buyers_and_sellers_are_apart(tmp_path: Path) -> None:
    for one, two in (("B", "S"), ("buy", "sell"), ("1", "-1"), ("True", "False"), ("bid", "ask")):
        rows = [(1.5 - n % 2 / 2, (one, two)[n % 2]) for n in range(100)]
        assert len(opened(tmp_path / "a.csv", "zz", rows).instruments) == 1


def blocks(path: Path, names: str, parts: Sequence[Sequence[str]], **layout: object) -> ForeignSource:
    path.write_text(f"timestamp,price,{names}\n" + "".join(f"{line}\n" for part in parts for line in part))
    return ForeignSource(path, CsvLayout(symbol="SAID", **layout), Instrument)  # type: ignore[arg-type]


def part(chance: random.Random, day: int, price: float, more: str, count: int = 120) -> list[str]:
    prices = walk(chance, price, count)
    return [f"2025-11-{day} 09:{n // 2:02d}:{30 * (n % 2):02d},{each},{more},{n % 7}" for n, each in enumerate(prices)]


@settings(max_examples=examples(25), deadline=None)
@given(
    seed=st.integers(0, 10**6),
    many=st.integers(2, 4),
    days=st.integers(1, 3),
    apart=st.floats(1.3, 20),
    backwards=st.booleans(),
)
def test_instruments_one_after_another_are_asked_about(
    tmp_path_factory: pytest.TempPathFactory, seed: int, many: int, days: int, apart: float, backwards: bool
) -> None:
    chance = random.Random(seed)
    parts = [
        [line for day in range(days) for line in part(chance, 18 + day, 150 * apart**each, f"X{each}")]
        for each in range(many)
    ]
    if backwards:
        parts = [each[::-1] for each in parts]
    path = tmp_path_factory.mktemp("blocks") / "a.csv"
    with pytest.raises(InputError) as asked:
        blocks(path, "zz_code,lots", parts)
    said = f"{path}: the prices of {many} values of column 'zz_code' lie apart, as those of {many} instruments do; say "
    assert str(asked.value) == said + "--columns symbol=zz_code, or --columns -=zz_code where all are of one"
    assert len(blocks(path, "zz_code,lots", parts, columns=("symbol=zz_code",)).instruments) == many
    assert blocks(path, "zz_code,lots", parts, columns=("-=zz_code",)).count() == many * days * 120


@settings(max_examples=examples(25), deadline=None)
@given(seed=st.integers(0, 10**6), gap=st.floats(0.5, 2))
def test_days_and_parts_of_one_instrument_in_any_order_are_not(
    tmp_path_factory: pytest.TempPathFactory, seed: int, gap: float
) -> None:
    chance = random.Random(seed)
    days = [part(chance, 18 + day, 150 * gap**day, f"day{day}") for day in range(4)]
    chance.shuffle(days)
    path = tmp_path_factory.mktemp("days") / "a.csv"
    assert blocks(path, "zz,lots", days).count() == 480, "a column that changes with the day"
    same = part(chance, 18, 150, "first")
    again = [line.replace("first", "second") for line in same[60:]]
    assert blocks(path, "zz,lots", [same, again]).count() == 180, "a part that was fetched twice"
