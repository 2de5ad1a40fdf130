"""What one row of the journal is and how rows are chained; knows nothing of SQLite, threads or files."""

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from engine.model.digest import blake2b
from engine.model.errors import InputError
from engine.model.events import AnyEvent, FillBooked, Submit, TradeClosed
from engine.model.types import TradeMode
from engine.text.sanitize import cleaned

GENESIS = bytes(32)


class RunStarted(Struct, frozen=True, tag=True):
    """A run begins; `found` says in what state the journal was."""

    run: int
    mode: TradeMode
    title: str
    pid: int
    found: str


class RunEnded(Struct, frozen=True, tag=True):
    """The run came to its own end and wrote everything down; `fault`: it ended because something was broken."""

    outcome: str
    fault: bool = False


class Continued(Struct, frozen=True, tag=True):
    """The first row of a file that goes on where `file` ended, with what the newest run there was; its own number follows on.

    Without a `file` it stands in the middle of one: the next was to begin, and could not.
    """

    file: str = ""
    run: int = 0
    mode: TradeMode = "paper"
    title: str = ""
    pid: int = 0
    started_ns: int = 0
    ended_ns: int | None = None
    outcome: str | None = None


class Rewound(Struct, frozen=True, tag=True):
    """The replay went back to just after `ticks` ticks."""

    ticks: int


Entry = AnyEvent | RunStarted | RunEnded | Rewound | Continued
ENTRIES: msgspec.json.Decoder[Entry] = msgspec.json.Decoder(Entry)


class Waiting(Struct, frozen=True):
    """An entry that was handed over at `wall_ns` (UTC) and is not yet on the disk."""

    number: int
    wall_ns: int
    entry: Entry


class StoredEvent(Struct, frozen=True):
    """One row: `at_ms` is the entry's own time (0: it has none), `hash` covers everything else, `previous` included."""

    number: int
    run: int
    wall_ns: int
    at_ms: int
    kind: str
    body: str
    previous: bytes
    hash: bytes

    def entry(self) -> Entry:
        """The entry as it was handed over; raises InputError when this program cannot read it."""
        try:
            return entry_of(self.body)
        except msgspec.DecodeError as error:
            raise InputError(f"journal: event {self.number} ({self.kind}): {error}") from error


def entry_of(body: str) -> Entry:
    """The entry in a row's `body`, cleaned: anybody may have written the file. Raises msgspec.DecodeError."""
    return cleaned(ENTRIES.decode(body))


def kind_of(entry: Entry) -> str:
    """What a row of this entry is called."""
    return str(type(entry).__struct_config__.tag)


def written(entry: Entry) -> tuple[Entry, str]:
    """The entry as a row has it, and the row's body."""
    try:
        return entry, msgspec.json.encode(entry).decode()
    except UnicodeEncodeError:  # a lone surrogate in a text from outside must not stop the journal
        body = msgspec.json.encode(_encodable(msgspec.to_builtins(entry))).decode()
        return entry_of(body), body


def chained(waiting: Iterable[Waiting], run: int, previous: bytes) -> list[tuple[StoredEvent, Entry]]:
    """The rows for `waiting`, linked to the row whose hash is `previous`; the same input gives the same rows again."""
    rows = []
    for item in waiting:
        kind, at_ms = kind_of(item.entry), _at_ms(item.entry)
        entry, body = written(item.entry)
        link = digest(item.number, run, item.wall_ns, at_ms, kind, body, previous)
        rows.append((StoredEvent(item.number, run, item.wall_ns, at_ms, kind, body, previous, link), entry))
        previous = link
    return rows


def digest(number: int, run: int, wall_ns: int, at_ms: int, kind: str, body: str, previous: bytes) -> bytes:
    """BLAKE2b-256 over the row before and everything in this one."""
    content = f"{number} {run} {wall_ns} {at_ms} {kind}\n{body}".encode("utf-8", "surrogatepass")
    return blake2b(previous + content, digest_size=32).digest()


def chain_problem(events: Iterable[StoredEvent], after: int, previous: bytes | None) -> str:
    """The first break in `events`, which must follow number `after` whose hash is `previous` (None: not known); "" if none."""
    for event in events:
        if event.number != after + 1:
            return f"event {after + 1} is missing"
        if previous is not None and event.previous != previous:
            return f"event {event.number} does not follow the one before it (hash chain)"
        if event.hash != digest(*msgspec.structs.astuple(event)[:7]):
            return f"event {event.number} was changed (hash chain)"
        after, previous = event.number, event.hash
    return ""


def _encodable(value: Any) -> Any:
    """`value` with every character that UTF-8 cannot carry replaced by `?`."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {key: _encodable(item) for key, item in value.items()}
    return value


def _at_ms(entry: Entry) -> int:
    match entry:
        case Submit(order=order):
            return order.at_ms
        case FillBooked(fill=fill):
            return fill.at_ms
        case TradeClosed(trade=trade):
            return trade.exit_ms
        case _:
            return getattr(entry, "at_ms", 0)
