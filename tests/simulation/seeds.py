"""What a seed makes: faults, delays, quirks, and a trader who enters, exits and flees at random. `python -m tests.simulation.seeds FIRST [COUNT]`; one alone shows its last steps."""

import gc
import sys
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from random import Random

from msgspec import Struct, field

from engine.trading.orders.states import TRANSITIONS
from tests.simulation.at_rest import judge_replay, judge_rest
from tests.simulation.world import FAULTS_END_MS, REST_MS, SECURITIES, START_MS, World
from tests.simulator.exchange.drawn import credible, drawn_script
from tests.simulator.exchange.script import FAULT_FORMS
from tests.simulator.exchange.settings import Delays, Quirks

# Somebody else's trades are drawn apart, for each instrument has a lot of its own; nothing recovers before all faults end.
KINDS = tuple(each for each in FAULT_FORMS if each not in {"external", "recover"})
MOST_FAULTS = 16
# What becomes of changes in a market in which little trades, so that there are many.
QUIET = ("lost", "late 6000", "5xx", "reject price", "fill 0 cancelled", "fill 0 rejected", "fill 50")


def script_of(rng: Random) -> str:
    """What goes wrong in this history."""
    until_s = FAULTS_END_MS / 1_000 - 5
    lines = [credible(drawn_script(rng, until_s, rng.randint(0, MOST_FAULTS), SECURITIES[0].lot, KINDS))]
    for security in SECURITIES:
        if rng.random() < 0.15:
            lines.append(
                f"at {rng.uniform(5, until_s):.1f}s: external {rng.choice((-1, 1)) * security.lot} {security.symbol}"
            )
    if rng.random() < 0.2:
        lines.append(f"p {rng.uniform(0.1, 0.4):.2f} place: partial {rng.choice((0, 0, 40))}")
        lines.append(f"p 0.3 modify: {rng.choice(QUIET)}")
    return "\n".join(lines)


# In so many of ten histories a stop rests at the broker, so many points below each entry.
NETS = {3: "0.25", 4: "1", 6: "5"}
_BATCH = 50


class Trader:
    """Wants things at random; a flat now and then, and goes on after it."""

    def __init__(self, world: World, rng: Random, apart: Random) -> None:
        """`apart` is drawn for what changes nothing, but for what a crash leaves."""
        self._world = world
        self._rng = rng
        self._apart = apart
        self._crashes = rng.random() < 0.4

    def act(self) -> None:
        """A moment's whim."""
        world, rng = self._world, self._rng
        if world.now_ms - START_MS >= FAULTS_END_MS:
            return
        if self._crashes and self._apart.random() < 0.01:
            world.lose_journal()
        whim = rng.random()
        gate, flat = world.trader.state.gate, world.trader.state.flat
        if (gate.locked or gate.halted) and not flat.running and whim < (0.02 if flat.state == "FLAT" else 0.01):
            world.unlock()
        if self._crashes and rng.random() < 0.004:
            world.crash(rng.randint(300, 6_000))
            return
        if flat.running:
            return
        if whim < 0.004:
            world.begin_flat("a whim")
            return
        at = rng.randrange(len(SECURITIES))
        lot, price = SECURITIES[at].lot, world.last(at)
        position = world.trader.state.portfolio.positions[at]
        if position is None and whim < 0.08 and not world.objection(at):
            world.signal(at, lot * rng.choice((1, 2, 5, 30)), price)
        elif position is not None and whim < 0.12 and not position.exiting:
            held = position.quantity
            part = held if rng.random() < 0.6 or held <= lot else held // lot // 2 * lot or lot
            world.signal(at, -part, price)


def history(seed: int) -> World:
    """One history from its seed; raises BrokenRuleError."""
    rng = Random(seed)
    quirks = Quirks(
        modify_quantity=rng.choice(("total", "rest")), new_orderid=rng.random() < 0.3, null_token=rng.random() < 0.3,
        number_orderid=rng.random() < 0.3,
    )  # fmt: skip
    delays = Delays(answer=rng.choice(((15, 60), (30, 400))), update=rng.choice(((5, 150), (50, 1_500))))
    script, quoted, net = script_of(rng), rng.random() < 0.9, NETS.get(seed % 10, "0")
    world = World(
        rng, script, delays=delays, quirks=quirks, quoted=quoted, harmed=True, overrides=(f"live.net_points={net}",)
    )
    trader = Trader(world, rng, Random(f"apart {seed}"))
    world.run(FAULTS_END_MS, trader.act)
    world.exchange.end_faults(world.now_ms)
    world.begin_flat("the end")
    world.rest(REST_MS, world.look_after)
    judge_rest(world)
    judge_replay(world)
    return world


class Mix(Struct):
    """What histories came to: how often each thing was reached, and the seeds that broke a rule."""

    reached: Counter[str] = field(default_factory=Counter)
    failed: dict[int, str] = field(default_factory=dict)

    def add(self, other: "Mix") -> None:
        """Count another's as well."""
        self.reached.update(other.reached)
        self.failed.update(other.failed)


def run(seeds: Iterable[int]) -> Mix:
    """Run histories, each from its seed."""
    mix = Mix()
    for seed in seeds:
        try:
            world = history(seed)
        except Exception as error:  # noqa: BLE001 - whatever it is, the seed repeats it
            mix.failed[seed] = f"{type(error).__name__}: {error}"
            continue
        counters = world.exchange.counters
        mix.reached.update({f"fault {name}": number for name, number in counters.faults.items()})
        mix.reached.update({f"{state} --{word}-->": number for (state, word), number in world.moves.items()})
        nets = [each for each in world.blotter.orders.values() if each.purpose == "NET"]
        mix.reached.update(nets=len(nets), nets_fired=sum(each.filled > 0 for each in nets))
        mix.reached.update(histories=1, crashes=world.runs - 1, placed=len(counters.placed), fills=counters.fills)
    return mix


def main(first: int, count: int) -> int:
    """Run `count` seeds from `first` on, on all processors; tell what was reached, and what broke a rule."""
    whole = Mix()
    batches = [range(at, min(at + _BATCH, first + count)) for at in range(first, first + count, _BATCH)]
    with ProcessPoolExecutor(initializer=gc.freeze) as pool:  # what is loaded is never looked through again
        for mix in pool.map(run, batches):
            whole.add(mix)
    for name, number in sorted(whole.reached.items()):
        print(f"{number:11,}  {name}")
    missed = sorted(f"{state} --{word}-->" for state, word in TRANSITIONS)
    missed = [name for name in missed if not whole.reached[name]]
    print(
        f"the table: {len(TRANSITIONS) - len(missed)} of {len(TRANSITIONS)} reached{'; not: ' if missed else ''}{', '.join(missed)}"
    )
    for seed, why in sorted(whole.failed.items()):
        print(f"seed {seed}: {why if count == 1 else why.splitlines()[0]:.4000}")
    print(f"{count:,} seeds, {len(whole.failed):,} broke a rule")
    return 1 if whole.failed else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1))
