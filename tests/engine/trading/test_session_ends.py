"""Over each kind of session's end a silent position is out by that end, live and replayed, whatever day or market it is."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from engine.assembly.market_hours import MarketHours, for_market
from engine.config import Config
from engine.model.events import HeldOver, HeldSilent
from engine.model.types import Instrument, Tick
from tests.support.builders import EAGER, config
from tests.support.clock_runs import VirtualRun
from tests.support.trader_harness import TraderHarness

RULES = (
    *EAGER,
    "risk.tp_points=[500]",
    "risk.tp_percents=[1.0]",
    "risk.base_sl_points=99",
    "risk.use_trail_stop=false",
)
NIGHT = ("session.start=18:00", "session.end=02:30", "session.calendar=none")

# market, more keys, zone, entry, when it must be out, the next tick of a later day
ENDS = {
    "usual": ("NSE", (), "Asia/Kolkata", "2025-10-01T15:09:58", "2025-10-01T15:11:00", "2025-10-03T09:15:00"),
    "day cut short": ("NSE", (), "Asia/Kolkata", "2025-10-01T10:00:00", "2025-10-01T15:11:00", "2025-10-03T09:15:00"),
    "last second of entries": (
        "NSE", (), "Asia/Kolkata", "2025-10-01T15:09:59.999", "2025-10-01T15:11:00", "2025-10-03T09:15:00",
    ),
    "Muhurat": ("NSE", (), "Asia/Kolkata", "2025-10-21T13:50:00", "2025-10-21T14:26:00", "2025-10-23T09:15:00"),
    "evening only": ("MCX", (), "Asia/Kolkata", "2026-03-03T17:30:00", "2026-03-03T23:36:00", "2026-03-04T09:00:00"),
    "MCX in summer": ("MCX", (), "Asia/Kolkata", "2025-10-01T20:00:00", "2025-10-01T23:11:00", "2025-10-03T09:00:00"),
    "half day": ("US", (), "America/New_York", "2026-11-27T10:00:00", "2026-11-27T12:41:00", "2026-11-30T09:30:00"),
    "first day of winter": (
        "US", (), "America/New_York", "2026-11-02T10:00:00", "2026-11-02T15:41:00", "2026-11-03T09:30:00",
    ),
    "first day of summer": (
        "US", (), "America/New_York", "2026-03-09T10:00:00", "2026-03-09T15:41:00", "2026-03-10T09:30:00",
    ),
    "over midnight": ("NSE", NIGHT, "Asia/Kolkata", "2025-10-01T23:59:00", "2025-10-02T02:11:00", "2025-10-02T18:00:00"),
    "over midnight and the hour that comes twice": (
        "US", (*NIGHT, "session.end=03:30"), "America/New_York",
        "2026-10-31T23:00:00", "2026-11-01T03:11:00", "2026-11-01T18:00:00",
    ),
    "over midnight and the hour that never comes": (
        "US", (*NIGHT, "session.end=03:30"), "America/New_York",
        "2026-03-07T23:00:00", "2026-03-08T03:11:00", "2026-03-08T18:00:00",
    ),
    "year's end": ("NSE", (), "Asia/Kolkata", "2025-12-31T10:00:00", "2025-12-31T15:11:00", "2026-01-01T09:15:00"),
    "29 February": ("NSE", (), "Asia/Kolkata", "2024-02-29T10:00:00", "2024-02-29T15:11:00", "2024-03-01T09:15:00"),
    "said to be special": (
        "NSE", ('session.special=["2025-10-02 18:00-19:00"]',), "Asia/Kolkata",
        "2025-10-02T18:10:00", "2025-10-02T18:41:00", "2025-10-03T09:15:00",
    ),
    "calendar out of date": ("NSE", (), "Asia/Kolkata", "2031-10-01T10:00:00", "2031-10-01T15:11:00", "2031-10-03T09:15:00"),
    "no buffer": (
        "NSE", ("session.end_buffer_minutes=0", "session.no_trade_end_minutes=0"), "Asia/Kolkata",
        "2025-10-01T15:29:58", "2025-10-01T15:30:00", "2025-10-03T09:15:00",
    ),
}  # fmt: skip


def ms(text: str, zone: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def at(seq: int, price: int, at_ms: int, instrument: int = 0) -> Tick:
    return Tick(seq, instrument, 0, at_ms * 1_000_000, at_ms * 1_000_000, at_ms, 0, price * 100, 75, 0)


def settings(name: str) -> tuple[Config, tuple[str, ...], tuple[Instrument, ...]]:
    market, more, *_ = ENDS[name]
    keys = (*RULES, f"instrument.market={market}", *more)
    chosen = config(*keys)
    return for_market(chosen, market), keys, (Instrument("A", market=market), Instrument("B", market=market))


@pytest.mark.parametrize("name", ENDS)
@pytest.mark.parametrize("other", [False, True])
def test_by_a_recordings_clock(name: str, other: bool) -> None:
    chosen, keys, listed = settings(name)
    zone, entry, out, later = ENDS[name][2:]
    run = VirtualRun(*keys, instruments=listed, hours_of=MarketHours(chosen, "paper"))
    entry_ms, out_ms = ms(entry, zone), ms(out, zone)
    ticks = [at(1, 99, entry_ms - 1000), at(2, 100, entry_ms)]
    if other:  # goes on to tick beyond the end
        ticks += [at(3 + n, 100, entry_ms + n, 1) for n in range(0, out_ms - entry_ms + 1_300_000, 50_000)]
    run.play(
        Tick(n, t.instrument, 0, t.recv_ns, t.recv_wall_ns, t.exch_ms, 0, t.price, 75, 0)
        for n, t in enumerate(ticks, 1)
    )
    run.play([at(len(ticks) + 1, 40, ms(later, zone))])
    assert run.exits[0][:3] == ("Session End", 100.0, out_ms)
    assert run.events_of(HeldOver) == []


@pytest.mark.parametrize("name", ENDS)
def test_by_a_live_clock(name: str) -> None:
    chosen, keys, listed = settings(name)
    zone, entry, out, _ = ENDS[name][2:]
    harness = TraderHarness(*keys, listed=listed, hours_of=MarketHours(chosen, "paper"))
    entry_ms, out_ms = ms(entry, zone), ms(out, zone)
    harness.play([at(1, 99, entry_ms - 1000), at(2, 100, entry_ms)])
    agenda = harness.trader.agenda
    while harness.now_ms < out_ms:
        assert harness.held
        harness.now_ms = min(out_ms, max(harness.now_ms + 1, agenda.due_ms))
        harness.beat()
    assert harness.exits == [("Session End", 100.0, harness.orders[0].quantity)]


def test_round_the_clock_a_silence_of_hours_closes_nothing_and_is_told_each_minute() -> None:
    keys = (*RULES, "instrument.market=24x7")
    chosen = for_market(config(*keys), "24x7")
    harness = TraderHarness(*keys, listed=(Instrument("A", market="24x7"),), hours_of=MarketHours(chosen, "paper"))
    entry_ms = ms("2025-12-31T22:00:00", "UTC")
    harness.play([at(1, 99, entry_ms - 1000), at(2, 100, entry_ms)])
    while harness.now_ms < entry_ms + 4 * 3_600_000:
        harness.now_ms = max(harness.now_ms + 1, harness.trader.agenda.due_ms)
        harness.beat()
    assert harness.held
    assert len([each for each in harness.events_of(HeldSilent) if each.severe]) == 4 * 60 + 1
