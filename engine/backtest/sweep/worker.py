"""Does units: in a process of its own, or in this one. Keeps the newest session and the newest part of the sets; writes nothing."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from engine.backtest.sweep.by_engine import by_engine
from engine.backtest.sweep.days import Session, sessions_of
from engine.backtest.sweep.plan import Plan, Unit
from engine.backtest.sweep.recipe import Numbers, Recipe, recipe_of
from engine.backtest.sweep.results import RESULT, of_engine, of_kernel
from engine.backtest.sweep.rules import NotCoveredError
from engine.backtest.sweep.sets import with_values
from engine.backtest.sweep.stage_one import StageOne
from engine.backtest.sweep.stage_two import StageTwo
from engine.config import Config
from engine.model.errors import InputError
from engine.model.types import Instrument


class Worker:
    """Does units of one plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._file: tuple[str, dict[str, Session]] = ("", {})
        self._part: tuple[int, Config | None, Instrument | None] = (-1, None, None)
        self._recipes: list[Recipe] = []

    def session(self, number: int) -> Session:
        """Session number so many, read anew where it is of another file; raises InputError where it is not what it was."""
        facts = self._plan.sessions[number]
        if self._file[0] != facts.path:
            self._file = (
                facts.path,
                {each.day.isoformat(): each for each in sessions_of(Path(facts.path), self._plan.config)},
            )
        found = self._file[1].get(facts.day)
        if found is None or found.fingerprint() != facts.fingerprint:
            raise InputError(f"{facts.name}: the file is another one than when the sweep began")
        return found

    def config(self, session: Session, row: int) -> Config:
        """The configuration of set number `row` on `session`."""
        return with_values(session.config, self._plan.sets.values(row))

    def work(self, unit: Unit) -> bytes:
        """The results of a unit, one behind the other; raises UserError."""
        session = self.session(unit.session)
        stage_two = StageTwo(StageOne(session))
        rows = [self._one(session, stage_two, recipe) for recipe in self._prepared(unit, session)]
        return np.array(rows, RESULT).tobytes()

    def _one(self, session: Session, stage_two: StageTwo, recipe: Recipe) -> tuple[Any, ...]:
        if not self._plan.search.by_engine:
            with suppress(NotCoveredError):  # the engine does it
                return of_kernel(*stage_two.walked(recipe))
        return of_engine(by_engine(session, recipe.config)[0])

    def _prepared(self, unit: Unit, session: Session) -> list[Recipe]:
        """The sets of `unit` for `session`, prepared anew only where they or its market are others."""
        part = unit.first, session.config, session.instruments[0]
        if self._part != part:
            numbers = Numbers()
            rows = range(unit.first, unit.first + unit.count)
            self._recipes = [recipe_of(self.config(session, row), session.instruments[0], numbers) for row in rows]
            self._part = part
        return self._recipes


_workers: dict[str, Worker] = {}  # of a process of a pool: the one that it was begun with


def begin(plan: Plan) -> None:
    """Make this process of a pool ready for units of `plan`."""
    _workers["it"] = Worker(plan)


def work(unit: Unit) -> tuple[int, bytes]:
    """Do a unit in a process that was begun; its number and its results."""
    return unit.number, _workers["it"].work(unit)
