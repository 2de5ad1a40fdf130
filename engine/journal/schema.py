"""The journal's tables and how a connection to them is set up; knows nothing of what the rows mean."""

import os
import sqlite3
import stat
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from pathlib import Path

from engine.journal.wal import of_one_generation
from engine.model.errors import DiskError

APPLICATION_ID = 0x4D51544A  # "MQTJ"
SCHEMA_VERSION = 1
_CONTINUED_VERSION = 2  # of a file that goes on where another ended: only the number of its first row is no 1
_LIVE = 2  # is added to either by the first run at a real broker: its rows are of kinds that no older program knows
_KNOWN_VERSIONS = (SCHEMA_VERSION, _CONTINUED_VERSION, SCHEMA_VERSION + _LIVE, _CONTINUED_VERSION + _LIVE)
BUSY_TIMEOUT_S = 2.0
LOG_LIMIT = 1 << 20  # bytes that SQLite cuts a write-ahead log down to by itself

# Rows that tell of session days and what was traded on them: few among all, and found by an index in files that have it.
OF_DAYS = "('DayStarted', 'FillBooked', 'TradeClosed', 'RunStarted', 'Rewound', 'Continued')"

# Rows of orders at a real broker, in a file that was made one for them.
ORDER_KINDS = (
    "Submit", "PlaceOrder", "AmendOrder", "WithdrawOrder", "SendBegun", "Accepted", "OrderRefused", "NotSent", "Adopted",
    "PartFilled", "Ended", "External", "ClosedOthers",
)  # fmt: skip
OF_ORDERS = f"{ORDER_KINDS}"

_FOLLOW = """CREATE TRIGGER events_follow BEFORE INSERT ON events
        WHEN NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM events)
        BEGIN SELECT raise(ABORT, 'events are numbered without holes'); END"""

TABLES = (
    """CREATE TABLE events (
        number INTEGER PRIMARY KEY, run INTEGER NOT NULL, wall_ns INTEGER NOT NULL, at_ms INTEGER NOT NULL,
        kind TEXT NOT NULL, body TEXT NOT NULL, previous BLOB NOT NULL, hash BLOB NOT NULL)""",
    """CREATE TABLE runs (
        run INTEGER PRIMARY KEY, mode TEXT NOT NULL, title TEXT NOT NULL, pid INTEGER NOT NULL,
        started_ns INTEGER NOT NULL, ended_ns INTEGER, outcome TEXT)""",
    """CREATE TABLE orders (
        run INTEGER NOT NULL, number INTEGER NOT NULL, tag TEXT NOT NULL, instrument INTEGER NOT NULL,
        side TEXT NOT NULL, quantity INTEGER NOT NULL, price INTEGER NOT NULL, reason TEXT NOT NULL,
        at_ms INTEGER NOT NULL, tick INTEGER NOT NULL, filled INTEGER NOT NULL DEFAULT 0,
        state TEXT NOT NULL DEFAULT 'submitted', rejection TEXT NOT NULL DEFAULT '', event INTEGER NOT NULL,
        PRIMARY KEY (run, number)) WITHOUT ROWID""",
    """CREATE TABLE fills (
        event INTEGER PRIMARY KEY, run INTEGER NOT NULL, order_number INTEGER NOT NULL, instrument INTEGER NOT NULL,
        side TEXT NOT NULL, quantity INTEGER NOT NULL, price INTEGER NOT NULL, at_ms INTEGER NOT NULL,
        tick INTEGER NOT NULL, held INTEGER NOT NULL, cash TEXT NOT NULL, position TEXT)""",
    """CREATE TABLE positions (
        run INTEGER NOT NULL, instrument INTEGER NOT NULL, quantity INTEGER NOT NULL, at_ms INTEGER NOT NULL,
        tick INTEGER NOT NULL, cash TEXT NOT NULL, position TEXT, event INTEGER NOT NULL,
        PRIMARY KEY (run, instrument)) WITHOUT ROWID""",
    "CREATE INDEX fills_of_run ON fills (run, instrument, event)",
    f"CREATE INDEX events_of_days ON events (number, kind) WHERE kind IN {OF_DAYS}",
    _FOLLOW,
    """CREATE TRIGGER events_stay_as_they_are BEFORE UPDATE ON events
        BEGIN SELECT raise(ABORT, 'events are append-only'); END""",
    """CREATE TRIGGER events_stay BEFORE DELETE ON events
        BEGIN SELECT raise(ABORT, 'events are append-only'); END""",
)

# Of orders at a real broker: why they are there, their newest limit, the broker's number.
_LIVE_TABLES = (
    "ALTER TABLE orders ADD COLUMN purpose TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE orders ADD COLUMN limit_price INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE orders ADD COLUMN broker_id TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX orders_by_number ON orders (number, run)",
    f"CREATE INDEX events_of_orders ON events (number, kind) WHERE kind IN {OF_ORDERS}",
)
_EVERY_CONNECTION = (
    "PRAGMA cache_size = -256",  # KiB; the default of 2 MB is more than a whole day's journal
    "PRAGMA temp_store = MEMORY",
    "PRAGMA trusted_schema = OFF",
)
_WRITER = (
    "PRAGMA synchronous = FULL",  # NORMAL loses acknowledged rows when the power goes
    "PRAGMA fullfsync = ON",  # where fsync alone does not reach the platter (macOS)
    "PRAGMA wal_autocheckpoint = 256",  # pages, 1 MiB
    f"PRAGMA journal_size_limit = {LOG_LIMIT}",
    # Who opens the log's index first in a process decides for all of it whether it can be written: the writer does, at once.
    "SELECT count(*) FROM sqlite_master",
)

Factory = type[sqlite3.Connection]


def create(path: Path) -> sqlite3.Connection:
    """A new file with empty tables, not yet in WAL mode; raises OSError, sqlite3.Error."""
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    os.chmod(path, 0o600)  # whatever the umask; SQLite gives its side files the same mode
    return _told(
        _connect(path, "rw", sqlite3.Connection),
        "PRAGMA synchronous = FULL",
        "PRAGMA fullfsync = ON",
        f"PRAGMA application_id = {APPLICATION_ID}",
        f"PRAGMA user_version = {SCHEMA_VERSION}",
        "BEGIN",
        *TABLES,
        "COMMIT",
    )


def create_continued(path: Path, first_row: Callable[[sqlite3.Connection], None]) -> None:
    """A new file whose `first_row` has a number of its own, those after it follow; raises OSError, sqlite3.Error."""
    with closing(create(path)) as connection:
        _told(connection, "DROP TRIGGER events_follow", f"PRAGMA user_version = {_CONTINUED_VERSION}")
        first_row(connection)
        connection.execute(_FOLLOW)


def is_live(connection: sqlite3.Connection) -> bool:
    """Whether the file is one for orders at a real broker; raises sqlite3.Error."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    return bool(version > _CONTINUED_VERSION)


def make_live(connection: sqlite3.Connection) -> None:
    """Let the file be one for orders at a real broker, where it is none: older programs refuse it from then on.

    All of it is a part of the transaction under way, as the row is that asks for it: no kill leaves anything between.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version in {SCHEMA_VERSION, _CONTINUED_VERSION}:
        _told(connection, *_LIVE_TABLES, f"PRAGMA user_version = {version + _LIVE}")


def open_writer(path: Path, factory: Factory) -> sqlite3.Connection:
    """The one connection that writes and checkpoints; raises DiskError where no write-ahead log is possible, sqlite3.Error."""
    connection = _connect(path, "rw", factory)
    with ExitStack() as on_failure:
        on_failure.callback(connection.close)
        (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise DiskError(f"journal {path}: this disk cannot keep a write-ahead log; give another --state-dir")
        on_failure.pop_all()
    return _told(connection, *_WRITER)


def open_reader(path: Path) -> sqlite3.Connection:
    """A connection that changes nothing, also beside a writer or after a kill; raises sqlite3.Error.

    Of an empty file SQLite would remove the log beside it, reader or not, and with it rows that somebody may still need.
    """
    _refuse_empty(path)
    return _connect(path, "ro", sqlite3.Connection)


def open_left(path: Path) -> sqlite3.Connection:
    """A reader of what a program has left that is gone, or of a running one; its index, which tells how much there was, stays as it is."""
    _refuse_empty(path)
    if os.path.exists(f"{path}-shm") and of_one_generation(path):
        with suppress(sqlite3.OperationalError), ExitStack() as on_failure:
            connection = _connect(path, "ro&readonly_shm=1", sqlite3.Connection)
            on_failure.callback(connection.close)
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            on_failure.pop_all()
            return connection
    return open_reader(path)


def open_without_log(path: Path) -> sqlite3.Connection:
    """A connection that sees what stands in the file itself, of which nothing may change meanwhile; raises sqlite3.Error."""
    return _connect(path, "ro&immutable=1", sqlite3.Connection)


def foreign(connection: sqlite3.Connection) -> str:
    """Why this database is not a journal that this program can go on with; "" when it is one."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        return "it belongs to another program (application id)"
    if version > max(_KNOWN_VERSIONS):
        return f"it was written by a newer program (schema {version}, known is {max(_KNOWN_VERSIONS)})"
    return "" if version in _KNOWN_VERSIONS else f"its schema {version} is not known"


def _refuse_empty(path: Path) -> None:
    with suppress(OSError):
        found = path.stat()
        if stat.S_ISREG(found.st_mode) and not found.st_size:
            raise sqlite3.DatabaseError("the file is empty")


def _connect(path: Path, access: str, factory: Factory) -> sqlite3.Connection:
    for each in (path, *(path.with_name(path.name + side) for side in ("-wal", "-shm", "-journal"))):
        with suppress(OSError):
            if not stat.S_ISREG(os.stat(each).st_mode):  # SQLite would wait for somebody to write into a pipe
                raise sqlite3.DatabaseError(f"{each.name} is not an ordinary file")
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={access}",
        uri=True,
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,  # BEGIN and COMMIT stand in the code
        check_same_thread=False,  # opened by one thread, then handed to the journal's own
        cached_statements=32,
        factory=factory,
    )
    return _told(connection, *_EVERY_CONNECTION)


def _told(connection: sqlite3.Connection, *statements: str) -> sqlite3.Connection:
    """The connection after these statements; closed where one of them raises, since nobody else holds it yet."""
    with ExitStack() as on_failure:
        on_failure.callback(connection.close)
        for statement in statements:
            connection.execute(statement)
        on_failure.pop_all()
    return connection
