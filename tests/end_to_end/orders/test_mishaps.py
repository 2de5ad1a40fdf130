"""What befalls a machine while its engine has orders at a broker: all of it is closed and proven, nothing goes out twice, and the recording is replayed as it was."""

import signal

import pytest

from engine.model.commands import Arm, Flat, Unlock
from tests.support.parallel import Parallel
from tests.support.processes.live_shell import HOLDING, LOT, SCALPING, SYMBOL, LiveShell, live_shell
from tests.support.thorough import LONG, every
from tests.support.waiting import PATIENCE_S, until

pytestmark = pytest.mark.slow

BROKEN = ("-m", "tests.support.processes.broken_engine_process")
STOOD_TICKS = 200 if LONG else 40  # twenty come about in a second

with_position = Parallel(lambda folder: live_shell(folder, *HOLDING))
with_orders = Parallel(lambda folder: live_shell(folder, *SCALPING))


def holding(shell: LiveShell, *program: str) -> LiveShell:
    """An engine that holds a lot."""
    shell.trading(program=program)
    assert shell.broker.wait(f"held {SYMBOL} {LOT}", PATIENCE_S)
    shell.holds()
    return shell


def ends_well(shell: LiveShell) -> None:
    """Close all, end the engine, and see that broker and journal agree."""
    shell.ask_flat()
    assert shell.broker.wait("at_rest", PATIENCE_S)
    shell.signal(signal.SIGTERM)
    assert shell.ended() == 0, shell.said()[-2000:]
    truth = shell.broker.truth()
    assert truth.net == {}
    shell.no_order_twice()
    fills = [row["fill"]["quantity"] for row in shell.journal("FillBooked")]
    assert sum(fills) == sum(each.filled for each in truth.orders)


@with_position.each(every(3, ["not armed today", "live.enabled = false", "[risk] not as then"]))
def test_what_is_held_needs_credentials_alone_and_nothing_is_bought(shell: LiveShell, why: str) -> None:
    holding(shell).kill()
    match why:
        case "not armed today":
            (shell.state / "armed").unlink()
        case "live.enabled = false":
            shell.rules = (*shell.rules, "live.enabled=false")
        case _:  # another configuration than the one that was armed
            shell.rules = (*shell.rules, "risk.base_sl_points=90000")
    shell.live()
    assert "NOT READY: " in shell.ask("status").out
    shell.known()
    shell.ask_flat()
    shell.outcome_of(Unlock())
    shell.goes_on(40)  # in which it would have bought
    assert any(why in lock for lock in shell.status()["live"]["locks"]), shell.ask("status").out
    assert not shell.snapshot.entries.locked
    ends_well(shell)
    assert [each.side for each in shell.broker.truth().orders].count("BUY") == 1


@with_orders
def test_a_process_that_stood_still_goes_on(shell: LiveShell) -> None:
    shell.trading()
    shell.placed(3)
    shell.signal(signal.SIGSTOP)
    shell.goes_on(STOOD_TICKS)
    shell.signal(signal.SIGCONT)
    shell.known()
    shell.outcome_of(Unlock())
    shell.placed(2)
    ends_well(shell)


@with_position
def test_what_is_held_is_closed_while_the_disk_hangs(shell: LiveShell) -> None:
    holding(shell, *BROKEN, "disk")
    shell.lay("stuck", "")
    shell.ask_flat()
    assert shell.broker.truth().net == {}
    (shell.cwd / "stuck").unlink()
    until(lambda: shell.receipts)
    ends_well(shell)


@with_orders.each(every(2, ["300", "-300"]))
def test_a_clock_that_is_set_by_minutes_closes_nothing_wrongly_and_holds_up_nothing(
    shell: LiveShell, by_s: str
) -> None:
    shell.trading(program=(*BROKEN, "clock"))
    shell.placed(3)
    shell.lay("ahead", by_s)
    shell.goes_on(40)
    ends_well(shell)


@with_orders
def test_two_screens_see_the_same_orders_and_ask_for_one_flat(shell: LiveShell) -> None:
    shell.trading()
    with shell.remote("Ann") as ann, shell.remote("Ben") as ben:
        shell.placed(3)
        until(lambda: [each.tag for each in ann.snapshot.orders] == [each.tag for each in ben.snapshot.orders] != [])
        for screen in (ann, ben):
            screen.send(Arm())
            screen.send(Flat("screen"))
        shell.is_flat()
    assert shell.locks() == 1
    ends_well(shell)
