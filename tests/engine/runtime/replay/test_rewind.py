"""Saved states stay within their bytes, and the start is always among them."""

from hypothesis import given
from hypothesis import strategies as st

from engine.runtime.replay.rewind import SavedStates


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
