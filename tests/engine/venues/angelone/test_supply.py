"""What a run learns of its instruments when the day's list is fetched under way."""

import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.model.clock import VirtualClock
from engine.venues.angelone.instruments.listing import market_of
from engine.venues.angelone.instruments.master import ready
from engine.venues.angelone.supply import differences
from tests.support.builders import config
from tests.support.http_server import HttpServer, answer
from tests.support.paths import ROOT
from tests.support.venues.instrument_list import text_of
from tests.support.waiting import PATIENCE_S

COUNT = 600
TODAY = date(2025, 11, 20)
NOON_NS = int(datetime(2025, 11, 20, 6, 30, tzinfo=UTC).timestamp()) * 10**9
OPTION = "NIFTY25NOV2525000CE"


def test_instruments_that_stand_otherwise_or_have_expired_are_told_and_others_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with HttpServer(lambda _: answer(200, text_of(COUNT))) as stub:
        chosen = config(f"smartapi.master_url={stub.url}/list.json", "instruments.NIFTY.token=1")
        listed, _ = ready(chosen, VirtualClock(NOON_NS), least_rows=COUNT)
    with listed:
        option = listed.instrument(OPTION, TODAY)
        assert differences(listed, chosen, (option,), TODAY) == ()
        before = replace(option, lot_size=option.lot_size + 1)
        (line,) = differences(listed, chosen, (before,), TODAY)
        assert (
            line == f"{OPTION}: lot_size {option.lot_size + 1}→{option.lot_size} by today's list; a start takes it over"
        )
        said = replace(option, symbol="NIFTY")  # its token was said, not looked up
        (gone,) = differences(listed, chosen, (option, said), date(2026, 1, 5))
        assert "expired" in gone


def test_the_market_of_an_instrument_is_known_without_asking_anybody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with HttpServer(lambda _: answer(200, text_of(COUNT))) as stub:
        chosen = config(
            f"smartapi.master_url={stub.url}/list.json", "instruments.MINE.token=1", "instruments.MINE.exchange=CDS"
        )
        assert market_of(chosen, "NIFTY 50") == ""  # there is no list yet
        ready(chosen, VirtualClock(NOON_NS), least_rows=COUNT)[0].close()
        asked = stub.requests
    assert market_of(chosen, "Nifty 50") == "NSE"
    assert market_of(chosen, "CRUDEOIL19NOV25FUT") == "MCX"  # expired long ago
    assert market_of(chosen, "MINE") == "CDS"
    assert market_of(chosen, "nothing of the kind") == ""
    assert len(stub.requests) == len(asked) == 1


def test_modules_of_orders_are_there_once_a_run_asks_for_lanes_and_not_before(tmp_path: Path) -> None:
    script = f"""
import sys
from engine.assembly import build
from engine.model.clock import SystemClock
from engine.venues.angelone.credentials import Credentials
from engine.venues.angelone.supply import _supply
from pathlib import Path
from tests.support.builders import config
from tests.support.venues.order_rows import RowsInMemory

def loaded():
    return sorted(name for name in sys.modules if name.startswith("engine.venues.") and ".orders" in name)

chosen = config("instruments.NIFTY.token=26000", "feed.symbols=['NIFTY']", "recording.directory={tmp_path}/kept", "smartapi.rest_url=http://127.0.0.1:1")
supply, _ = _supply(chosen, Credentials("A123456", "7391", "canaryKey", "CANARYJBSWY3DPEHPK3PXPAA"))
with build(chosen, supply, "paper", state_root=Path({str(tmp_path)!r}) / "state"):
    assert loaded() == [], loaded()
supply.broker(supply.instruments, print, RowsInMemory(), SystemClock())
assert "engine.venues.angelone.orders.dialect" in loaded()
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=PATIENCE_S, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
