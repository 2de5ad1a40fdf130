"""Histories by seed: none breaks a rule, and each planted mistake is found."""

import os

import pytest

from tests.simulation.planted import MOST_SEEDS, PLANTED, found_by
from tests.simulation.seeds import run
from tests.simulation.world import BrokenRuleError, World

BATCHES = 100 if os.environ.get("MYQUANT_LONG") else 15
IN_A_BATCH = 20
# Which seed finds each of them; where the program has changed, another one does.
FINDS = dict(
    zip(PLANTED, (1, 105, 105, 47, 1, 1, 2, 1, 30, 17, 1, 5, 25, 8, 10), strict=True)
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1, BATCHES * IN_A_BATCH, IN_A_BATCH))
def test_no_history_breaks_a_rule(first: int) -> None:
    mix = run(range(first, first + IN_A_BATCH))
    assert not mix.failed
    assert mix.reached["histories"] == IN_A_BATCH
    assert mix.reached["fills"] > IN_A_BATCH


@pytest.mark.parametrize("seed", [12_070, 18_868])
def test_a_history_that_once_broke_a_rule_breaks_none(seed: int) -> None:
    assert not run([seed]).failed


@pytest.mark.slow
@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_each_planted_mistake_is_found(plant) -> None:  # type: ignore[no-untyped-def]
    seed = FINDS[plant]
    if found_by(plant, range(seed, seed + 1))[0] < 0:
        assert found_by(plant, range(1, MOST_SEEDS + 1))[0] > 0


def test_a_broken_rule_is_told_with_the_steps_before_it(rng_of) -> None:  # type: ignore[no-untyped-def]
    world = World(rng_of(1))
    world.note("something happened")
    with pytest.raises(BrokenRuleError, match=r"(?s)a rule.*something happened"):
        world.require(False, "a rule")
