"""What a bad line, a paste or a terminal's chatter types never fires the flat; a hand always does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine import Arm, Disarm, Flat
from tests.support.hands import MS, Hands
from tests.support.snapshots import snapshot
from tui.input.guard import Guard, Press


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
    hands.control.paste("!x")
    assert hands.client.sent == []
    hands.press("!", 0)
    hands.control.paste("x")
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


@given(st.lists(st.sampled_from("!x[AOM<0;12~cRyn "), min_size=1, max_size=10), st.integers(50, 950))
def test_a_split_escape_sequence_never_fires(tail, apart_ms):
    hands = Hands().press("escape", 0)
    at_ms = 0
    for key in tail:
        at_ms += apart_ms
        if at_ms < 4_000:
            hands.press(key, at_ms)
    assert not hands.fired


def test_mouse_bytes_that_spell_it_never_fire():
    hands = Hands()
    for n, key in enumerate(["escape", "[", "M", "!", "x", "y"]):
        hands.press(key, n * 300)
    assert not hands.fired


def test_suspicious_keys_never_fire():
    assert not Hands().press("!", 0).press("x", 400, suspicious=True).fired


def test_after_an_escape_by_hand_it_works_again():
    hands = Hands().press("escape", 0).press("!", 1_200).press("x", 1_800)
    assert hands.fired


def test_a_long_tail_ends():
    guard = Guard()
    assert not guard.watch(Press("escape", 0))
    assert not any(guard.watch(Press("!", n * 500 * MS)) for n in range(1, 8))
    assert guard.watch(Press("!", 4_100 * MS))


def test_a_running_flat_is_only_shown():
    running = snapshot()
    hands = Hands(replace(running, flat=replace(running.flat, state="CLOSING")))
    hands.press("!", 0).press("x", 500)
    assert hands.client.sent == []
    hands.press("q", 900)
    assert hands.ui.dialog == ""
    assert hands.client.sent == []
