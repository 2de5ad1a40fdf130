"""What a run counts is told with since when, where it began within a session day."""

from pathlib import Path
from threading import Event

import pytest

from engine.assembly import build
from engine.assembly.takeover import began_within_day
from engine.backtest.headless import run_to_end
from engine.reports.summary import summarise
from engine.runtime.closing import Closing
from tests.support.builders import DAY, EAGER, ListSource, config, ms, tick
from tests.support.clock_runs import VirtualRun


def parts_at(time: str, *, seen: str = ""):
    parts = VirtualRun(*EAGER).parts
    parts.clock.at_ms = ms(time)
    parts.exits.statistics.begin_day(seen)
    return parts


@pytest.mark.parametrize(
    ("time", "seen", "live", "said"),
    [
        ("13:05:00", "", True, True),
        ("13:05:00", "", False, False),  # a file that begins at noon has its whole day
        ("13:05:00", DAY, False, True),
        ("13:05:00", "2025-09-30", False, False),
        ("08:00:00", "", True, False),
        ("09:15:30", "", True, False),
        ("16:00:00", DAY, True, False),
    ],
)
def test_only_a_session_that_is_under_way_began_before(time: str, seen: str, live: bool, said: bool) -> None:
    assert began_within_day(parts_at(time, seen=seen), live=live) == (ms(time) if said else 0)


def test_the_card_of_that_day_says_it_and_that_of_the_next_does_not() -> None:
    parts = parts_at("13:05:00", seen=DAY)
    parts.trader.state.reach.since_ms = ms("13:05:00")
    closing = Closing(parts, None)
    closing.view(ms("13:05:00"))
    over = closing.view(ms("15:35:00"))
    assert over is not None
    assert over.since_ms == ms("13:05:00")
    parts.clock.at_ms = ms("09:15:00", "2025-10-02")
    parts.exits.statistics.begin_day("2025-10-02")
    closing.view(ms("09:15:00", "2025-10-02"))
    after = closing.view(ms("15:35:00", "2025-10-02"))
    assert after is not None
    assert after.since_ms == 0


def test_a_summary_of_the_rest_of_a_day_counts_that_rest(tmp_path: Path) -> None:
    """The first run ends with something held, so that the second goes on with its account within the day."""
    prices = [100, 101, 102, 103, 80, 100, 101, 80, 99, 99]
    stream = [tick(number, price, ms("13:05:00") + 1000 * number) for number, price in enumerate(prices, 1)]
    signals = []
    for count in (4, 10):
        with build(
            config(*EAGER), ListSource(stream[:count]), "paper", speed=0, title="by hand", state_root=tmp_path
        ) as run:
            run_to_end(run, Event())
            summary = summarise(run, 1.0)
        signals.append((summary.entries, summary.followed, summary.signals, summary.since[11:16]))
    assert signals == [(1, 1, 1, ""), (1, 0, 1, "13:05")]
