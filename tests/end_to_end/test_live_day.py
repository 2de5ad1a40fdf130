"""Whole sessions through the wire: a live run decides as the replay of the same ticks does, in every delivery, and can be verified.

MYQUANT_LONG=1 takes every session whole and paced, and that of Binance also at its own pace (six minutes).
"""

import gzip
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from engine.assembly import build
from engine.assembly.open_source import open_file
from engine.model.types import DELIVERIES, FLAG_LATE
from engine.reports.trade_file import TradeFile
from engine.runtime import turn
from tests.simulator import RawLines, Simulator
from tests.support.builders import config, ms
from tests.support.recordings.trade_lists import decided, golden, rows_of
from tests.support.shared_data import shared
from tests.support.thorough import LONG
from tests.support.venues.live_harness import FULL_CASH, LiveHarness, assert_same, supply_of_command
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.slow

DAY = "nifty_option_20251001.csv"
COINS = "raw_ws/binance_spot_btcusdt_20240808.jsonl.gz"
ROWS = 3_000  # of the session, where not all of it is taken: twenty minutes and the first trades
PACED = 3000.0  # times the recorded pace: four thousand ticks a second
MESSAGES = 4_000
BEGINS_MS = ms("09:15:00")
# Rooms in the inbox for a moment in which the machine has no time for the engine: what is to be shown is not that.
ROOMY = "engine.inbox_size=50000"


@pytest.fixture(autouse=True)
def nothing_is_late(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a machine that has no time ticks wait for seconds, and would enter nothing; that is tried where lateness is."""
    monkeypatch.setattr(turn, "_LATE_NS", 1 << 62)


def beginning(tmp_path: Path, rows: int) -> Path:
    """The session's first rows as a file."""
    path = tmp_path / "cut.csv"
    with shared(DAY).open(encoding="utf-8") as file:
        path.write_text("".join(islice(file, rows + 1)), encoding="utf-8")
    return path


def replayed(tmp_path: Path, path: Path) -> Any:
    """Trades, entries and cash of a replay of `path` without a wire."""
    with build(
        config(*FULL_CASH), open_file(path, config()), "replay", speed=0.0, state_root=tmp_path / "plain"
    ) as run:
        run.engine.start()
        assert run.engine.wait(PATIENCE_S)
        run.engine.stop()
        book = run.trader.state.portfolio
        return [one.reason for one in run.engine.exits.newest], run.engine.exits.newest, book.entries, book.cash


@contextmanager
def trade_list(folder: Path, live: LiveHarness) -> Iterator[None]:
    """Within: the exits of `live`, which has not begun, are written into `trades.csv`."""
    with TradeFile(folder / "trades.csv") as file:
        file.follow(live.run)
        yield
        file.finish()


def through_the_wire(tmp_path: Path, path: Path, delivery: str, speed: float, *overrides: str) -> LiveHarness:
    """A paper run, over by now, that was sent the session as packets and has worked every one of them."""
    with Simulator(play=path, speed=speed) as sim:
        keys = (*FULL_CASH, "instrument.token=40001", *overrides)
        live = LiveHarness(tmp_path, sim, *keys, delivery=delivery, supply=supply_of_command, begins_ms=BEGINS_MS)
        with trade_list(tmp_path, live), live:
            live.all_worked()
            live.engine.stop()
        sent = sim.counters.sent["40001"]
    assert (live.engine.cursor.position, live.engine.inbox.merged, live.engine.cursor.holes) == (sent, 0, 0)
    assert live.refused == live.view.bad == {}
    assert len(live.ups) == 1
    return live


def as_replayed(live: LiveHarness, expected: Any) -> None:
    """The live run's exits, entries and cash are those of the replay; its recording is verified."""
    reasons, trades, entries, cash = expected
    assert len(trades) > 2
    assert [one.reason for one in live.engine.exits.newest] == reasons
    assert live.engine.exits.newest == trades
    assert (live.portfolio.entries, live.portfolio.cash) == (entries, cash)
    assert_same(live.verified())


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_a_whole_session_gives_the_trade_list_row_for_row(tmp_path, delivery, record_property) -> None:
    live = through_the_wire(tmp_path, shared(DAY), delivery, PACED if LONG else 0.0, ROOMY)
    assert live.engine.cursor.position == 32_591
    assert decided(rows_of(tmp_path / "trades.csv")) == decided(golden("default_20251001.csv"))
    assert (live.portfolio.entries, live.portfolio.trades) == (46, 102)
    assert f"{live.portfolio.cash:.2f}" == "141375.06"
    report = live.verified()
    assert_same(report)
    assert (report["checkpoints"], len(report["exits"])) == (33, 102)
    stages = live.engine.snapshot.epochs[-1].stages
    record_property("receive_to_decision_p50_us", stages["receive→decision"].p50_ns / 1000)


@pytest.mark.parametrize("delivery", ["polling", "queued"])
def test_the_wire_and_the_delivery_change_no_decision(tmp_path, delivery) -> None:
    path = beginning(tmp_path, ROWS)
    as_replayed(through_the_wire(tmp_path, path, delivery, PACED, ROOMY), replayed(tmp_path, path))


# Each is one packet more than the session has, and none of them may make a difference.
HARMLESS = """
p 0.01: duplicate
p 0.01: older
p 0.01: time 1970
p 0.01: time seconds
p 0.01: price zero
p 0.01: price negative
p 0.01: unknown_token
every 8000 ticks: mode 255
every 8000 ticks: text
every 8000 ticks: length 122
every 8000 ticks: nul
"""


def test_bad_packets_among_the_good_change_no_decision(tmp_path, record_property) -> None:
    with Simulator(play=shared(DAY), speed=0.0, script=HARMLESS, seed=7) as sim, ExitStack() as stack:
        live = LiveHarness(tmp_path, sim, *FULL_CASH, ROOMY, "smartapi.sequence=rising", begins_ms=BEGINS_MS)
        stack.enter_context(trade_list(tmp_path, live))
        stack.enter_context(live)
        live.all_worked()
        faults = sim.counters.faults
        ticks = sum(faults[name] for name in faults if name.split()[0] in {"duplicate", "older", "time", "price"})
        live.until(lambda: live.arrived == 32_591 + ticks)
        live.engine.stop()
    assert live.view.bad == {"unknown_token": faults["unknown_token"], "mode": 8, "text": 4, "length": 4}
    assert live.refused == {
        "duplicate": faults["duplicate"],
        "backwards": faults["older"] + faults["time 1970"] + faults["time seconds"],
        "non_positive": faults["price zero"] + faults["price negative"],
    }
    assert ticks > 1_500
    assert live.engine.inbox.merged == 0
    assert len(live.ups) == 1
    assert decided(rows_of(tmp_path / "trades.csv")) == decided(golden("default_20251001.csv"))
    assert_same(live.verified())
    record_property("bad_packets", sum(faults.values()))


# ── Coins, word for word as they were recorded ──────────────────────────────────────────────────────────────────────


def messages(tmp_path: Path, count: int) -> Path:
    """The first messages of the recorded stream as a file."""
    path = tmp_path / "cut.jsonl"
    with gzip.open(shared(COINS), "rb") as packed:
        path.write_bytes(b"".join(islice(packed, count)))
    return path


def coins(tmp_path: Path, path: Path, delivery: str, speed: float, *overrides: str) -> tuple[LiveHarness, Any]:
    """A paper run, over by now, that was sent the messages, and the exchange's counters."""
    with Simulator(RawLines(path, speed=speed, rebase=True), hold=2) as sim:
        keys = ("feed.source=binance", 'feed.symbols=["BTCUSDT"]', *overrides)
        with LiveHarness(tmp_path, sim, *keys, delivery=delivery, supply=supply_of_command) as live:
            live.all_worked(500)
            live.until(lambda: live.view.books == sim.counters.books)
        counters = sim.counters
    assert live.view.bad == {}
    assert len(live.ups) == 1
    with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
        lines = file.readlines()
    assert counters.all_sent == sum(b"@trade" in line for line in lines)
    assert counters.books == sum(b"@bookTicker" in line for line in lines)
    assert live.view.frames == counters.all_sent + counters.books + 1  # and the answer to the subscription
    return live, counters


@pytest.mark.parametrize("delivery", ["queued", "callback"])
def test_every_trade_of_a_coin_is_a_tick_and_every_book_is_counted(tmp_path, delivery) -> None:
    path = shared(COINS) if LONG else messages(tmp_path, MESSAGES)
    live, counters = coins(tmp_path, path, delivery, 10.0 if LONG else 80.0, ROOMY)
    assert (live.engine.cursor.position, live.engine.inbox.merged) == (counters.sent["BTCUSDT"], 0)
    if LONG:
        assert (counters.sent["BTCUSDT"], counters.books) == (9_757, 28_040)
    ids = [tick.exch_seq for tick in live.recorded()]
    assert ids == sorted(set(ids))
    assert all(tick.bid and tick.ask >= tick.bid for tick in live.recorded()[5:])
    assert_same(live.verified())


def test_what_a_small_inbox_merges_is_counted_to_the_last(tmp_path, record_property) -> None:
    path = shared(COINS) if LONG else messages(tmp_path, MESSAGES)
    keys = ("engine.inbox_size=100", "engine.poll_interval_ms=200")
    live, counters = coins(tmp_path, path, "polling", 80.0, *keys)
    merged = live.engine.inbox.merged
    record_property("merged", merged)
    assert merged > 0
    assert live.engine.cursor.position + merged == counters.sent["BTCUSDT"]
    assert live.engine.cursor.holes == merged
    assert len(live.recorded()) == live.engine.cursor.position
    assert_same(live.verified())


@pytest.mark.skipif(not LONG, reason="six minutes: MYQUANT_LONG=1")
@pytest.mark.timeout(600)
@pytest.mark.parametrize("delivery", ["callback"])
def test_a_recorded_stream_at_its_own_pace(tmp_path, delivery) -> None:
    live, counters = coins(tmp_path, shared(COINS), delivery, 1.0)
    assert (live.engine.cursor.position, live.engine.inbox.merged) == (counters.sent["BTCUSDT"], 0)
    assert not [tick for tick in live.recorded() if tick.flags & FLAG_LATE]
    assert_same(live.verified())
