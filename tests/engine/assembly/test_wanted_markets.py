"""Which markets a configuration trades in: what a person says, what the venue knows, what the newest recording tells."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.assembly.wanted_markets import wanted_hours
from tests.support.builders import config, nifty
from tests.support.recordings.recording_samples import header, tick, write


@pytest.fixture(autouse=True)
def _nothing_of_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATA", "CACHE"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name))


def usual(*overrides: str, folder: Path) -> list[str]:
    return [
        f"{each.usual} {each.zone.key}" for each in wanted_hours(config(*overrides, f"recording.directory={folder}"))
    ]


NSE, MCX, COINS = "09:15-15:30 Asia/Kolkata", "09:00-23:30 Asia/Kolkata", "round the clock UTC"
SMARTAPI = ("feed.source=smartapi", 'feed.symbols=["A", "B"]')


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ((), [NSE]),
        (("feed.source=mock",), [NSE]),
        (("instrument.market=MCX",), [MCX]),
        (("feed.source=binance",), [COINS]),
        (("feed.source=binance", "instrument.market=NSE"), [NSE]),  # a person says so
        (SMARTAPI, [NSE]),
        ((*SMARTAPI, "instruments.B.market=MCX"), [NSE, MCX]),
        ((*SMARTAPI, "instruments.A.token=1", "instruments.A.exchange=MCX"), [MCX, NSE]),
    ],
)
def test_the_markets_of_what_is_subscribed(overrides: tuple[str, ...], expected: list[str], tmp_path: Path) -> None:
    assert usual(*overrides, folder=tmp_path) == expected


def test_the_newest_recording_tells_what_nobody_says(tmp_path: Path) -> None:
    for name, market in (("paper-A-20261130-091500.mqr", "24x7"), ("mock-A-20261129-091500.mqr", "US")):
        write(tmp_path / name, [tick(1)], header(replace(nifty(), symbol="A", market=market)))
    (tmp_path / "replay-A-20261201-091500.mqr").touch()
    assert usual(folder=tmp_path) == [COINS]
    assert usual("instrument.market=MCX", folder=tmp_path) == [MCX]
    assert usual(*SMARTAPI, folder=tmp_path) == [COINS, NSE]  # of A the list says nothing here
    (tmp_path / "paper-A-20261201-091500.mqr").touch()  # cannot be read
    assert usual(folder=tmp_path) == [NSE]
