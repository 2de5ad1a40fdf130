"""The flat of a dead engine at a broker: over real sockets, by what the broker holds."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.assembly import build, real_trader
from engine.assembly.real_orders import RealOrders
from engine.config import Config
from engine.journal import JOURNAL_FILE
from engine.model.errors import ConfigError, InputError
from engine.serving.real_flat import flatten, left_at, plan
from engine.serving.silent_feed import SilentFeed
from engine.serving.state_dirs import place_of
from engine.text.sanitize import CleanText
from engine.venues.registry import venue_of
from engine.venues.supply import LiveSupply, OpenedVenue
from tests.simulator import Generated, Orders, Quiet, Simulator
from tests.simulator.exchange import NO_DELAYS
from tests.simulator.listing import symbols_ahead
from tests.support.builders import IST, config
from tests.support.venues.live_harness import ENVIRON, noon


@contextmanager
def broker() -> Iterator[Simulator]:
    """A broker that takes orders, and whose list is believed."""
    orders = Orders(deep=True, delays=NO_DELAYS)
    symbols = symbols_ahead(2, datetime.now(IST).date())
    with Simulator(Quiet(Generated(symbols=symbols).lines), rate_limits=False, orders=orders, whole_list=True) as sim:
        yield sim


def chosen(sim: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    symbols = f"[{', '.join(line.symbol for line in sim.lines)}]"
    return config(
        *noon(), "feed.source=smartapi", f"feed.symbols={symbols}", f"smartapi.rest_url={sim.http_url}",
        f"smartapi.stream_url={sim.ws_url}", f"smartapi.orders_url={sim.orders_url}", f"smartapi.master_url={sim.master_url}",
        f"recording.directory={tmp_path / 'kept'}", "live.max_orders_per_day=300",
    )  # fmt: skip


def lived(folder: Path, rules: Config) -> None:
    """An engine has run there, and ended."""
    venue = venue_of("smartapi")
    assert venue is not None
    opened = venue.opener()(rules, ENVIRON)
    assert isinstance(opened, OpenedVenue)
    assert isinstance(opened.source, LiveSupply)
    supply = replace(opened.source, connect=lambda _tell, _in_session: SilentFeed())
    with build(opened.config, supply, "live-sim", state_root=folder, record=False, real=RealOrders(CleanText("x"))):
        pass


def net(sim: Simulator) -> dict[str, int]:
    return sim.look(lambda exchange: {symbol: held for symbol, held in exchange.net.items() if held})


@pytest.mark.parametrize("journal", ["whole", "missing", "damaged"])
def test_all_that_the_broker_holds_is_closed_whatever_the_journal_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, journal: str
) -> None:
    monkeypatch.setattr(real_trader, "ARRIVED_MS", 300)
    with broker() as sim:
        rules, folder = chosen(sim, tmp_path, monkeypatch), tmp_path / "state"
        lived(folder, rules)
        if journal == "missing":
            (folder / JOURNAL_FILE).unlink()
        elif journal == "damaged":
            (folder / JOURNAL_FILE).write_bytes(b"x" * 5_000)
        long, short = (line.symbol for line in sim.lines)
        sim.fault(f"external 150 {long}")
        sim.fault(f"external -75 {short}")
        assert net(sim) == {long: 150, short: -75}
        said: list[str] = []
        left = left_at(place_of(folder))
        assert "what others have put on there as well" in plan(left)[-1]
        verified = flatten(rules, ENVIRON, left, said.append)
        assert net(sim) == {}, said
        assert any(line.startswith(f"  {long} sold 150 of 150 @") for line in said), said
        assert any(line.startswith(f"  {short} bought 75 of 75 @") for line in said), said
        assert verified
        assert any(line.startswith("FLAT verified") for line in said)


def test_where_nothing_is_held_that_is_verified_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with broker() as sim:
        rules = chosen(sim, tmp_path, monkeypatch)
        lived(tmp_path / "state", rules)
        said: list[str] = []
        assert flatten(rules, ENVIRON, left_at(place_of(tmp_path / "state")), said.append)
        assert "  nothing was held" in said
        assert sim.counters.orders is not None
        assert not sim.counters.orders.writes


def test_without_credentials_a_person_is_sent_to_the_brokers_own_app(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with broker() as sim:
        rules = chosen(sim, tmp_path, monkeypatch)
        lived(tmp_path / "state", rules)
        left = left_at(place_of(tmp_path / "state"))
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
        with pytest.raises(InputError, match="no credentials to ask the broker with; use the broker's own app"):
            flatten(rules, {"XDG_CONFIG_HOME": str(tmp_path / "none")}, left, print)
        partly = {name: value for name, value in ENVIRON.items() if not name.endswith("_PIN")}
        with pytest.raises(ConfigError, match="missing"):
            flatten(rules, partly | {"XDG_CONFIG_HOME": str(tmp_path / "none")}, left, print)


def test_another_broker_than_the_engines_is_never_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with broker() as sim:
        rules = chosen(sim, tmp_path, monkeypatch)
        lived(tmp_path / "state", rules)
    with pytest.raises(InputError, match=r"of mode live-sim, and the configuration names another broker"):
        flatten(rules, ENVIRON, left_at(place_of(tmp_path / "state")), print)


def test_a_folder_in_which_others_may_write_is_not_believed(tmp_path: Path) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    folder.chmod(0o777)
    (folder / "mode").write_text("live")
    with pytest.raises(InputError, match=r"its journal is not believed: use the broker's own app$"):
        left_at(place_of(folder))
    shutil.rmtree(folder)
