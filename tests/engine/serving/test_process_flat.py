"""The emergency flat of an engine process: by every way in, in every state, and of an engine that is stopped, lost or dead."""

import signal
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest

from engine.journal import JOURNAL_FILE, verify
from engine.link import Oneshot
from engine.model.commands import Flat, Lock
from engine.model.errors import EXIT_BAD_INPUT, EXIT_BUSY, EXIT_DIFFERENT, EXIT_WELL
from engine.recording import MqrSource
from engine.serving.state_dirs import FLAT_FILE
from tests.simulator import Generated, Simulator
from tests.support.link_harness import RawClient
from tests.support.parallel import Parallel
from tests.support.processes.flat_harness import STATES, WAYS, back_to_trading, shell_with_position
from tests.support.processes.process_harness import HOLDING, OperatorShell, coin_shell, environment, flat_times
from tests.support.waiting import PATIENCE_S, until

pytestmark = pytest.mark.slow

side_by_side = Parallel(lambda folder: OperatorShell(folder, *HOLDING))


# ── Every way in, in every state ────────────────────────────────────────────────────────────────────────────────────


@side_by_side.each(STATES)
def test_it_is_flat_by_every_way_in(home: OperatorShell, state: str) -> dict[str, float]:
    names = {"trading": tuple(WAYS), "disk failing": ("signal",)}.get(state, ("signal", "file", "key"))
    figures = {}
    with shell_with_position(home.folder) as shell, shell.remote():
        for name in names:
            ask, reason = WAYS[name]
            receipts, locks, trades = len(shell.receipts), shell.locks(), shell.snapshot.account.exits
            with STATES[state](shell):
                asked_ns = ask(shell, shell.steering)
                seen = shell.is_flat(reason)
                locked_ms, verified_ms = flat_times(seen, asked_ns)
                assert (seen.positions, seen.account.exits) == ((), trades + 1)
                assert seen.entries.locked == f"flat: {reason}"
                assert "unresolved: nothing" in seen.flat.receipt[-1]
            until(lambda locks=locks: shell.locks() == locks + 1)
            until(lambda receipts=receipts: len(shell.receipts) >= receipts + (state != "disk failing"))
            assert (shell.net(), verify(shell.state / JOURNAL_FILE)) == (0, None)
            back_to_trading(shell)
            figures |= {f"{name}_locked_ms": locked_ms, f"{name}_verified_ms": verified_ms}
    return figures


@side_by_side
def test_all_at_once_are_one_job(home: OperatorShell) -> None:
    with shell_with_position(home.folder) as shell:
        with shell.remote(), Oneshot(shell.socket, "one") as one, Oneshot(shell.socket, "two") as two:
            (shell.cwd / "hang").touch()
            until((shell.cwd / "hangs").exists)
            (shell.state / FLAT_FILE).touch()
            shell.signal(signal.SIGUSR1)
            tickets = [(call, call.send(Flat("call")).ticket) for call in (one, two)]
            (shell.cwd / "hang").unlink()  # the turn was held: these two, at least, are there before either has begun
            shell.is_flat()
            for call, ticket in tickets:
                until(lambda call=call, ticket=ticket: call.outcome(ticket).state == "DONE")
        until(lambda: not (shell.state / FLAT_FILE).exists())

        def joined() -> int:
            return sum(row["reason"].startswith("joins") for row in shell.journal("CommandRefused"))

        until(lambda: shell.locks() + joined() == 4)  # what comes when a job is over begins another one
        assert joined() >= 1
        until(lambda: len(shell.receipts) == shell.locks())


@side_by_side
def test_a_loss_that_reaches_the_limit_is_a_flat(home: OperatorShell) -> None:
    with OperatorShell(home.folder, *HOLDING, "risk.max_daily_loss=1") as shell:
        seen = shell.start().is_flat("daily loss")
        assert seen.entries.locked.startswith("flat: daily loss -")
        assert seen.trades[-1].reason == "Daily Loss"
        until(lambda: len(shell.receipts) == 1)
        assert (shell.net(), shell.locks()) == (0, 1)


@side_by_side
def test_the_policy_for_a_lost_operator_outlives_the_engine(home: OperatorShell) -> None:
    with OperatorShell(home.folder, *HOLDING, "operator.on_loss=flat_after", "operator.flat_after_s=1") as shell:
        shell.start().holds()
        shell.kill()
        shell.start("--paused")  # no tick comes that could close anything, and nobody looks
        shell.is_flat("operator lost for 1 s")
        assert shell.net() == 0


@side_by_side
def test_an_operator_who_is_lost_is_a_flat(home: OperatorShell) -> None:
    with OperatorShell(home.folder, *HOLDING, "operator.on_loss=flat_after", "operator.flat_after_s=1") as shell:
        shell.start()
        with RawClient(shell.socket) as lost:
            lost.hello("Ann", wants_control=True)
            shell.holds()
        shell.is_flat("operator lost for 1 s")
        until(lambda: len(shell.receipts) == 1)
        assert (shell.net(), shell.locks()) == (0, 1)
        until(lambda: "operator Ann lost: everything is closed in 1 s" in shell.log)


# ── The command ─────────────────────────────────────────────────────────────────────────────────────────────────────


@side_by_side
def test_the_command_asks_first(home: OperatorShell) -> None:
    with shell_with_position(home.folder) as shell:
        seen = shell.holds()
        for text in ("", "flat\n"):
            refused = shell.ask("flat", text=text)
            assert (refused.status, refused.out.splitlines()[-1][-16:]) == (EXIT_DIFFERENT, "nothing was sent")
        assert "MOCK synthetic session, seed 1: flat job NORMAL" in refused.out
        assert f"  sell {seen.positions[0].state.quantity} NIFTY near " in refused.out
        assert "  1 position, about " in refused.out
        assert shell.snapshot.positions
        done = shell.ask("flat", text="FLAT\n")
        assert (done.status, done.err) == (EXIT_WELL, "")
        assert "FLAT verified" in done.out
        assert "(flat command)" in done.out


def started(shell: OperatorShell, *more: str) -> subprocess.Popen[str]:
    """`flat` with `more` words (`--yes`: none needs to be typed) on its way."""
    command = [sys.executable, "-m", "engine", "flat", *more, "--state-dir", str(shell.state)]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    return subprocess.Popen(command, cwd=shell.cwd, env=environment(shell.folder), text=True, **pipes)  # type: ignore[call-overload,no-any-return]


@side_by_side
def test_an_engine_that_is_stopped_says_nothing_and_goes_flat_as_soon_as_it_goes_on(
    shell: OperatorShell,
) -> dict[str, float]:
    shell.start().holds()
    shell.signal(signal.SIGSTOP)
    with started(shell, "--yes") as command:
        asked_s = time.monotonic()
        wedged = shell.status()
        told_s = time.monotonic() - asked_s
        assert (wedged["exit"], wedged["running"], wedged["pid"]) == (EXIT_BUSY, True, shell.pid)
        assert wedged["entries"] == "unknown"  # as soon as it goes on it may buy
        assert wedged["problem"].startswith("does not answer: no answer from the engine for 2 s")
        until((shell.state / FLAT_FILE).exists)
        shell.signal(signal.SIGCONT)
        out, _ = command.communicate(timeout=PATIENCE_S)
    assert command.returncode == EXIT_WELL
    assert "does not answer, what it holds is not known" in out
    assert "the request lies in its state directory as FLAT" in out
    assert "FLAT verified" in out
    assert shell.snapshot.positions == ()
    until(lambda: not (shell.state / FLAT_FILE).exists())
    return {"told_s": told_s}


@side_by_side
def test_what_an_engine_held_that_is_lost_meanwhile_is_closed(shell: OperatorShell) -> None:
    shell.start().holds()
    shell.signal(signal.SIGSTOP)
    with started(shell, "--yes") as command:
        until((shell.state / FLAT_FILE).exists)
        shell.kill()
        out, err = command.communicate(timeout=PATIENCE_S)
    assert (command.returncode, err) == (EXIT_WELL, "")
    assert f"engine {shell.pid} is gone: what its journal says is held is closed from here" in out
    assert "FLAT verified" in out
    assert shell.net() == 0
    assert not (shell.state / FLAT_FILE).exists()  # the request was granted, the next engine finds none


@side_by_side
def test_an_engine_that_begins_while_its_journal_was_to_be_flattened_is_asked_instead(shell: OperatorShell) -> None:
    shell.start().holds()
    shell.kill()
    with started(shell) as command:
        assert command.stdout
        until(lambda: command.stdout.readline().startswith("  sell "))  # the plan is shown, and the word waited for
        shell.start("--paused").holds()
        out, err = command.communicate("FLAT\n", timeout=PATIENCE_S)
    assert (command.returncode, err) == (EXIT_WELL, ""), (out, err)
    assert f"is in use by process {shell.pid}; one instance at a time: it is asked instead" in out
    assert "FLAT verified" in out
    assert (shell.snapshot.positions, shell.net()) == ((), 0)


# ── Without an engine ───────────────────────────────────────────────────────────────────────────────────────────────


def closed_by_the_command(shell: OperatorShell, symbol: str) -> None:
    """What is held when the engine is killed is sold at the last recorded price, and the next start finds nothing."""
    held = shell.holds().positions[0].state.quantity
    recording = Path((shell.state / "recording").read_text().strip())
    until(lambda: MqrSource(recording).count() > 5)
    shell.kill()
    asked = shell.ask("flat", text="no\n")
    assert asked.status == EXIT_DIFFERENT
    plan = next(line for line in asked.out.splitlines() if line.startswith("  sell "))
    shown = f"{Decimal(held) / (10**8 if symbol == 'BTCUSDT' else 1):f}"
    assert plan.startswith(f"  sell {shown} {symbol} at ")
    assert plan.endswith(", its last recorded price")
    assert shell.net() == held
    done = shell.ask("flat", "--yes")
    assert (done.status, done.err, shell.net()) == (EXIT_WELL, "", 0)
    assert "FLAT verified" in done.out
    price = plan.split()[4].rstrip(",")
    assert f"plan {price}, slippage +0.00 a unit: BLIND (no price since the start) DONE" in done.out
    assert len(shell.receipts) == 1
    assert shell.ask("flat", "--yes").out.splitlines()[-1] == "its journal holds nothing"
    shell.start("--paused")
    assert (shell.snapshot.positions, shell.snapshot.entries.locked) == ((), "flat: flat command, engine dead")


@side_by_side
def test_what_a_dead_engine_held_is_closed(shell: OperatorShell) -> None:
    shell.start()
    closed_by_the_command(shell, "NIFTY")


@side_by_side
def test_a_wrong_configuration_is_not_in_the_way(shell: OperatorShell) -> None:
    shell.start().holds()
    shell.kill()
    (shell.cwd / "config.toml").write_text("an unfinished edit")
    done = shell.ask("flat", "--yes")
    assert (done.status, shell.net()) == (EXIT_WELL, 0)
    assert "config.toml" in done.err
    assert done.err.endswith(": the program's own configuration takes its place\n")


@side_by_side
def test_what_a_dead_paper_engine_held_is_closed(home: OperatorShell) -> None:
    with (
        Simulator(Generated(symbols=["BTCUSDT"], rate=200, seed=5)) as sim,
        coin_shell(home.folder, sim, "BTCUSDT") as shell,
    ):
        shell.start()
        closed_by_the_command(shell, "BTCUSDT")


@side_by_side
def test_without_a_recording_of_that_run_the_journal_tells_the_price(shell: OperatorShell) -> None:
    shell.start().holds()
    shell.kill()
    shell.start("--paused", "--set", "recording.enabled=off").kill()
    done = shell.ask("flat", "--yes")
    assert (done.status, shell.net()) == (EXIT_WELL, 0)
    assert " NIFTY at its last journalled price" in done.out


@side_by_side
def test_a_flat_of_nothing_is_well_and_a_broken_journal_is_told(shell: OperatorShell) -> None:
    nobody = shell.ask("flat", "--yes")
    assert (nobody.status, nobody.out) == (EXIT_BAD_INPUT, "")
    assert "nothing is known of what is held" in nobody.err
    shell.start("--paused").command(Lock("me"))
    shell.kill()
    assert shell.ask("flat", "--yes").status == EXIT_WELL
    (shell.state / JOURNAL_FILE).write_bytes(b"no journal")
    broken = shell.ask("flat", "--yes")
    assert (broken.status, len(broken.lines)) == (EXIT_BAD_INPUT, 1)
    assert "journal.db" in broken.err
    assert "journal.db" in shell.ask("status").err
