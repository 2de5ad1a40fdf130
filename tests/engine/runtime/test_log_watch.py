"""The log that goes into detail by itself, over a whole engine: each trigger by a session made for it, by a clock of the test's own."""

import logging
import re
from collections.abc import Callable
from datetime import time
from pathlib import Path
from time import perf_counter_ns

import pytest

from engine.assembly import Run, build
from engine.model.commands import Fault, Flat, PauseEntries, SetLogLevel
from engine.model.events import OrderRejected
from engine.model.log_counts import COMPONENTS, LogComponent
from engine.model.state import state_hash
from engine.model.types import TradeMode
from engine.presentation.log_details import DETAILS
from engine.runtime.log_watch import LogWatch
from engine.venues.simulated.source import mock_source
from tests.support.builders import EAGER, config
from tests.support.scripted_feed import ScriptedRun
from tests.support.waiting import PATIENCE_S

SECOND = 10**9
ADAPTIVE = ("adaptive.enabled=true", "adaptive.hold_s=20", "logging.lines_per_s=1000")


class Session:
    """A generated session whose ticks, and the engine's rounds between them, a test brings about; a second of it is a round."""

    def __init__(self, folder: Path, *overrides: str, speed: float = 0.0, mode: TradeMode = "mock") -> None:
        kept = f"recording.directory={folder / 'kept'}"
        chosen = config(
            *EAGER,
            "risk.max_position_value_percent=20",
            kept,
            "recording.enabled=off",
            "engine.delivery=callback",
            *overrides,
        )
        self.source = mock_source(chosen, time(11, 0))
        self.run: Run = build(chosen, self.source, mode, speed=speed, state_root=folder / "state")
        self.engine = self.run.engine
        self.engine.prepare()
        self.ticks = self.source.ticks()
        self.now_ns = self.run.engine.stats.beat_ns = perf_counter_ns()

    def goes_on(self, seconds: int, *, ticks: int = 4) -> None:
        """So many rounds, with so many ticks in each."""
        for _ in range(seconds):
            for _ in range(ticks):
                tick = next(self.ticks)
                tick.recv_ns = self.now_ns
                self.engine.deliver(tick)
            self.engine.turn.take_inputs()
            self.now_ns += SECOND
            self.engine.stats.beat_ns = self.now_ns
            self.engine._publisher.publish(self.now_ns)
            self.engine.housekeeping.make()

    @property
    def in_detail(self) -> tuple[LogComponent, ...]:
        return self.run.logs.counts().escalated

    @property
    def told(self) -> list[str]:
        """What the log says of itself."""
        return [text for component, text in self.lines("INFO ") if component == "engine" and text.startswith("log ")]

    def lines(self, level: str) -> list[tuple[str, str]]:
        """Component and text of every line of that level that the file has."""
        assert self.run.logs.flush(PATIENCE_S)
        found = (line.split(maxsplit=3) for line in (self.run.folder / "engine.log").read_text().splitlines())
        return [(component, text) for _, name, component, text in found if name == level.strip()]


def warns(session: Session) -> None:
    for _ in range(5):
        logging.getLogger("myquant.journal").warning("behind")


def refuses(session: Session) -> None:
    session.source.misbehave(Fault("bad_price", 5))


def skips(session: Session) -> None:
    session.source.misbehave(Fault("drop", 3))


def rejects(session: Session) -> None:
    session.engine._parts.effects.carry_out((OrderRejected(1, 0, "no margin"),))


def jumps(session: Session) -> None:
    session.source.misbehave(Fault("jump", 1))  # a target is reached, far beyond


def is_slow(session: Session) -> None:
    session.engine._parts.budget.slow = 2


def leaves_unanswered(session: Session) -> None:
    session.engine._parts.effects._unanswered[7] = session.now_ns - 4 * SECOND


TRIGGERS: dict[str, tuple[Callable[[Session], None], tuple[str, ...], str]] = {
    "warnings": (warns, ("journal",), r"5 warnings and errors in 60 s"),
    "refused": (refuses, ("feed",), r"\d of \d+ ticks refused in 60 s"),
    "gap": (skips, ("feed",), r"1 sequence gap in 60 s"),
    "rejected": (rejects, ("trader", "broker"), r"1 order rejected in 60 s"),
    "unanswered": (leaves_unanswered, ("trader", "broker"), r"order UNKNOWN, unanswered for \d s in 60 s"),
    "flat": (lambda session: session.engine.send(Flat()), ("trader", "broker"), r"flat [A-Z]+ in 60 s"),
    "P&L": (jumps, ("trader",), r"P&L [+−]\d+\.\d % in 60 s"),
    "handler": (is_slow, ("engine",), r"handler over its budget 2 times in 60 s"),
}


@pytest.mark.parametrize("what", TRIGGERS)
def test_a_session_brings_its_component_into_detail_within_a_second_and_it_goes_back(what: str, tmp_path: Path) -> None:
    act, components, words = TRIGGERS[what]
    session = Session(tmp_path, *ADAPTIVE)
    with session.run:
        session.goes_on(40)
        while not session.engine.snapshot.positions:
            session.goes_on(1)
        assert session.in_detail == ()
        act(session)
        session.goes_on(1, ticks=8)
        assert session.in_detail == components
        assert {each.component for each in session.run.logs.level_view if each.level == "debug"} == set(components)
        (up,) = session.told
        assert re.fullmatch(rf"log {', '.join(components)} → debug: {words}, from #\d+", up)
        assert int(up.rpartition("#")[2]) == session.engine.cursor.position
        session.engine.send(PauseEntries())
        session.engine._parts.effects._unanswered.clear()
        session.goes_on(59)
        assert session.in_detail == components
        session.goes_on(40)
        assert (session.in_detail, session.told[0]) == ((), up)
        assert re.fullmatch(rf"log {', '.join(components)} → info: calm for 20 s, from #\d+", session.told[-1])


def test_a_silence_of_what_should_tick_is_seen(tmp_path: Path) -> None:
    session = Session(tmp_path, *ADAPTIVE)
    with session.run:
        session.goes_on(10)
        session.goes_on(5, ticks=0)
        assert session.in_detail == ("feed",)
        assert "STALE: 1 of 1 silent in 60 s" in session.told[0]


def test_prices_that_move_as_never_in_their_session_are_seen(tmp_path: Path) -> None:
    session = Session(tmp_path, *ADAPTIVE)
    with session.run:
        session.engine.send(PauseEntries())  # so that no result moves with them
        session.goes_on(150, ticks=10)
        assert session.in_detail == ()
        session.source.misbehave(Fault("jump", 12))
        session.goes_on(10, ticks=10)
        assert session.in_detail == ("trader",)
        assert re.search(r"mean move \d+\.\d × the session's median in 60 s", session.told[0])


def test_an_inbox_that_fills_is_seen(tmp_path: Path) -> None:
    session = Session(tmp_path, *ADAPTIVE, "engine.delivery=queued", "engine.inbox_size=100", speed=1.0)
    with session.run:
        session.goes_on(1, ticks=40)
        assert session.in_detail == ()
        session.goes_on(1, ticks=22)
        assert session.in_detail == ("engine",)
        assert "inbox 62% full in 60 s" in session.told[0]


def test_a_link_that_is_made_anew_is_seen(tmp_path: Path) -> None:
    live = ScriptedRun(tmp_path, *ADAPTIVE, started=False)
    with live.run:
        watch = live.run.engine.housekeeping._log_watch
        assert watch is not None
        watch.look(SECOND)
        live.feed.state = "WAITING"
        watch.look(3 * SECOND)
        assert live.run.logs.counts().escalated == ("feed",)
        live.feed.state, live.feed.link = "UP", 2
        watch.look(5 * SECOND)
        assert watch._looks is not None
        assert watch._looks._links == 2


def test_nothing_is_decided_by_it(tmp_path: Path) -> None:
    hashes = []
    for name, more in (("with", ADAPTIVE), ("without", ()), ("debug", ("logging.level=debug",))):
        (tmp_path / name).mkdir()
        session = Session(tmp_path / name, *more)
        with session.run:
            session.goes_on(20)
            for act in (warns, skips, refuses, jumps):
                act(session)
                session.goes_on(15, ticks=9)
            session.engine.send(Flat())
            session.goes_on(10)
            hashes.append(state_hash(session.run.trader.state.dump()))
            assert bool(session.told) is (name == "with")
            assert session.run.trader.state.portfolio.trades > 0
    assert len(set(hashes)) == 1


def test_a_component_that_an_operator_has_set_is_left_alone(tmp_path: Path) -> None:
    session = Session(tmp_path, *ADAPTIVE)
    with session.run:
        session.engine.send(SetLogLevel("broker", "error", 600))
        session.goes_on(2)
        rejects(session)
        session.goes_on(1)
        assert session.in_detail == ("trader",)
        levels = {each.component: (each.level, each.by) for each in session.run.logs.level_view}
        assert (levels["broker"], levels["trader"]) == (("error", "operator"), ("debug", "adaptive"))


def test_every_component_says_in_detail_what_it_does_and_no_more_than_a_few_lines(tmp_path: Path) -> None:
    session = Session(tmp_path, "logging.level=debug", "logging.lines_per_s=1000", "recording.enabled=on")
    with session.run:
        session.goes_on(30)
        session.engine.send(Flat())
        session.goes_on(2)
        lines = session.lines("DEBUG")
    said = {component: [text for of, text in lines if of == component] for component in COMPONENTS}
    assert set(DETAILS) == set(COMPONENTS)
    for component, pattern in {
        "engine": r"\+4 ticks, \+1 beats, inbox 0, \+0 merged, delivery callback, CPU \d+%, .* MB, longest GC .* ms",
        "feed": r"\+4 ticks, \+0 sequence gaps, 0 of 1 silent",
        "trader": r"NIFTY \d+\.\d\d: \d+ green.*; held \d+ @ \d+\.\d\d, stop \d+\.\d\d.*, open [+-]\d+\.\d\d",
        "broker": r"order M1-\d+ (BUY|SELL) \d+ NIFTY @ \d+\.\d\d \((Entry|Flat)\)",
        "journal": r"\+\d+ rows kept, \d+ in all, \d+ waiting.*",
        "recording": r"\+4 ticks kept, \d+ in all, [\d,]+ waiting",
    }.items():
        assert any(re.fullmatch(pattern, text) for text in said[component]), (component, said[component][-5:])
        assert 1 <= len(said[component]) <= 32 * 6


@pytest.mark.parametrize(("mode", "more"), [("mock", ()), ("replay", ADAPTIVE)])
def test_who_does_not_want_it_and_a_replay_do_not_carry_it(
    mode: TradeMode, more: tuple[str, ...], tmp_path: Path
) -> None:
    session = Session(tmp_path, *more, mode=mode)
    with session.run:
        watch = session.engine.housekeeping._log_watch
        assert isinstance(watch, LogWatch)
        assert watch._looks is None
        warns(session)
        session.goes_on(3)
        assert (session.in_detail, session.told) == ((), [])
