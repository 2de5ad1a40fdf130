"""Files of sweeps whose results are put in: rules, days and workers cost nothing."""

from pathlib import Path

import numpy as np

from engine.backtest.sweep.axes import wanted
from engine.backtest.sweep.plan import Plan, Search, SessionFacts
from engine.backtest.sweep.results import RESULT
from engine.backtest.sweep.sets import sets_of, values_of
from engine.backtest.sweep.store import Store
from engine.config.schema import sections_of, tables_with
from tests.support.builders import config

SETS = ("strategy.fast_ema=3..6", "strategy.slow_ema=5,9", "risk.base_sl_points=5,6,7")
TABLES = tables_with(sections_of(config()))
DAYS = 40


def plan_of(*overrides: str, days: int = DAYS) -> Plan:
    """A plan over sessions that nobody reads: their results are put in."""
    asked = wanted(overrides, TABLES)
    sets = sets_of(asked.axes, values_of(config()), TABLES)
    sessions = tuple(
        SessionFacts(f"/days/{day:02}.mqr", f"2025-{day // 28 + 1:02}-{day % 28 + 1:02}", f"f{day}", "", 9)
        for day in range(days)
    )
    return Plan(config(), sets, sessions, Search(None, asked.fixed))


def filled(plan: Plan, path: Path, worth: float = 0.0) -> Store:
    """A store in which row 3 wins a bit more than the others, whose days are noise."""
    store, random = Store.made(path, plan), np.random.default_rng(4)
    for unit in plan.units():
        results = np.zeros(unit.count, RESULT)
        results["net"] = random.normal(0, 1000, unit.count)
        results["net"][2:3] += worth
        results["gains"] = np.maximum(results["net"], 0)
        results["entries"], results["exits"], results["won"] = 2, 3, 1
        store.done(unit.number, results.tobytes())
    return store
