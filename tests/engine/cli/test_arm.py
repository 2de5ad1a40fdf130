"""The commands `arm` and `disarm`: a checklist, a person at a terminal who types what is shown, and one cancel of an order that cannot exist."""

import json
import os
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest

from engine.cli.commands import read
from engine.cli.options import load_config
from engine.journal import JOURNAL_FILE, read_events
from engine.link import Oneshot
from engine.model.errors import ConfigError
from engine.model.events import ChecksMade
from engine.serving.arming import ARMED_FILE
from engine.serving.launch import answers
from engine.serving.live_gate import live_start
from engine.serving.state_dirs import place_of
from tests.simulator import Orders, Quiet, Simulator
from tests.simulator.exchange.settings import NO_DELAYS
from tests.simulator.listing import symbols_ahead
from tests.simulator.market import Line
from tests.support.live_config import SAID
from tests.support.processes.command_home import Home
from tests.support.terminals.terminal import Pty
from tests.support.venues.live_harness import ENVIRON, noon
from tests.support.waiting import PATIENCE_S, until

pytestmark = pytest.mark.slow  # a list as long as a real one is fetched, and half a day of ticks is replayed

[CALL] = symbols_ahead(1, datetime.now(UTC).date())
CHECKED = ("instrument", "session", "clock", "funds", "order socket", "truth", "journal", "forward test")


class Desk(NamedTuple):
    """A home with all that an arming needs, and the simulated broker that it is for."""

    home: Home
    sim: Simulator
    said: tuple[str, ...]
    environ: dict[str, str]

    @property
    def armed(self) -> Path:
        return self.home.folder / "state" / "myquant-tui" / "live-sim" / ARMED_FILE

    @property
    def writes(self) -> list[str]:
        orders = self.sim.counters.orders
        assert orders is not None
        assert not orders.orders
        return [call for _, call, _ in orders.writes]

    def terminal(self, *more: str) -> Pty:
        return Pty(self.home.folder, "arm", "--live", *self.said, *more, program=("-m", "engine"), **self.environ)


def words(**more: str) -> tuple[str, ...]:
    """`--set` for all that live orders need, on a session that is open now."""
    values = [f"{key}={value}" for key, value in SAID.items() if key.partition(".")[0] != "feed"]
    values = [each for each in values if not each.startswith("live.symbols")]
    values += [*noon(), "session.start=00:00", "session.end=23:59", f"live.symbols=[{CALL}]"]
    values += [f"{key.replace('__', '.')}={value}" for key, value in more.items()]
    return tuple(word for value in values for word in ("--set", value))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    home = Home(folder)
    environ = {name: value for name, value in home.environment.items() if name.startswith("XDG_")}
    environ |= ENVIRON | {"XDG_CACHE_HOME": str(folder / "cache")}
    home.environment |= environ
    kept = folder / "kept"
    recorded = (*words(), "--set", f"recording.directory={kept}")
    done = home.run("run", "--source", "mock", "--speed", "max", "--headless", "--quiet", *recorded)
    assert done.status in {0, 75}, done
    [path] = kept.glob("mock-*.mqr")
    zone = ZoneInfo(noon()[0].partition("=")[2])
    began = datetime.now(zone) - timedelta(hours=3)
    path.rename(kept / f"paper-NIFTY-{began:%Y%m%d-%H%M%S}.mqr")
    line = Line(0, "40001", CALL, lot=75, price=10_000)
    orders = Orders(deep=True, delays=NO_DELAYS)
    with Simulator(Quiet((line,)), rate_limits=False, orders=orders, whole_list=True) as sim:
        feed = (f"smartapi.rest_url={sim.http_url}", f"smartapi.orders_url={sim.orders_url}")
        feed += (f"smartapi.master_url={sim.master_url}", f"smartapi.stream_url={sim.ws_url}")
        feed += ("feed.source=smartapi", f"feed.symbols=[{CALL}]")
        said = (*recorded, *(word for each in feed for word in ("--set", each)))
        yield Desk(home, sim, said, environ)


@pytest.fixture(autouse=True)
def _as_before(desk: Desk) -> Iterator[None]:
    yield
    desk.sim.fault("recover")
    desk.armed.unlink(missing_ok=True)


def test_a_person_types_what_is_shown_and_it_is_armed(desk: Desk) -> None:
    before = len(desk.writes)
    terminal = desk.terminal()
    shown = terminal.read_until(b"characters of the client code: ").decode()
    assert len(desk.writes) == before
    for name in CHECKED:
        assert f"{name:<13} well: " in shown, shown
    assert "A1***6 at smartapi, LIVE-SIM" in shown
    assert "A123456" not in shown
    assert "largest loss  40,000.00 rupees" in shown
    assert "SAME AS RECORDED" in shown
    terminal.write(b"3456\n")
    terminal.read_until(b"in rupees: ")
    assert len(desk.writes) == before
    assert not desk.armed.exists()
    terminal.write(b"40,000\n")
    end = terminal.read_until(b"under this very configuration").decode()
    assert f"{'IP':<13} well: " in end
    assert "armed until 23:59" in end
    assert terminal.status() == 0
    terminal.close()
    assert desk.writes[before:] == ["cancel"]
    assert desk.armed.stat().st_mode & 0o777 == 0o600
    _, args = read(["engine", "--live", *desk.said], None)
    start = live_start(load_config(args), desk.environ, desk.armed.parent, time.time_ns())
    assert (start.mode, start.locked) == ("live-sim", ())  # with the other three, a run may begin
    _, args = read(["engine", "--live", *desk.said, "--set", "risk.base_sl_points=14"], None)
    with pytest.raises(ConfigError, match=r"another configuration: \[risk\] not as then"):
        live_start(load_config(args), desk.environ, desk.armed.parent, time.time_ns())
    answer = desk.home.run("disarm")
    assert (answer.status, answer.out) == (0, f"disarmed: {desk.armed.parent}\n")
    assert not desk.armed.exists()
    assert desk.home.run("disarm").out == "nothing was armed\n"


def type_it(desk: Desk) -> bytes:
    """Arm as a person does; what was said last."""
    terminal = desk.terminal()
    terminal.read_until(b"characters of the client code: ")
    terminal.write(b"3456\n")
    terminal.read_until(b"in rupees: ")
    terminal.write(b"40000\n")
    said = terminal.read_until(b"under this very configuration\r\n")
    assert terminal.status() == 0
    with suppress(OSError):  # the other end is closed
        while more := os.read(terminal.master, 65536):
            said += more
    terminal.close()
    return said


def test_an_engine_begins_by_it_keeps_its_session_beside_the_next_and_goes_by_that_once_it_is_started_again(
    desk: Desk,
) -> None:
    type_it(desk)
    place = desk.armed.parent
    with desk.home.start("engine", "--live", *desk.said) as engine:
        try:
            until(lambda: answers(place_of(place)) or engine.poll() is not None)
            assert f"engine {engine.pid} is running: it goes by this arming once" in type_it(desk).decode()
            assert desk.home.run("arm", "--check", *desk.said).status == 0
            with Oneshot(place_of(place).socket, "test") as call:
                lanes = call.snapshot().lanes
            assert lanes is not None
            assert (lanes.session_up, lanes.generation, desk.sim.account.ended) == (True, 1, 0)
        finally:
            engine.terminate()
        _, log = engine.communicate(timeout=PATIENCE_S)
    assert " armed at " in log
    assert " armed with IP: orders are taken from this address" in log
    assert "a live run starts locked: k begins entries" in log
    assert " READY" in log  # or NOT READY, and why
    rows = [row.entry() for row in read_events(place / JOURNAL_FILE) if row.kind == "ChecksMade"]
    armed, *own = [row for row in rows if isinstance(row, ChecksMade)]
    assert (armed.made_by, tuple(each.name for each in armed.checks)) == ("arm", (*CHECKED, "IP"))
    assert all(each.ok for each in armed.checks)
    assert {each.made_by for each in own} == {"engine"}


@pytest.mark.parametrize(
    ("code", "amount"), [(b"3456", b"20000"), (b"3457", b"40000"), (b"", b""), (b"A123456", b"40000"), (b"3456", b"x")]
)
def test_what_is_not_shown_arms_nothing_and_asks_the_broker_nothing(desk: Desk, code: bytes, amount: bytes) -> None:
    before = len(desk.writes)
    terminal = desk.terminal()
    terminal.read_until(b"characters of the client code: ")
    terminal.write(code + b"\n")
    terminal.read_until(b"in rupees: ")
    terminal.write(amount + b"\n")
    terminal.read_until(b"that is not what is shown: nothing is armed")
    assert terminal.status() == 1
    terminal.close()
    assert not desk.armed.exists()
    assert len(desk.writes) == before


def test_an_address_that_is_not_registered_arms_nothing(desk: Desk) -> None:
    before = len(desk.writes)
    terminal = desk.terminal()
    terminal.read_until(b"characters of the client code: ")
    desk.sim.fault("ip")
    terminal.write(b"3456\n")
    terminal.read_until(b"in rupees: ")
    terminal.write(b"40000\n")
    shown = terminal.read_until(b"nothing is armed: IP").decode()
    assert "register this machine's address" in shown
    assert terminal.status() == 2
    terminal.close()
    assert desk.writes[before:] == ["cancel"]
    assert not desk.armed.exists()


def test_a_check_that_fails_asks_nobody(desk: Desk) -> None:
    before = len(desk.writes)
    terminal = desk.terminal("--set", "risk.base_sl_points=14", "--set", "live.max_order_value=900000")
    shown = terminal.read_until(b"nothing is armed: ").decode()
    assert "forward test  NOT WELL: no paper recording of 2 h under these rules" in shown
    assert "base_sl_points 15" in shown
    assert "funds         NOT WELL: " in shown
    assert "client code" not in shown
    assert terminal.status() == 2
    terminal.close()
    assert len(desk.writes) == before


def test_no_pipe_arms_and_any_may_check(desk: Desk) -> None:
    before = len(desk.writes)
    with desk.home.start("arm", "--live", *desk.said, stdin=-1) as process:
        out, err = process.communicate("3456\n40000\n", timeout=60)
    assert (process.returncode, out) == (2, "")
    assert err == (
        "myquant-tui: arm: asks a person, so standard input and output must be a terminal; arm --check needs none\n"
    )
    answer = desk.home.run("arm", "--check", "--json", *desk.said)
    found = json.loads(answer.out)
    assert (answer.status, found["well"], found["mode"], found["account"]) == (0, True, "live-sim", "A1***6")
    assert tuple(each["name"] for each in found["checks"]) == CHECKED
    assert all(each["ok"] for each in found["checks"])
    assert not desk.armed.exists()
    assert len(desk.writes) == before


@pytest.mark.parametrize(
    ("more", "lines"),
    [
        (("--set", "live.enabled=false"), ["live.enabled = false: live orders need true"]),
        (
            ("--set", "live.max_lots=0", "--set", "session.end_buffer_minutes=19"),
            [
                "live.max_lots = 0: live orders need at least 1",
                "session.end_buffer_minutes = 19: live orders need at least 20, to be out before the broker squares off",
            ],
        ),
        (("--source", "mock"), ["arm: no order can be sent with feed.source = mock; allowed: smartapi"]),
    ],
)
def test_what_is_missing_is_a_line_each(desk: Desk, more: tuple[str, ...], lines: list[str]) -> None:
    answer = desk.home.run("arm", "--check", *desk.said, *more)
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.splitlines() == [f"myquant-tui: {line}" for line in lines]


def test_without_live_or_with_json_nothing_is_armed(desk: Desk) -> None:
    assert "say what is armed" in desk.home.run("arm", *desk.said).err
    assert "--json: allowed with --check" in desk.home.run("arm", "--live", "--json", *desk.said).err
