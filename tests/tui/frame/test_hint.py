"""Three lines for whoever is new: whole at every size, and gone with the first key."""

from typing import get_args

import pytest

from engine import TradeMode
from tests.support.screens.snapshots import SNAPSHOT, snapshot, view
from tui.frame import hint
from tui.frame.screen import frame
from tui.text.rows import plain, width_of
from tui.view.model import Ui

PAPER = snapshot(trade_mode="paper", replay=None)


def shown(seen=SNAPSHOT, width=120):
    looked = view(seen, ui=Ui(hint=True))
    lines = hint.lines(looked, width)
    assert all(width_of(line) == width for line in lines)
    return [plain([line]) for line in lines]


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
@pytest.mark.parametrize("seen", [SNAPSHOT, PAPER], ids=["replay", "paper"])
def test_what_matters_is_there_at_every_width(seen, width):
    welcome, flat, keys = shown(seen, width)
    assert "nothing here is real money" in welcome
    assert "! then x" in flat
    assert "q  leaves" in flat
    assert "?  every key" in keys
    assert ("space + -" in keys) is (seen is SNAPSHOT and width >= 80)


def test_real_money_is_never_called_play():
    assert "nothing here is real money" not in shown(snapshot(trade_mode="live", replay=None))[0]


@pytest.mark.parametrize("mode", get_args(TradeMode))
def test_every_mode_has_its_words(mode):
    told = shown(snapshot(trade_mode=mode, replay=None))[0]
    assert ("nothing here is real money" in told) is (mode != "live")


def test_it_stands_over_the_footer_and_costs_nothing_else():
    without, with_it = (frame(view(SNAPSHOT, ui=Ui(hint=new)), 100, 30) for new in (False, True))
    assert with_it[:26] == without[:26]
    assert with_it[29] == without[29]
    assert [plain([line]) for line in with_it[26:29]] == shown(SNAPSHOT, 100)
    assert frame(view(SNAPSHOT, ui=Ui(hint=True)), 60, 8) == frame(view(SNAPSHOT), 60, 8)
