"""What the journal of an engine that is gone says is held. Closes nothing."""

import sqlite3
from collections.abc import Callable

from engine.journal import JOURNAL_FILE, JournalledAccount, fold
from engine.model.errors import InputError
from engine.serving.state_dirs import EngineDir


def account_of(place: EngineDir) -> JournalledAccount | None:
    """Return the account as the journal in `place` leaves it, None where there is no journal; raises InputError."""
    path = place.folder / JOURNAL_FILE
    if place.mode == "replay" or not path.exists():
        return None
    try:
        return fold(path)
    except (sqlite3.Error, OSError) as error:
        raise InputError(f"journal {path}: {error}") from error


def held_in_journal(place: EngineDir, warn: Callable[[str], None]) -> tuple[str, ...]:
    """Say each quantity that is held; what cannot be read is told and counts as nothing."""
    try:
        account = account_of(place)
    except InputError as problem:
        warn(problem.lines[0])
        return ()
    if account is None:
        return ()
    held = account.net().items()
    return tuple(f"{account.instrument(number).quantity_text(net)} {account.symbols[number]}" for number, net in held)
