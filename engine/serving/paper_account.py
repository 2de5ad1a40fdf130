"""Begins the paper account anew: a row in its journal, from which the next run goes on. Only while nothing runs and nothing is held."""

from decimal import Decimal
from pathlib import Path

from engine.journal import JOURNAL_FILE, SqliteJournal, StateDir, fold
from engine.journal.account import UNCLEAN
from engine.model.clock import SystemClock
from engine.model.errors import InputError
from engine.trading.portfolio import CashAccount


def reset(root: Path | None, capital: Decimal) -> tuple[Path, Decimal | None]:
    """Let the next paper run begin with `capital`; the state directory, and the cash that was there (None: no account yet).

    Raises StateBusyError while an engine runs there, InputError where something is held, DiskError.
    """
    with StateDir.open(root, "paper") as state_dir:
        path = state_dir.path / JOURNAL_FILE
        account = fold(path) if path.exists() else None
        if account is None:
            return state_dir.path, None
        if not account.idle:
            raise InputError("the paper account holds something: myquant-tui flat closes it, then reset")
        before = account.cash_account.cash
        clock = SystemClock()
        journal = SqliteJournal.open(state_dir.path, "paper", clock, title="paper reset", used=state_dir.stamped)
        account.cash_account = CashAccount(capital)
        if account.gate.locked == UNCLEAN:
            account.gate.locked = ""
        account.gate.start_day()
        account.at_ms = clock.wall_ns() // 1_000_000
        journal.write(account.state())
        journal.close("paper account begun anew")
        if journal.problem:
            raise InputError(journal.problem)
        return state_dir.path, before
