"""Money as texts: exact examples, the way back, and no number that raises."""

import re
from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.presentation.money import grouped, plain_money
from tests.support.thorough import examples

INDIA, ELSEWHERE = "Asia/Kolkata", "America/New_York"
PAISA = Decimal("0.01")


@pytest.mark.parametrize(
    ("value", "sign", "in_india", "elsewhere"),
    [
        ("4342", False, "4,342.00", "4,342.00"),
        ("99999.994", True, "+99,999.99", "+99,999.99"),
        ("99999.995", False, "1,00,000.00", "100,000.00"),
        ("102874.45", False, "1,02,874.45", "102,874.45"),
        ("-12400000", False, "-1,24,00,000.00", "-12,400,000.00"),
        ("1234567890123", True, "+12,34,56,78,90,123.00", "+1,234,567,890,123.00"),
        ("-12.305", True, "-12.31", "-12.31"),
        ("0.004", True, "0.00", "0.00"),
        ("-0.004", False, "0.00", "0.00"),
        ("NaN", False, "-", "-"),
    ],
)
def test_rupees_are_counted_in_lakhs_and_others_in_thousands(
    value: str, sign: bool, in_india: str, elsewhere: str
) -> None:
    assert grouped(Decimal(value), INDIA, sign) == grouped(Decimal(value), "Asia/Calcutta", sign) == in_india
    for zone in (ELSEWHERE, "UTC", ""):
        assert grouped(Decimal(value), zone, sign) == elsewhere
    assert grouped(99_999.999, INDIA) == "1,00,000.00"


@settings(max_examples=examples(60))
@given(
    st.decimals(-(10**18), 10**18, places=4) | st.floats(-1e12, 1e12),
    st.sampled_from([INDIA, ELSEWHERE]),
    st.booleans(),
)
def test_what_is_grouped_can_be_read_back(value: Decimal | float, zone: str, sign: bool) -> None:
    shown = grouped(value, zone, sign)
    groups = r"\d{1,2}(,\d\d)*,\d{3}|\d{1,3}" if zone == INDIA else r"\d{1,3}(,\d{3})*"
    assert re.fullmatch(rf"[+-]?({groups})\.\d\d", shown)
    back = Decimal(shown.replace(",", ""))
    if isinstance(value, Decimal):
        assert back == value.quantize(PAISA, ROUND_HALF_UP)
        assert shown.replace(",", "").lstrip("+") in {plain_money(value), plain_money(value).lstrip("-")}
    else:
        assert abs(back - Decimal(value)) <= Decimal("0.0051")
    assert shown.startswith("+") == (sign and back > 0)
