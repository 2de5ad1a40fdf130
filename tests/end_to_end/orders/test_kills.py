"""Engines with orders at a broker are killed in the midst of it: no order goes out twice, no fill is lost, and all can be closed."""

from pathlib import Path

import pytest

from tests.soak.crash_live import LIVES, LiveRound, experiment, figures
from tests.support.thorough import LONG

pytestmark = pytest.mark.slow
KILLS = 2 * LIVES if LONG else 4


def test_kills_at_random_moments_lose_and_double_nothing(tmp_path: Path) -> None:
    rounds = experiment(tmp_path, KILLS, seed=3)
    assert len(rounds) == KILLS
    assert [each.problem for each in rounds if each.problem] == []
    assert figures(rounds)[-1] == "no problem"


def test_what_is_wrong_is_told_with_the_number_of_its_kill() -> None:
    rounds = [LiveRound(3, 0.5, 0.25, ""), LiveRound(4, 0.0, 0.0, "T1 was sent 2 times"), LiveRound(5, 1.5, 0.75, "")]
    assert figures(rounds) == [
        "3 kills of engines with orders at a broker, 1 before they knew; orders 5",
        "says READY, or NOT READY and why, after p50 0.75 s, max 0.75 s",
        "knows the broker's books after p50 1.50 s, max 1.50 s",
        "kill 2: T1 was sent 2 times",
    ]
