"""Every key does what the table says, through the engine's client and nowhere else."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine import (
    Acknowledge,
    Arm,
    Bookmark,
    Flat,
    Hold,
    PauseEntries,
    Play,
    ResumeEntries,
    Seek,
    SeekEvent,
    SeekTime,
    SetSpeed,
    SkipSilence,
    Stall,
    Step,
    SwitchDelivery,
    TimelineEvent,
    Unlock,
    clean,
)
from engine.model.commands import SetLogLevel
from engine.model.log_counts import ComponentLevel
from tests.support.screens.hands import Hands, typed
from tests.support.screens.snapshots import SNAPSHOT, paper, position, snapshot, view
from tui.input import keys, on_replay
from tui.input.actions import COMMANDS, DIALOGS, LINES, Actions
from tui.panes.layout import PANES
from tui.view.model import Attachment
from tui.view.older import NEWEST

LEVELS = (ComponentLevel("trader", "debug", by=clean("operator")), ComponentLevel("feed", "info"))
LOCKED = snapshot(entries=replace(SNAPSHOT.entries, locked="daily loss"))


def sent(key, seen=SNAPSHOT):
    hands = Hands(seen).press(key, 0)
    return hands.client.sent


def held(seen=SNAPSHOT, **changes):
    return replace(seen, replay=replace(seen.replay, **changes))


@pytest.mark.parametrize(
    ("key", "seen", "command"),
    [
        (" ", SNAPSHOT, Hold()),
        (" ", held(playing=False), Play()),
        (".", SNAPSHOT, Step(1)),
        (",", SNAPSHOT, Step(-1)),
        ("+", SNAPSHOT, SetSpeed(50.0)),
        ("-", SNAPSHOT, SetSpeed(5.0)),
        ("+", held(speed=1000.0), SetSpeed(0.0)),
        ("+", held(speed=0.0), SetSpeed(0.0)),
        ("-", held(speed=0.0), SetSpeed(1000.0)),
        ("-", held(speed=0.25), SetSpeed(0.25)),
        ("n", SNAPSHOT, SeekEvent(forward=True)),
        ("N", SNAPSHOT, SeekEvent(forward=False)),
        ("i", SNAPSHOT, SkipSilence(on=True)),
        ("r", SNAPSHOT, Seek(0)),
        ("d", SNAPSHOT, SwitchDelivery("queued")),
        ("d", snapshot(delivery="callback"), SwitchDelivery("polling")),
        ("p", SNAPSHOT, PauseEntries()),
        ("p", snapshot(entries=replace(SNAPSHOT.entries, paused=True)), ResumeEntries()),
    ],
)
def test_a_key_sends_its_command(key, seen, command):
    assert sent(key, seen) == [command]


@pytest.mark.parametrize(
    "key", [key for key in keys.TABLE if key.where in {"replay", "recording"}], ids=lambda key: key.action
)
def test_replay_keys_do_nothing_elsewhere_and_say_why(key):
    hands = Hands(snapshot(replay=None, trade_mode="paper")).press(key.key, 0)
    assert hands.client.sent == []
    assert hands.ui.dialog == ""
    assert hands.ui.notice.startswith(f"{key.label} ")
    assert hands.ui.notice.endswith("; this run is PAPER and no replay")


RECORDED = replace(SNAPSHOT, trade_mode="mock", edges=paper().edges)


@pytest.mark.parametrize("key", [*"gnNir,"])
def test_no_key_leaves_the_present_of_a_run_that_is_recorded_as_it_goes(key):
    hands = Hands(RECORDED).press(key, 0)
    assert (hands.client.sent, hands.ui.dialog) == ([], "")
    assert hands.ui.notice.startswith(f"{key} ")
    assert hands.ui.notice.endswith(" in a replay; this run is recorded as it goes, + is faster")
    assert keys.find(key, view(RECORDED)) is None
    assert key not in {label for label, _ in keys.hints(view(RECORDED))}


def test_a_run_that_is_recorded_is_held_stepped_and_sped_up():
    assert [sent(key, RECORDED) for key in (" ", ".", "+", "-")] == [
        [Hold()], [Step(1)], [SetSpeed(50.0)], [SetSpeed(5.0)],
    ]  # fmt: skip
    assert typed(Hands(RECORDED).press(":", 0), "next event").client.sent == []


def test_a_word_that_unlocks_is_not_pasted_and_that_is_said():
    for dialog in ("unlock", "stop", "stop_price", "palette", "flat", "action"):
        hands = Hands(LOCKED)
        hands.ui.open(dialog)
        hands.control.paste("UNLOCK", 0)
        assert (hands.ui.dialog, hands.ui.text, hands.client.sent) == (dialog, "", [])
        assert hands.ui.notice == "the paste was not taken: this is typed by hand, not pasted"


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("12345", Seek(12345)),
        ("11:42", SeekTime(1_759_299_120_999)),
        ("11:42:17", SeekTime(1_759_299_137_999)),
        ("lunch", Seek(77)),
    ],
)
def test_go_to(text, command):
    marked = snapshot(events=(*SNAPSHOT.events, TimelineEvent(77, 0, "bookmark", "before Lunch")))
    assert typed(Hands(marked).press("g", 0), text).client.sent == [command]


@pytest.mark.parametrize("text", ["25:00", "11:61", "1:2:3:4", "nowhere", "", "-5", "11:4x", "٣"])
def test_go_to_nowhere_says_so(text):
    hands = typed(Hands().press("g", 0), text)
    assert hands.client.sent == []
    assert "is no time" in hands.ui.notice


def test_unlock_is_typed():
    assert typed(Hands(LOCKED).press("k", 0), "UNLOCK").client.sent == [Unlock()]
    hands = typed(Hands(LOCKED).press("k", 0), "unlock")
    assert hands.client.sent == []
    assert "UNLOCK" in hands.ui.notice
    assert typed(Hands(LOCKED).press("k", 0), "UNLOCK", "escape").client.sent == []


def test_the_word_typed_where_nothing_is_locked_is_no_row_of_keys():
    hands = typed(Hands().press("k", 0), "UNLOCK")
    assert (hands.client.sent, hands.ui.dialog) == ([], "")
    assert Hands().press("k", 0).ui.notice == "nothing is locked"
    assert Hands().press("k", 0).press("N", 50).client.sent == [SeekEvent(forward=False)]  # no `U` before it


def test_a_lock_that_was_asked_for_just_now_may_be_lifted():
    hands = Hands().press("!", 0).press("q", 300).press("k", 600)
    assert hands.ui.dialog == "unlock"


def test_bookmark_and_search():
    assert typed(Hands().press("b", 0), "here").client.sent == [Bookmark("here", 18_233, SNAPSHOT.at_ms)]
    hands = typed(Hands().press("5", 0).press("/", 1), "stop los")
    assert hands.ui.search == "stop los"
    assert hands.ui.notice == "'stop los' is nowhere in the log"
    typed(hands.press("/", 50), "line 7")
    assert (hands.ui.focus, hands.ui.log_follow, hands.ui.log_top) == ("log", False, 7)
    hands.press("/", 600).press("escape", 610)
    assert hands.ui.search == ""


def test_a_tick_beyond_the_end_is_no_place():
    hands = typed(Hands().press("g", 0), "40000")
    assert hands.client.sent == []
    assert hands.ui.notice == "there are 34,086 ticks"


def test_the_receipt_leads_to_the_unlock():
    done = snapshot(flat=replace(SNAPSHOT.flat, state="FLAT"))
    hands = Hands(done).press("!", 0)
    hands.ui.plan_until_ns = 0  # as after firing
    assert hands.press("k", 900).ui.dialog == "unlock"
    assert keys.hints(view(done, ui=Hands(done).ui))[0][0] == "!x"


FOUND = snapshot(found=("the last run ended without closing", "READY: locked until you unlock (k)"))


def test_how_the_last_run_ended_is_read_and_then_acknowledged():
    hands = Hands(FOUND).press("a", 0)
    assert (hands.ui.dialog, hands.client.sent) == ("found", [])
    assert keys.hints(view(FOUND, ui=hands.ui))[0] == ("a", "acknowledge")
    hands.press("a", 200)
    assert (hands.ui.dialog, hands.client.sent) == ("", [Acknowledge()])
    closed = Hands(FOUND).press("a", 0).press("down", 100).press("q", 200)
    assert (closed.ui.dialog, closed.client.sent, closed.left) == ("", [], [])
    nothing = Hands().press("a", 0)
    assert (nothing.ui.dialog, nothing.client.sent, nothing.ui.notice) == ("", [], "nothing to acknowledge")


def test_the_footer_names_the_key_only_while_there_is_something_to_acknowledge():
    assert keys.hints(view(FOUND))[1] == ("a", "acknowledge")
    assert not any(label == "a" for label, _ in keys.hints(view()))


def test_arrows_move_among_the_legs_of_a_plan_and_close_that_of_one():
    two = snapshot(positions=(position(0), position(1)))
    hands = Hands(two).press("!", 0).press("down", 300).press("down", 400)
    assert (hands.ui.dialog, hands.ui.choice) == ("flat", 1)
    hands.press("up", 500).press("pageup", 600)
    assert (hands.ui.dialog, hands.ui.choice) == ("flat", 0)
    assert hands.client.sent == [Arm()]
    assert hands.press("x", 900).client.sent == [Arm(), Flat("operator")]
    one = Hands(snapshot()).press("!", 0).press("down", 300)
    assert one.ui.dialog == ""


def test_the_way_out_is_among_the_first_hints():
    assert [label for label, _ in keys.hints(view())][:3] == ["!x", "?", "q"]
    locked = snapshot(entries=replace(SNAPSHOT.entries, locked="me"))
    assert [label for label, _ in keys.hints(view(locked))][:2] == ["!x", "k"]


def test_leaving_asks_only_with_a_position_open():
    hands = Hands(snapshot(positions=())).press("q", 0)
    assert hands.left == [True]
    hands = Hands().press("q", 0)
    assert (hands.left, hands.ui.dialog) == ([], "quit")
    assert hands.press("y", 200).left == []
    assert hands.ui.dialog == ""
    assert hands.press("q", 400).press("q", 800).left == [True]


def test_ctrl_c_asks_and_ctrl_z_and_ctrl_q_do_nothing():
    assert Hands(snapshot(positions=())).press("ctrl+c", 0).ui.dialog == "quit"
    for key in ("ctrl+z", "ctrl+q", "ctrl+s", "f1", "X", "y"):
        hands = Hands().press(key, 0)
        assert (hands.client.sent, hands.ui.dialog, hands.left) == ([], "", [])


def test_panes_zoom_and_selection():
    hands = Hands()
    for n, pane in enumerate(pane.name for pane in PANES):
        assert hands.press(str(n + 1), n).ui.focus == pane
    assert hands.press("tab", 10).ui.focus == "ticks"
    assert hands.press("z", 11).ui.zoom
    assert hands.press("down", 12).ui.selected == 1
    assert hands.press("down", 13).ui.selected == 1  # there are two
    assert hands.press("pageup", 14).ui.selected == 0


def test_a_filter_takes_effect_as_it_is_typed_and_esc_clears_it():
    hands = Hands().press("1", 0).press("/", 1)
    for n, (key, wanted) in enumerate((("p", "p"), ("x", "px"), ("backspace", "p"), ("e", "pe")), 2):
        assert hands.press(key, n).ui.filters == {"ticks": wanted}
    assert hands.press("enter", 10).ui.dialog == ""
    assert hands.ui.filters == {"ticks": "pe"}
    assert hands.press("/", 11).ui.text == "pe"  # it goes on where it was
    assert hands.press("escape", 12).ui.filters.get("ticks", "") == ""
    typed(hands.press("2", 20).press("/", 21), "ce")
    assert hands.ui.filters["positions"] == "ce"
    assert "positions" not in hands.press("escape", 2_000).ui.filters  # without a dialog too
    assert hands.press("3", 3_000).press("/", 3_001).ui.dialog == "search"  # nothing to filter there


def test_the_table_is_sorted_by_a_key_and_its_ends_are_a_key_away():
    hands = Hands().press("S", 0)
    assert (hands.ui.order, hands.ui.notice) == (1, "sorted by symbol, rising; held ones first")
    assert hands.press("end", 1).ui.selected == 1
    assert hands.press("home", 2).ui.selected == 0


def test_the_log_scrolls_and_follows_again():
    hands = Hands().press("5", 0).press("up", 1)
    assert not hands.ui.log_follow
    assert hands.ui.log_top == 29
    hands.press("pageup", 2)
    assert hands.ui.log_top == 19
    hands.press("pagedown", 3).press("down", 4)
    assert hands.ui.log_follow
    assert not hands.press("f", 5).ui.log_follow
    assert hands.press("l", 6).ui.log_level == "WARNING"


def test_the_palette_does_what_is_chosen():
    hands = typed(Hands().press(":", 0), "restart")
    assert hands.client.sent == [Seek(0)]
    hands = Hands().press(":", 0)
    assert not any(entry[2] == "stall" for entry in keys.palette(view(ui=hands.ui)))
    typed(hands, "dev")
    assert hands.client.sent == [Stall(3.0)]
    assert typed(Hands().press("ctrl+p", 0), "no such thing").client.sent == []


@pytest.mark.parametrize("way", ["palette", "dialog"])
def test_the_log_goes_into_detail_from_the_screen(way):
    def told(words):
        hands = Hands(snapshot(log_levels=LEVELS)).press(":", 0)
        typed(hands, f"log-level {words}" if way == "palette" else "log-level")
        return hands if way == "palette" else typed(hands, words)

    hands = told("trader=debug --for 10m")
    assert hands.client.sent == [SetLogLevel(clean("trader"), clean("debug"), 600)]
    assert hands.ui.dialog == ""
    hands = told("trader=loud")
    assert (hands.client.sent, hands.ui.notice[:40]) == ([], "nothing was sent: level 'loud' is not kn")


def test_without_words_it_tells_the_levels():
    assert typed(typed(Hands(snapshot(log_levels=LEVELS)).press(":", 0), "log-level"), "").ui.notice == (
        "trader debug (the operator's)"
    )
    assert typed(typed(Hands().press(":", 0), "log-level"), "").ui.notice == "every component logs as configured"


def test_every_action_of_the_table_exists():
    of_panes = {key.action for pane in PANES for key in pane.keys}
    for key in (*keys.TABLE, *keys.OWN):
        if not key.action.startswith("pane_"):
            tables = sum(key.action in table for table in (of_panes, COMMANDS, DIALOGS, LINES, on_replay.ACTIONS))
            assert tables + hasattr(Actions, f"do_{key.action}") == 1, key.action


def test_no_key_and_no_action_stands_in_the_table_twice():
    assert len({key.key for key in keys.TABLE}) == len({key.action for key in keys.TABLE}) == len(keys.TABLE)
    assert len({pane.name for pane in PANES}) == len(PANES)
    assert len({key.key for key in keys.TABLE}) == len(keys.TABLE)
    assert not any(key.key.startswith(("ctrl", "alt", "f1")) for key in keys.TABLE)
    assert len(set(on_replay.SPEEDS)) == 10


# ── Why a key does nothing ───────────────────────────────────────────────────────────────────────────────────────────

REMOTE = Attachment(apart=True, holder="pts/3", has_control=False)


@pytest.mark.parametrize(
    ("key", "seen", "attachment", "why"),
    [
        (" ", snapshot(replay=None, trade_mode="paper"), Attachment(), "space plays a replay; this run is PAPER and no replay"),
        ("O", SNAPSHOT, Attachment(), "the engine is in this process: nobody else can have control"),
        ("x", SNAPSHOT, Attachment(), "x fires a flat from its plan alone: ! shows the plan"),
        ("k", SNAPSHOT, Attachment(), "nothing is locked"),
        ("k", snapshot(entries=replace(SNAPSHOT.entries, paused=True)), Attachment(), "nothing is locked; p resumes entries"),
        ("p", SNAPSHOT, REMOTE, "p needs control: pts/3 has it, O takes it"),
        ("d", SNAPSHOT, replace(REMOTE, holder=""), "d needs control: nobody has it, O takes it"),
        ("k", LOCKED, replace(REMOTE, read_only=True), "k needs control: this screen is read-only; attach without --read-only to command"),
        (".", SNAPSHOT, REMOTE, ". needs control: pts/3 has it, O takes it"),
        ("Q", SNAPSHOT, Attachment(), "Q does nothing; q does: leave, quit: an attached engine goes on; asks when a position is open"),
        ("y", SNAPSHOT, Attachment(), "y does nothing; ? shows all keys"),
        ("ctrl+z", SNAPSHOT, Attachment(), ""),
        ("escape", SNAPSHOT, Attachment(), ""),
        ("f5", SNAPSHOT, Attachment(), ""),
    ],
)  # fmt: skip
def test_a_key_that_does_nothing_says_why(key, seen, attachment, why):
    hands = Hands(seen, attachment=attachment).press(key, 0)
    assert (hands.client.sent, hands.ui.dialog, hands.left) == ([], "", [])
    assert hands.ui.notice == why


def test_what_a_line_types_by_itself_is_told_nothing():
    assert Hands().press("escape", 0).press("y", 100, suspicious=True).ui.notice == ""
    assert Hands().press("y", 0, alone=False).ui.notice == ""


def test_the_palette_says_why_too():
    assert typed(Hands(attachment=REMOTE).press(":", 0), "delivery").ui.notice.startswith("d needs control")


def test_the_footer_knows_the_moment():
    def footer(seen=SNAPSHOT, attachment=Attachment(), **ui):  # noqa: B008 - a frozen record
        hands = Hands(seen, attachment=attachment)
        for name, value in ui.items():
            setattr(hands.ui, name, value)
        return keys.hints(view(seen, ui=hands.ui, attachment=attachment))

    assert ("space", "pause") in footer()
    assert ("space", "play") in footer(held(playing=False))
    assert ("k", "unlock") not in footer()
    assert footer(LOCKED)[1] == ("k", "unlock")
    assert footer(snapshot(entries=replace(SNAPSHOT.entries, paused=True)))[1] == ("p", "resume entries")
    assert footer(held(ended=True))[1] == ("r", "restart")
    assert ("z", "back") in footer(zoom=True)
    looking = footer(attachment=REMOTE)
    assert looking[1] == ("O", "control")
    assert not {"space", "p", "d", "k"} & {label for label, _ in looking}
    searching = footer(focus="log", search="line")
    assert searching[:4] == [("!x", "flat"), ("n", "next match"), ("N", "before"), ("esc", "clear search")]
    assert "n N" not in {label for label, _ in searching}
    assert "n" not in {label for label, _ in footer(search="line")}


def test_matches_are_gone_through_while_the_log_has_the_keys():
    hands = typed(Hands().press("5", 0).press("/", 0), "line 1")  # lines 1, 10 … 19
    assert hands.ui.log_top == 19
    assert hands.press("N", 600).ui.log_top == 18
    assert hands.press("n", 700).ui.log_top == 19
    assert (hands.press("n", 800).ui.log_top, hands.ui.notice) == (1, "on from the oldest match")
    assert (hands.press("N", 900).ui.log_top, hands.ui.notice) == (19, "on from the newest match")
    assert hands.client.sent == []
    assert (hands.press("escape", 1_000).ui.search, hands.ui.notice) == ("", "search cleared")
    hands.press("n", 4_000)
    assert hands.client.sent == [SeekEvent(forward=True)]


def test_hints_are_the_keys_that_work_now():
    live = view(snapshot(replay=None))
    assert not any(label == "space" for label, _ in keys.hints(live))
    assert any(label == "space" for label, _ in keys.hints(view()))
    hands = Hands().press("!", 0)
    assert keys.hints(view(ui=hands.ui))[0] == ("x", "FIRE the flat")


def test_a_notice_goes_away():
    hands = Hands().press("t", 0)
    assert hands.ui.notice == "theme truecolor"
    hands.control.pass_time(10_000 * 1_000_000 + 5_000_000_001)
    assert hands.ui.notice == ""


def test_trades_open_at_their_end():
    hands = Hands().press("T", 0)
    assert (hands.ui.dialog, hands.ui.choice) == ("trades", NEWEST)
    assert hands.press("up", 1).ui.choice == 10
    assert hands.press("down", 2).press("down", 3).ui.choice == NEWEST
    assert hands.press("home", 3).ui.choice == 1
    assert hands.press("end", 3).ui.choice == NEWEST
    assert hands.press("x", 4).ui.dialog == ""
    assert SNAPSHOT.account.day_pnl > Decimal(0)


# ── A screen that only looks ─────────────────────────────────────────────────────────────────────────────────────────

LOOKING = Attachment(apart=True, holder="pts/3", has_control=False, read_only=True, may_flat=False)


def test_nothing_safe_is_sent_from_a_screen_that_only_looks() -> None:
    hands = Hands(attachment=LOOKING).press("!", 0).press("x", 400).press("escape", 800).press("x", 3_000)
    assert hands.client.sent == []
    assert hands.ui.dialog == ""
    hands.press("!", 5_000)
    assert "only looks and nothing was sent: attach with --may-flat" in hands.ui.notice


def test_a_flat_that_runs_is_shown_to_it() -> None:
    running = replace(SNAPSHOT, flat=replace(SNAPSHOT.flat, state="CLOSING"))
    hands = Hands(running, attachment=LOOKING).press("!", 0)
    assert hands.ui.dialog == "flat"
    hands.press("x", 400).press("escape", 800)
    assert (hands.client.sent, hands.ui.dialog) == ([], "")


def test_one_that_may_flat_goes_the_usual_way() -> None:
    hands = Hands(attachment=replace(LOOKING, may_flat=True)).press("!", 0).press("x", 400)
    assert hands.fired


def test_x_again_sends_what_a_closed_market_holds_but_not_by_a_double_press() -> None:
    hands = Hands(snapshot()).press("!", 0).press("x", 900)
    assert hands.client.sent == [Arm(), Flat("operator")]
    waiting = replace(SNAPSHOT.flat, state="HELD", until_ms=SNAPSHOT.at_ms + 3_600_000)
    hands.client.snapshot = snapshot(flat=waiting)
    hands.press("x", 950)
    assert len(hands.client.sent) == 2
    hands.press("x", 1_300)
    assert hands.client.sent[2:] == [Flat("operator", anyway=True)]
