"""Recordings survive the way to the disk and back, and are read from any place on."""

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.model.marks import EventMark, Mark
from engine.model.types import Tick
from engine.recording import MqrSource
from engine.recording.arrays import BOOK_DTYPE, TICK_DTYPE, arrays
from engine.recording.format import (
    BOOK_RECORD,
    TICK_RECORD,
)
from tests.support.recordings import recording_samples as samples
from tests.support.recordings.recording_samples import SMALL, SMALL_TICKS, THREE, read, tick, write
from tests.support.thorough import examples


@pytest.mark.slow
@settings(max_examples=examples(150), deadline=None)
@given(st.lists(samples.ticks | samples.marks | st.none(), max_size=60))
def test_what_goes_in_comes_out_for_any_split_into_blocks(
    tmp_path_factory: pytest.TempPathFactory, items: list[Tick | Mark | None]
) -> None:
    path = tmp_path_factory.mktemp("round") / "a.mqr"
    write(path, items, THREE)
    put = [item for item in items if isinstance(item, Tick)]
    ticks, marks, losses = read(path)
    assert [each.seq for each in ticks] == list(range(1, len(put) + 1))
    for each in ticks:
        each.seq = 0
    assert ticks == put
    assert marks == [item for item in items if isinstance(item, Mark)]
    assert losses == ()


def test_record_sizes_and_array_types_agree(tmp_path: Path) -> None:
    assert (TICK_RECORD.size, BOOK_RECORD.size) == (TICK_DTYPE.itemsize, BOOK_DTYPE.itemsize) == (64, 80)
    parts = list(arrays(MqrSource(write(tmp_path / "a.mqr", SMALL))))
    assert np.concatenate([part["price"] for part in parts]).tolist() == [each.price for each in SMALL_TICKS]
    assert parts[-1][["bid", "ask"]].tolist() == [(SMALL_TICKS[-1].bid, SMALL_TICKS[-1].ask)]
    assert tuple(TICK_DTYPE.names or ()) == Tick.__struct_fields__[:10]
    assert tuple(BOOK_DTYPE.names or ()) == Tick.__struct_fields__


# ── Places. ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_starting_anywhere_equals_skipping(tmp_path: Path) -> None:
    items: list[Tick | Mark | None] = [tick(seq) for seq in range(1, 9001)]
    for place in range(700, 9000, 700):
        items.insert(place, EventMark(place, "bookmark", "", 0))
    source = MqrSource(write(tmp_path / "a.mqr", items))
    whole = list(source.ticks())
    assert source.count() == len(whole) == 9000
    for first in [-3, 0, 1, 2, 700, 701, 1024, 1025, 1026, 4999, 8999, 9000, 9001, 20_000]:
        assert list(islice(source.ticks(first), 3)) == whole[max(first, 1) - 1 :][:3]
    assert list(source.ticks(5555)) == whole[5554:]


@settings(max_examples=examples(60), deadline=None)
@example([5, 0], 0, {0})
@given(st.lists(st.integers(0, 40), min_size=1, max_size=30), st.integers(-1, 41), st.sets(st.integers(0, 29)))
def test_number_at_is_the_last_tick_not_later(
    tmp_path_factory: pytest.TempPathFactory, times: list[int], at_ms: int, cuts: set[int]
) -> None:
    items: list[Tick | Mark | None] = []
    for place, ms in enumerate(times):
        items += [tick(place + 1, exch_ms=ms), *([None] if place in cuts else [])]
    source = MqrSource(write(tmp_path_factory.mktemp("at") / "a.mqr", items))
    assert source.number_at(at_ms) == max((n for n, ms in enumerate(times, 1) if ms <= at_ms), default=0)


def test_number_at_in_a_long_file(tmp_path: Path) -> None:
    source = MqrSource(write(tmp_path / "a.mqr", [tick(seq) for seq in range(1, 9001)]))
    for seq in [1, 1023, 1024, 1025, 5000, 9000]:
        assert source.number_at(tick(seq).exch_ms) == seq
        assert source.number_at(tick(seq).exch_ms - 1) == seq - 1
    assert source.number_at(2**62) == 9000


def test_several_readings_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    source = MqrSource(write(tmp_path / "a.mqr", [tick(seq) for seq in range(1, 3001)]))
    pairs = zip(source.ticks(), source.ticks(1500), strict=False)
    assert all(behind.seq + 1499 == ahead.seq for behind, ahead in pairs)
    assert source.fraction_read() == 1.0
