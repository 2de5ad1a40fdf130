"""No text of others becomes a formula where a spreadsheet opens our CSV; numbers stay numbers; reading gives the text back."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.text.spreadsheet import cell, text_of

FORMULAS = [
    "=1+1",
    "+1+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    " =1+1",
    "-",
    "=",
    "-ABC",
    "+91 22",
    "|x",
    "＝1",
    "－ＡＢＣ",
]
PLAIN = [
    "",
    "NIFTY25O0725000CE",
    "-12.50",
    "+3",
    "0",
    "-0.05",
    "2025-10-01T09:15:18+05:30",
    "Take Profit 1",
    "M&M",
    "a=b",
    "'quoted",
]


@pytest.mark.parametrize("text", FORMULAS)
def test_a_formula_is_shown_and_not_computed(text: str) -> None:
    assert cell(text) == "'" + text
    assert text_of(cell(text)) == text


@pytest.mark.parametrize("text", PLAIN)
def test_everything_else_stays_as_it_is(text: str) -> None:
    assert cell(text) == text == text_of(text)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=12))
def test_no_cell_begins_as_a_formula_and_none_is_lost(text: str) -> None:
    written = cell(text)
    assert text_of(written) == text or text.startswith("'")  # a text that looks like a marked one is none of ours
    if written.lstrip(" \xa0")[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        float(written)


def test_a_row_of_them_is_read_back() -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerow(map(cell, FORMULAS + PLAIN))
    assert [text_of(each) for each in next(csv.reader(io.StringIO(text.getvalue(), newline="")))] == FORMULAS + PLAIN
