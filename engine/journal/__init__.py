"""What must not be lost, on the disk: a hash-chained journal of facts, and the locked folder that it lives in.

The names are resolved when they are asked for: who looks for an engine carries no database.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.journal.account import JournalledAccount
    from engine.journal.fold import begins_blind, unknown_after, untraded
    from engine.journal.months import JOURNAL_FILE
    from engine.journal.ownership import LOCK_FILE, Owner, living_writer, owner_of, running_pid, written_owner
    from engine.journal.reader import mode_of_newest_run, pid_of_open_run, read_events, verify
    from engine.journal.sqlite_journal import SqliteJournal
    from engine.journal.state_dir import StateDir
    from engine.journal.takeover import Opened

__all__ = [
    "JOURNAL_FILE",
    "LOCK_FILE",
    "JournalledAccount",
    "Opened",
    "Owner",
    "SqliteJournal",
    "StateDir",
    "begins_blind",
    "living_writer",
    "mode_of_newest_run",
    "owner_of",
    "pid_of_open_run",
    "read_events",
    "running_pid",
    "unknown_after",
    "untraded",
    "verify",
    "written_owner",
]

_FILES = {
    "JournalledAccount": "account",
    "begins_blind": "fold",
    "unknown_after": "fold",
    "untraded": "fold",
    "JOURNAL_FILE": "months",
    "mode_of_newest_run": "reader",
    "pid_of_open_run": "reader",
    "read_events": "reader",
    "verify": "reader",
    "SqliteJournal": "sqlite_journal",
    "StateDir": "state_dir",
    "Opened": "takeover",
}


def __getattr__(name: str) -> Any:
    """Import a name from the file that defines it."""
    if name not in __all__:
        raise AttributeError(f"module 'engine.journal' has no attribute '{name}'")
    return getattr(import_module(f"{__name__}.{_FILES.get(name, 'ownership')}"), name)
