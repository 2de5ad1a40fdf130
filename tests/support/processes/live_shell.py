"""An operator whose engines send orders to a simulated broker (LIVE-SIM), armed for today: two processes and all that is between them."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from engine.cli.commands import read
from engine.cli.options import load_config
from engine.link.protocol import AnyCommand
from engine.model.commands import Unlock
from engine.model.snapshot import Snapshot
from engine.serving.arming import armed_now, write_arming
from engine.serving.arming_checks import plan_of
from tests.simulator import Spawned, spawn
from tests.simulator.listing import symbols_ahead
from tests.simulator.traffic import today
from tests.support.builders import EAGER
from tests.support.live_config import SAID
from tests.support.processes.fork_server import Answer
from tests.support.processes.process_harness import OperatorShell
from tests.support.venues.live_harness import ENVIRON, noon
from tests.support.waiting import until

[SYMBOL] = symbols_ahead(1, today())
LOT = 75
NO_DELAYS = ("--deep", "--no-delays")
LIVE_DELAYS = ("--deep",)  # things take as long as at a real broker
# Buys a lot as soon as the price rises, and sells it as soon as it has moved: an order at any moment.
SCALPING = (
    *EAGER,
    "strategy.green_ticks_after_stop_loss=1",
    "capital.initial_capital=500000",
    "risk.max_position_value_percent=10",
    "risk.max_positions_per_day=1000000",
    "risk.base_sl_points=0.3",
    "risk.tp_points=[0.3]",
    "risk.tp_percents=[1.0]",
    "risk.use_trail_stop=false",
)
# Buys one lot and keeps it.
HOLDING = (
    *SCALPING,
    "risk.base_sl_points=100000",
    "risk.tp_points=[100000]",
)


class LiveShell(OperatorShell):
    """Starts engines with `--live`; `rules` are more keys of their configuration."""

    def __init__(self, folder: Path, broker: Spawned, *rules: str) -> None:
        super().__init__(folder, *_rules(broker), *rules, source="smartapi")
        self.broker = broker

    def arm(self) -> Self:
        """What a person at a terminal does with `arm --live`, the checklist left out."""
        _, args = read(["engine", "--live", *self.words()], None)
        config, now_ns = load_config(args), time.time_ns()
        plan = plan_of(config, ENVIRON, self.state, now_ns)
        plan.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_arming(plan.folder, armed_now(config, plan.account, plan.day, now_ns, plan.until_ns))
        return self

    def live(self, **more: Any) -> Self:
        """Start an engine, and wait until it has found out how things stand at the broker."""
        self.start("--live", environ=dict(ENVIRON), **more)
        return self

    def trading(self, **more: Any) -> Self:
        """Start an engine and unlock it once nothing but a person is missing."""
        self.live(**more)
        self.known()
        self.command(Unlock())
        self.sees(lambda seen: not seen.entries.locked)
        return self

    def known(self) -> Snapshot:
        """Wait until a trusted round has ended."""
        return self.sees(lambda seen: seen.live is not None and seen.live.round_ms)

    def ask_flat(self) -> float:
        """Have everything closed; seconds until that is proven, the command's own start included."""
        begun_s = time.monotonic()
        answer = self.ask("flat", "--yes")
        assert answer.status == 0, (answer, self.said()[-2000:], self.broker.truth())
        return time.monotonic() - begun_s

    def outcome_of(self, command: AnyCommand) -> str:
        """What became of a command that may be refused."""
        with self.remote("test"):
            return self.outcome(command).state

    @property
    def sent(self) -> int:
        """How many orders the broker was sent so far."""
        orders = self.broker.counters().orders
        assert orders is not None
        return sum(orders.placed.values())

    def placed(self, more: int) -> None:
        """Wait until so many more orders were sent."""
        goal = self.sent + more
        until(lambda: self.broker.wait(f"placed {goal}", 5), lambda: (self.said()[-3000:], self.broker.truth()))

    def goes_on(self, ticks: int) -> None:
        """Wait until so many more ticks have come about at the exchange."""
        goal = self.broker.counters().ticks + ticks
        until(lambda: self.broker.counters().ticks >= goal)

    def flat_of_the_dead(self) -> Answer:
        """The command `flat` where no engine runs, told of the configuration in the words that the engine was."""
        keys = [word for rule in self.rules for word in ("--set", rule)]
        return self.run("flat", "--yes", "--anyway", "--state-dir", self.state, *keys, **ENVIRON)

    def no_order_twice(self, *, short: bool = False) -> None:
        """See that no order was sent more than once, by the broker's own count, and nothing was ever sold short (`short`: but by others)."""
        orders = self.broker.counters().orders
        assert orders is not None
        assert {tag: count for tag, count in orders.placed.items() if count > 1} == {}
        assert short or min(orders.lowest_net.values(), default=0) >= 0
        assert short or max(orders.most_oversold.values(), default=0) == 0

    def befallen(self) -> list[str]:
        """What has gone wrong on purpose so far."""
        counters = self.broker.counters()
        assert counters.orders is not None
        return [*counters.faults, *counters.orders.faults]

    def verified(self) -> None:
        """See that every recording of this shell is replayed alike; of one that was killed in its first moments there may be nothing to compare."""
        recordings: Sequence[Path] = sorted(self.kept.glob("live-sim-*.mqr"))
        assert recordings
        answer = self.run("verify", *recordings)
        judged = answer.out.count("SAME AS RECORDED") + answer.out.count("(no checkpoint yet: ")
        assert judged == len(recordings), answer


@contextmanager
def live_shell(
    folder: Path,
    *rules: str,
    rate: float = 20.0,
    broker: Sequence[str] = NO_DELAYS,
    script: str = "",
    program: str = "tests.simulator",
) -> Iterator[LiveShell]:
    """An operator, armed, and a broker (the module `program`) with these options, whose prices move once somebody listens.

    What all engines of it have recorded is verified at the end.
    """
    words = ["--orders", "--symbols", SYMBOL, "--rate", str(rate), "--seed", "5", "--no-rate-limits", *broker]
    if script:
        path = folder / "faults.txt"
        path.write_text(script)
        words += ["--script", str(path)]
    with spawn(*words, program=program) as exchange, LiveShell(folder, exchange, *rules) as shell:
        yield shell.arm()
        shell.close()
        shell.verified()


def _rules(broker: Spawned) -> tuple[str, ...]:
    said = {key: value for key, value in SAID.items() if key.partition(".")[0] != "feed"}
    said |= {"live.symbols": f"[{SYMBOL}]", "live.max_orders_per_day": "5000", "risk.max_daily_loss": "400000"}
    said |= {"live.max_order_value": "40000", "feed.source": "smartapi", "feed.symbols": f"[{SYMBOL}]"}
    keys = [f"{key}={value}" for key, value in said.items()]
    return (
        *keys,
        *noon(),
        "session.start=00:00",
        "session.end=23:59",
        "smartapi.sequence=rising",
        f"smartapi.stream_url={broker.ws_url}",
        f"smartapi.orders_url={broker.orders_url}",
        f"smartapi.rest_url={broker.http_url}",
        f"smartapi.master_url={broker.master_url}",
        f"instruments.{SYMBOL}.token={broker.tokens[0]}",
        f"instruments.{SYMBOL}.lot_size={LOT}",
    )
