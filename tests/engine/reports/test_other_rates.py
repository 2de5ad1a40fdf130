"""The same exits under dated rates: by the tables of charges, asked for by name or told where what was booked is less."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine.model.errors import InputError
from engine.reports.other_rates import Rates, RateSums
from tests.support.position_samples import NIFTY, position

OPTION = replace(NIFTY, exchange="NFO", market="NSE")


def test_it_is_the_note_of_that_date_for_each_order() -> None:
    sums = RateSums(Rates("nse-options-2026-04"))
    sums.add(position(20_000, (21_000, 75), (20_500, 75), instrument=OPTION))
    bought, sold = Decimal(30_000), (Decimal(15_750), Decimal(15_375))
    whole = bought + sum(sold)
    base = 60 + whole * (Decimal("0.03553") + Decimal("0.0001")) / 100
    wanted = base * Decimal("1.18") + sum(sold) * Decimal("0.0015") + bought * Decimal("0.00003")
    assert sums.costs == wanted
    assert sums.net == sums.gross - wanted == Decimal(1_125) - wanted
    assert (sums.is_told, sums.name) == (True, "nse-options-2026-04")
    assert "Finance Act 2026" in sums.sources


def test_unasked_it_is_told_where_what_was_booked_is_less() -> None:
    cheap, dear = RateSums(Rates()), RateSums(Rates())
    cheap.add(position(20_000, (21_000, 150), instrument=OPTION))
    held = position(20_000, (21_000, 150), instrument=OPTION)
    dear.add(replace(held, exits=tuple(replace(each, costs=Decimal(10_000)) for each in held.exits)))
    assert (cheap.is_told, cheap.name) == (True, "nse-options-2026-04")
    assert not dear.is_told


def test_of_what_no_table_is_for_nothing_is_told() -> None:
    sums = RateSums(Rates())
    for other in (replace(NIFTY, exchange="BINANCE", market="24x7"), replace(NIFTY, exchange="MCX", market="MCX")):
        sums.add(position(20_000, (21_000, 150), instrument=other))
    assert (sums.is_told, sums.costs) == (False, 0)


def test_of_what_is_still_held_nothing_counts() -> None:
    half, whole = RateSums(Rates("nse-options-2024-10")), RateSums(Rates("nse-options-2024-10"))
    half.add(position(20_000, (21_000, 75), instrument=OPTION))
    whole.add(position(20_000, (21_000, 75), (21_000, 75), instrument=OPTION))
    assert 2 * half.costs == whole.costs


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(InputError, match=r"--rates other: .*nse-options-2026-04"):
        Rates("other")
