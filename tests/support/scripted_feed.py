"""A feed whose ticks a test delivers itself, and a paper run on it."""

import time
from collections.abc import Callable
from pathlib import Path

from engine.assembly import LiveSupply, Run, build
from engine.model.ports import FeedView
from engine.model.types import Instrument, Tick
from engine.recording import MqrSource
from engine.venues.supply import InSession, Tell
from tests.support.builders import EAGER, config, ms, nifty
from tests.support.waiting import until, until_turn

AT_10 = ms("10:00:00")


class ScriptedFeed:
    """A live feed whose ticks a test delivers itself."""

    def __init__(self, tell: Tell, in_session: InSession) -> None:
        self.tell = tell
        self.in_session = in_session
        self.deliver: Callable[[Tick], None] = lambda _: None
        self.stopped = False
        self.link, self.state = 1, "UP"

    def start(self, deliver: Callable[[Tick], None], on_end: Callable[[str], None]) -> None:
        self.deliver = deliver

    def stop(self, timeout_s: float) -> None:
        self.stopped = True

    def keep_hours(self, closed: Callable[[], object]) -> None:
        """It rests at no hour."""

    def silence_is_grave(self, grave: Callable[[], bool]) -> None:
        self.grave = grave

    def previous_close(self, instrument: int) -> int:
        return 0

    def view(self) -> FeedView:
        return FeedView(
            source="scripted", state=self.state, link=self.link, since_ns=0, up_ns=0, frame_ns=0, pong_ns=0, retry_ns=0, attempt=0,
            because="", rtt_ms=0.0, clock_ms=None, frames=0, books=0, bad={}, wanted=1, ticking=0,
        )  # fmt: skip


class ScriptedRun:
    """A paper run on a scripted feed; `tick` delivers the next one, a second later by the exchange's time."""

    def __init__(
        self, tmp_path: Path, *overrides: str, instruments: tuple[Instrument, ...] = (), started: bool = True
    ) -> None:
        self.folder = tmp_path
        self.feed: ScriptedFeed
        listed = instruments or (nifty(),)
        self.run: Run = build(
            config(*EAGER, f"recording.directory={tmp_path / 'kept'}", *overrides),
            LiveSupply("scripted", listed, self._connect),
            "paper",
            state_root=tmp_path / "state",
        )
        self.seq = 0
        if started:
            self.run.engine.start()
        else:
            self.run.engine.prepare()
            self.feed.deliver = self.run.engine.deliver

    def _connect(self, tell, in_session) -> ScriptedFeed:
        self.feed = ScriptedFeed(tell, in_session)
        return self.feed

    def tick(self, price: float, *, instrument: int = 0, late_ns: int = 0, exch_seq: int = 0, flags: int = 0) -> Tick:
        self.seq += 1
        now_ns = time.perf_counter_ns()
        tick = Tick(
            self.seq, instrument, flags, time.time_ns(), now_ns - late_ns, AT_10 + self.seq * 1000, exch_seq,
            round(price * 100), 75, 0,
        )  # fmt: skip
        self.feed.deliver(tick)
        return tick

    def worked(self) -> None:
        engine = self.run.engine
        until_turn(engine, lambda: engine.cursor.position + engine.inbox.merged == self.seq)

    def done(self, ticket: int) -> str:
        """How the command under `ticket` ended."""

        def view():
            return next((each for each in self.run.engine.snapshot.commands if each.ticket == ticket), None)

        until(lambda: view() is not None and view().state != "ACCEPTED")
        return " ".join(filter(None, (view().state, view().reason)))

    @property
    def held(self) -> int:
        return self.run.trader.state.portfolio.net(0)

    def recording(self) -> MqrSource:
        (path,) = (self.folder / "kept").iterdir()
        return MqrSource(path)
