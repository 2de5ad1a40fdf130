"""Kills whole engine processes with SIGKILL at random moments of trading, starts them again, and looks what is left of the account.

`python -m tests.soak.crash_engine 200 --seed 1` reports figures and ends with status 1 when anything was wrong. What
must be there is worked out from the journal's rows by themselves, without the program's own way of folding them.
"""

import argparse
import random
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import NamedTuple

from msgspec.structs import replace

from engine.journal import JOURNAL_FILE, read_events, verify
from engine.link import LinkError, Oneshot
from engine.model.commands import Flat, Play, Unlock
from engine.model.snapshot import Snapshot
from tests.soak.crash_account import AccountLedger, ledger_of
from tests.support.processes.process_harness import BUSY, OperatorShell

LIVES = 10  # kills of one account, before the next one begins
_RUN_S = 0.5  # kills land within
_START_S = 0.25  # about what an engine takes to start: some are killed before they answer
_RULES = (
    *BUSY,
    "strategy.green_ticks_after_stop_loss=1",
    "risk.max_position_value_percent=30",
    "risk.base_sl_points=4",
    "risk.tp_points=[2, 4, 7]",
    "risk.tp_percents=[0.4, 0.3, 0.3]",
    "risk.trail_activation_points=3",
    "risk.trail_distance_points=2",
    "risk.max_positions_per_day=100000",
)


class Round(NamedTuple):
    """One kill: rows acknowledged and found, positions taken over, flats resumed, seconds to the first answer (0: killed before)."""

    acknowledged: int
    rows: int
    fills: int
    held: int
    resumed: int
    ready_s: float
    problem: str


class AccountRun:
    """One run of an account, from its start to its kill, and what was seen of it."""

    def __init__(self, shell: OperatorShell, chance: random.Random) -> None:
        self.shell = shell
        self.problems: list[str] = []
        self.acknowledged = self.exits = self.held = self.resumed = 0
        self.ready_s = 0.0
        self._chance = chance
        self._journal = shell.state / JOURNAL_FILE
        self._before = ledger_of(self._journal) if self._journal.exists() else None
        self._flats = _flats(self._journal) if self._before else []

    def run(self) -> Round:
        """Start, trade, be killed; what became of it."""
        if self._chance.random() < 0.1:
            self.shell.start("--quiet", "--paused", wait=False)
            Event().wait(self._chance.uniform(0, _START_S))
        else:
            self.shell.start("--quiet", "--paused")
            self.ready_s = self.shell.ready_s
            self._look(self.shell.snapshot)
            self._trade()
        self.shell.kill()
        return self._judge()

    def _look(self, seen: Snapshot) -> None:
        """Compare what the engine has taken over with what its journal held; no tick has come so far."""
        self.held = len(seen.positions)
        if self._before is None:
            return
        held, cash = self._before.expected()
        if self._flats and self._flats[-1] not in {"FLAT", "NORMAL", "ARMED"}:
            self._resume()
            return
        symbols = [instrument.symbol for instrument in seen.instruments]
        found = {symbols[each.state.instrument]: replace(each.state, instrument=0) for each in seen.positions}
        if found != held:
            self.problems.append(f"taken over {found} instead of {held}")
        if seen.account.cash != cash and self._before.cash:
            self.problems.append(f"taken over cash {seen.account.cash} instead of {cash}")
        if not seen.entries.locked:
            self.problems.append("entries were not locked")

    def _resume(self) -> None:
        """A flat was under way: it is finished without a tick, and says that it was resumed."""
        seen = self.shell.is_flat()
        self.resumed = 1
        if seen.positions or not any("RESUMED" in line for line in seen.flat.receipt):
            self.problems.append(f"the flat was not resumed: {seen.flat}")

    def _trade(self) -> None:
        """Trade until it is time, and remember what the engine has told anybody."""
        until_s = time.monotonic() + self._chance.uniform(0, _RUN_S)
        flat_at_s = until_s - self._chance.uniform(0, 0.02) if self._chance.random() < 0.3 else until_s + 1
        locked = self._chance.random() < 0.2  # only exits, and only of what was taken over
        with self.shell.remote() as remote, Oneshot(self.shell.socket, "watch") as call:
            if not locked:
                remote.send(Unlock())
            remote.send(Play())
            while (now_s := time.monotonic()) < until_s:
                if now_s >= flat_at_s:
                    flat_at_s = until_s + 1
                    remote.send(Flat("chance"))
                with suppress(LinkError):
                    self._remember(call.snapshot())
                Event().wait(0.01)
            self.shell.popen.kill()  # before the screen takes its leave

    def _remember(self, seen: Snapshot) -> None:
        edge = next(each for each in seen.edges if each.name == "journal")
        self.acknowledged = max(self.acknowledged, edge.done)
        self.exits = max(self.exits, seen.account.exits)

    def _judge(self) -> Round:
        """What the journal has of all that was told."""
        if not self._journal.exists():
            return Round(0, 0, 0, self.held, self.resumed, self.ready_s, "; ".join(self.problems))
        after, events = ledger_of(self._journal), list(read_events(self._journal))
        self.problems += after.problems
        if len(events) < self.acknowledged:
            self.problems.append(f"{self.acknowledged} rows were acknowledged, {len(events)} are there")
        exits = sum(event.kind == "TradeClosed" for event in events)
        if exits < self.exits:
            self.problems.append(f"{self.exits} exits were shown, {exits} are there")
        self.problems += filter(None, (verify(self._journal),))
        self.problems += _no_sums(after)
        fills = sum(event.kind == "FillBooked" for event in events)
        return Round(
            self.acknowledged, len(events), fills, self.held, self.resumed, self.ready_s, "; ".join(self.problems)
        )


def _no_sums(ledger: AccountLedger) -> list[str]:
    """Positions that are not the sum of their fills."""
    held = {symbol: position.quantity for symbol, position in ledger.held.items()}
    nets = {symbol: net for symbol, net in ledger.nets.items() if net}
    return [] if held == nets else [f"positions are not the sum of all fills: {nets} and {held}"]


def _flats(journal: Path) -> list[str]:
    """The states that flats went through, an unlock being NORMAL."""
    states = []
    for event in read_events(journal):
        if event.kind == "FlatChanged":
            states.append(event.entry().state)  # type: ignore[union-attr]
        elif event.kind == "EntriesChanged" and event.entry().state == "unlocked":  # type: ignore[union-attr]
            states.append("NORMAL")
        elif (
            event.kind == "EntriesChanged"
            and event.entry().reason.startswith("flat: ")  # type: ignore[union-attr]
            and states[-1:] != ["FLAT"]  # the lock of one that is over is put on again by each start
        ):
            states.append("LOCKED")
    return states


def experiment(folder: Path, kills: int, seed: int) -> list[Round]:
    """The outcome of `kills` kills, `LIVES` of each account."""
    chance = random.Random(seed)
    rounds = []
    for number in range(kills):
        with OperatorShell(folder / f"account{number // LIVES}", *_RULES) as shell:
            rounds.append(AccountRun(shell, chance).run())
        if sys.stderr.isatty():
            print(f"\r{number + 1}/{kills}", end="", file=sys.stderr, flush=True)
    return rounds


def figures(rounds: Sequence[Round]) -> list[str]:
    """What a number of kills came to, for a person."""
    answered = sorted(each.ready_s for each in rounds if each.ready_s)
    lost = sum(max(0, each.acknowledged - each.rows) for each in rounds)
    held, resumed = sum(each.held for each in rounds), sum(each.resumed for each in rounds)
    fills = sum(each.fills for number, each in enumerate(rounds, 1) if number % LIVES == 0 or number == len(rounds))
    lines = [
        f"{len(rounds)} kills of engine processes, {len(rounds) - len(answered)} before they answered; fills {fills}",
        f"rows acknowledged and lost {lost}; positions taken over {held}, flats resumed {resumed}",
    ]
    if answered:
        lines.append(f"ready after p50 {answered[len(answered) // 2]:.2f} s, max {answered[-1]:.2f} s")
    problems = [f"kill {number}: {each.problem}" for number, each in enumerate(rounds, 1) if each.problem]
    return lines + (problems or ["no problem"])


def stopped(folder: Path, pauses_s: Sequence[float]) -> list[str]:
    """What is wrong with an engine that was stopped (SIGSTOP) for so long each time and went on."""
    problems = []
    with OperatorShell(folder, *_RULES, "mock.speed=20") as shell:  # a session that outlasts the pauses
        shell.start("--quiet")
        for pause_s in pauses_s:
            shell.signal(signal.SIGSTOP)
            Event().wait(pause_s)
            shell.signal(signal.SIGCONT)
            ticks = shell.snapshot.ticks
            shell.sees(lambda seen, ticks=ticks: seen.ticks > ticks)  # type: ignore[misc]
            Event().wait(1.0)  # by then a watchdog that blames anybody would have done so
            if "has stood still" in shell.log or shell.popen.poll() is not None:
                problems.append(f"after {pause_s:g} s: {shell.popen.poll()} {shell.log[-300:]}")
    return problems or [f"stopped for {', '.join(f'{each:g}' for each in pauses_s)} s and went on each time"]


def main() -> int:
    """Carry out the command."""
    parser = argparse.ArgumentParser(description="Kill trading engines at random moments, look what is left of them.")
    parser.add_argument("kills", type=int, metavar="N")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--stopped", type=float, nargs="+", default=[], metavar="S", help="also stop one for S seconds")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rounds = experiment(Path(folder), args.kills, args.seed)
        told = stopped(Path(folder) / "stopped", args.stopped) if args.stopped else []
    print("\n".join((*figures(rounds), *told)))
    return int(any(each.problem for each in rounds) or any(line.startswith("after ") for line in told))


if __name__ == "__main__":
    sys.exit(main())
