"""The recorded day at a simulated broker, processes and sockets between: where the book stands at the decided price and answers come before the next tick, its trades are those of paper.

The exchange plays the recording with times of its own, and stands still behind each tick at which paper has orders until what
came of them is booked, which takes a list of its trades (one a second); between these ticks it is hundreds of times as fast as
the day was.
"""

import json
import time
from collections import Counter
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from engine.model.commands import Unlock
from engine.model.snapshot import Snapshot
from engine.model.types import Tick, Trade
from engine.recording import MqrSource
from tests.simulation.trading_days import recorded_day
from tests.support.processes.live_shell import NO_DELAYS, LiveShell, live_shell
from tests.support.shared_data import shared
from tests.support.thorough import LONG
from tests.support.trader_harness import TraderHarness
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.slow

BEGINNING = 1_100  # ticks of the first ten minutes and a little, behind which nothing is held: two positions
WHOLE = 32_591
RULES = (  # what is decided is what is got where the book stands there
    "capital.initial_capital=100000",
    "risk.max_position_value_percent=100",
    "risk.slippage_points=0",
    "risk.slippage_points_exit=0",
    "paper.fill=last",
    "live.max_lots=100",
    "live.max_order_value=10000000",
)
RECENT = 3  # orders within a second: behind so many an entry is not one too many for the budget


def played(folder: Path, rows: int) -> tuple[str, ...]:
    """The options of an exchange that plays the day's first ticks as if they came about now."""
    path = folder / "day.csv"
    with shared("nifty_option_20251001.csv").open(encoding="utf-8") as file:
        path.write_text("".join(islice(file, rows + 1)), encoding="utf-8")
    pace = ("--rebase", "--speed", "600", "--hold", "-1")
    return (*NO_DELAYS, "--cash", "1000000000", "--play", str(path), *pace)


def paper(shell: LiveShell, ticks: list[Tick]) -> TraderHarness:
    """These ticks on paper, under the rules of the shell's engines."""
    elsewhere = ("recording.", "smartapi.", "feed.", "live.", "operator.")
    return TraderHarness(*(rule for rule in shell.rules if not rule.startswith(elsewhere))).play(ticks)


def orders_by_tick(shell: LiveShell, rows: int) -> Counter[int]:
    """How many orders paper has at each tick."""
    ticks, now_ms = recorded_day()[:rows], time.time_ns() // 1_000_000
    for tick in ticks:  # a millisecond apart: no rule asks how long anything takes
        tick.exch_ms = now_ms + tick.seq
        tick.recv_wall_ns = tick.exch_ms * 1_000_000
    return Counter(order.tick_seq for order in paper(shell, ticks).orders)


def play(shell: LiveShell, rows: int) -> None:
    """Trade all of it."""
    orders = orders_by_tick(shell, rows)
    assert orders
    broker, goal = shell.broker, 0
    shell.live()
    shell.known()
    shell.command(Unlock())
    shell.sees(lambda seen: not seen.entries.locked and may_enter(seen))
    assert broker.wait_subscribed(1, PATIENCE_S)
    for number in sorted(orders):
        broker.go(number)
        goal += orders[number]
        assert broker.wait(f"placed {goal}", PATIENCE_S), (number, shell.snapshot.live, broker.truth())
        shell.sees(lambda seen, number=number: seen.ticks >= number and may_enter(seen))  # type: ignore[misc]
    broker.go()
    assert broker.wait_finished(PATIENCE_S)
    shell.sees(lambda seen: seen.ticks == rows)
    shell.signal(15)
    assert shell.ended() == 0, shell.said()[-2000:]


def may_enter(seen: Snapshot) -> bool:
    """Whether all orders have come to something, and the next could be sent."""
    live = seen.live
    return live is not None and not (live.working or live.objection) and live.budget.second <= RECENT


def told(trade: dict[str, Any]) -> tuple[object, ...]:
    """A trade of the journal without when it was and what it cost."""
    return tuple(trade[name] for name in ("entry_price", "exit_price", "quantity", "reason"))


def told_on_paper(trade: Trade) -> tuple[object, ...]:
    """The same of a trade on paper."""
    return trade.entry_price, trade.exit_price, trade.quantity, trade.reason


def as_on_paper(folder: Path, rows: int) -> int:
    """Trade the day's first ticks at a broker and on paper, which must come to the same; how many exits there were."""
    with live_shell(folder, *RULES, broker=played(folder, rows)) as shell:
        play(shell, rows)
        (recording,) = shell.kept.glob("live-sim-*.mqr")
        ticks = list(MqrSource(recording).ticks())
        assert len(ticks) == rows
        ours = [row["trade"] for row in shell.journal("TradeClosed")]
        theirs = paper(shell, ticks).trades
        assert [told(each) for each in ours] == [told_on_paper(each) for each in theirs]
        away = [abs(one["exit_ms"] - other.exit_ms) for one, other in zip(ours, theirs, strict=True)]
        away += [abs(one["entry_ms"] - other.entry_ms) for one, other in zip(ours, theirs, strict=True)]
        assert max(away) <= 1_000
        shell.no_order_twice()
        answer = shell.run("orders", "--compare", recording, "--json")
        found = json.loads(answer.out)
        assert (answer.status, found["outcome"], found["remarks"]) == (0, "same", [])
        assert set(found["day"]["difference"].values()) == {0}
        assert found["total"]["all"]["lost"] == 0
    return len(ours)


def test_the_first_minutes_give_the_trades_of_paper(tmp_path: Path) -> None:
    assert as_on_paper(tmp_path, BEGINNING) == 4


@pytest.mark.skipif(not LONG, reason="takes four minutes: make day-live")
@pytest.mark.timeout(900)
def test_the_whole_day_gives_the_trades_of_paper(tmp_path: Path) -> None:
    assert as_on_paper(tmp_path, WHOLE) == 106
