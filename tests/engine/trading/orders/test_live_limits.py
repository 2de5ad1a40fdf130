"""What one entry at a real broker may be."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.model.entry_limits import EntryLimits
from engine.trading.orders.live_limits import entry_objection, largest_entry
from tests.support.builders import nifty

NIFTY = nifty()
LOT = NIFTY.lot_size
LIMITS = EntryLimits((NIFTY.symbol,), Decimal(20_000), 2, 3)


def test_only_what_is_listed_may_be_bought_and_only_while_there_is_room() -> None:
    assert entry_objection(LIMITS, NIFTY, 2) == ""
    assert entry_objection(LIMITS, NIFTY, 3) == "live.max_open_positions: 3 are open"
    assert entry_objection(EntryLimits((NIFTY.symbol,), max_open_positions=1), NIFTY, 1).endswith(": 1 is open")
    assert entry_objection(EntryLimits(("BANKNIFTY",), max_open_positions=9), NIFTY, 0) == "not among live.symbols"


def test_limits_that_were_not_said_allow_nothing() -> None:
    assert entry_objection(EntryLimits(), NIFTY, 0)
    assert entry_objection(EntryLimits((NIFTY.symbol,)), NIFTY, 0)
    assert largest_entry(EntryLimits((NIFTY.symbol,), Decimal(10**9)), NIFTY, LOT, 100) == 0
    assert largest_entry(EntryLimits((NIFTY.symbol,), max_lots=9), NIFTY, LOT, 100) == 0


def test_nothing_is_bought_by_who_is_barred_or_once_the_arming_has_ended() -> None:
    limits = replace(LIMITS, until_ms=1_000)
    assert (LIMITS.why_none(10**13), limits.why_none(999)) == ("", "")
    assert limits.why_none(1_000) == "the arming has ended: arm again, and start again"
    assert replace(limits, barred="not armed").why_none(5) == "not armed"


@pytest.mark.parametrize(
    ("lots", "rupees", "bought"),
    [
        (1, 100, 1),
        (9, 100, 2),  # by max_lots
        (2, 20_000 / 1.01 / LOT - 0.05, 1),  # its highest limit would cost more than is allowed for two
        (1, 20_000 / LOT, 0),  # at its highest limit one costs more
    ],
)
def test_one_entry_is_as_large_as_both_limits_let_it_be(lots: int, rupees: float, bought: int) -> None:
    assert largest_entry(LIMITS, NIFTY, lots * LOT, round(rupees * 100)) == bought * LOT


@given(st.integers(0, 10**6), st.integers(1, 10**8), st.decimals(0, 10**9, places=2), st.integers(0, 10**4))
def test_no_entry_costs_more_at_its_highest_limit_than_is_allowed(
    quantity: int, price: int, most: Decimal, lots: int
) -> None:
    limits = EntryLimits((NIFTY.symbol,), most, lots, 1)
    bought = largest_entry(limits, NIFTY, quantity, price)
    assert bought % LOT == 0
    assert bought <= min(quantity, lots * LOT)
    assert NIFTY.money(price * bought) * Decimal("1.01") <= most
    if bought + LOT <= min(quantity // LOT, lots) * LOT:
        assert NIFTY.money(price * (bought + LOT)) * Decimal("1.01") > most
