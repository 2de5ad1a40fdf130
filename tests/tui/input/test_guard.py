"""What a bad line, a paste or a terminal's chatter types never fires the flat; a hand always does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine import Arm, ClosePosition, Disarm, Flat
from tests.support.screens.hands import Hands
from tests.support.screens.snapshots import snapshot


def test_by_hand_it_locks_at_once_shows_the_plan_and_fires():
    hands = Hands().press("!", 0)
    assert hands.client.sent == [Arm()]
    assert hands.ui.dialog == "flat"
    hands.press("x", 400)
    assert hands.client.sent == [Arm(), Flat("operator")]
    assert hands.ui.dialog == "flat"  # the plan stays to show how it goes


@given(st.integers(170, 9_900))
def test_by_hand_always(delay_ms):
    assert Hands().press("!", 0).press("x", delay_ms).fired


def test_the_plan_must_have_been_seen():
    assert not Hands().press("!", 0).press("x", 100).fired
    assert not Hands(draws=False).press("!", 0).press("x", 5_000).fired


def test_x_without_the_plan_does_nothing():
    assert Hands().press("x", 0).press("x", 500).client.sent == []


def test_one_burst_never_fires():
    assert not Hands().press("!", 0, alone=False).press("x", 0, alone=False).fired
    assert not Hands().press("!", 0).press("x", 400, alone=False).fired


def test_a_paste_is_no_key():
    hands = Hands()
    hands.control.paste("!x", 0)
    assert hands.client.sent == []
    hands.press("!", 0)
    hands.control.paste("x", 0)
    assert not hands.fired


def test_a_held_exclamation_mark_only_locks():
    hands = Hands()
    for n in range(40):
        hands.press("!", n * 33)
    assert not hands.fired
    assert {type(command) for command in hands.client.sent} == {Arm, Disarm}


@pytest.mark.parametrize("key", ["y", "enter", "X", "1", "up", "f5", "escape", "ctrl+c", "q", " "])
def test_any_other_key_closes_the_plan_and_entries_stay_locked(key):
    hands = Hands().press("!", 0).press(key, 400)
    assert hands.client.sent == [Arm(), Disarm()]
    assert hands.ui.dialog == ""
    assert not hands.press("x", 800).fired


def test_ten_seconds_close_the_plan():
    hands = Hands().press("!", 0)
    hands.press("x", 10_100)
    assert not hands.fired
    assert hands.client.sent == [Arm(), Disarm()]


def test_suspicious_keys_never_fire():
    assert not Hands().press("!", 0).press("x", 400, suspicious=True).fired


@pytest.mark.parametrize("plan_key", ["!", "c"])
def test_a_refused_x_says_how_long_and_then_works(plan_key):
    begun = Hands() if plan_key == "!" else Hands().press("enter", -500)
    hands = begun.press(plan_key, 0).press("x", 100).press("x", 200, suspicious=True).press("x", 300, alone=False)
    assert not any(isinstance(command, Flat | ClosePosition) for command in hands.client.sent)
    assert "wait 0.3 s, then x" in hands.ui.notice
    assert isinstance(hands.press("x", 600).client.sent[-1], Flat | ClosePosition)


def test_a_running_flat_is_only_shown():
    running = snapshot()
    hands = Hands(replace(running, flat=replace(running.flat, state="CLOSING")))
    hands.press("!", 0).press("x", 500)
    assert hands.client.sent == []
    hands.press("q", 900)
    assert hands.ui.dialog == ""
    assert hands.client.sent == []
