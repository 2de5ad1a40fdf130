"""No order by accident: whatever is missing of the four things, no order address of the broker is asked, and no module that could is loaded."""

import json
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from engine.assembly import load
from engine.config import Config, bundled
from engine.serving.arming import armed_now, write_arming
from engine.serving.arming_checks import today_of
from engine.serving.launch import answers
from engine.serving.state_dirs import place_of
from engine.venues.angelone.live_access import account
from tests.simulator import Generated, Orders, Simulator
from tests.simulator.exchange.gateway import PATHS
from tests.simulator.exchange.settings import NO_DELAYS
from tests.simulator.order_updates import PATH as UPDATES_PATH
from tests.support.builders import EAGER
from tests.support.live_config import SAID
from tests.support.processes.command_home import Home
from tests.support.venues.live_harness import ENVIRON, noon
from tests.support.venues.loopback_capture import UNSEEN, Capture, captured
from tests.support.waiting import PATIENCE_S, until

pytestmark = pytest.mark.slow

# The program, which tells at its end what it had loaded.
TELLING = """
import os, sys
from engine.cli.main import main
status = main(sys.argv[1:])
with open(os.environ["LOADED"], "w") as file:
    file.write("\\n".join(sys.modules))
sys.exit(status)
"""
# What stands in each request about orders; what reads a price for the screen is none of these.
ORDER_PATHS = (UPDATES_PATH, *(path for call, (_, path) in PATHS.items() if call not in {"quote", "ltp", "profile"}))
HALF_A_DAY_NS = 12 * 3600 * 10**9


def overrides(sim: Simulator, *, enabled: bool) -> list[str]:
    symbol = sim.lines[0].symbol
    values = SAID | {"live.enabled": str(enabled).lower(), "live.symbols": f"[{symbol}]", "feed.symbols": f"[{symbol}]"}
    values |= {
        "smartapi.stream_url": sim.ws_url,
        "smartapi.rest_url": sim.http_url,
        "smartapi.orders_url": sim.orders_url,
    }
    keys = [f"{key}={value}" for key, value in values.items()]
    keys += [f"instruments.{symbol}.token={sim.lines[0].token}", *noon(), *EAGER]
    return [word for key in keys for word in ("--set", key)]


def arm(folder: Path, config: Config) -> None:
    ours = account(config, ENVIRON)
    assert ours is not None
    now_ns = time.time_ns()
    write_arming(folder, armed_now(config, ours, today_of(config, now_ns), now_ns, now_ns + HALF_A_DAY_NS))


@pytest.fixture(scope="module")
def broker() -> Iterator[Simulator]:
    with Simulator(Generated(rate=50, seed=4), orders=Orders(deep=True, delays=NO_DELAYS)) as sim:
        yield sim


@pytest.fixture
def wire(broker: Simulator) -> Iterator[Capture | None]:
    with captured(urlsplit(broker.http_url).port or 0) as capture:
        yield capture


def on_the_wire(wire: Capture) -> dict[str, int]:
    """How many connections have had each address of orders sent over them."""
    return {path: count for path in ORDER_PATHS if (count := wire.sent(path.encode()))}


def asked(sim: Simulator) -> dict[str, int]:
    orders = sim.counters.orders
    assert orders is not None
    return orders.calls


@pytest.mark.parametrize(("said", "credentials"), list(product((False, True), repeat=2)))
def test_no_subset_of_the_four_things_asks_an_order_address(
    tmp_path: Path, broker: Simulator, wire: Capture | None, said: bool, credentials: bool
) -> None:
    before = dict(asked(broker))
    with ExitStack() as running:
        for enabled, armed in product((False, True), repeat=2):
            if said and credentials and enabled and armed:
                continue  # they are all four
            home = Home(tmp_path / f"{enabled}-{armed}")
            state = home.folder / "here"
            words = overrides(broker, enabled=enabled)
            if armed:
                state.mkdir(mode=0o700)
                arm(state, load(bundled("config.toml"), words[1::2]))
            environ = home.environment | (ENVIRON if credentials else {"MYQUANT_TRUST_HOST": "127.0.0.1"})
            live = ["--live"] if said else []
            process = home.start("engine", "--quiet", "--state-dir", state, *live, *words, env=environ)
            running.enter_context(process)
            if said:
                _, err = process.communicate(timeout=PATIENCE_S)
                assert process.returncode == 2, err
                assert not enabled or not armed or "credentials" in err
                continue
            until(lambda state=state: answers(place_of(state)))
            assert place_of(state).mode == ("paper" if credentials else "mock")
            if credentials:
                ticks = broker.counters.ticks
                assert broker.wait_for(lambda counters, ticks=ticks: counters.ticks > ticks + 20, PATIENCE_S)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=PATIENCE_S)
    assert asked(broker) == before
    if wire is None:
        pytest.skip(UNSEEN)
    assert wire.sent(b"HTTP/1.1") or not credentials  # so that it is seen to hear
    assert on_the_wire(wire) == {}


def loaded(home: Home, *words: str, ends: bool = True) -> set[str]:
    """The modules of orders that the program with `words` has loaded by its end."""
    told = home.folder / "loaded"
    environ = home.environment | ENVIRON | {"LOADED": str(told)}
    with home.start(*words, program=("-c", TELLING), env=environ) as process:
        if not ends:
            until(lambda: answers(place_of(home.folder / "here")))
            process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)
    names = told.read_text(encoding="utf-8").split("\n")
    return {name for name in names if name.startswith("engine.venues.") and ".orders" in name}


def test_only_what_is_about_real_orders_has_modules_of_them(tmp_path: Path, broker: Simulator) -> None:
    words = overrides(broker, enabled=True)
    here = ("--quiet", "--state-dir", str(tmp_path / "here"))
    assert loaded(Home(tmp_path), "arm", "--check", *words)  # so that it would be seen
    assert not loaded(Home(tmp_path), "engine", *here, *words, ends=False)
    assert not loaded(Home(tmp_path), "run", "--source", "mock", "--speed", "max", "--headless", "--quiet")
    assert not loaded(Home(tmp_path), "--headless", "--quiet")


def test_with_all_four_a_run_begins_locked_and_only_reads(
    tmp_path: Path, broker: Simulator, wire: Capture | None
) -> None:
    home, words = Home(tmp_path), overrides(broker, enabled=True)
    state = home.folder / "here"
    state.mkdir(mode=0o700)
    arm(state, load(bundled("config.toml"), words[1::2]))
    before = dict(asked(broker))
    environ = home.environment | ENVIRON
    with home.start("engine", "--quiet", "--state-dir", state, "--live", *words, env=environ) as process:
        until(lambda: answers(place_of(state)) or process.poll() is not None)
        assert place_of(state).mode == "live-sim"
        assert broker.wait_for(
            lambda _: asked(broker).get("positions", 0) >= before.get("positions", 0) + 2, PATIENCE_S
        )
        told = json.loads(home.run("status", "--json", "--state-dir", state).out)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE_S)
    assert (told["mode"], told["entries"]) == ("live-sim", "locked")
    assert not {"place", "modify", "cancel"} & (asked(broker).keys() - before.keys())
    if wire is None:
        pytest.skip(UNSEEN)
    read = {PATHS[call][1] for call in ("order_book", "trade_book", "positions")}
    assert read | {UPDATES_PATH} <= on_the_wire(wire).keys()
    assert not {PATHS[call][1] for call in ("place", "modify", "cancel")} & on_the_wire(wire).keys()
