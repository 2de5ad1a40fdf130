"""Names cut in the middle: whole where they fit, and told apart wherever one cut can."""

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from tests.support.thorough import examples
from tui.text.glyphs import ASCII, UNICODE
from tui.text.spelling import middled

CALL = "BANKNIFTY25NOV58000CE"


def test_the_middle_of_a_symbol_goes_first() -> None:
    assert middled((CALL,), 16, UNICODE) == {CALL: "BANKN…NOV58000CE"}
    assert middled((CALL,), 16, ASCII) == {CALL: "BANKN..OV58000CE"}
    assert middled((CALL, "SBIN"), 21, UNICODE) == {CALL: CALL, "SBIN": "SBIN"}
    assert middled((CALL,), 2, UNICODE) == {CALL: "B…"}


def test_two_symbols_are_told_apart_where_a_cut_can() -> None:
    months = ("NIFTY25NOV25000CE", "NIFTY25DEC25000CE")
    assert [*middled(months, 12, UNICODE).values()] == ["NIF…V25000CE", "NIF…C25000CE"]
    assert [*middled(months, 10, UNICODE).values()] == [
        "N…V25000CE",
        "N…C25000CE",
    ]  # the usual cut would hide the month
    assert len(set(middled((CALL, "NIFTY25NOV58000CE"), 8, UNICODE).values())) == 2


@settings(max_examples=examples(60))
@given(
    st.lists(
        st.text(st.characters(codec="utf-8", exclude_categories=("C", "M", "Z")), max_size=30), min_size=1, max_size=5
    ),
    st.integers(1, 30),
)
def test_no_name_is_wider_than_asked(names: list[str], width: int) -> None:
    for glyphs in (UNICODE, ASCII):
        shown = middled(tuple(names), width, glyphs)
        assert set(shown) == set(names)
        assert all(cell_len(text) <= width for text in shown.values())
