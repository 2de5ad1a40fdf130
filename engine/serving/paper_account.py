"""Begins the paper account anew: a row in its journal, from which the next run goes on. Only while nothing runs and nothing is held."""

from decimal import Decimal
from pathlib import Path

from engine.journal import SqliteJournal, StateDir
from engine.journal.account import UNCLEAN
from engine.model.clock import SystemClock
from engine.model.errors import InputError
from engine.serving.journalled import left_in
from engine.serving.state_dirs import chosen_folder, place_of


def reset(root: Path | None, capital: Decimal) -> tuple[Path, Decimal | None]:
    """Let the next paper run begin with `capital`; the state directory, and the cash that was there (None: no account yet).

    Raises StateBusyError while an engine runs there, InputError where something is held, DiskError.
    """
    place = place_of(chosen_folder(root, "paper"))
    left = left_in(place)
    if not (place.pid or left.account or left.problem):
        return place.folder, None  # no run has kept one there, and nothing is to be left behind that looks like a run
    with StateDir.open(root, "paper") as state_dir:
        left = left_in(place)
        account = left.account
        if account is None or left.problem:
            raise InputError(left.problem or "an engine has just run there: ask again")
        if not account.idle:
            raise InputError("the paper account holds something: myquant-tui flat closes it, then reset")
        before = account.cash_account.cash
        clock = SystemClock()
        journal = SqliteJournal.open(state_dir.path, "paper", clock, title="paper reset", used=state_dir.used)
        account.begin_anew(capital)
        if account.gate.locked == UNCLEAN:
            account.gate.locked = ""
        account.at_ms = clock.wall_ns() // 1_000_000
        journal.write(account.state())
        journal.close("paper account begun anew")
        if journal.problem:
            raise InputError(journal.problem)
        return state_dir.path, before
