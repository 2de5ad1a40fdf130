"""The terminal's title: one short line that is right while the window is behind others."""

from decimal import Decimal

from msgspec.structs import replace

from engine.presentation.lamps import Lamp
from tests.support.screens.snapshots import NOW_NS, SECOND, SNAPSHOT, position, snapshot, view
from tui.frame.title import silences, title
from tui.text.glyphs import ASCII

PAPER = snapshot(trade_mode="paper", replay=None)


def test_mode_position_and_result_in_whole_rupees() -> None:
    assert title(view(PAPER)) == "PAPER ● LONG 150 day +4,435 myquant"
    lost = replace(PAPER, positions=(), account=replace(PAPER.account, day_pnl=Decimal("-124000.49")))
    assert title(view(lost)) == "PAPER ● flat day -1,24,000 myquant"
    assert (
        title(view(replace(lost, account=replace(lost.account, day_pnl=Decimal("-0.49")))))
        == "PAPER ● flat day 0 myquant"
    )
    both = replace(PAPER, positions=(position(0), position(1, quantity=-75)))
    assert title(view(both, glyphs=ASCII)) == "PAPER o LONG 150 +1 day +4,435 myquant"


def test_an_alarm_is_seen_in_it() -> None:
    dead = (Lamp("DATA", "DEAD", 9.0, ""),)
    assert title(view(PAPER, lamps=dead)).startswith("PAPER ✖ ")
    assert title(view(replace(PAPER, stopped=True))).startswith("PAPER ✖ ")


def test_that_the_engine_is_silent_only_a_screen_can_say() -> None:
    old = replace(PAPER, taken_ns=NOW_NS - 9 * SECOND)
    (alert,) = silences(view(old))
    assert (alert.key, alert.level) == ("silent", "critical")
    assert "LONG 150 UNWATCHED" in alert.text
    assert silences(view(PAPER)) == ()
    assert silences(view(replace(SNAPSHOT, taken_ns=NOW_NS - 9 * SECOND))) == ()
