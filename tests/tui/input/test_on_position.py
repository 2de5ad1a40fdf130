"""One position: its dialog opens, an action is chosen, shown, and fired by nothing but a hand's `x`."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from engine import ActionView, AllowEntries, Arm, BarEntries, ClosePosition, Flat, MoveStop, PositionCommand
from tests.support.screens.hands import MS, Hands, typed
from tests.support.screens.snapshots import CALL, SNAPSHOT, apart, position, snapshot, view
from tests.support.thorough import examples
from tui.input import keys
from tui.view.model import Attachment

HELD = position().state
MEANT = (CALL.symbol, HELD.entry_ms, HELD.entry_price)
CHOSEN = {
    "c": ClosePosition(*MEANT),
    "h": ClosePosition(*MEANT, half_of=150),
    "n": BarEntries(CALL.symbol),
}


def opened(seen=SNAPSHOT, **more) -> Hands:
    return Hands(seen, **more).press("enter", 0)


def sold(hands: Hands) -> list[object]:
    return [command for command in hands.client.sent if not isinstance(command, Arm)]


@pytest.mark.parametrize("key", CHOSEN)
def test_an_action_is_chosen_shown_and_fired_by_x(key: str) -> None:
    hands = opened().press(key, 100)
    assert (hands.ui.dialog, hands.client.sent) == ("action", [])
    hands.press("x", 400)
    assert hands.client.sent == [CHOSEN[key]]
    hands.press("x", 900)
    assert hands.client.sent == [CHOSEN[key]], "fired once"
    assert hands.press("q", 1_000).ui.dialog == ""


def test_a_stop_is_typed_shown_and_fired() -> None:
    hands = typed(opened().press("s", 50), "156.50")
    assert (hands.ui.dialog, hands.client.sent) == ("action", [])
    assert hands.press("x", 900).client.sent == [MoveStop(*MEANT, stop=15_650)]
    points = typed(opened().press("s", 50), "0.51p")
    assert points.press("x", 900).client.sent == [MoveStop(*MEANT, stop=15_650)]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("150", "not above the trailing stop at 155.8"),
        ("157.05", "not below the last price 157.01"),
        ("156.52", "no multiple of the tick size"),
        ("x", "is no price like 152.50"),
        ("1e3", "is no price like 152.50"),
        ("", "is no price like 152.50"),
        ("nan", "is no price like 152.50"),
        ("156.555", "is no price like 152.50"),
    ],
)
def test_a_stop_that_cannot_be_is_said_and_typed_anew(text: str, why: str) -> None:
    hands = typed(opened().press("s", 50), text)
    assert why in hands.ui.notice
    assert (hands.ui.dialog, hands.ui.text, hands.client.sent) == ("stop_price", text, [])


def test_one_lot_has_no_half() -> None:
    hands = opened(snapshot(positions=(position(quantity=75),))).press("h", 100)
    assert (hands.ui.dialog, hands.ui.notice) == ("position", "it is one lot, which has no half: c closes it")


@pytest.mark.parametrize("key", ["c", "h", "s", "n"])
def test_a_choice_that_is_not_taken_keeps_the_dialog_for_the_next_key(key: str) -> None:
    hands = opened()
    for more in ({"suspicious": True}, {"alone": False}):
        hands.press(key, 100, **more)
        assert hands.ui.dialog == "position"
        assert f"wait 0.3 s, then {key}" in hands.ui.notice
    hands.press("n", 500)
    assert (hands.ui.dialog, hands.client.sent) == ("action", [])
    looking = opened(attachment=apart(has_control=False, holder="ann"))
    assert looking.press(key, 100).press("n", 300).ui.dialog == "position"


@pytest.mark.parametrize("key", ["c", "h", "s", "n"])
def test_behind_a_refusal_of_the_engine_the_next_choice_is_one(key: str) -> None:
    hands = opened().press("h", 100).press("x", 400)
    hands.client.snapshot = replace(SNAPSHOT, action=ActionView(4, "half", 0, "REFUSED", "it has no half: close it"))
    assert ("h", "half") in keys.hints(view(hands.client.snapshot, ui=hands.ui))
    hands.press(key, 900)
    assert hands.ui.dialog == ("stop_price" if key == "s" else "action")
    assert hands.ui.fired_after == -1 or key == "s"
    assert hands.client.sent == [CHOSEN["h"]]
    assert hands.press("escape", 1_200).ui.dialog == ""


def test_a_barred_instrument_is_allowed_by_the_same_key_also_where_nothing_is_held() -> None:
    barred = snapshot(entries=replace(SNAPSHOT.entries, barred=(0,)), positions=())
    hands = opened(barred).press("n", 100).press("x", 400)
    assert hands.client.sent == [AllowEntries(CALL.symbol)]
    assert opened(barred).press("c", 100).ui.notice == f"nothing of {CALL.symbol} is held"


def test_the_flat_opens_from_every_one_of_them() -> None:
    for begun in (opened(), opened().press("s", 100), opened().press("c", 100)):
        begun.press("!", 300)
        assert (begun.ui.dialog, begun.client.sent) == ("flat", [Arm()])
        begun.press("x", 700)
        assert sold(begun) == [Flat()]


@pytest.mark.parametrize("key", ["y", "enter", "X", "1", "up", "f5", "escape", "ctrl+c", "q", " ", "c", "k"])
def test_any_other_key_closes_the_plan(key: str) -> None:
    hands = opened().press("c", 100).press(key, 400)
    assert (hands.ui.dialog, hands.client.sent) == ("", [])
    assert hands.press("x", 900).client.sent == []


def test_x_before_the_plan_was_seen_does_nothing_and_says_so() -> None:
    hands = opened().press("c", 100).press("x", 230)
    assert (hands.client.sent, hands.ui.dialog) == ([], "action")
    assert "x not taken" in hands.ui.notice
    assert hands.press("x", 300).client.sent == [CHOSEN["c"]]
    never = opened(draws=False).press("c", 100).press("x", 5_000)
    assert never.client.sent == []


def test_a_burst_fires_nothing() -> None:
    hands = Hands()
    for n, key in enumerate(["enter", "c", "x"]):
        hands.press(key, n, alone=False)
    assert hands.client.sent == []
    assert opened().press("c", 100).press("x", 400, alone=False).client.sent == []
    assert opened().press("c", 100).press("x", 400, suspicious=True).client.sent == []


def test_a_paste_fires_nothing() -> None:
    hands = opened().press("c", 100)
    hands.control.paste("x", 0)
    assert hands.client.sent == []
    hands = opened().press("s", 100)
    hands.control.paste("156.50\nx", 0)
    assert (hands.client.sent, hands.ui.text) == ([], "")


@pytest.mark.parametrize("tail", ["[x", "Ox", "[1;5x", "]x"])
def test_the_tail_of_a_split_escape_fires_nothing(tail: str) -> None:
    hands = opened().press("c", 100).press("escape", 400)
    for n, key in enumerate(tail):
        hands.press(key, 500 + 200 * n)
    assert hands.client.sent == []
    chosen = opened().press("escape", 100).press("enter", 200)
    for n, key in enumerate("[cx"):
        chosen.press(key, 300 + 200 * n)
    assert chosen.client.sent == []


def test_the_plan_closes_by_itself() -> None:
    hands = opened().press("c", 100)
    hands.control.pass_time((10_000 + 10_099) * MS)
    assert hands.ui.dialog == "action"
    hands.control.pass_time((10_000 + 10_100) * MS)
    assert hands.ui.dialog == ""


def test_what_was_fired_stays_until_a_key() -> None:
    done = snapshot(action=ActionView(4, "bar", 0, "DONE"))
    hands = opened(done).press("c", 100).press("x", 400)
    assert hands.ui.fired_after == 4
    hands.control.pass_time((10_000 + 60_000) * MS)
    assert hands.ui.dialog == "action"


@pytest.mark.parametrize(
    ("attachment", "why"),
    [
        (Attachment(apart=True, has_control=False, holder="ann"), "ann has control: O takes it"),
        (Attachment(apart=True, has_control=False, holder=""), "nobody has control: O takes it"),
        (Attachment(apart=True, has_control=False, read_only=True), "this screen only looks"),
        (apart(lost="the line is down"), "no link to the engine"),
    ],
)
def test_who_may_not_command_is_told_before_any_plan(attachment: Attachment, why: str) -> None:
    for key in "chsn":
        hands = opened(attachment=attachment).press(key, 100)
        assert why in hands.ui.notice
        assert hands.ui.dialog == "position"
        assert hands.press("x", 900).client.sent == []


def test_control_that_is_lost_while_the_plan_is_open_fires_nothing() -> None:
    hands = opened(attachment=apart()).press("c", 100)
    hands.client.attachment = Attachment(apart=True, has_control=False, holder="ann")
    assert hands.press("x", 400).client.sent == []
    assert "ann has control" in hands.ui.notice


def test_up_and_down_go_from_one_position_to_the_next_and_enter_opens_it() -> None:
    hands = Hands(snapshot(positions=(position(0), position(1))))
    hands.ui.focus = "positions"
    hands.press("down", 0)
    assert hands.ui.selected == 1
    hands.press("down", 10).press("enter", 20)
    assert (hands.ui.instrument, hands.ui.dialog) == (1, "position")
    hands.press("q", 30).press("up", 40).press("enter", 50)
    assert hands.ui.instrument == 0


def test_where_the_selected_instrument_is_not_held_the_first_position_opens() -> None:
    hands = Hands(snapshot(positions=(position(1),)))
    hands.ui.focus = "positions"
    hands.press("enter", 0)
    assert (hands.ui.instrument, hands.ui.selected) == (1, 1)
    other = Hands(snapshot(positions=(position(1),)))
    other.ui.focus = "ticks"
    assert other.press("enter", 0).ui.instrument == 0


@pytest.mark.parametrize(("words", "dialog"), [("close pos", "action"), ("half", "action"), ("stop to", "stop_price")])
def test_the_palette_has_them_too(words: str, dialog: str) -> None:
    hands = typed(Hands().press(":", 0), words)
    assert (hands.ui.dialog, hands.client.sent) == (dialog, [])


def test_the_footer_knows_the_keys() -> None:
    hands = opened()
    assert ("c", "close") in keys.hints(view(ui=hands.ui))
    nothing = snapshot(positions=(), entries=replace(SNAPSHOT.entries, barred=(0,)))
    assert keys.hints(view(nothing, ui=hands.ui))[:2] == [("n", "allow entries"), ("!", "flat")]
    hands.press("c", 100)
    assert keys.hints(view(ui=hands.ui))[0] == ("x", "FIRE")
    hands.press("x", 400)
    assert keys.hints(view(ui=hands.ui)) == [("any key", "close")]


strokes = st.tuples(
    st.sampled_from(["enter", "c", "h", "s", "n", "x", "escape", "[", "1", "5", "q", "down"]),
    st.integers(0, 400),
    st.booleans(),
)


@settings(max_examples=examples(150), deadline=None)
@given(st.lists(strokes, max_size=25))
def test_whatever_comes_only_a_hands_x_at_a_plan_that_was_seen_sends_anything(typed_keys) -> None:
    hands, at_ms = Hands(), 0
    for key, wait_ms, alone in typed_keys:
        at_ms += wait_ms
        before, sent = (hands.ui.dialog, hands.ui.plan_drawn_ns), len(hands.client.sent)
        hands.press(key, at_ms, alone=alone)
        if any(isinstance(command, PositionCommand) for command in hands.client.sent[sent:]):
            assert (key, alone, before[0]) == ("x", True, "action")
            assert (10_000 + at_ms) * MS - before[1] >= 150 * MS
