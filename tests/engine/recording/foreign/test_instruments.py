"""Whose rows they are: each column that may tell instruments apart does so where rows differ in it, with a symbol beside it or without."""

import random
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.model.errors import InputError
from engine.model.types import Instrument, Tick
from engine.recording.csv_layout import CsvLayout
from engine.recording.foreign.reader import ForeignReader
from engine.recording.foreign.rows import BadRow
from tests.support.thorough import examples


def opened(path: Path, names: str, rows: Sequence[Sequence[str]], **layout: object) -> ForeignReader:
    """A file of these columns, a second and a price of its own for each row."""
    lines = [f"2025-11-18 09:{15 + n // 60}:{n % 60:02d},{100 + n},{','.join(row)}\n" for n, row in enumerate(rows)]
    path.write_text(f"timestamp,price,{names}\n" + "".join(lines))
    return ForeignReader(path, CsvLayout(**{"symbol": "SAID", **layout}), Instrument)  # type: ignore[arg-type]


def symbols(reader: ForeignReader) -> list[str]:
    """The symbol of each row, in the file's order; `-` for one that cannot be read."""
    return [reader.instruments[row.instrument].symbol if isinstance(row, Tick) else "-" for row in reader.rows()]


# Columns, values of two rows → the symbols that they are.
ALONE = {
    **{name: (("A1", "B2"), ["A1", "B2"]) for name in ("symbol", "Ticker", "pair", "product_id", "underlying", "name")},
    **{name: (("256265", "260105"), ["256265", "260105"]) for name in ("instrument_token", "token", "security_id")},
    **{name: (("NSE_FO|1", "NSE_FO|2"), ["NSE_FO|1", "NSE_FO|2"]) for name in ("instrument_key", "instrument_id")},
    "isin": (("INE002A01018", "INE009A01021"), ["INE002A01018", "INE009A01021"]),
    "strike": (("24000", "24500"), ["24000", "24500"]),
    "option_type": (("CE", "PE"), ["CE", "PE"]),
    "exp": (("27NOV2025", "30DEC2025"), ["27NOV2025", "30DEC2025"]),
    "exchange": (("NSE", "BSE"), ["NSE", "BSE"]),
    "segment": (("EQ", "FO"), ["EQ", "FO"]),
}
BESIDE = {
    "symbol,exchange": (("R,NSE", "R,BSE"), ["R NSE", "R BSE"]),
    "symbol,exch,segment": (("R,NSE,EQ", "R,NSE,FO"), ["R EQ", "R FO"]),
    "symbol,strike,ce_pe": (("N,24000,CE", "N,24000,PE"), ["N 24000 CE", "N 24000 PE"]),
    "symbol,strike,type": (("N,24000,CE", "N,24000,PE"), ["N 24000 CE", "N 24000 PE"]),
    "symbol,instrument_type,strike": (("N,CE,24000", "N,FUT,0"), ["N 24000 CE", "N 0 FUT"]),
    "symbol,exp": (("N,27NOV2025", "N,30DEC2025"), ["N 27NOV2025", "N 30DEC2025"]),
    "underlying,strike": (("N,24000", "N,24500"), ["N 24000", "N 24500"]),
    "name,strike": (("N,24000", "B,24000"), ["N", "B"]),
    "name,strike,right": (("N,24000,CE", "N,24500,CE"), ["24000", "24500"]),
    "symbol,isin": (("R,INE1", "R,INE2"), ["R", "R"]),  # a company's number changes with the face value of its shares
    "tradingsymbol,symbol,token": (("N25,N,1", "N26,N,2"), ["N25", "N26"]),
}
SAME = {
    "instrument_token": ("256265", ["SAID"]),
    "exchange,segment": ("NSE,EQ", ["SAID"]),
    "symbol,exchange,segment": ("R,NSE,EQ", ["R"]),
    "strike,right": ("24000,CE", ["SAID"]),
    "symbol,type": ("R,FUT", ["R"]),
    "symbol,right": ("N,CE", ["N CE"]),
    "pair": ("BTC/USDT", ["BTC/USDT"]),
    "name": ("Reliance Industries (Mumbai)", ["SAID"]),
    "underlying": ("24150.45", ["SAID"]),
}


@pytest.mark.parametrize("names", [*ALONE, *BESIDE])
def test_rows_that_differ_are_of_two(tmp_path: Path, names: str) -> None:
    rows, found = {**ALONE, **BESIDE}[names]
    reader = opened(tmp_path / "a.csv", names, [(rows[n % 2],) for n in range(600)])
    assert symbols(reader) == found * 300
    assert f"{len(set(found))} symbols" in reader.understood() or len(set(found)) == 1
    late = opened(tmp_path / "b.csv", names, [(rows[n // 550],) for n in range(600)])
    assert symbols(late) == [found[n // 550] for n in range(600)], "behind the rows that are looked at first"


@pytest.mark.parametrize("names", SAME)
def test_what_is_the_same_in_all_rows_tells_nothing(tmp_path: Path, names: str) -> None:
    row, found = SAME[names]
    assert [each.symbol for each in opened(tmp_path / "a.csv", names, [(row,)] * 40).instruments] == found


TAPES = {
    "symbol,exchange": ("R", "NQPZ"),
    "symbol,exchange,x": ("R", "1234"),
    "symbol,type": ("R", ("trade", "quote", "buy", "sell")),
    "symbol,underlying": ("R", ("24000.05", "24000.10", "24000.15", "24000.05")),
}


@pytest.mark.parametrize("names", TAPES)
def test_where_and_how_a_trade_was_made_is_not_whose_it_is(tmp_path: Path, names: str) -> None:
    symbol, others = TAPES[names]
    rows = [(symbol, others[n % 4], *["x"] * (names.count(",") - 1)) for n in range(80)]
    assert set(symbols(opened(tmp_path / "a.csv", names, rows))) == {"R"}


PARTS = {
    "symbol": ("NIFTY", "BANKNIFTY"),
    "expiry": ("25-11-2025", "30-12-2025"),
    "strike": ("24000", "24500", "25000"),
    "option_type": ("CE", "PE"),
    "exchange": ("NSE", "BSE"),
    "segment": ("FO", "EQ"),
}
ALWAYS = ("symbol", "expiry", "strike", "option_type")


@settings(max_examples=examples(80), deadline=None)
@given(
    names=st.lists(st.sampled_from(sorted(PARTS)), min_size=1, max_size=5, unique=True),
    seed=st.integers(0, 10**6),
    few=st.integers(1, 12),
)
def test_no_two_instruments_become_one_and_no_instrument_two(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], seed: int, few: int
) -> None:
    chance = random.Random(seed)
    of = list(product(*(PARTS[name] for name in names)))
    some = chance.sample(of, min(few, len(of)))
    rows = [*some, *(chance.choice(some) for _ in range(40))]
    found = symbols(opened(tmp_path_factory.mktemp("parts") / "a.csv", ",".join(names), rows))
    assert len(set(found)) == len(some)
    assert len(set(zip(found, rows, strict=True))) == len(some)


NONE = ("NA", "NaN", "nil", "null", "INF", "-", "none")


@pytest.mark.parametrize("word", NONE)
def test_a_word_for_none_is_a_symbol_beside_others_and_none_where_it_stands_alone(tmp_path: Path, word: str) -> None:
    path = tmp_path / "a.csv"
    assert symbols(opened(path, "symbol", [(word,), ("RY",), (word,)])) == [word, "RY", word]
    assert symbols(opened(path, "symbol", [(word,), ("NIL" if word != "nil" else "NA",)])) == [
        word,
        "NIL" if word != "nil" else "NA",
    ]
    assert symbols(opened(path, "symbol", [(word,)] * 3)) == ["SAID"] * 3
    assert symbols(opened(path, "symbol", [(word,), ("",), (word,)])) == ["SAID"] * 3


def test_a_cell_that_is_blank_is_no_symbol_and_said_to_be_none(tmp_path: Path) -> None:
    reader = opened(tmp_path / "a.csv", "symbol", [("RY",), (" ",), ("NA",)])
    bad = [row.text for row in reader.rows() if isinstance(row, BadRow)]
    assert len(bad) == 1
    assert "row 3, column 'symbol': ' ' is not a symbol" in bad[0]
    assert symbols(reader) == ["RY", "-", "NA"]


def test_blank_cells_tell_nothing_apart(tmp_path: Path) -> None:
    assert set(symbols(opened(tmp_path / "a.csv", "symbol,exchange", [("R", "NSE"), ("R", "")] * 20))) == {"R"}
    assert set(symbols(opened(tmp_path / "a.csv", "token", [("1",), ("",)] * 20))) == {"SAID"}


def test_more_symbols_than_there_can_be_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="row 1002: is the 1001th symbol; allowed: up to 1000"):
        opened(tmp_path / "a.csv", "token", [(str(n),) for n in range(1100)])


@pytest.mark.parametrize(
    "again", ['"timestamp","price","symbol"', "TIMESTAMP,Price,Symbol", "\ufefftimestamp,price,symbol"]
)
def test_the_name_of_its_column_is_no_symbol(tmp_path: Path, again: str) -> None:
    rows = '"2025-11-18 09:15:00","9","RY"\n"2025-11-18 09:15:01","9","NA"\n'
    path = tmp_path / "a.csv"
    path.write_text(f'"timestamp","price","symbol"\n{rows}{again}\n{rows}')
    reader = ForeignReader(path, CsvLayout(), Instrument)
    assert [each.symbol for each in reader.instruments] == ["RY", "NA"]
    assert symbols(reader) == ["RY", "NA", "-", "RY", "NA"]
