"""Kills engines that have orders at a simulated broker with SIGKILL at random moments, and looks what the broker has of them.

`python -m tests.soak.crash_live 500 --seed 1` reports figures and ends with status 1 when anything was wrong. What is true
is what the broker counted: no order twice, nothing sold short, no entry that the journal does not know, no fill lost.
"""

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from threading import Event
from typing import NamedTuple

from engine.model.commands import Unlock
from engine.presentation.readiness import running_checks
from tests.support.processes.live_shell import LIVE_DELAYS, SCALPING, LiveShell, live_shell

LIVES = 10  # kills of one account, before all of it is closed and the next one begins
_START_S = 0.4  # about what an engine takes to start: some are killed before they answer
_RUN_S = 15.0  # how long an order is waited for: after an unclean end exits wait 12 s for what was sent before
_ORDER_S = 0.5  # about what an order takes until it is filled and told


class LiveRound(NamedTuple):
    """One kill: orders that the broker was sent so far, what is wrong; seconds from the start until books are known, and until it is told how things stand (0: killed before)."""

    orders: int
    known_s: float
    told_s: float
    problem: str


class LiveLife:
    """One run, from its start to its kill."""

    def __init__(self, shell: LiveShell, chance: random.Random) -> None:
        self._shell = shell
        self._chance = chance
        self.known_s = self.told_s = 0.0

    def run(self) -> LiveRound:
        """Start, trade, be killed; what the broker has of it."""
        begun_s = time.monotonic()
        if self._chance.random() < 0.1:
            self._shell.live(wait=False)
            Event().wait(self._chance.uniform(0, _START_S))
        else:
            self._shell.live()
            self._shell.sees(running_checks)
            self.told_s = time.monotonic() - begun_s
            self._shell.known()
            self.known_s = time.monotonic() - begun_s
            self._shell.outcome_of(Unlock())  # it may be refused while something is in doubt
            if self._chance.random() < 0.7:  # in the midst of an order
                self._shell.broker.wait(f"placed {self._shell.sent + 1}", _RUN_S)
                Event().wait(self._chance.uniform(0, _ORDER_S))
            else:
                Event().wait(self._chance.uniform(0, _RUN_S))
        self._shell.kill()
        return LiveRound(self._shell.sent, self.known_s, self.told_s, "; ".join(problems_of(self._shell)))


def problems_of(shell: LiveShell) -> list[str]:
    """What the broker's own counts say against a shell whose engine is gone."""
    orders = shell.broker.counters().orders
    assert orders is not None
    found = [f"{tag} was sent {count} times" for tag, count in orders.placed.items() if count > 1]
    found += [f"{symbol} was sold short by {-net}" for symbol, net in orders.lowest_net.items() if net < 0]
    found += [f"{symbol} was oversold by {units}" for symbol, units in orders.most_oversold.items() if units > 0]
    told = shell.broker.truth().orders
    # Who is killed in his first moments has no journal yet, and has sent nothing.
    known = {row["tag"] for row in shell.journal("PlaceOrder")} if told else set()
    return found + [
        f"entry {each.tag} is not in the journal" for each in told if each.side == "BUY" and each.tag not in known
    ]


def closed(shell: LiveShell) -> list[str]:
    """Start once more, close all, and compare: what the account has booked is what the broker has filled."""
    shell.live()
    shell.known()
    shell.ask_flat()
    found = problems_of(shell)
    truth = shell.broker.truth()
    fills = [row["fill"]["quantity"] for row in shell.journal("FillBooked")]
    filled = sum(each.filled for each in truth.orders)
    if truth.net or shell.net():
        found.append(f"held behind a flat: {truth.net}, by the journal {shell.net()}")
    if sum(fills) != filled:
        found.append(f"{filled} units were filled, {sum(fills)} are booked")
    shell.signal(15)
    if (status := shell.ended()) != 0:
        found.append(f"ended with status {status}")
    return found


def account(folder: Path, kills: int, chance: random.Random) -> list[LiveRound]:
    """The outcome of so many kills of one account; that of the last one has what all came to."""
    folder.mkdir(mode=0o700, parents=True)
    with live_shell(folder, *SCALPING, broker=LIVE_DELAYS) as shell:
        rounds = [LiveLife(shell, chance).run() for _ in range(kills)]
        last = rounds.pop()
        return [*rounds, last._replace(problem="; ".join(filter(None, (last.problem, *closed(shell)))))]


def experiment(folder: Path, kills: int, seed: int, at_once: int = 1) -> list[LiveRound]:
    """The outcome of `kills` kills, `LIVES` of each account, `at_once` accounts beside each other: each waits most of its time."""
    sizes = [min(LIVES, kills - begun) for begun in range(0, kills, LIVES)]
    with ThreadPoolExecutor(at_once) as pool:
        running = [
            pool.submit(account, folder / f"account{number}", size, random.Random(f"{seed} {number}"))
            for number, size in enumerate(sizes)
        ]
        for done, _ in enumerate(as_completed(running), 1):
            if sys.stderr.isatty():
                print(f"\r{done}/{len(running)} accounts", end="", file=sys.stderr, flush=True)
    return [each for one in running for each in one.result()]


def figures(rounds: Sequence[LiveRound]) -> list[str]:
    """What a number of kills came to, for a person."""
    known = sorted(each.known_s for each in rounds if each.known_s)
    told = sorted(each.told_s for each in rounds if each.known_s)
    orders = sum(each.orders for number, each in enumerate(rounds, 1) if number % LIVES == 0 or number == len(rounds))
    lines = [
        f"{len(rounds)} kills of engines with orders at a broker, {len(rounds) - len(known)} before they knew; orders {orders}"
    ]
    if known:
        lines.append(f"says READY, or NOT READY and why, after p50 {told[len(told) // 2]:.2f} s, max {told[-1]:.2f} s")
        lines.append(f"knows the broker's books after p50 {known[len(known) // 2]:.2f} s, max {known[-1]:.2f} s")
    problems = [f"kill {number}: {each.problem}" for number, each in enumerate(rounds, 1) if each.problem]
    return lines + (problems or ["no problem"])


def main() -> int:
    """Carry out the command."""
    parser = argparse.ArgumentParser(
        description="Kill engines with live orders at random moments, look what is left of them."
    )
    parser.add_argument("kills", type=int, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at-once", type=int, default=4, help="accounts beside each other")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rounds = experiment(Path(folder), args.kills, args.seed, args.at_once)
    print("\n".join(figures(rounds)))
    return int(any(each.problem for each in rounds))


if __name__ == "__main__":
    sys.exit(main())
