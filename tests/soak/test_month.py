"""Some days of a month on a virtual clock: a recording a day, limits and counters of each, `verify` the same for all."""

from datetime import date
from pathlib import Path

import pytest

from tests.soak import year
from tests.soak.month import Month, judged

# What is bought stays.
KEEPS = ("risk.base_sl_points=1000", "risk.tp_points=[1000, 2000]", "risk.use_trail_stop=false")


@pytest.mark.parametrize(
    ("market", "first", "days", "sessions"),
    [
        ("NSE", date(2025, 10, 20), 5, 4),  # Muhurat at noon, a holiday
        ("MCX", date(2026, 3, 3), 2, 2),  # an evening only
        ("US", date(2026, 10, 30), 5, 3),  # over a weekend on which the clocks change
        ("24x7", date(2026, 3, 1), 3, 3),
    ],
)
def test_each_session_day_has_a_recording_that_verifies(
    market: str, first: date, days: int, sessions: int, tmp_path: Path
) -> None:
    month = Month(market, first, days, tmp_path, every_s=120)
    assert judged(month) == []
    assert len(month.played.days) == sessions


def test_round_the_clock_a_position_and_its_indicators_go_on_from_file_to_file(tmp_path: Path) -> None:
    month = Month("24x7", date(2026, 3, 1), 4, tmp_path, *KEEPS, every_s=300)
    held = []
    session = month._session

    def watched(day: object) -> None:
        session(day)  # type: ignore[arg-type]
        held.append(bool(month.trader.state.held()))

    month._session = watched  # type: ignore[assignment]
    assert judged(month) == []
    assert any(held)
    assert month.trader.state.instrument_states[0].strategy.ticks == month.seq


@pytest.mark.slow
def test_a_year_old_journal_is_gone_on_with_after_each_kill(tmp_path: Path) -> None:
    found = year.experiment(tmp_path, kills=3, trades_a_month=20)
    assert found.problems == []
    assert (found.files, len(found.ready_s)) == (12, 3)
