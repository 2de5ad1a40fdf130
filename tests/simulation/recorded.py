"""Runs at a simulated broker that are recorded on disk, a file after the other."""

import threading
from pathlib import Path
from typing import Any

from engine.assembly.recording_config import header_of
from engine.backtest.verification import Verification, verify
from engine.model.types import Tick
from engine.recording import FileRecorder
from engine.recording.daily_recorder import DailyRecorder
from tests.simulation.engine_run import EngineRun
from tests.simulation.trading_days import CALL, LIVELY, play, run_at_exchange
from tests.simulator.exchange.settings import Delays
from tests.support.builders import config
from tests.support.spoken_orders import instrument_of
from tests.support.waiting import until

FAULTS = """
at place 2: place partial 40
at place 3: place lost
at place 5: place after
at place 7: place reject price at_once
at cancel 1: cancel lost
at book 9: book 5xx
at 40s: session
at 60s: updates down 8000
"""


class Files:
    """The recordings of one run; `paths` in their order."""

    def __init__(self, folder: Path, *overrides: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.paths: list[Path] = []
        self._folder = folder
        self._config = config(*LIVELY, *overrides)
        self.recorder = DailyRecorder(self._begin)

    def _begin(self) -> FileRecorder:
        self.paths.append(self._folder / f"run{len(self.paths)}.mqr")
        header = header_of(self._config, "by hand", (instrument_of(CALL),), real_orders=True)
        return FileRecorder(self.paths[-1], header, flush_ms=10)

    def go_on(self, run: EngineRun) -> None:
        """Have the run go on in another file."""
        until(self.recorder.prepare)
        run.parts.persistence.begin_file(self.recorder, run.parts.cursor.position)

    def verified(self) -> list[Verification]:
        """What the verification of each file says, once all are closed."""
        for thread in threading.enumerate():
            if thread.name == "recorder-old-day":
                thread.join()
        return [verify(path, None, ()) for path in self.paths]


def recorded_run(folder: Path, stream: list[Tick], *overrides: str, script: str = "", **options: Any) -> Files:
    """A run over `stream` and its end, recorded in `folder`."""
    files = Files(folder, *overrides)
    run = run_at_exchange(
        stream, *overrides, script=script, delays=Delays(), recorder=files.recorder, checkpoint_ticks=20, **options
    )
    play(run, stream).end()
    return files


def same(found: Verification) -> bool:
    """Whether all of it came out the same, and there was something to compare."""
    every = (found.same, found.exits_same) == (found.checkpoints, found.exits_recorded)
    return found.outcome == "same" and every and found.checkpoints > 0
