"""Generated data that misbehaves on command: each fault is what its name says, and is seen for what it is."""

import datetime
from itertools import islice, pairwise

import pytest
from msgspec.structs import replace

from engine.model.commands import Fault
from engine.model.errors import InputError
from engine.model.types import PRICE_NAN, Instrument, Tick
from engine.venues.simulated.faults import FaultySource
from engine.venues.simulated.generator import MockSession

DATE = datetime.date(2025, 10, 3)


def session(seed: int = 1, symbol: str = "A") -> MockSession:
    return MockSession(seed, DATE, "Asia/Kolkata", Instrument(symbol, "1"))


@pytest.fixture(scope="module")
def plain() -> list[Tick]:
    return list(session().ticks())


def given(fault: Fault, after: int = 3, count: int = 8) -> list[Tick]:
    """The first ticks of a source that is given `fault` after `after` of them."""
    source = FaultySource((session(),))
    stream = source.ticks()
    first = list(islice(stream, after))
    source.misbehave(fault)
    return first + list(islice(stream, count - after))


def test_without_faults_a_session_comes_out_unchanged(plain) -> None:
    source = FaultySource((session(),))
    assert list(source.ticks()) == plain
    assert list(islice(source.ticks(500), 3)) == plain[499:502]
    assert source.count() == len(plain)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["drop", "duplicate", "reorder", "skew", "jump", "bad_price", "stall"])
def test_numbers_have_no_holes_whatever_happens(kind) -> None:
    assert [tick.seq for tick in given(Fault(kind, 2), count=10)] == list(range(1, 11))


def test_dropped_ticks_leave_a_hole_in_the_exchange_numbers(plain) -> None:
    told = given(Fault("drop", 2))
    assert [tick.exch_seq for tick in told] == [tick.exch_seq for tick in plain[:3] + plain[5:10]]


def test_repeated_ticks_carry_the_same_exchange_number(plain) -> None:
    assert [tick.exch_seq - plain[0].exch_seq for tick in given(Fault("duplicate", 2))] == [0, 1, 2, 3, 3, 4, 4, 5]


def test_reordered_ticks_change_places(plain) -> None:
    assert [tick.exch_seq - plain[0].exch_seq for tick in given(Fault("reorder"))] == [0, 1, 2, 4, 3, 5, 6, 7]


def test_skew_lasts_until_it_is_taken_back(plain) -> None:
    source = FaultySource((session(),))
    stream = source.ticks()
    source.misbehave(Fault("skew", 5000))
    shifted = list(islice(stream, 3))
    assert [tick.exch_ms - was.exch_ms for tick, was in zip(shifted, plain, strict=False)] == [0, 5000, 5000]
    source.misbehave(Fault("skew", 0))
    back = list(islice(stream, 2))
    assert back[1].exch_ms == plain[4].exch_ms


def test_a_stalled_line_is_silent_while_the_session_goes_on(plain) -> None:
    told = given(Fault("stall", 60))
    assert told[2].exch_ms + 60_000 <= told[3].exch_ms
    assert told[3] == next(tick for tick in plain if tick.exch_seq == told[3].exch_seq) or told[3].seq == 4


def test_prices_jump_or_are_none(plain) -> None:
    assert given(Fault("jump"))[3].price == plain[3].price * 130 // 100
    assert [tick.price for tick in given(Fault("bad_price", 2))[2:6]] == [
        plain[2].price, PRICE_NAN, PRICE_NAN, plain[5].price,
    ]  # fmt: skip


def test_going_on_after_a_hold_repeats_and_loses_nothing(plain) -> None:
    source = FaultySource((session(),))
    stream = source.ticks()
    source.misbehave(Fault("drop", 3))
    told = list(islice(stream, 4))
    again = list(islice(source.ticks(5), 3))
    assert [tick.exch_seq for tick in told + again] == [tick.exch_seq for tick in plain[3:10]]


@pytest.mark.slow
def test_several_sessions_are_one_stream_by_the_exchange_time() -> None:
    source = FaultySource((session(1, "A"), session(2, "B"), session(3, "C")))
    ticks = list(source.ticks())
    assert [tick.seq for tick in ticks] == list(range(1, source.count() + 1))
    assert all(before.exch_ms <= after.exch_ms for before, after in pairwise(ticks))
    assert {tick.instrument for tick in ticks} == {0, 1, 2}
    middle = ticks[len(ticks) // 2]
    assert ticks[source.number_at(middle.exch_ms) - 1].exch_ms == middle.exch_ms
    assert next(source.ticks(1000)) == ticks[999]
    assert source.name.endswith("and 2 more")


def test_a_fault_for_one_instrument_leaves_the_others_alone() -> None:
    source = FaultySource((session(1, "A"), session(2, "B")))
    source.misbehave(Fault("bad_price", 2, "B"))
    told = list(islice(source.ticks(), 20))
    bad = [tick.instrument for tick in told if tick.price == PRICE_NAN]
    assert bad == [1, 1]


def test_what_is_added_begins_at_that_moment_and_every_tick_keeps_its_number() -> None:
    source = FaultySource((session(1, "A"),), lambda symbol, place: session(1 + place, symbol))
    stream = source.ticks()
    given_out = [(tick.exch_ms, tick.price) for tick in islice(stream, 300)]
    listed = (*source.instruments, *source.find(("B",)))
    source.follow(listed)
    went_on = list(islice(stream, 300))
    added = [tick.exch_ms for tick in went_on if tick.instrument == 1]
    assert added
    assert min(added) > given_out[-1][0]
    source.follow((listed[0], replace(listed[1], removed=True)))
    rest = list(stream)
    assert {tick.instrument for tick in rest[1:]} == {0}  # one may have been at hand already
    assert [tick.seq for tick in (*went_on, *rest)] == list(range(301, source.count() + 1))
    again = [(tick.seq, tick.instrument, tick.exch_ms) for tick in source.ticks()]
    assert again[300:] == [(tick.seq, tick.instrument, tick.exch_ms) for tick in (*went_on, *rest)]


def test_a_source_that_draws_no_more_says_so() -> None:
    with pytest.raises(InputError, match="cannot be changed"):
        FaultySource((session(),)).find(("B",))
