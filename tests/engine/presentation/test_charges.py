"""Costs by kind in words, and as a contract note rounds them."""

from decimal import Decimal

import pytest

from engine.presentation.charges import as_noted, by_kind, fills_text

KINDS = {"GST": Decimal("100000.005"), "IPFT": Decimal(0), "brokerage": Decimal(40), "STT": Decimal("10.2375")}


def test_kinds_are_named_in_the_order_of_a_note_without_those_of_nought() -> None:
    assert by_kind(KINDS, "Asia/Kolkata") == "brokerage 40.00, STT 10.24, GST 1,00,000.01"


def test_a_note_rounds_stt_to_the_rupee_and_the_rest_to_the_paisa() -> None:
    noted = {"brokerage": "40.00", "STT": "10", "IPFT": "0.00", "GST": "100000.01"}
    found = {kind: str(amount) for kind, amount in as_noted(KINDS).items()}
    assert (found, list(found)) == (noted, list(noted))
    assert str(as_noted({"STT": Decimal("10.5")})["STT"]) == "11"


@pytest.mark.parametrize(
    ("fill", "at_touch", "at_last", "words"),
    [
        ("touch", 0, 0, "bid/ask"),
        ("touch", 3, 0, "bid/ask"),
        ("touch", 0, 3, "last"),
        ("touch", 1200, 3, "bid/ask 1,200, last 3"),
        ("last", 0, 0, "last"),
        ("last", 0, 3, "last"),
    ],
)
def test_where_orders_were_filled(fill: str, at_touch: int, at_last: int, words: str) -> None:
    assert fills_text(fill, at_touch, at_last) == words
