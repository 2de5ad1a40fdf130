"""The change of the day: from the close of the day before, else from the day's first price, and then said so."""

import pytest

from engine.presentation.change import another_day, base, change, since
from tests.support.screens.snapshots import OPEN_MS, SNAPSHOT, quote, snapshot

ZONE = "Asia/Kolkata"


def test_the_close_of_the_day_before_comes_first():
    seen = quote(0, 11_000, close=10_000, day_open=10_800, begun_ms=OPEN_MS)
    assert (base(seen), change(seen), since(seen, ZONE)) == (10_000, pytest.approx(0.1), "")


def test_the_first_price_stands_in_for_it_and_says_since_when():
    seen = quote(0, 11_000, close=0, day_open=10_000, begun_ms=OPEN_MS)
    assert (base(seen), change(seen), since(seen, ZONE)) == (10_000, pytest.approx(0.1), "since 09:15")


def test_without_a_price_there_is_no_change():
    assert change(quote(0, 0)) is None
    seen = quote(0, 11_000, close=0, day_open=0)
    assert (change(seen), since(seen, ZONE)) == (None, "")


def test_figures_of_another_day_say_of_which():
    assert another_day(SNAPSHOT) == ""
    assert another_day(snapshot(at_ms=SNAPSHOT.at_ms + 3 * 86_400_000)) == "1 Oct"
    assert another_day(snapshot(at_ms=0)) == ""
