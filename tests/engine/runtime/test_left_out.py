"""What a run leaves out is in its snapshot and summary; a replay that goes back and plays again counts nothing twice."""

from pathlib import Path

import pytest

from engine.assembly import Run, build
from engine.model.commands import Hold, Play, Seek
from engine.model.types import Tick
from engine.reports.summary import summarise
from engine.runtime.inbox import Inbox
from tests.support.builders import EAGER, ListSource, config, priced, tick, ticks
from tests.support.waiting import PATIENCE_S, until, until_turn

FALLING = ticks(range(160, 100, -1), start="10:00:00")
STREAM = [
    *(tick(number, 100, f"09:0{number % 10}:00") for number in range(1, 61)),
    *FALLING,
    priced(0, 0, "10:01:00"),
    tick(0, 90, "09:50:00"),
    *ticks([100, 100], start="15:31:00"),
]


def started(folder: Path, stream: list[Tick]) -> Run:
    run = build(config(*EAGER), ListSource(stream), "replay", speed=0.0, state_root=folder / "state")
    run.engine.start()
    assert run.engine.wait(PATIENCE_S)
    return run


def test_going_back_takes_the_counts_back(tmp_path: Path) -> None:
    stream = sorted(STREAM[:60], key=lambda each: each.exch_ms) + STREAM[60:]
    with started(tmp_path, stream) as run:
        engine = run.engine
        until(lambda: engine.snapshot.replay is not None and engine.snapshot.replay.ended)
        first = summarise(run, 1.0)
        engine.send(Hold())
        engine.send(Seek(90))
        until_turn(engine, lambda: engine.cursor.last_seq == 90)
        assert run.trader.state.reach.left_out()["outside_session"].count == 60
        assert list(run.trader.state.reach.left_out()) == ["outside_session"]
        engine.send(Play())
        until_turn(engine, lambda: engine.cursor.last_seq == len(stream))
        again = summarise(run, 1.0)
        engine.stop()
    assert again.left_out == first.left_out
    assert (again.filters, again.signals, again.in_session) == (first.filters, first.signals, first.in_session)
    counts = {reason: each.count for reason, each in first.left_out.items()}
    assert counts == {"outside_session": 62, "non_positive": 1, "backwards": 1}
    assert engine.snapshot.left_out == counts
    assert first.in_session + sum(counts.values()) == first.ticks == len(stream)


def test_a_replay_that_is_all_outside_says_so_before_its_end(tmp_path: Path) -> None:
    with started(tmp_path, ticks([100] * 400, start="18:00:00")) as run:
        run.engine.send(Hold())
        run.engine.send(Seek(200))
        until_turn(run.engine, lambda: run.engine.cursor.last_seq == 200)
        until(lambda: run.engine.snapshot.undecided.startswith("200 of 200 ticks lie outside the session"))
        run.engine.stop()


@pytest.mark.parametrize("instruments", [1, 3])
def test_what_a_full_inbox_merges_has_its_places(instruments: int) -> None:
    inbox = Inbox(10)
    for number in range(1, 26):
        inbox.put_newest(tick(number, 100, 1000 * number, instrument=number % instruments))
    kept = [each.seq for each in inbox.waiting]
    lost = sorted(set(range(1, 26)) - set(kept))
    places = inbox.merged_places
    assert (places.count, places.first.seq, places.last.seq) == (len(lost), lost[0], lost[-1])
    assert places.count == inbox.merged
