"""Saved states stay within their bytes, and the start is always among them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.clock import SystemClock
from engine.runtime.replay.feed import ReplayFeed
from engine.runtime.replay.playback import Playback
from engine.runtime.replay.saved_states import SavedStates
from tests.support.builders import ListSource, nifty
from tests.support.turn_parts import turn_parts


@given(st.integers(1, 200), st.integers(0, 400), st.integers(1, 40))
def test_saved_states_stay_within_their_bytes_and_begin_at_the_start(count: int, size: int, most: int) -> None:
    saved = SavedStates(10, most_bytes=most * 100)
    saved.save(0, 0, {"text": "x" * size})
    done = 0
    while done < count:
        done = saved.next_after(done)
        saved.save(done, done, {"text": "x" * size})
        assert saved.size_bytes <= max(most * 100, size + 20)
    for asked in (done, done // 2, 0):
        seq, at_ms, fields = saved.nearest(asked)
        assert seq == at_ms <= asked
        assert fields == {"text": "x" * size}
    assert saved.nearest(5)[0] == 0


@pytest.mark.parametrize(
    ("instruments", "recorded", "wanted"),
    [(1, False, 5000), (99, False, 20_000), (1000, False, 250_000), (1, True, 1 << 61)],
)
def test_large_states_are_put_aside_more_rarely_and_none_where_nobody_goes_back(
    instruments: int, recorded: bool, wanted: int
) -> None:
    source = ListSource([], (nifty(),) * instruments)
    feed = ReplayFeed(source, SystemClock())
    parts = turn_parts(source.instruments)
    parts.recorder = object() if recorded else None
    playback = Playback(parts, feed, source)
    assert min(playback.next_milestone(0), 1 << 61) == wanted
