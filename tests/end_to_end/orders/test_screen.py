"""A person at the screen of a run at a simulated broker: sees its orders, withdraws one, is told what others do, and is flat."""

from pathlib import Path

import pytest

from tests.support.processes.live_shell import HOLDING, LOT, SYMBOL, LiveShell, live_shell
from tests.support.terminals.terminal import Tmux, tmux
from tests.support.waiting import until

pytestmark = pytest.mark.slow
AHEAD = 2


class Hand:
    """Somebody at the keys who takes an entry back while it works, before the engine does so by itself."""

    def __init__(self, shell: LiveShell, terminal: Tmux) -> None:
        self._shell = shell
        self._terminal = terminal
        self._told = 0
        self._let_work()

    def _let_work(self) -> None:
        """Of the next orders nothing is to be filled: each works until it is taken back."""
        counters = self._shell.broker.counters().orders
        assert counters is not None
        while self._told < sum(counters.placed.values()) + AHEAD:
            self._shell.broker.tell("partial 0")
            self._told += 1

    def withdraws(self) -> bool:
        """Try it; whether the engine had it from a hand."""
        terminal = self._terminal
        if any(row["action"] == "withdraw" for row in self._shell.journal("OperatorActed")):
            return True
        self._let_work()
        if "WORKING" in terminal.screen():
            terminal.keys("w")
            terminal.read_it()
            terminal.keys("x")
        if "WITHDRAW ORDER" in terminal.screen():  # what has come of it
            terminal.keys("q")
        return False


def test_orders_are_seen_withdrawn_and_closed(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    with live_shell(tmp_path, *HOLDING) as shell:
        shell.live()
        shell.known()
        attach = ("attach", "--state-dir", str(shell.state))
        with tmux(tmp_path / "home", 120, 40, *attach) as terminal:
            terminal.sees("LIVE-SIM ****", "ORD 0/7 s 0/400 m 0/5,000 day", "loss left 400,000.00", "LOCKED", "UPDATES")
            hand = Hand(shell, terminal)
            terminal.keys("k")
            terminal.sees("type UNLOCK")
            terminal.keys(*"UNLOCK", "Enter")
            terminal.keys("o")
            terminal.sees("ORDERS", "WORKING", f"0/{LOT}")
            until(hand.withdraws, terminal.screen)
            terminal.keys("q", "q")
            shell.broker.tell(f"external {LOT}")
            terminal.sees(f"EXTERNAL {SYMBOL}", "LOCKED")
            assert f"EXTERNAL {SYMBOL} +{LOT}" in "\n".join(shell.status()["live"]["locks"])
            terminal.keys("!")
            terminal.sees("EMERGENCY FLAT", f"EXTERNAL {SYMBOL} +{LOT}: SELL {LOT} too", "x fires")
            terminal.read_it()
            terminal.keys("x")
            terminal.sees("FLAT verified", "unresolved: nothing")
        assert shell.broker.truth().net == {}
        shell.no_order_twice()
        shell.signal(15)
        assert shell.ended() == 0
