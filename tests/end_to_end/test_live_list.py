"""Instruments are added to a live run and taken off it on the link that is open; each recording is the same again."""

from pathlib import Path

import pytest

from engine.model.commands import Unwatch, Watch
from engine.recording import MqrSource
from engine.text.sanitize import CleanText
from tests.simulator import Simulator
from tests.simulator.traffic import Generated
from tests.support.venues.live_harness import HOLDING, LiveHarness, assert_same, noon, supply_of_command, verify

pytestmark = pytest.mark.slow

FIRST, MORE = CleanText("AAAUSDT"), CleanText("BBBUSDT")
SMARTAPI = (
    f"instruments.{FIRST}.token=40001",
    f"instruments.{MORE}.token=40002",
    f"instruments.{FIRST}.watch_only=true",
    *noon(),
)
BINANCE = ("feed.source=binance", f"instruments.{FIRST}.watch_only=true")


@pytest.mark.parametrize("keys", [SMARTAPI, BINANCE], ids=["smartapi", "binance"])
def test_the_open_link_brings_what_is_added_and_no_more_of_what_is_removed(
    tmp_path: Path, keys: tuple[str, ...]
) -> None:
    with Simulator(Generated(rate=300, symbols=(FIRST, MORE))) as sim:
        live = LiveHarness(tmp_path, sim, *HOLDING, f"feed.symbols=[{FIRST}]", *keys, supply=supply_of_command)
        with live:
            live.ticking()
            live.engine.send(Watch((MORE,)))
            live.until(lambda: len(live.instrument_states) == 2 and live.portfolio.net(1))
            assert live.engine.snapshot.watched == 2
            live.until(lambda: live.view.ticking == live.view.wanted == 2)
            live.engine.send(Unwatch((FIRST,)))
            live.until(lambda: sim.counters.unsubscribes)
            live.until(lambda: live.view.wanted == 1)
            before = live.instrument_states[1].last_tick
            live.until(lambda: live.instrument_states[1].last_tick is not before)
            late = live.refused.get("not_watched", 0)
            live.engine.send(Unwatch((MORE,)))
            live.until(lambda: live.engine.snapshot.outcomes[-1:] == (f"watch remove refused: {MORE}: it is held",))
            assert live.refused.get("not_watched", 0) == late
        assert (len(live.ups), live.view.bad, sim.counters.subscribes) == (1, {}, 2)
    files = sorted((tmp_path / "kept").iterdir(), key=lambda path: MqrSource(path).header.started_wall_ns)
    listed = [[(each.symbol, each.removed is True) for each in MqrSource(path).header.instruments] for path in files]
    assert listed == [[(FIRST, False)], [(FIRST, False), (MORE, False)], [(FIRST, True), (MORE, False)]]
    for report in verify(files):
        assert_same(report)
