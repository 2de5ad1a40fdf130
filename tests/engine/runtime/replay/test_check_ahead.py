"""What a run did ahead of its recording's first tick is done again, and comes out the same."""

import pytest

from engine.model.commands import Flat
from engine.model.events import HeldSilent
from tests.support.builders import ms
from tests.support.clocked_runs import ClockedRun, account

SILENCE = ('operator.on_silence="flat"', "operator.silence_flat_s=30")


@pytest.mark.parametrize("ticks_later", [True, False])
@pytest.mark.parametrize(
    ("restart", "to", "overrides", "exits"),
    [
        ("15:10:30", "15:11:02", (), [("Session End", 100.0, True)]),
        ("15:12:00", "15:12:01", (), [("Session End", 100.0, True)]),
        ("09:49:50", "09:50:03", ("risk.max_position_duration_minutes=20",), [("Max Duration", 100.0, True)]),
        ("10:00:00", "10:00:32", SILENCE, [("Flat", 100.0, True)]),
    ],
)
def test_what_is_due_before_the_first_tick_is_the_recordings_own(tmp_path, restart, to, overrides, exits, ticks_later):
    kept = account(tmp_path, "09:30:00", "09:48:00")
    run = ClockedRun(tmp_path, *overrides, at=ms(restart), takes_over=kept).until(ms(to))
    assert list(dict.fromkeys(run.exits)) == exits
    if ticks_later:
        run.tick(101, ms(to) + 10_000).tick(102, ms(to) + 11_000)
    assert run.verified() == "same"


def test_a_flat_that_waited_for_an_opening_without_a_tick_is_replayed(tmp_path):
    kept = account(tmp_path, "09:30:00", "15:00:00")
    run = ClockedRun(tmp_path, at=ms("20:00:00"), takes_over=kept).beat().send(Flat("me"))
    assert run.flat_states[-1] == "HELD"
    run.until(ms("09:14:59", "2025-10-03"), 60_000).until(ms("09:15:04", "2025-10-03"))
    assert run.exits == []  # a first price may come so far
    run.until(ms("09:15:06", "2025-10-03"))
    assert (run.flat_states[-1], {blind for _, _, blind in run.exits}) == ("FLAT", {True})
    assert run.verified() == "same"


def test_a_silence_counts_from_the_look_that_took_the_watch_over(tmp_path):
    kept = account(tmp_path, "09:30:00", "09:48:00")
    run = ClockedRun(tmp_path, *SILENCE, "feed.stale_s=20", at=ms("10:00:00"), takes_over=kept).until(ms("10:00:31"))
    assert run.events_of(HeldSilent)[0].silent_ms == 20_000
    assert run.flat_states[-1] == "FLAT"
    assert run.verified() == "same"
