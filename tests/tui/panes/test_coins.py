"""Coins count in 10^-8: their prices are shown without idle zeros, and no column touches the next."""

import re

import pytest
from msgspec.structs import replace

from engine import Instrument
from tests.support.screens.snapshots import NOW_NS, OPEN_MS, SECOND, apart, paper, position, quote, view
from tui.frame import screen
from tui.panes import chart, positions
from tui.text.rows import plain, width_of
from tui.view.model import Ui

E8 = 10**8
COIN = Instrument("BTCUSDT", price_scale=E8, quantity_scale=E8, tick_size=1, lot_size=1)
LONG_PRICE = re.compile(r"\d+\.\d{9,}|\d\.\d{2,}[-+]\d")


def coin(entry=6_172_830_000_000, stop=6_162_683_000_000, target=6_190_000_000_000, last=6_172_830_000_000):
    state = position(quantity=5_000_000, entry_price=entry, stop=stop, trail_stop=stop).state
    held = replace(position(), state=state, last=last, next_target=target)
    seen = quote(0, last, day_open=6_100_000_000_000, bid=last - 10**6, ask=last + 10**6, day_volume=1_234 * E8)
    return paper(instruments=(COIN,), quotes=(seen,), positions=(held,), trades=(), watched=1)


EXACT = coin(6_172_812_345_678, 6_162_612_345_679, 6_190_012_345_671, 6_172_812_345_671)
HISTORY = tuple((OPEN_MS + 5000 * n, (61_500 + (n * 7919) % 300) * E8 + n) for n in range(500))


def test_levels_are_apart_from_their_distances():
    rows = plain(positions.rows(view(coin()), 43, 9)).splitlines()
    assert rows[1].split() == ["entry", "61728.30", "last", "61728.30"]
    assert rows[3].split() == ["stop", "61626.83", "-101.47", "-0.16", "%"]


@pytest.mark.parametrize("width", [36, 43, 55])
def test_what_does_not_fit_is_left_out_and_never_cut(width):
    rows = plain(positions.rows(view(EXACT), width, 9)).splitlines()
    assert "61626.12345679" in rows[3].split()
    assert rows[3].split()[-2:] == ["-0.17", "%"]
    assert set(rows[3].split()) <= {"stop", "61626.12345679", "-101.99999992", "-0.17", "%"}


@pytest.mark.parametrize("seen", [coin(), EXACT])
@pytest.mark.parametrize(("width", "height"), [(120, 40), (80, 24)])
def test_no_column_touches_the_next(seen, width, height):
    shown = plain(screen.frame(view(seen, history=HISTORY, trends={}), width, height))
    assert not LONG_PRICE.search(shown)
    assert "LONG 0.05" in shown
    assert (" 1,234 " in shown) == (seen != EXACT or width < 120)  # its column goes before a price is cut
    plan = Ui(dialog="flat", plan_until_ns=NOW_NS + 5 * SECOND)
    assert "SELL 0.05" in plain(screen.frame(view(seen, ui=plan, attachment=apart()), width, height))


def test_the_labels_of_the_chart_are_whole_and_within_its_width():
    lines = chart.rows(view(EXACT, history=HISTORY), 70, 16)
    assert all(width_of(line) <= 70 for line in lines)
    assert "…" not in plain(lines)
    assert "61728.12345671" in plain(lines)
