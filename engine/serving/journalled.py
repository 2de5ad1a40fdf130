"""What the journals of engines say that are gone, or do not answer: the account, and what is held."""

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


def readable(place: EngineDir, warn: Callable[[str], None]) -> tuple[JournalledAccount | None, str]:
    """The account, and why there is none where there should be one, which is told as well."""
    problem = ""
    account = None
    try:
        account = account_of(place)
    except InputError as error:
        problem = error.lines[0]
    stamped = place.mode and place.mode != "replay"
    if account is None and not problem and stamped and not (place.folder / JOURNAL_FILE).exists():
        problem = f"{JOURNAL_FILE} is missing in {place.where}: what is held is not known"
    if problem:
        warn(problem)
    return account, problem


def held_in_journal(place: EngineDir, warn: Callable[[str], None]) -> tuple[str, ...]:
    """Say each quantity that is held; what cannot be read is told and counts as nothing."""
    account, _ = readable(place, warn)
    return held_in_account(account) if account is not None else ()


def held_in_account(account: JournalledAccount) -> tuple[str, ...]:
    """Say each quantity that a journalled account holds."""
    held = account.net().items()
    return tuple(f"{account.instrument(number).quantity_text(net)} {account.symbols[number]}" for number, net in held)
