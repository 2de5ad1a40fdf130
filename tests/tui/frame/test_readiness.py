"""Row 0 vouches for nothing that nobody knows: entries and the flat during a silence, and without an engine."""

import pytest
from msgspec.structs import replace

from engine import EntriesState
from tests.support.screens.snapshots import (
    NOW_NS,
    OPEN_MS,
    SECOND,
    SNAPSHOT,
    apart,
    evening,
    feed,
    looking,
    lost,
    paper,
    view,
)
from tui.frame import header
from tui.text.glyphs import ASCII
from tui.text.rows import plain

GONE = apart(lost="nobody listens", there=False)


def silent(seconds, **more):
    pulse = replace(SNAPSHOT.pulse, came_ns=NOW_NS - round(seconds * SECOND))
    return paper(pulse=pulse, **more)


def top(seen, width=160, **more):
    return plain([header.status(view(seen, **more), width)])


@pytest.mark.parametrize("width", [160, 120])
def test_without_a_price_entries_wait(width):
    assert "entries on" in top(silent(2.9), width)
    shown = top(silent(5.4), width)
    assert "entries wait: no price for 5 s" in shown
    assert "●" not in shown
    assert "entries on" not in shown


def test_in_a_silence_the_costs_of_a_flat_are_not_known():
    assert "FLAT≈1 order <1 s costs ?" in top(silent(5))
    assert "▲ no tick for 3.2s" in top(silent(3.2))


def test_narrow_screens_say_it_shorter():
    shown = top(silent(5), 80)
    assert "no price" in shown
    assert "ready" not in shown


def test_words_of_ours_are_never_cut_but_said_shorter():
    for width in range(60, 200):
        for seen in (evening(), paper(at_ms=OPEN_MS + 10 * 3_600_000), silent(900)):
            assert "…" not in top(seen, width, attachment=apart())


def test_before_the_first_price_entries_wait_too():
    assert "entries wait: no price yet" in top(paper(pulse=replace(SNAPSHOT.pulse, came_ns=0)))


@pytest.mark.parametrize(
    "seen",
    [
        silent(900, at_ms=OPEN_MS - 1),  # closed: nothing is due
        replace(SNAPSHOT, pulse=replace(SNAPSHOT.pulse, came_ns=NOW_NS - 9 * SECOND)),  # a replay waits for itself
    ],
)
def test_where_no_price_is_due_none_is_missed(seen):
    assert "wait" not in top(seen)


def test_what_is_worse_comes_first():
    assert "LOCKED daily loss" in top(silent(5, entries=EntriesState(False, "daily loss", "", 1)))
    assert "entries off: no link" in top(lost())
    assert "entries wait" in top(lost(feed=feed()))


@pytest.mark.parametrize("width", [80, 120, 160])
@pytest.mark.parametrize(
    ("age_s", "attachment"), [(0.1, GONE), (4.0, GONE), (4.0, apart()), (0.1, apart(lost="no answer for 5 s"))]
)
def test_of_an_engine_that_nobody_hears_nothing_is_known(width, age_s, attachment):
    for seen in (paper(), paper(entries=EntriesState(False, "daily loss", "", 1))):
        now_ns = seen.taken_ns + round(age_s * SECOND)
        shown = top(seen, width, now_ns=now_ns, attachment=attachment)
        assert "entries ?" in shown
        assert "FLAT≈?" in shown
        assert "●" not in shown
        assert shown.endswith("✖")


def test_a_stopped_engine_enters_nothing():
    shown = top(paper(stopped=True), attachment=GONE)
    assert "entries off: stopped" in shown
    assert "FLAT≈?" in shown


LOCKED = paper(entries=EntriesState(False, "daily loss limit of 5 % reached", "", 1))
EARLY = paper(
    at_ms=OPEN_MS - 60_000,
    session=replace(SNAPSHOT.session, entry_from_ms=OPEN_MS + 300_000, entry_until_ms=OPEN_MS + 21_300_000),
)


@pytest.mark.parametrize(
    ("width", "locked", "early"),
    [
        (40, "LOCKED", "from 09:20"),
        (60, "LOCKED · k", "from 09:20"),
        (80, "LOCKED · k", "from 09:20"),
        (100, "LOCKED daily loss lim… · k", "entries from 09:20"),
        (120, "LOCKED daily loss lim… · k unlocks", "entries from 09:20"),
        (200, "LOCKED daily loss limit of 5 % reached · k unlocks", "entries from 09:20"),
    ],
)
def test_what_is_locked_says_how_to_unlock_and_what_comes_when(width, locked, early):
    assert locked in top(LOCKED, width)
    assert early in top(EARLY, width)
    shown = plain([header.status(view(LOCKED, glyphs=ASCII), width)])
    assert "LOCKED" in shown


def test_who_may_not_unlock_is_not_told_how():
    assert "unlocks" not in top(LOCKED, 200, attachment=looking())


def test_a_closed_market_is_said_once():
    closed = paper(at_ms=OPEN_MS + 40_000_000, session=replace(EARLY.session, opens="Mon 09:15"))
    assert top(closed, 200).count("CLOSED until Mon 09:15") == 1
