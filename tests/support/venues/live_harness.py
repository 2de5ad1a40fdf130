"""Paper runs against the simulated exchange: all of it is real but the address, and how long two logins must lie apart."""

import io
import json
import time
from argparse import Namespace
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Condition
from types import TracebackType
from typing import Any, Self

from msgspec.structs import replace

from engine.assembly import LiveSupply, Run, build
from engine.cli.verify import run as verify_command
from engine.config import Config
from engine.journal import JOURNAL_FILE, read_events
from engine.model.clock import SystemClock
from engine.model.events import FeedEvent, FeedNote, LinkChanged
from engine.model.ports import FeedView
from engine.model.types import Instrument, Tick
from engine.recording import MqrSource
from engine.stream.live_feed import Pace
from engine.venues.angelone.credentials import Credentials
from engine.venues.angelone.login import LoginSession
from engine.venues.angelone.stream import smartapi_feed
from engine.venues.registry import venue_of
from engine.venues.supply import OpenedVenue
from tests.simulator import API_KEY, CLIENT_CODE, PIN, TOTP_SECRET, Simulator
from tests.support.builders import EAGER, PERCENT, config
from tests.support.waiting import PATIENCE_S

ENVIRON = {
    "MYQUANT_SMARTAPI_CLIENT_CODE": CLIENT_CODE,
    "MYQUANT_SMARTAPI_PIN": PIN,
    "MYQUANT_SMARTAPI_API_KEY": API_KEY,
    "MYQUANT_SMARTAPI_TOTP_SECRET": TOTP_SECRET,
    "MYQUANT_TRUST_HOST": "127.0.0.1",  # where the simulated exchange is
}
FULL_CASH = ("risk.max_position_value_percent=100", *PERCENT)  # what the golden lists were computed under
# Enters on the first rising tick and keeps what it has: a position that is open while things go wrong.
HOLDING = (
    *EAGER,
    "capital.initial_capital=1000000000",
    "risk.max_position_value_percent=1",
    "risk.base_sl_points=100000",
    "risk.tp_points=[100000]",
    "risk.tp_percents=[1.0]",
    "risk.use_trail_stop=false",
)
Supply = Callable[[Config, Simulator], tuple[Config, LiveSupply]]


def noon() -> tuple[str, ...]:
    """Keys by which it is about noon now, so that the market is open whenever a test is run, at weekends too."""
    ahead = 12 - datetime.now(UTC).hour
    return (f"session.zone={f'Etc/GMT{-ahead:+d}' if ahead else 'UTC'}", "session.calendar=none")


class HurriedClock(SystemClock):
    """A clock for logins: the half minute between two of them is over in a blink."""

    def monotonic_ns(self) -> int:
        return super().monotonic_ns() * 1_000_000


def supply_of_command(chosen: Config, _sim: Simulator) -> tuple[Config, LiveSupply]:
    """The source that the command itself would make of the configuration and the simulated broker's credentials."""
    venue = venue_of(chosen.feed.source)
    assert venue is not None
    found = venue.opener()(chosen, ENVIRON)
    assert isinstance(found, OpenedVenue)
    assert isinstance(found.source, LiveSupply)
    return found.config, found.source


def quick_login(pace: Pace | None = None) -> Supply:
    """A source of all instruments of the exchange whose logins need not wait for each other."""

    def supply(chosen: Config, sim: Simulator) -> tuple[Config, LiveSupply]:
        listed = tuple(Instrument(line.symbol, token=line.token) for line in sim.lines)

        def connect(tell: Callable[[FeedEvent], None], in_session: Callable[[], bool]) -> Any:
            login = LoginSession(Credentials(CLIENT_CODE, PIN, API_KEY, TOTP_SECRET), sim.http_url, HurriedClock())
            return smartapi_feed(chosen, listed, login, tell=tell, in_session=in_session, pace=pace)

        return chosen, LiveSupply("simulated", listed, connect)

    return supply


class LiveHarness:
    """A paper run on a simulated exchange, from its login to its recording; use it with `with`.

    `told` keeps what the feed told, each with its moment (monotonic ns). `begins_ms` is the time at the exchange when it
    starts (UTC), where that is another than here: a day that is played in a second proves to nobody which time it is, and
    leaves the journal's thread no time to keep up, for which entries would wait.
    """

    def __init__(
        self,
        folder: Path,
        sim: Simulator,
        *overrides: str,
        delivery: str = "callback",
        supply: Supply | None = None,
        begins_ms: int = 0,
    ) -> None:
        self.folder = folder
        self.sim = sim
        self.told: list[tuple[int, FeedEvent]] = []
        self._changed = Condition()  # guards `told`
        chosen = config(
            "feed.source=smartapi",
            f"engine.delivery={delivery}",
            f"recording.directory={folder / 'kept'}",
            f"smartapi.stream_url={sim.ws_url}",
            f"smartapi.rest_url={sim.http_url}",
            f"binance.stream_url={sim.binance_url}",
            *overrides,
        )
        fitted, found = (supply or quick_login())(chosen, sim)
        heard = replace(found, connect=partial(self._open_at_any_hour, found))
        self.run: Run = build(fitted, heard, "paper", state_root=folder / "state")
        self.engine = self.run.engine
        if begins_ms:
            clock = self.engine._parts.market_clock
            clock.ahead_ms = clock.now_ms - begins_ms
            new_day = self.engine.housekeeping._new_day
            new_day.date = new_day._date()  # so that none begins when the hours here do not reach into a day
            self.engine.housekeeping._durability._holds = False
        self.turn = self.run.engine.turn
        self.instrument_states = self.run.trader.state.instrument_states
        self.portfolio = self.run.trader.state.portfolio

    def _open_at_any_hour(self, found: LiveSupply, tell: Callable[[FeedEvent], None], open_: Callable[[], bool]) -> Any:
        """The feed, on an exchange whose hours are those of what it sends, whatever hour it is here."""
        feed: Any = found.connect(self._both(tell), open_)
        feed.keep_hours = lambda _: None
        return feed

    def _both(self, tell: Callable[[FeedEvent], None]) -> Callable[[FeedEvent], None]:
        """Pass on what the feed tells, and keep it."""

        def both(event: FeedEvent) -> None:
            tell(event)
            with self._changed:
                self.told.append((time.perf_counter_ns(), event))
                self._changed.notify_all()

        return both

    def __enter__(self) -> Self:
        self.engine.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.run.close()

    # ── Waiting ────────────────────────────────────────────────────────────────────────────────────────────────

    def until(self, happened: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
        """Wait for it: looked at whenever the feed tells something, and every few milliseconds besides."""
        give_up_ns = time.perf_counter_ns() + round(patience_s * 1e9)
        with self._changed:
            while not happened():
                assert time.perf_counter_ns() < give_up_ns, ([event for _, event in self.told[-8:]], self.view)
                self._changed.wait(0.003)
        with self.engine.turn.lock:  # a tick is counted before it is decided
            return

    def all_worked(self, within_s: float = 100.0) -> None:
        """Wait until the exchange has sent all it had, and every tick of that has been worked or merged."""
        assert self.sim.wait_finished(within_s)
        sent = self.sim.counters.all_sent
        self.until(lambda: self.arrived >= sent)

    def ticking(self, times: int = 1) -> None:
        """Wait until the link is up for the `times`-th time and every instrument has had a tick on it."""
        self.until(lambda: len(self.ups) >= times and self.view.state == "UP" and self.view.ticking == self.view.wanted)

    def two_beats(self) -> None:
        """Wait for two more rounds of the engine's thread: what was told before is carried out then."""
        beats = self.engine.stats.beats
        self.until(lambda: self.engine.stats.beats >= beats + 2)

    # ── What it shows ──────────────────────────────────────────────────────────────────────────────────────────

    @property
    def view(self) -> FeedView:
        view = self.engine.feed_view()
        assert view is not None
        return view

    @property
    def arrived(self) -> int:
        """Ticks that were worked, and those of them that were merged away in a full inbox."""
        return self.engine.cursor.position + self.engine.inbox.merged

    def link(self, state: str) -> list[tuple[int, LinkChanged]]:
        """Each change of the link to `state`, with its moment."""
        return [(at, each) for at, each in tuple(self.told) if isinstance(each, LinkChanged) and each.state == state]

    @property
    def ups(self) -> list[tuple[int, LinkChanged]]:
        return self.link("UP")

    @property
    def losses(self) -> list[tuple[int, LinkChanged]]:
        return self.link("WAITING")

    @property
    def notes(self) -> list[str]:
        return [each.text for _, each in tuple(self.told) if isinstance(each, FeedNote)]

    @property
    def refused(self) -> dict[str, int]:
        """Refused ticks of all instruments by reason, as of now."""
        total: dict[str, int] = {}
        for inst in self.instrument_states:
            for reason, count in inst.tick_filter.refused.items():
                total[reason] = total.get(reason, 0) + count
        return total

    # ── What it leaves; after its end ──────────────────────────────────────────────────────────────────────────

    @property
    def recording(self) -> Path:
        (path,) = (self.folder / "kept").iterdir()
        return path

    def recorded(self) -> list[Tick]:
        return list(MqrSource(self.recording).ticks())

    def journal(self, *kinds: str) -> list[Any]:
        """The journal's events of these kinds, as plain data."""
        events = read_events(self.folder / "state" / JOURNAL_FILE)
        return [json.loads(event.body) for event in events if event.kind in kinds]

    def entry_ticks(self) -> list[Tick]:
        """The recorded ticks that brought about an entry."""
        bought = {each["order"]["tick_seq"] for each in self.journal("Submit") if each["order"]["side"] == "BUY"}
        return [tick for tick in self.recorded() if tick.seq in bought]

    def verified(self) -> dict[str, Any]:
        """What `verify` says of the recording."""
        return verify((self.recording,))[0]


def verify(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """The reports of `verify --json` on recordings."""
    said = io.StringIO()
    with redirect_stdout(said):
        verify_command(
            Namespace(files=list(paths), config=None, overrides=(), more_overrides=(), json=True, any_version=False)
        )
    return [json.loads(line) for line in said.getvalue().splitlines()]


def assert_same(report: dict[str, Any]) -> None:
    """A replay of the recording decides as the run did, at every checkpoint and every exit."""
    assert (report["outcome"], report["reason"]) == ("same", ""), report
    assert report["same"] == report["checkpoints"] > 0
    assert report["exits_same"] == report["exits_recorded"]
