"""Runs the units of a plan that are not done: in processes of a pool, or in this one. A process that dies takes no other unit with it."""

import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from threading import Event, Thread
from typing import Final

import numpy as np
from msgspec import Struct

from engine.backtest.sweep import worker
from engine.backtest.sweep.plan import Plan, Unit
from engine.backtest.sweep.results import RESULT
from engine.backtest.sweep.store import Store
from engine.model.errors import DiskError, UserError

_PRELOADED: Final = ["engine.backtest.sweep.worker"]
_LOOK_S: Final = 0.2
_KILLED: Final = "its process was killed twice"


class Progress(Struct):
    """How far it came: results of this run and before, and the set that has won most so far with what it has won."""

    results: int
    of: int
    new: int
    took_s: float
    best_row: int
    best_net: float


class Runner:
    """Works a plan off into its store; `tell` is called after each unit, `ending` asks for the end once what is in hand is done."""

    def __init__(
        self,
        plan: Plan,
        store: Store,
        jobs: int,
        tell: Callable[[Progress], None],
        ending: Event,
        work: Callable[[Unit], tuple[int, bytes]] = worker.work,
    ) -> None:
        """`work` is what a process of the pool does with a unit."""
        self._plan = plan
        self._store = store
        self._jobs = jobs
        self._tell = tell
        self._ending = ending
        self._work = work
        self._nets = np.zeros(len(plan.sets))
        self._begun_s = time.monotonic()
        self._results = self._new = 0
        self._all = len(plan.sets) * len(plan.sessions)

    def run(self) -> None:
        """Do all that is not done; what cannot be done is noted as failed."""
        finished = self._store.finished()
        waiting: deque[Unit] = deque()
        for unit in self._plan.units():
            if unit.number in finished:
                self._count(unit, self._store.results(unit))
            else:
                waiting.append(unit)
        if self._jobs == 1:
            self._here(waiting)
            return
        while waiting and not self._ending.is_set():
            for suspect in self._in_pool(waiting):
                self._alone(suspect)

    def _here(self, waiting: deque[Unit]) -> None:
        """Do them in this process."""
        own = worker.Worker(self._plan)
        while waiting and not self._ending.is_set():
            unit = waiting.popleft()
            try:
                self._keep(unit, own.work(unit))
            except DiskError:
                raise
            except UserError as problem:
                self._store.failed(unit.number, "; ".join(problem.lines))

    def _in_pool(self, waiting: deque[Unit]) -> list[Unit]:
        """Do them in several processes; those that were in hand when one of these died."""
        running: dict[Future[tuple[int, bytes]], Unit] = {}
        suspects: list[Unit] = []
        with self._pool(self._jobs) as pool:
            while waiting or running:
                while waiting and len(running) < 2 * self._jobs and not self._ending.is_set() and not suspects:
                    unit = waiting.popleft()
                    try:
                        running[pool.submit(self._work, unit)] = unit
                    except BrokenProcessPool:
                        suspects.append(unit)
                if not running:
                    break
                over, _ = wait(running, timeout=_LOOK_S, return_when=FIRST_COMPLETED)
                for future in over:
                    unit = running.pop(future)
                    if not self._take(unit, future):
                        suspects.append(unit)
        return suspects

    def _alone(self, unit: Unit) -> None:
        """Do a unit with a process of its own: another may have been at fault, or nothing but chance."""
        for _ in range(2):
            with self._pool(1) as pool:
                if self._take(unit, pool.submit(self._work, unit)):
                    return
        self._store.failed(unit.number, _KILLED)

    def _pool(self, jobs: int) -> ProcessPoolExecutor:
        """Processes that begin with all that they need in them; none of them hears a Ctrl-C."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(_PRELOADED)
        return ProcessPoolExecutor(jobs, context, _begin, (self._plan,))

    def _take(self, unit: Unit, future: "Future[tuple[int, bytes]]") -> bool:
        """Keep what came of a unit; False where its process died."""
        problem = future.exception()
        if isinstance(problem, BrokenProcessPool):
            return False
        if problem is None:
            self._keep(unit, future.result()[1])
        else:
            self._store.failed(unit.number, str(problem) or type(problem).__name__)
        return True

    def _keep(self, unit: Unit, results: bytes) -> None:
        self._store.done(unit.number, results)
        self._new += unit.count
        self._count(unit, np.frombuffer(results, RESULT))

    def _count(self, unit: Unit, results: "np.ndarray | None") -> None:
        if results is None:
            return
        self._results += unit.count
        self._nets[unit.first : unit.first + unit.count] += results["net"]
        best = int(self._nets.argmax())
        took_s = time.monotonic() - self._begun_s
        self._tell(Progress(self._results, self._all, self._new, took_s, best, float(self._nets[best])))


def _begin(plan: Plan) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()
    worker.begin(plan)


def _end_with_parent() -> None:
    """End this process when that which began it is gone: one that was killed tells nobody, and work is waited for without end."""
    if (parent := multiprocessing.parent_process()) is not None:
        parent.join()
        os._exit(1)
