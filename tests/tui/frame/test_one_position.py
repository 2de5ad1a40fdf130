"""The dialogs of one position by their rendered lines, at every size and in ASCII."""

import pytest
from msgspec.structs import replace

from engine import ActionView, AllowEntries, BarEntries, ClosePosition, MoveStop, Snapshot
from tests.support.screens.snapshots import (
    AT_MS,
    CALL,
    NOW_NS,
    SECOND,
    SNAPSHOT,
    apart,
    asked,
    paper,
    position,
    snapshot,
    trade,
    view,
)
from tui.frame import dialogs
from tui.text.glyphs import ASCII
from tui.text.rows import plain, width_of
from tui.view.model import Ui

OPEN = replace(position(), targets=(16_745, 17_545, 18_545, 19_545))
SEEN = snapshot(
    positions=(OPEN,),
    trades=(*SNAPSHOT.trades, replace(trade(12), entry_ms=OPEN.state.entry_ms, exit_ms=AT_MS - 60_000)),
)
MEANT = (CALL.symbol, OPEN.state.entry_ms, OPEN.state.entry_price)
CLOSE, HALF = ClosePosition(*MEANT), ClosePosition(*MEANT, half_of=150)
STOP = MoveStop(*MEANT, stop=15_650)
UNTIL = NOW_NS + 6_500_000_000


def box(seen: Snapshot, width: int = 120, height: int = 30, *, dialog: str = "position", **ui) -> list[str]:
    more = {"planned": ui.pop("planned", None), "plan_until_ns": UNTIL, "instrument": 0} | ui
    attachment = more.pop("attachment", view().attachment)
    glyphs = more.pop("glyphs", view().glyphs)
    history = tuple((AT_MS - 600_000 + 5_000 * n, 15_400 + 7 * n) for n in range(60))
    shown = view(seen, ui=Ui(dialog=dialog, **more), attachment=attachment, glyphs=glyphs, history=history)
    lines = dialogs.overlay(shown, width, height)
    assert len({width_of(line) for line in lines}) == 1
    assert len(lines) <= height
    return plain(lines).split("\n")


def plan(seen: Snapshot, planned: object, width: int = 80, height: int = 24, **ui) -> list[str]:
    lines = box(seen, width, height, dialog="action", planned=planned, **ui)
    return [lines[0].strip("┌─┐ "), *(line[2:-2].rstrip() for line in lines[1:-1])]


@pytest.mark.parametrize(("width", "height"), [(120, 30), (80, 24), (60, 15)])
def test_why_a_choice_is_refused_stands_in_the_dialog(width: int, height: int) -> None:
    why = "it is one lot, which has no half: c closes it"
    assert any(why in line for line in box(SEEN, width, height, notice=why, notice_style="warn"))


def test_levels_fills_and_chart_of_a_position() -> None:
    lines = box(SEEN)
    assert lines[0].startswith("┌─ POSITION NIFTY25NOV25900CE ─")
    inside = [line[2:-2].rstrip() for line in lines[1:-1]]
    assert inside[0] == "LONG 150 of 225  open +224.92 (+0.96 %)  for 4m00s"
    levels = [line[:52].rstrip() for line in inside[1:9]]
    assert levels == [
        "last    157.01",
        "entry   155.45      -1.56    -0.99 %",
        "stop    140.45     -16.56   -10.55 %  behind trail",
        "trail   155.80      -1.21    -0.77 %",
        "target  167.45     +10.44    +6.65 %",
        "target  175.45     +18.44   +11.74 %",
        "target  185.45     +28.44   +18.11 %",
        "and 1 more target",
    ]
    assert inside[1][53:] == "11:38:17  BUY  225 @ 155.45"
    assert inside[2][53:] == "11:41:17  SELL 75 @ 160.45  +362.72  Take Profit 1"
    assert any("⣀" in line or "⠉" in line or "⡠" in line or "⠊" in line for line in inside[9:-2]), "a chart"
    assert inside[-1].startswith("c close · h half · s stop to … · n no new entries · ! flat")


def test_a_stop_that_was_moved_and_a_barred_instrument_are_said() -> None:
    moved = replace(OPEN, state=replace(OPEN.state, stop=15_650, operator_stop=15_650))
    text = "\n".join(box(replace(SEEN, positions=(moved,), entries=replace(SEEN.entries, barred=(0,)))))
    assert "moved by the operator" in text
    assert "below the stop" in text
    assert "no new entries here, by the operator: n ends that" in text
    assert "n allow entries" in text


def test_an_instrument_of_which_nothing_is_held_has_its_entries_only() -> None:
    lines = box(replace(SEEN, positions=()))
    assert "INSTRUMENT NIFTY25NOV25900CE" in lines[0]
    assert "nothing is held" in lines[1]
    assert lines[-2][2:].startswith("n no new entries · ! flat")


@pytest.mark.parametrize("size", [(60, 15), (80, 24), (120, 30), (200, 60)])
@pytest.mark.parametrize("ascii_too", [False, True])
def test_every_size_shows_levels_and_keys(size: tuple[int, int], ascii_too: bool) -> None:
    more = {"glyphs": ASCII} if ascii_too else {}
    lines = box(SEEN, *size, **more)
    text = "\n".join(lines)
    assert "stop" in text
    assert "155.80" in text
    assert "BUY  225" in text
    assert "c close" in lines[-2]
    assert "! flat" in lines[-2]
    for planned in (CLOSE, HALF, STOP, BarEntries(CALL.symbol), AllowEntries(CALL.symbol)):
        shown = box(SEEN, *size, dialog="action", planned=planned, **more)
        assert "x fires" in shown[-2]
        assert not ascii_too or all(line.isascii() for line in shown)
    assert not ascii_too or text.isascii()


def test_the_plan_of_a_close() -> None:
    assert plan(SEEN, CLOSE) == [
        "CLOSE NIFTY25NOV25900CE",
        " REPLAY   broker is simulated  account 76,420.55 cash",
        "NIFTY25NOV25900CE  LONG 150 → SELL 150  at last 157.01 less slippage",
        "1 order, under 1 s; realises ≈ +224.92, exit costs ≈ 15.05",
        "the strategy may enter again: n bars that",
        "prices are 0.2s old, the snapshot 0.1s",
        "",
        "x fires · any other key closes · closes by itself in 7 s",
    ]


def test_a_narrow_plan_breaks_between_its_sums() -> None:
    lines = plan(SEEN, CLOSE, 60, 15)
    assert lines[4:6] == ["1 order, under 1 s; realises ≈ +224.92", "exit costs ≈ 15.05"]


def test_the_plan_of_a_half_says_what_stays() -> None:
    lines = plan(SEEN, HALF)
    assert lines[0] == "HALF NIFTY25NOV25900CE"
    assert "LONG 150 → SELL 75 " in lines[2]
    assert lines[4] == "75 stay, with their stop and targets"


def test_the_plan_of_a_stop() -> None:
    lines = plan(SEEN, STOP)
    assert lines[0] == "STOP TO 156.50 NIFTY25NOV25900CE"
    assert lines[2:5] == [
        "stop 140.45 → 156.50  -0.51 from the last 157.01",
        "at the stop ≈ +148.42 before exit costs",
        "no order is sent: the engine watches it",
    ]


def test_an_old_price_is_blind_in_the_plan() -> None:
    silent = replace(paper(positions=(OPEN,)), quotes=(replace(SEEN.quotes[0], recv_ns=NOW_NS - 9 * SECOND),))
    assert "  BLIND: its price is 9.0s old" in plan(silent, CLOSE)


def test_what_the_plan_was_made_for_and_is_gone_is_said() -> None:
    gone = replace(SEEN, positions=(replace(OPEN, state=replace(OPEN.state, entry_ms=1)),))
    for planned in (CLOSE, STOP):
        for seen in (gone, replace(SEEN, positions=())):
            assert "that position is gone: x would be refused" in plan(seen, planned)
    fewer = replace(SEEN, positions=(replace(OPEN, state=replace(OPEN.state, quantity=75)),))
    assert "what is held has changed since: x would be refused" in plan(fewer, HALF)
    fallen = replace(SEEN, positions=(replace(OPEN, last=15_600),))
    assert "the price is there already: x would be refused" in plan(fallen, STOP)


def test_what_has_come_of_it() -> None:
    fired = {"fired_after": 3}
    assert "sent; the engine has not answered yet" in plan(SEEN, CLOSE, **fired)
    sent = replace(SEEN, action=ActionView(4, "close", 0, "SENT", by="pts/3", quantity=150, price=15_701))
    assert plan(sent, CLOSE, **fired)[2:4] == ["SENT  by pts/3", "sold 0 of 150, planned at 157.01"]
    assert "sent; the engine has not answered yet" in plan(sent, CLOSE, fired_after=4), "that was the one before"
    filled = replace(sent, action=replace(sent.action, word="BLIND 9 s FILLED", filled=150, average=15_650))
    assert plan(filled, CLOSE, **fired)[2:] == [
        "BLIND 9 s FILLED  by pts/3",
        "sold 150 of 150 @ 156.50, planned at 157.01",
        "at a price that is no news any more",
        "the receipt is in the log",
        "",
        "any key closes this",
    ]
    refused = replace(SEEN, action=ActionView(4, "close", -1, "REFUSED", "a flat runs"))
    assert plan(refused, CLOSE, **fired)[2:4] == ["REFUSED", "a flat runs"]
    assert plan(refused, CLOSE, **fired)[-1].startswith("c close · h half")  # the next choice is one


def test_what_became_of_a_command_on_its_way_is_said_until_the_engine_tells() -> None:
    attachment = apart(asked=(asked(CLOSE, "REFUSED", "ann has control"),))
    assert "close REFUSED: ann has control" in plan(SEEN, CLOSE, fired_after=3, attachment=attachment)


def test_an_old_snapshot_is_shouted() -> None:
    shown = view(SEEN, ui=Ui(dialog="action", planned=CLOSE, instrument=0), now_ns=NOW_NS + 4 * SECOND)
    assert "THESE FIGURES ARE 4.0 s OLD" in plain(dialogs.overlay(shown, 80, 24))
