"""Every state of entries has its words, and the worst of several is said."""

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine import EntriesState
from engine.presentation.entries import MEANINGS, State, entries
from tests.support.screens.snapshots import (
    AT_MS,
    CALL,
    NOW_NS,
    OPEN_MS,
    PUT,
    SECOND,
    SNAPSHOT,
    evening,
    lost,
    paper,
    position,
    quote,
)

MINUTE = 60_000
SESSION = replace(
    SNAPSHOT.session,
    entry_from_ms=OPEN_MS + 5 * MINUTE,
    entry_until_ms=OPEN_MS + 355 * MINUTE,
    opens="Mon 09:15",
)
FREE = EntriesState(False, "", "", 6, limit=10)
RUN = paper(session=SESSION, entries=FREE)
CLOSED_DAY = replace(SESSION, start_ms=0, end_ms=-1, entry_from_ms=5 * MINUTE, entry_until_ms=1, holiday="Diwali")
REPLAY = replace(SNAPSHOT, session=SESSION, entries=FREE)


def at(ms, seen=RUN, **more):
    return replace(seen, at_ms=ms, **more)


def silent(seen, seconds):
    return replace(seen, pulse=replace(seen.pulse, came_ns=NOW_NS - seconds * SECOND if seconds else 0))


COLD = tuple(quote(n, 100, warmup=left) for n, left in enumerate((40, 12)))
TABLE = [
    (RUN, "on", "entries on"),
    (at(OPEN_MS - MINUTE), "from", "entries from 09:20"),
    (at(OPEN_MS), "from", "entries from 09:20"),
    (at(OPEN_MS + 5 * MINUTE - 1), "from", "entries from 09:20"),
    (at(OPEN_MS + 5 * MINUTE), "on", "entries on"),
    (at(OPEN_MS + 355 * MINUTE - 1), "on", "entries on"),
    (at(OPEN_MS + 355 * MINUTE), "done", "done for today: exits only"),
    (at(OPEN_MS + 355 * MINUTE, positions=()), "done", "done for today: no entry after 15:10"),
    (at(OPEN_MS + 376 * MINUTE), "CLOSED", "CLOSED until Mon 09:15"),
    (at(OPEN_MS + 376 * MINUTE, REPLAY, positions=()), "done", "done for today: no entry after 15:10"),
    (at(OPEN_MS - MINUTE, REPLAY), "from", "entries from 09:20"),
    (at(AT_MS, session=CLOSED_DAY), "CLOSED", "Diwali: CLOSED until Mon 09:15"),
    (at(AT_MS, session=replace(CLOSED_DAY, holiday="weekend")), "CLOSED", "CLOSED until Mon 09:15"),
    (at(AT_MS, session=replace(CLOSED_DAY, holiday="", opens="")), "CLOSED", "CLOSED"),
    (at(OPEN_MS - 1, paper()), "CLOSED", "CLOSED"),  # an engine that does not tell the window
    (replace(RUN, entries=replace(FREE, today=10)), "done", "done for today: 10 of 10 entries"),
    (replace(RUN, entries=replace(FREE, locked="daily loss")), "LOCKED", "LOCKED daily loss"),
    (replace(RUN, entries=replace(FREE, halted="10 gaps")), "HALTED", "HALTED 10 gaps"),
    (replace(RUN, entries=replace(FREE, halted="the disk is behind", held=True)), "waits", "entries wait: the disk is behind"),
    (replace(RUN, entries=replace(FREE, paused=True)), "paused", "entries paused"),
    (replace(REPLAY, replay=replace(REPLAY.replay, ended=True)), "ended", "replay ended"),
    (replace(RUN, stopped=True), "off", "entries off: stopped"),
    (lost(session=SESSION, entries=FREE), "off", "entries off: no link"),
    (silent(RUN, 9), "waits", "entries wait: no price for 9 s"),
    (silent(RUN, 0), "waits", "entries wait: no price yet"),
    (silent(replace(REPLAY, at_ms=0), 0), "waits", "entries wait: no price yet"),
    (replace(RUN, quotes=COLD, positions=()), "warming up", "warming up: 12 ticks to go"),
    (replace(RUN, quotes=COLD, positions=(position(1),)), "warming up", "warming up: 40 ticks to go"),
    (replace(RUN, positions=(position(0), position(1))), "position", "in position: no second entry"),
    (replace(RUN, instruments=(replace(CALL, watch_only=True), replace(PUT, watch_only=True))), "off", "entries off: watch only"),
    (replace(RUN, instruments=(CALL, replace(PUT, watch_only=True))), "position", "in position: no second entry"),
]  # fmt: skip


@pytest.mark.parametrize(("seen", "state", "said"), TABLE)
def test_each_state_has_its_words(seen, state, said) -> None:
    found = entries(seen, NOW_NS)
    assert (found.state, found.forms[0]) == (state, said)
    assert [len(form) for form in found.forms] == sorted({len(form) for form in found.forms}, reverse=True)


def test_of_an_engine_that_does_not_answer_nothing_is_said() -> None:
    assert entries(RUN, NOW_NS, known=False).forms == ("entries ?",)
    assert entries(replace(RUN, stopped=True), NOW_NS, known=False).state == "off"


def test_what_a_person_must_lift_says_how() -> None:
    locked = entries(replace(RUN, entries=replace(FREE, locked="me", paused=True)), NOW_NS)
    assert locked.whole == "LOCKED me · k unlocks"
    assert entries(replace(RUN, entries=replace(FREE, paused=True)), NOW_NS).whole == "entries paused · p resumes"
    assert entries(RUN, NOW_NS).whole == "entries on"


def test_what_a_person_must_lift_is_said_at_night_too() -> None:
    night = at(OPEN_MS + 900 * MINUTE, entries=replace(FREE, paused=True))
    assert entries(night, NOW_NS).state == "paused"


def test_of_several_markets_one_that_may_be_entered_is_enough() -> None:
    nse = replace(SESSION, opens="Fri 09:15")
    mcx = replace(evening().session, entry_from_ms=OPEN_MS, entry_until_ms=OPEN_MS + 51_000_000)
    both = evening(markets={"NSE": nse, "MCX": mcx}, session=mcx, positions=(position(0),), entries=FREE)
    assert entries(both, NOW_NS).state == "on"
    over = replace(both, at_ms=OPEN_MS + 51_200_000)
    assert entries(over, NOW_NS).forms[0] == "done for today: exits only"
    only_nse = replace(both, instruments=(both.instruments[0], replace(both.instruments[1], watch_only=True)))
    assert entries(only_nse, NOW_NS).state == "done"  # what is only watched may be open as long as it likes


def test_help_has_a_meaning_of_every_state_and_no_state_is_called_armed() -> None:
    assert [state for state, _, _ in MEANINGS] == list(get_args(State))
    assert not any("armed" in f"{shown} {meaning}" for _, shown, meaning in MEANINGS)


@given(
    ms=st.integers(OPEN_MS - 86_400_000, OPEN_MS + 86_400_000),
    today=st.integers(0, 12),
    flags=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    replayed=st.booleans(),
    session=st.sampled_from([SESSION, CLOSED_DAY, SNAPSHOT.session]),
)
def test_entries_are_on_only_where_nothing_is_against_them(ms, today, flags, replayed, session) -> None:
    paused, locked, known = flags
    gate = replace(FREE, paused=paused, locked="me" if locked else "", today=today)
    seen = at(ms, REPLAY if replayed else RUN, session=session, entries=gate)
    if entries(seen, NOW_NS, known=known).state == "on":
        assert known
        assert not paused
        assert not locked
        assert today < 10
        assert session is not SESSION or SESSION.entry_from_ms <= ms < SESSION.entry_until_ms
