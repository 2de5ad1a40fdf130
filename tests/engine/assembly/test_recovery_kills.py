"""kill -9 in the middle of trading, again and again: the account that comes back is the one that was there."""

import random
from pathlib import Path

import pytest

from engine.journal import JOURNAL_FILE, read_events
from tests.soak.crash_account import Round, experiment, figures, judge, kill, ledger_of
from tests.support.thorough import LONG

pytestmark = pytest.mark.slow

KILLS = 10 if LONG else 5


@pytest.fixture(scope="module")
def rounds(tmp_path_factory: pytest.TempPathFactory) -> list[Round]:
    return experiment(tmp_path_factory.mktemp("accounts"), KILLS, seed=11)


def test_an_account_that_is_killed_again_and_again_stays_the_same(rounds: list[Round]) -> None:
    assert [each.problem for each in rounds] == [""] * KILLS


def test_the_kills_landed_while_something_was_held(rounds: list[Round]) -> None:
    assert sum(each.acknowledged for each in rounds) > KILLS
    assert sum(each.held for each in rounds) > 3


def test_the_experiment_notices_what_is_wrong(tmp_path: Path) -> None:
    chance = random.Random(5)
    folder = tmp_path / "account"
    while not (path := folder / JOURNAL_FILE).exists() or not ledger_of(path).held:
        assert kill(folder, chance.randrange(1000), chance).problem == ""
    before = ledger_of(path)
    rows = sum(1 for _ in read_events(path))
    said = [f"acknowledged {rows + 1}", 'restored {"held":{},"cash":"1","locked":""}', "problem: 75 left"]
    wrong = judge(path, before, said)
    for part in (
        "75 left",
        f"{rows + 1} rows were acknowledged",
        "taken over {} instead",
        "taken over 1",
        "not locked",
    ):
        assert part in wrong.problem
    assert figures([wrong])[0].endswith("lost 1")
    assert figures([wrong])[-1].startswith("kill 1: ")
    assert judge(path, before, []).problem == "nothing was taken over"
