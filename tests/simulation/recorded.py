"""Runs at a simulated broker that are recorded on disk, a file after the other."""

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from engine.assembly.market_hours import MarketHours
from engine.assembly.recorded_trader import trader_for
from engine.assembly.recording_config import header_of
from engine.backtest.verification import Verification, verify
from engine.model.clock import VirtualClock
from engine.model.commands import Seek
from engine.model.ports import Progress
from engine.model.run_views import CheckView
from engine.model.types import Tick
from engine.recording import FileRecorder, MqrSource
from engine.recording.daily_recorder import DailyRecorder
from engine.runtime.cursor import Cursor
from engine.runtime.delivery import DeliverySwitch
from engine.runtime.publisher import Publisher
from engine.runtime.replay.check import ReplayCheck
from engine.runtime.replay.playback import Playback
from engine.runtime.schedule import Schedule
from engine.runtime.turn import Turn
from engine.runtime.turn_parts import TurnParts
from engine.venues.simulated.silent import silent
from tests.simulation.engine_run import EngineRun
from tests.simulation.trading_days import CALL, LIVELY, play, run_at_exchange
from tests.simulator.exchange.securities import Security
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

    def __init__(self, folder: Path, *overrides: str, securities: tuple[Security, ...] = (CALL,)) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.paths: list[Path] = []
        self._folder = folder
        self._config = config(*LIVELY, *overrides)
        self._listed = tuple(map(instrument_of, securities))
        self.recorder = DailyRecorder(self._begin)

    def _begin(self) -> FileRecorder:
        self.paths.append(self._folder / f"run{len(self.paths)}.mqr")
        header = header_of(self._config, "by hand", self._listed, real_orders=True)
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
    """Whether all that there is to compare came out the same."""
    every = (found.same, found.exits_same) == (found.checkpoints, found.exits_recorded)
    return found.outcome == "same" and every


class _HandFeed:
    """A replay's feed whose ticks somebody else brings."""

    def move(self, first: int, limit: int | None, *, playing: bool) -> None:
        """It is moved by whoever brings them."""

    def progress(self) -> Progress:
        return Progress(playing=False, ended=False, speed=0.0, skip_silence=False, silences_skipped=0)


def after_seeks(path: Path, targets: Iterable[int]) -> CheckView:
    """How a replay stands that was moved to each of `targets` in turn, without the threads of a replay."""
    source = MqrSource(path)
    rules = config(*LIVELY, "replay.snapshot_ticks=20")
    trader = trader_for(source, rules, source.instruments, "S-", MarketHours(rules, "replay", source.header))
    parts = TurnParts(
        rules, trader, VirtualClock(0), Cursor(lossless=True), silent, journal=None, recorder=None, keeps_account=False,
        inbox_size=1,
    )  # fmt: skip
    check = ReplayCheck(parts, source)
    playback = Playback(parts, _HandFeed(), source, check=check)  # type: ignore[arg-type]
    publisher = Publisher(lambda _: None, 1 << 40)
    switch = DeliverySwitch(parts, publisher, lambda: None)
    schedule = Schedule(parts, switch, playback, 0)
    turn = Turn(parts, lambda _: None, lambda: None, schedule, publisher)
    playback.begin()
    for target in targets:
        playback.command(Seek(target))
        schedule.set()
        for each in source.ticks(parts.cursor.last_seq + 1):
            if each.seq > target:
                break
            turn.take(each)
    return check.view()
