"""Whether the best of many is told from luck: on noise, and where one set in ten is worth something."""

from itertools import combinations
from statistics import NormalDist, mean, stdev

import numpy as np
import pytest

from engine.backtest.sweep.luck import blocks_of, deflated_sharpe, expected_best, overfitting
from engine.backtest.sweep.scores import OBJECTIVES, day_sharpes, falls, scores
from engine.backtest.sweep.selection import _verdict
from engine.presentation.day_figures import calmar, chained_drawdown, day_sharpe, sharpe


def noise(seed: int, sets: int = 100, days: int = 60) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.01, (sets, days))


def test_many_at_once_are_as_each_by_its_definition() -> None:
    returns = np.vstack([noise(3, 20, 30), np.zeros((1, 30)), np.full((1, 30), 0.01)])
    nets, ones = returns * 1000, np.ones(len(returns))
    for row, found in zip(returns.tolist(), day_sharpes(returns), strict=True):
        wanted = day_sharpe(row)
        assert np.isnan(found) if wanted is None else found == pytest.approx(wanted)
    assert falls(returns).tolist() == pytest.approx([chained_drawdown(row) or 0.0 for row in returns.tolist()])
    by = {each: scores(each, returns, nets, np.maximum(nets, 0).sum(axis=1), ones * 30) for each in OBJECTIVES}
    row, net = returns[0].tolist(), nets[0].tolist()
    won, lost = sum(each for each in net if each > 0), -sum(each for each in net if each < 0)
    assert by["sharpe"][0] == pytest.approx(sharpe(row))
    assert by["calmar"][0] == pytest.approx(calmar(row, chained_drawdown(row)))
    assert by["net"][0] == pytest.approx(sum(net))
    assert by["expectancy"][0] == pytest.approx(sum(net) / 30)
    assert by["profit_factor"][0] == pytest.approx(won / lost)


def test_the_expected_best_of_worthless_sets_is_what_they_come_to() -> None:
    ratios = np.array([day_sharpes(noise(seed)).max() for seed in range(40)])
    assert expected_best(1 / 60, 100) == pytest.approx(ratios.mean(), rel=0.15)
    assert expected_best(1.0, 1) == 0.0


def test_the_deflated_sharpe_is_as_written_down() -> None:
    returns = noise(5, 1, 80)[0] + 0.003
    values = returns.tolist()
    ratio = mean(values) / stdev(values)
    middle = mean(values)
    second = mean([(each - middle) ** 2 for each in values])
    skew, kurtosis = (mean([(each - middle) ** power for each in values]) / second ** (power / 2) for power in (3, 4))
    best = expected_best(0.02, 50)
    wanted = NormalDist().cdf((ratio - best) * 79**0.5 / (1 - skew * ratio + (kurtosis - 1) / 4 * ratio**2) ** 0.5)
    assert deflated_sharpe(returns, 0.02, 50) == pytest.approx(wanted)
    assert deflated_sharpe(np.zeros(30), 0.02, 50) is None


def test_overfitting_is_the_share_of_splits_whose_best_is_no_better_than_the_middle() -> None:
    returns = noise(11, 7, 12)
    parts, bad, count = np.array_split(np.arange(12), 6), 0, 0
    for half in combinations(range(6), 3):
        inside = np.concatenate([parts[place] for place in half])
        outside = np.setdiff1d(np.arange(12), inside)
        best = int(np.argmax(day_sharpes(returns[:, inside])))
        ratios = day_sharpes(returns[:, outside])
        rank = 1 + int((ratios < ratios[best]).sum())
        bad += rank / 8 <= 0.5
        count += 1
    assert overfitting(returns) == pytest.approx(bad / count)
    assert [blocks_of(days) for days in (11, 12, 14, 31, 32, 400)] == [0, 6, 6, 14, 16, 16]
    assert overfitting(noise(1, 1, 60)) is None


def verdict(returns: np.ndarray, inside: int = 45) -> str:
    """What a sweep says of these sets, chosen by the day Sharpe of the first days."""
    ratios = day_sharpes(returns[:, :inside])
    best = int(ratios.argmax())
    deflated = deflated_sharpe(returns[best, :inside], float(ratios.var(ddof=1)), len(returns))
    return _verdict(inside, deflated, overfitting(returns[:, :inside]), returns[best, inside:])


def test_luck_is_called_luck_and_what_is_worth_something_holds() -> None:
    assert [verdict(noise(seed)) for seed in range(12)].count("LUCK") >= 11
    worth = np.zeros((100, 1))
    worth[::10] = 0.01  # a day Sharpe of 1
    assert [verdict(noise(100 + seed) + worth) for seed in range(10)].count("HOLDS SO FAR") >= 7


def test_below_twenty_days_nothing_is_said() -> None:
    assert _verdict(19, 0.99, 0.0, np.ones(5)) == "TOO FEW DAYS"
    assert _verdict(20, 0.99, 0.0, np.ones(5)) == "HOLDS SO FAR"
    assert _verdict(20, 0.99, 0.0, -np.ones(5)) == "LUCK"
    assert _verdict(20, 0.94, None, np.ones(5)) == "LUCK"
