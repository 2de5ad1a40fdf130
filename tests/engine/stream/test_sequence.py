"""Whether an exchange's numbers are a chain, so that a missing one is a loss: configured, or learned per instrument."""

from hypothesis import given
from hypothesis import strategies as st

from engine.model.types import (
    FLAG_UNCHAINED,
)
from engine.stream.sequence import SequenceTracker


def flags(numbering, numbers, instrument=0):
    return [numbering.flag(instrument, number) for number in numbers]


def test_what_is_configured_needs_no_learning():
    assert set(flags(SequenceTracker(1, "chained"), [5, 9, 3, 0])) == {0}
    assert set(flags(SequenceTracker(1, "rising"), [1, 2, 3, 4])) == {FLAG_UNCHAINED}


def test_twenty_steps_of_one_in_a_row_make_a_chain():
    told = flags(SequenceTracker(1, "auto"), range(100, 130))
    assert told == [FLAG_UNCHAINED] * 20 + [0] * 10


def test_a_jump_while_learning_begins_the_row_anew():
    numbering = SequenceTracker(1, "auto")
    flags(numbering, range(1, 20))  # 18 steps
    told = flags(numbering, range(50, 72))  # a jump and 21 steps
    assert told == [FLAG_UNCHAINED] * 20 + [0] * 2


def test_a_loss_in_a_chain_is_told_as_one_and_a_rare_loss_never_ends_it():
    numbering = SequenceTracker(1, "auto")
    flags(numbering, range(1, 40))
    number = 40
    for _ in range(200):
        number += 3
        assert numbering.flag(0, number) == 0
        told = flags(numbering, range(number + 1, number + 9))
        number += 8
        assert set(told) == {0}


def test_a_numbering_that_only_rises_ceases_to_be_a_chain_before_ten_jumps():
    numbering = SequenceTracker(1, "auto")
    flags(numbering, range(1, 200))
    told = flags(numbering, range(300, 400, 5))
    assert 5 <= told.index(FLAG_UNCHAINED) < 9
    assert set(told[told.index(FLAG_UNCHAINED) :]) == {FLAG_UNCHAINED}


def test_one_packet_lost_in_three_halts_entries_before_it_ends_the_chain():
    numbering = SequenceTracker(1, "auto")
    flags(numbering, range(1, 200))
    number, losses = 200, 0
    while numbering.flag(0, number) == 0 and losses < 50:
        numbering.flag(0, number + 1)
        number += 3
        losses += 1
    assert losses >= 10


def test_each_instrument_is_learned_for_itself():
    numbering = SequenceTracker(2, "auto")
    flags(numbering, range(1, 30), 0)
    assert flags(numbering, [31], 1) == [FLAG_UNCHAINED]
    assert flags(numbering, [30], 0) == [0]


def test_a_new_link_breaks_a_row_but_no_chain():
    numbering = SequenceTracker(2, "auto")
    flags(numbering, range(1, 30), 0)
    flags(numbering, range(1, 20), 1)
    numbering.link_up()
    assert flags(numbering, [1000, 1001], 0) == [0, 0]
    assert set(flags(numbering, range(20, 40), 1)) == {FLAG_UNCHAINED}


def test_repeated_and_older_numbers_and_none_say_nothing():
    numbering = SequenceTracker(1, "auto")
    flags(numbering, range(1, 30))
    assert flags(numbering, [29, 29, 0, 30]) == [0, 0, 0, 0]


@given(st.lists(st.integers(0, 10**6), max_size=200))
def test_any_numbers_are_judged(numbers):
    assert set(flags(SequenceTracker(1, "auto"), numbers)) <= {0, FLAG_UNCHAINED}
