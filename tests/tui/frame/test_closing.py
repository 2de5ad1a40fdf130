"""The closing card by its lines and its keys: shown once, readable at 60 by 15, and `!` goes through it."""

import pytest
from msgspec.structs import replace

from engine import Arm
from engine.model.run_views import ClosingView
from tests.support.screens.hands import Hands
from tests.support.screens.snapshots import snapshot, view
from tui.frame import dialogs
from tui.frame.screen import frame
from tui.input import keys
from tui.text.glyphs import ASCII
from tui.text.rows import plain
from tui.view.model import Ui

SEEN = snapshot()
OVER = replace(
    SEEN, closing=ClosingView(replace(SEEN.account.day, date="2026-11-27"), objections={"cooldown": 900}, gaps=2)
)


def lines(width: int, height: int, **more) -> list[str]:
    return plain(dialogs.overlay(view(OVER, ui=Ui(dialog="closing"), **more), width, height)).split("\n")


@pytest.mark.parametrize(("width", "height"), [(60, 15), (80, 24), (200, 60)])
def test_it_is_whole_at_every_size(width: int, height: int) -> None:
    shown = "\n".join(lines(width, height))
    assert "SESSION OF 2026-11-27 IS OVER" in shown
    for name in ("net", "trades", "refused", "gaps"):
        assert f"│ {name} " in shown
    assert "any other key closes" in shown


def test_in_ascii_it_is_ascii() -> None:
    drawn = frame(view(OVER, ui=Ui(dialog="closing"), glyphs=ASCII), 60, 15)
    assert plain(drawn).isascii()
    assert "cooldown 900" in plain(drawn)


def test_it_comes_by_itself_once_for_each_day() -> None:
    hands = Hands(OVER)
    seen = view(OVER, ui=hands.ui)
    hands.control.close_day(seen)
    assert hands.ui.dialog == "closing"
    hands.press("j", 10)
    assert hands.ui.dialog == ""
    hands.control.close_day(seen)
    assert hands.ui.dialog == ""
    next_day = replace(OVER.closing, statistics=replace(OVER.closing.statistics, date="2026-11-30"))
    hands.control.close_day(view(replace(OVER, closing=next_day), ui=hands.ui))
    assert hands.ui.dialog == "closing"


def test_it_waits_until_no_other_dialog_is_open() -> None:
    hands = Hands(OVER)
    hands.ui.open("goto")
    hands.control.close_day(view(OVER, ui=hands.ui))
    assert hands.ui.dialog == "goto"
    hands.ui.dialog = ""
    hands.control.close_day(view(OVER, ui=hands.ui))
    assert hands.ui.dialog == "closing"


def test_the_flat_goes_through_it() -> None:
    hands = Hands(OVER)
    hands.control.close_day(view(OVER, ui=hands.ui))
    hands.press("!", 10)
    assert hands.ui.dialog == "flat"
    assert Arm() in hands.client.sent


def test_it_is_to_be_had_again_by_its_name() -> None:
    found = keys.palette(view(OVER, ui=Ui(dialog="palette", text="closing")))
    assert [entry[2] for entry in found] == ["closing"]


def test_a_card_that_came_by_itself_goes_when_the_replay_begins_anew() -> None:
    hands = Hands(OVER)
    whole = replace(OVER, closing=replace(OVER.closing, whole=True))
    again = view(replace(whole, rewinds=whole.rewinds + 1), ui=hands.ui)  # begun anew, and not yet under way
    hands.control.close_day(view(whole, ui=hands.ui))
    hands.press("j", 0)
    hands.control.close_day(again)
    assert hands.ui.dialog == "closing"
    hands.control.close_day(view(replace(OVER, closing=None), ui=hands.ui))
    assert hands.ui.dialog == ""
    hands.ui.open("closing")  # by the palette
    hands.control.close_day(view(replace(OVER, closing=None), ui=hands.ui))
    assert hands.ui.dialog == "closing"
