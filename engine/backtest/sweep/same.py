"""Holds results to the engine: the best and some at random are traded anew, exit by exit."""

from collections.abc import Sequence
from random import Random
from typing import Final

from msgspec import Struct

from engine.backtest.sweep.by_engine import by_engine
from engine.backtest.sweep.days import Session
from engine.backtest.sweep.plan import CHUNK, Plan
from engine.backtest.sweep.recipe import Numbers, recipe_of
from engine.backtest.sweep.results import of_engine
from engine.backtest.sweep.rules import NotCoveredError
from engine.backtest.sweep.stage_one import StageOne
from engine.backtest.sweep.stage_two import ExitLine, Outcome, StageTwo
from engine.backtest.sweep.store import Store
from engine.backtest.sweep.worker import Worker
from engine.config import Config

BEST: Final = 10
CHECKED: Final = 20


class Same(Struct, frozen=True):
    """How many of so many results are as by the engine, and the first difference."""

    same: int
    checked: int
    difference: str

    @property
    def words(self) -> str:
        """As a person is told."""
        counted = f"{self.same}/{self.checked}"
        return f"NOT AS BY THE ENGINE {counted}: {self.difference}" if self.difference else f"SAME AS ENGINE {counted}"


def chosen(plan: Plan, best_rows: Sequence[int], seed: int) -> list[tuple[int, int]]:
    """The results that are held to the engine, as row and session: of the best sets, and of any, each on a session at random."""
    random = Random(seed)  # noqa: S311 - to choose, not to hide
    best = best_rows[:BEST]
    rows = [*best, *(random.randrange(len(plan.sets)) for _ in range(CHECKED - len(best)))]
    return [(row, random.randrange(len(plan.sessions))) for row in rows]


def same_as_engine(plan: Plan, store: Store, places: Sequence[tuple[int, int]]) -> Same:
    """Trade `places`, rows on sessions, anew by kernel and by engine, and compare both with what is stored."""
    worker = Worker(plan)
    wanted = {(number, row - row % CHUNK) for row, number in places}
    units = {(unit.session, unit.first): unit for unit in plan.units() if (unit.session, unit.first) in wanted}
    same, checked, difference = 0, 0, ""
    for row, number in sorted(places, key=lambda place: place[1]):  # each file once
        stored = store.results(units[number, row - row % CHUNK])
        if stored is None:
            continue  # it failed, and is told
        session = worker.session(number)
        differs = _judged(session, worker.config(session, row), stored[row % CHUNK].tolist())
        checked += 1
        same += not differs
        if differs and not difference:
            difference = f"row {row + 1}, {plan.sessions[number].name}: {differs}"
    return Same(same, checked, difference)


def _judged(session: Session, config: Config, stored: tuple[object, ...]) -> str:
    """How a stored result, or the kernel's exits, differ from the engine's; empty where they do not."""
    wanted = by_engine(session, config)
    try:
        recipe = recipe_of(config, session.instruments[0], Numbers())
        differs = _difference(StageTwo(StageOne(session)).exits(recipe), wanted)
    except NotCoveredError:
        differs = ""
    figures = of_engine(wanted[0])[:-1]  # but for who has run it
    return differs or ("" if stored[:-1] == figures else f"{stored[:-1]} stored ≠ {figures} of the engine")


def _difference(ours: tuple[Outcome, list[ExitLine]], wanted: tuple[Outcome, list[ExitLine]]) -> str:
    """The first difference of the two; empty where there is none."""
    if ours == wanted:
        return ""
    for number, (one, other) in enumerate(zip(ours[1], wanted[1], strict=False), 1):
        if one != other:
            return f"exit {number}: {one} ≠ {other} of the engine"
    if len(ours[1]) != len(wanted[1]):
        return f"{len(ours[1])} exits ≠ {len(wanted[1])} of the engine"
    return f"{ours[0]} ≠ {wanted[0]} of the engine"
