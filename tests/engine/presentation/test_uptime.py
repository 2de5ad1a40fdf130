"""Minutes watched in words: nothing but all of it is 100 %."""

import pytest

from engine.model.run_views import UptimeView
from engine.presentation.uptime import minutes, share, words


@pytest.mark.parametrize(
    ("watched", "of", "expected", "text"),
    [
        (0, 0, None, "0 of 0 minutes"),
        (0, 375, 0.0, "0 of 375 minutes (0.00 %)"),
        (1, 1, 1.0, "1 of 1 minute (100 %)"),
        (374, 375, 0.9973, "374 of 375 minutes (99.73 %)"),
        (375, 375, 1.0, "375 of 375 minutes (100 %)"),
        (99_999, 100_000, 0.9999, "99,999 of 100,000 minutes (99.99 %)"),
    ],
)
def test_a_share_is_rounded_down(watched: int, of: int, expected: float | None, text: str) -> None:
    assert (share(watched, of), minutes(watched, of)) == (expected, text)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (UptimeView(), "no minute of a session so far today"),
        (UptimeView("2025-10-01", 60, 59, 1, 60, 59), "59 of 60 minutes (98.33 %)"),
        (UptimeView("2025-10-03", 60, 60, 3, 810, 809), "60 of 60 minutes (100 %); 99.87 % of 3 days"),
        (
            UptimeView("2025-10-03", 0, 0, 2, 750, 375, 1),
            "no minute of a session so far today; 50.00 % of 2 days, 1 of them not at all",
        ),
    ],
)
def test_today_is_told_and_all_days_where_there_are_several(seen: UptimeView, expected: str) -> None:
    assert words(seen) == expected
