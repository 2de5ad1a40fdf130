"""What must not be lost, on the disk: a hash-chained journal of facts, and the locked folder that it lives in."""

from engine.journal.account import JournalledAccount
from engine.journal.fold import begins_blind, fold, unknown_after, untraded
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
    "fold",
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
