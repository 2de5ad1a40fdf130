"""A broker's numbers are read exactly, whether they come as text or as such."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.execution.told_fields import MisfitError, Told, to_identity, to_price, to_quantity


@pytest.mark.parametrize(
    ("told", "scale", "price"),
    [
        ("102.35", 100, 10235),
        (102.35, 100, 10235),
        (1.1, 100, 110),
        (0.29, 100, 29),  # a product of floats would be 28.999…
        ("0.0", 100, 0),
        ("- 2235.80", 100, -223580),
        ("-.5", 100, -50),
        (265, 100, 26500),
        ("83.1225", 10**7, 831225000),
        (265.62333333, 100, 26562),  # an average
        ("0.005", 100, 1),
        (102.3499984741211, 100, 10235),  # what has passed through 32 bits
        (1e-05, 10**7, 100),
    ],
)
def test_a_price_is_exact_to_the_minor_unit(told: Told, scale: int, price: int) -> None:
    assert to_price(told, scale) == price


@pytest.mark.parametrize(
    "told", ["", None, "NaN", "Infinity", "1_000", "١٢", "1,000.5", "abc", "1e99", "9" * 30, "--1"]
)
def test_what_is_no_price_is_refused(told: Told) -> None:
    with pytest.raises(MisfitError):
        to_price(told, 100)


@given(st.integers(-(10**9), 10**9))
def test_every_price_comes_back_as_text_and_as_a_number(paise: int) -> None:
    text = f"{'-' if paise < 0 else ''}{abs(paise) // 100}.{abs(paise) % 100:02}"
    assert to_price(text, 100) == to_price(paise / 100, 100) == paise


@pytest.mark.parametrize(("told", "quantity"), [("65", 65), (65, 65), (65.0, 65), ("65.00", 65), ("- 130", -130)])
def test_a_quantity_is_a_whole_number(told: Told, quantity: int) -> None:
    assert to_quantity(told) == quantity


@pytest.mark.parametrize("told", ["65.5", 0.5, "", None, "1e20", "x"])
def test_what_is_no_quantity_is_refused(told: Told) -> None:
    with pytest.raises(MisfitError):
        to_quantity(told)


@pytest.mark.parametrize(
    ("told", "identity"),
    [
        ("200910000000111", "200910000000111"),
        (200910000000111, "200910000000111"),
        (200910000000111.0, "200910000000111"),
        ("34reqfachdfih", "34reqfachdfih"),
        (" a-b_c ", "a-b_c"),
        ("", ""),
        (None, ""),
    ],
)
def test_an_identity_may_be_a_bare_number(told: Told, identity: str) -> None:
    assert to_identity(told) == identity


@pytest.mark.parametrize("told", ["a/b", "a b", "a\x1b[2J", "x" * 65, "é", 1.5])
def test_what_could_not_stand_in_a_request_is_no_identity(told: Told) -> None:
    with pytest.raises(MisfitError):
        to_identity(told)
