"""The four things without which no order goes to a real broker: every subset of them, and a line for each that is missing."""

from collections.abc import Iterator
from datetime import date, datetime
from itertools import product
from pathlib import Path

import pytest

from engine.config import Config
from engine.model.errors import ConfigError
from engine.serving import live_gate
from engine.serving.arming import Armed, armed_now, write_arming
from engine.serving.live_gate import LiveThings, live_place, live_start, owes
from engine.text.sanitize import CleanText
from engine.venues.angelone import live_access
from tests.support.builders import IST
from tests.support.http_server import HttpServer, answer
from tests.support.live_config import ACCOUNT, live_config
from tests.support.venues.live_harness import ENVIRON

NOW_NS = int(datetime(2026, 12, 1, 10, tzinfo=IST).timestamp()) * 10**9
END_NS = NOW_NS + 5 * 3600 * 10**9
CREDENTIALS = {name: value for name, value in ENVIRON.items() if name != "MYQUANT_TRUST_HOST"}
DAY = date(2026, 12, 1)


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return


def environ(tmp_path: Path, *, credentials: bool = True) -> dict[str, str]:
    return {"XDG_CONFIG_HOME": str(tmp_path), **(CREDENTIALS if credentials else {})}


def arm(folder: Path, config: Config) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    account = live_access.account(config, CREDENTIALS)
    assert account is not None
    write_arming(folder, armed_now(config, account, DAY, NOW_NS, END_NS))


ARMED = Armed(DAY, "1", "A1***6", "m", 0, 0, {})


@pytest.mark.parametrize("things", list(product((False, True), repeat=4)))
def test_each_thing_that_is_missing_is_one_line(things: tuple[bool, bool, bool, bool]) -> None:
    enabled, said, armed, credentials = things
    lines = LiveThings(
        () if enabled else ("live.enabled = false: live orders need true",),
        said,
        ARMED if armed else CleanText("not armed today"),
        ACCOUNT if credentials else None,
    ).lacking()
    first = ["live.enabled", "--live", "arming", "credentials"]
    assert len(lines) == 4 - sum(things)
    for name, there in zip(first, things, strict=True):
        assert any(line.startswith(name) for line in lines) != there


@pytest.mark.parametrize("things", list(product((False, True), repeat=3)))
def test_a_run_with_live_said_begins_only_with_the_other_three(tmp_path: Path, things: tuple[bool, bool, bool]) -> None:
    enabled, armed, credentials = things
    config = live_config() if enabled else live_config(live__enabled="false")
    folder = tmp_path / "state" / "myquant-tui" / "live"
    if armed:
        arm(folder, config)
    environment = environ(tmp_path, credentials=credentials)
    if all(things):
        start = live_start(config, environment, None, NOW_NS)
        assert (start.mode, start.folder, start.locked) == ("live", folder, ())
        assert start.armed is not None
        return
    with pytest.raises(ConfigError) as refused:
        live_start(config, environment, None, NOW_NS)
    assert len(refused.value.lines) == 3 - sum(things)


def test_where_the_journal_owes_something_entries_stay_locked_and_the_run_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_gate, "owes", lambda *_: True)
    start = live_start(live_config(live__max_lots="0"), environ(tmp_path), None, NOW_NS)
    assert start.armed is None
    assert start.locked == (
        "live.max_lots = 0: live orders need at least 1",
        "arming: not armed today (myquant-tui arm --live)",
    )
    with pytest.raises(ConfigError, match="credentials: there are none"):
        live_start(live_config(), environ(tmp_path, credentials=False), None, NOW_NS)


def test_an_empty_directory_owes_nothing_and_one_without_its_journal_may(tmp_path: Path) -> None:
    assert not owes(tmp_path / "none", live_config(), NOW_NS)
    folder = tmp_path / "used"
    folder.mkdir(mode=0o700)
    assert not owes(folder, live_config(), NOW_NS)
    (folder / "mode").write_text("live\n")
    (folder / "lock").touch()
    (folder / "engine.log").write_text("something was here\n")
    assert owes(folder, live_config(), NOW_NS)


def test_a_source_without_orders_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no order can be sent with --source binance; allowed: smartapi"):
        live_start(live_config(feed__source="binance", feed__symbols="[BTCUSDT]"), environ(tmp_path), None, NOW_NS)


def test_a_tunnel_at_this_machines_address_is_live(tmp_path: Path) -> None:
    with HttpServer(lambda _: answer(404, "no such call")) as tunnel:
        config = live_config(smartapi__rest_url=tunnel.url, smartapi__orders_url=f"ws{tunnel.url.removeprefix('http')}")
        named = environ(tmp_path) | {"MYQUANT_TRUST_HOST": "127.0.0.1"}
        assert live_place(config, named, None)[0] == "live"
        assert [each.path.rpartition("/")[0] for each in tunnel.requests] == ["/simulator/challenge"]


def test_the_brokers_own_address_is_live(tmp_path: Path) -> None:
    assert live_place(live_config(), environ(tmp_path), None)[0] == "live"
