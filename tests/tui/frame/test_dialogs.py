"""The dialogs and the help by their rendered lines."""

from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine import EntriesState, FlatView, Snapshot, TimelineEvent, TradeMode
from engine.presentation import live
from engine.presentation.health import RANKS, Health
from engine.presentation.lamps import TerminalLink
from tests.support.screens.live_snapshots import ORDERS, busy, lamps
from tests.support.screens.snapshots import AT_MS, NOW_NS, SNAPSHOT, apart, paper, position, snapshot, view
from tests.support.thorough import examples
from tui.frame import dialogs
from tui.frame import help as help_pane
from tui.input import keys
from tui.input.keys import TABLE
from tui.shell.themes import STYLES
from tui.text.glyphs import ASCII
from tui.text.rows import plain, width_of
from tui.view.model import Dialog, Ui, View

DIALOGS = get_args(Dialog)


def box(seen: Snapshot, dialog: Dialog, width: int = 80, height: int = 24, **ui) -> list[str]:
    return plain(dialogs.overlay(view(seen, ui=Ui(dialog=dialog, **ui)), width, height)).split("\n")


def inside(lines: list[str]) -> list[str]:
    return [line[2:-2].rstrip() for line in lines[1:-1]]


def test_no_dialog_draws_nothing() -> None:
    assert dialogs.overlay(view(), 80, 24) == []


def test_a_dialog_is_a_box_with_its_title() -> None:
    lines = box(SNAPSHOT, "bookmark", text="here")
    assert lines[0].startswith("┌─ BOOKMARK ─")
    assert lines[-1].startswith("└──")
    assert inside(lines) == [
        "name: here",
        "the place is this tick; a name is not needed",
        "",
        "enter keeps · esc closes",
    ]


@pytest.mark.parametrize(
    ("mode", "style"), [("replay", "warn"), ("mock", "warn"), ("paper", "warn"), ("live", "alert")]
)
def test_the_frame_of_the_flat_tells_real_money_from_none(mode: str, style: str) -> None:
    lines = dialogs.overlay(view(snapshot(trade_mode=mode), ui=Ui(dialog="flat")), 80, 24)
    assert {lines[0][0][1], lines[-1][0][1], lines[2][0][1], lines[2][-1][1]} == {style}
    assert plain(lines[:1]).startswith("┌─ EMERGENCY FLAT ─")


def test_the_keys_of_the_flat_are_seen_on_the_smallest_screen() -> None:
    armed = snapshot(flat=FlatView("ARMED", "", 0, (), ()), positions=tuple(position(n % 2) for n in range(30)))
    lines = box(armed, "flat", 60, 15, plan_until_ns=NOW_NS + 9_000_000_000)
    assert len(lines) == 13
    assert inside(lines)[-1] == "x fires · any other key closes · closes by itself in 9 s"
    assert "broker is simulated" in lines[1]


@pytest.mark.parametrize("width", [48, 60, 80])
@pytest.mark.parametrize("apart_too", [False, True])
def test_the_line_with_the_keys_is_never_cut(width: int, apart_too: bool) -> None:
    seen = paper(found=tuple(f"line {number}" for number in range(30)))
    attachment = apart() if apart_too else view().attachment
    for dialog in (each for each in DIALOGS if each not in {"", "filter"}):
        for until_ns in (0, NOW_NS + 9_000_000_000):
            ui = Ui(dialog=dialog, plan_until_ns=until_ns)
            lines = plain(dialogs.overlay(view(seen, ui=ui, attachment=attachment), width, 15)).split("\n")
            assert "…" not in lines[-2], dialog
            assert lines[-2].strip("│ "), dialog
    away = dialogs.overlay(view(seen, ui=Ui(digest="away 6 min 12 s: 1 stop loss")), width, 15)
    assert "any key closes this" in plain(away)


def test_goto_lists_bookmarks_first_and_what_fits_the_typed_text() -> None:
    events = (
        *SNAPSHOT.events,
        TimelineEvent(9_000, AT_MS, "bookmark", "lunch"),
        TimelineEvent(18_000, AT_MS, "gap", "6.2 s"),
    )
    seen = snapshot(events=events)
    lines = inside(box(seen, "goto", text=""))
    assert lines[:2] == ["HH:MM[:SS], tick number, or bookmark", "go to"]
    assert [line.split()[1:] for line in lines[3:7]] == [
        ["9,000", "bookmark", "lunch"],
        ["18,000", "gap", "6.2", "s"],
        ["180", "exit", "Take", "Profit", "1"],
        ["120", "entry", "225"],
    ]
    assert inside(box(seen, "goto", text="LUN"))[3] == "11:42:17       9,000  bookmark  lunch"
    assert inside(box(seen, "goto", text="11:42"))[3] == "no bookmark or event by that name yet"


def test_a_long_text_is_shown_by_its_end_with_the_cursor() -> None:
    lines = dialogs.overlay(view(ui=Ui(dialog="search", text="x" * 70 + "end")), 60, 24)
    assert plain(lines[1:2]) == f"│ / {'x' * 50}end  │"
    assert [words for words, style in lines[1] if style == "select"] == [" "]


def test_unlock_says_what_it_would_lift() -> None:
    locked = snapshot(entries=EntriesState(False, "flat: operator", "3 bad ticks", 6))
    assert inside(box(locked, "unlock", text="UNL"))[:3] == [
        "type UNLOCK: UNL",
        "locked: flat: operator",
        "halted: 3 bad ticks",
    ]
    assert inside(box(SNAPSHOT, "unlock"))[1] == "entries are not locked"
    stopped = inside(box(replace(SNAPSHOT, stopped=True), "unlock"))
    assert stopped[1] == "the engine has stopped: nothing can be unlocked"
    gone = view(SNAPSHOT, ui=Ui(dialog="unlock"), attachment=apart(lost="no answer", there=False))
    assert "the engine is gone: nothing can be unlocked" in plain(dialogs.overlay(gone, 80, 24))


def test_leaving_says_what_is_open_and_asks_for_q_and_not_for_y() -> None:
    lines = inside(box(SNAPSHOT, "quit"))
    assert lines == [
        "NIFTY25NOV25900CE  LONG 150  open +224.92",
        "the engine ends: simulated positions stay open, no stop is watched",
        "",
        "leave? q again leaves · any other key stays",
    ]
    assert "REAL positions" in inside(box(snapshot(trade_mode="live"), "quit"))[1]
    assert inside(box(snapshot(positions=()), "quit"))[0] == "no position is open"
    many = inside(box(snapshot(positions=tuple(position() for _ in range(40))), "quit"))
    assert "and 31 more positions" in many
    assert many[-1].startswith("leave?")


def test_what_is_called_so_comes_before_what_speaks_of_it() -> None:
    names = [name for name, *_ in keys.palette(view(ui=Ui(dialog="palette", text="lev")))]
    assert names[0] == "level"
    assert len(names) > 1


def test_the_palette_lists_what_fits_and_marks_the_chosen_one() -> None:
    lines = inside(box(SNAPSHOT, "palette", text="pause", choice=1))
    assert lines[0] == ": pause"
    assert lines[2:4] == [
        "  pause           pause entries, or resume them; exits go on",
        "▶ play            pause or play the replay",
    ]
    assert inside(box(SNAPSHOT, "palette"))[2] == (
        "▶ emergency flat  lock entries and show the plan; then x fires it"  # no name said twice
    )
    assert inside(box(SNAPSHOT, "palette", text="zzz"))[2] == "no command by that name"
    last = inside(box(SNAPSHOT, "palette", choice=200))
    assert [line for line in last if line.startswith("▶")] == [last[-3]]


def test_help_has_every_key_lamp_and_word() -> None:
    lines = plain(help_pane.whole(90))
    for key in TABLE:
        assert f"\n{key.label} " in lines
        assert key.help.split()[0] in lines
    judged = Health().judge(replace(SNAPSHOT, edges=()), NOW_NS, TerminalLink(1.0, 0.0))
    names = [
        *(lamp.name for lamp in judged),
        *RANKS,
        "REPLAY",
        "MOCK",
        "PAPER",
        "LIVE",
        "polling",
        "queued",
        "callback",
    ]
    assert [name for name in names if f"\n{name} " not in lines] == []


def test_help_has_what_a_run_at_a_broker_shows() -> None:
    lines = plain(help_pane.whole(200))
    shown = [
        *lamps(busy()),
        *(mode.upper() for mode in get_args(TradeMode)),
        "EXTERNAL",
        "MISMATCH",
        "loss left",
        "ORD",
    ]
    assert [name for name in shown if name not in lines] == []
    words = {live.state(each, 3).split(" ")[0] for each in ORDERS} | {"INTENT", "SENDING", "AMENDING", "CANCELLING"}
    assert [word for word in words if word not in lines] == []


def test_help_scrolls_and_stops_at_its_end() -> None:
    whole = plain(help_pane.whole(72)).split("\n")
    assert plain(help_pane.rows(view(ui=Ui(choice=3)), 72, 4)).split("\n") == whole[3:7]
    assert plain(help_pane.rows(view(ui=Ui(choice=10_000)), 72, 4)).split("\n") == whole[-4:]
    assert inside(box(SNAPSHOT, "help"))[-1] == "up down scroll · any other key closes"
    assert max(width_of(line) for line in help_pane.whole(40)) <= 40


def test_the_trades_are_listed_in_a_box() -> None:
    lines = box(SNAPSHOT, "trades", 120, 30)
    assert lines[0].startswith("┌─ TRADES")
    assert "Take Profit 1" in lines[3]


@settings(max_examples=examples(300))
@given(
    dialog=st.sampled_from(DIALOGS),
    text=st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=70),
    choice=st.integers(-3, 300),
    width=st.integers(-1, 130),
    height=st.integers(-1, 40),
    bare=st.booleans(),
)
def test_any_dialog_at_any_size(dialog, text: str, choice: int, width: int, height: int, bare: bool) -> None:
    empty = snapshot(instruments=(), quotes=(), positions=(), trades=(), events=(), epochs=(), edges=(), replay=None)
    for glyphs in (view().glyphs, ASCII):
        ui = Ui(dialog=dialog, text=text, choice=choice)
        shown: View = view(empty if bare else SNAPSHOT, ui=ui, glyphs=glyphs)
        lines = dialogs.overlay(shown, width, height)
        assert len(lines) <= max(0, height)
        assert len({width_of(line) for line in lines}) <= 1
        assert all(style in STYLES for line in lines for _, style in line)
        if dialog not in {"trades", "days", "day"}:
            assert glyphs is not ASCII or plain(lines).isascii()
        if lines and width >= 12 and height >= 5:
            assert width_of(lines[0]) == width or width_of(lines[0]) <= width - 12
            assert len(lines) <= height - 2
        elif lines:
            assert width_of(lines[0]) == width
