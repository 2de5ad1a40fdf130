"""The rule for text from outside: it is cleaned where it enters and nowhere else, and no way to a person lets any through."""

import ast
import logging
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.journal.rows import StoredEvent
from engine.link.protocol import LONGEST_TEXT, REQUESTS, Hello, Replies, RequestRefused, SendCommand, understood
from engine.logs.lines import texts_of
from engine.model.commands import Bookmark, Flat, Lock
from engine.model.errors import ConfigError, DiskError, InputError, StateBusyError, UserError, WireError
from engine.model.events import FeedNote, LinkChanged, OrderRejected, StateKept
from engine.model.marks import DeskMark, EventMark, InputMark, Mark, StartMark, StateMark
from engine.model.order_reports import Accepted, NetReport, RoundAgain
from engine.model.types import Instrument
from engine.recording.format import FIXED_HEADER, Header, decode_header, decode_marks, encode_header, encode_mark
from engine.text.sanitize import CleanText, clean, cleaned
from tests.support.paths import ROOT
from tests.support.screens.snapshots import SNAPSHOT
from tui.text.sanitize import Sanitizer

EVIL = CleanText("a\x1b[2J\x1b]0;owned\x07\x9b31m\u202e\u2066\ud800z")

# Who brings text in from outside, or is a way out to a person; nobody else has a reason to clean. Whole folders end in /.
ENTRIES = (
    "engine/text/sanitize.py",
    "engine/model/errors.py",  # the way out for whatever goes wrong
    "engine/logs/",  # whatever a logger was given, ours or a library's
    "engine/execution/book_rounds.py",  # why a broker's list cannot be read
    "engine/execution/told_fields.py",  # a broker's numbers of orders and fills
    "engine/execution/told_rows.py",  # a broker's names
    "engine/execution/lane_thread.py",  # what has broken in a lane
    "engine/execution/order_line.py",  # why a connection ended
    "engine/execution/order_session.py",  # why there is no login
    "engine/execution/updates_thread.py",  # the way out for whatever ends a link
    "engine/link/client.py",
    "engine/link/control.py",
    "engine/link/protocol.py",  # all that comes through the socket, in both directions
    "engine/outside/https.py",
    "engine/stream/frames.py",
    "engine/stream/link_status.py",  # the way out for whatever ends a link
    "engine/venues/",
    "engine/recording/blocks.py",
    "engine/recording/daily_recorder.py",
    "engine/recording/foreign/",
    "engine/recording/format.py",
    "engine/recording/reader.py",
    "engine/recording/recorder.py",
    "engine/journal/chain_reader.py",
    "engine/journal/day_orders.py",  # what a table says of an order
    "engine/journal/day_pages.py",  # why a journal cannot be read
    "engine/journal/exit_pages.py",
    "engine/journal/opening.py",
    "engine/journal/reader.py",
    "engine/journal/rows.py",
    "engine/journal/sqlite_journal.py",
    "engine/journal/standing.py",  # what the disk says
    "engine/journal/takeover.py",
    "engine/trading/data_quality.py",  # what a strategy raised
    "engine/runtime/closing.py",  # what a file is called
    "engine/runtime/watching.py",  # why an exchange lists no such instrument
    "engine/runtime/dispatch.py",  # why a command cannot be carried out
    "engine/runtime/run_failure.py",  # what anything else raised
    "engine/assembly/assemble.py",  # what a run is called
    "engine/presentation/log_levels.py",  # what a person types
    "engine/backtest/forward_test.py",  # what a file is called, and why it cannot be read
    "engine/backtest/journal_days.py",  # what a folder is called
    "engine/backtest/verification.py",  # what a file is called
    "engine/backtest/validation.py",  # what a calendar says
    "engine/backtest/verify_child.py",  # what a child says
    "engine/backtest/validation_record.py",  # what stands in a file
    "engine/serving/arming.py",  # what stands in a file
    "engine/serving/arming_checks.py",  # what is wrong with a journal
    "engine/serving/candidates.py",  # where an engine is
    "engine/serving/journalled.py",  # where an engine was
    "engine/presentation/readiness.py",  # what was found, in a line
    "engine/serving/notify.py",
    "engine/serving/real_flat.py",  # whose account it is
    "engine/serving/process.py",
    "engine/serving/remote.py",  # why a flat was asked for
    "engine/assembly/edge_watch.py",  # what the system says of files
    "engine/outside/private_file.py",  # where a file is
    "engine/outside/trust.py",
    "engine/serving/state_dirs.py",
    "engine/gateway/quotes/",  # what providers and Redis answer, and what is asked
    "engine/cli/",
    "engine/gateway/http/",  # what a request says
    "engine/gateway/log.py",
    "engine/gateway/alerts/",  # what a channel answers
    "engine/gateway/left_behind.py",  # what a child says
    "engine/gateway/secrets.py",  # where a file is
    "engine/bench/baseline/machine.py",  # what the system says of the machine
    "engine/bench/packets.py",
    "tui/input/control.py",  # what is typed and pasted
    "tui/shell/board.py",  # the last wall
    "tui/text/sanitize.py",  # the one before it
    "tui/view/attached.py",
    "tui/view/orders.py",  # a tag, as a snapshot has it
    "tui/view/view_file.py",
    "tui/view/watching.py",  # what is typed
)


def is_harmless(text: str) -> bool:
    return text.isprintable()


def texts(value: object) -> Iterator[str]:
    """Every text in plain data, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for pair in value.items():
            yield from texts(pair)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts(each)


def texts_in(data: object) -> list[str]:
    found = list(texts(msgspec.to_builtins(data)))
    assert found
    return found


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id, node


def product() -> list[Path]:
    return sorted(path for room in ("engine", "tui") for path in (ROOT / room).rglob("*.py"))


# ── The rule, in the source ─────────────────────────────────────────────────────────────────────────────────────────


def test_only_entries_clean() -> None:
    cleaning = {
        str(path.relative_to(ROOT))
        for path in product()
        if any(name in {"clean", "cleaned"} for name, _ in calls(path))
    }
    assert [name for name in sorted(cleaning) if not name.startswith(ENTRIES)] == []
    assert [entry for entry in ENTRIES if not any(name.startswith(entry) for name in cleaning)] == []


def test_text_is_called_clean_without_being_cleaned_only_where_it_is_written_in_the_source() -> None:
    for path in product():
        for name, call in calls(path):
            if name == "CleanText" and path.name != "sanitize.py":
                assert isinstance(call.args[0], ast.Constant), f"{path.relative_to(ROOT)}:{call.lineno}"


# ── The two functions ───────────────────────────────────────────────────────────────────────────────────────────────


@given(st.text(st.characters()))
def test_what_is_clean_holds_nothing_dangerous_and_cleaning_again_changes_nothing(text: str) -> None:
    once = clean(text, 20)
    assert not set(once) & set("\x00\x1b\x7f\x9b\u200b\u202e\u2066\u2028\ufeff\ud800")
    assert len(once) <= 20
    assert clean(once, 20) == once


@given(
    st.recursive(st.text() | st.integers() | st.none(), lambda each: st.lists(each) | st.dictionaries(st.text(), each))
)
def test_of_decoded_data_every_text_is_cleaned_and_nothing_else_is_touched(data: object) -> None:
    assert list(texts(cleaned(data, 10))) == [clean(text, 10) for text in texts(data)] or _keys_met(data)
    assert cleaned(cleaned(data, 10), 10) == cleaned(data, 10)


def _keys_met(data: object) -> bool:
    """Whether two keys of one table are the same once they are clean: the later value stays."""
    if isinstance(data, dict):
        return len({clean(key, 10) for key in data}) < len(data) or any(map(_keys_met, data.values()))
    return isinstance(data, list) and any(map(_keys_met, data))


def test_clean_data_stays_the_same_object() -> None:
    assert cleaned(SNAPSHOT, 1_000) is SNAPSHOT


# ── The ways in ─────────────────────────────────────────────────────────────────────────────────────────────────────

DIRTY = EVIL.replace("\ud800", "")  # what UTF-8 can carry
KEPT = StateKept({DIRTY: DIRTY}, (CleanText(DIRTY),), 1)


@pytest.mark.parametrize("command", [Lock(CleanText(DIRTY)), Flat(CleanText(DIRTY)), Bookmark(CleanText(DIRTY))])
def test_a_request_through_the_socket_comes_in_clean(command: Lock | Flat | Bookmark) -> None:
    for request in (SendCommand(1, command), Hello(1, DIRTY, DIRTY)):
        got = understood(REQUESTS, msgspec.msgpack.encode(request))
        assert all(map(is_harmless, texts_in(got)))


def test_an_answer_through_the_socket_comes_in_clean() -> None:
    replies = Replies()
    refusal = understood(replies.reply, msgspec.msgpack.encode(RequestRefused(DIRTY * 9_999)))
    assert all(is_harmless(text) and len(text) <= LONGEST_TEXT for text in texts_in(refusal))
    seen = replace(SNAPSHOT, source=CleanText(DIRTY), found=(DIRTY,), fault=CleanText(DIRTY))
    assert all(map(is_harmless, texts_in(understood(replies.light, msgspec.msgpack.encode(seen)))))


@pytest.mark.parametrize(
    "event",
    [
        LinkChanged("UP", 1, CleanText(DIRTY), 1),
        FeedNote(CleanText(DIRTY), 1),
        OrderRejected(1, 0, CleanText(DIRTY)),
        KEPT,
    ],
)
def test_a_row_of_a_journal_comes_in_clean(event: LinkChanged | FeedNote | OrderRejected | StateKept) -> None:
    row = StoredEvent(1, 1, 0, 0, "", msgspec.json.encode(event).decode(), b"", b"")
    assert all(map(is_harmless, texts_in(row.entry())))


@pytest.mark.parametrize(
    "mark",
    [
        EventMark(1, DIRTY, DIRTY, 1),
        InputMark(1, Lock(CleanText(DIRTY)), 1),
        StartMark(KEPT),
        StateMark(1, DIRTY, {DIRTY: DIRTY}),
        InputMark(1, None, 1, answer=Accepted(1, "place", CleanText(DIRTY), CleanText(DIRTY))),
        InputMark(1, None, 1, answer=RoundAgain(1, 1, 1, 1, net=((0, 1), NetReport(-1, CleanText(DIRTY), 1, 1)))),
        DeskMark(DIRTY, DIRTY, 1, 1, True, DIRTY),
    ],
)
def test_a_mark_of_a_recording_comes_in_clean(mark: Mark) -> None:
    assert all(map(is_harmless, texts_in(decode_marks(encode_mark(mark)))))


def test_the_header_of_a_recording_comes_in_clean() -> None:
    header = Header(
        instruments=(Instrument(CleanText(DIRTY), CleanText(DIRTY), CleanText(DIRTY)),),
        session_zone=DIRTY,
        session_start="09:15",
        session_end="15:30",
        source=DIRTY,
        program_version=DIRTY,
        config={DIRTY: DIRTY + "x" * 10_000},
    )
    whole = encode_header(header)
    got = decode_header(whole[FIXED_HEADER.size :], whole[: FIXED_HEADER.size])
    assert all(map(is_harmless, texts_in(got)))
    assert [len(value) for value in got.config.values()] == [len(DIRTY) + 10_000]


# ── The ways out ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("kind", [UserError, ConfigError, InputError, DiskError, StateBusyError])
def test_an_error_line_is_clean_whoever_raises_it_and_tells_its_end(kind: type[UserError]) -> None:
    error = kind(f"{EVIL}: is wrong; allowed: less", f"{EVIL * 9_999}; allowed: less")
    assert all(is_harmless(line) and len(line) <= 1_000 and line.endswith("; allowed: less") for line in error.lines)
    assert str(error) == "\n".join(error.lines)


def test_what_is_wrong_on_a_wire_is_told_clean() -> None:
    error = WireError("shape", EVIL * 9_999)
    assert is_harmless(str(error))
    assert len(error.detail) == 200


def test_a_log_line_is_clean_whoever_logs() -> None:
    record = logging.LogRecord(EVIL, logging.INFO, "", 0, "%s", (EVIL * 999,), None)
    assert all(is_harmless(text) and len(text) <= 1_000 for text in texts_of(record))


def test_a_snapshot_is_shown_clean_from_whatever_engine() -> None:
    bad = replace(SNAPSHOT, source=EVIL, fault=EVIL, outcomes=(EVIL,), found=(EVIL,))
    assert all(map(is_harmless, texts_in(Sanitizer().snapshot(bad))))


@pytest.mark.parametrize("sign", ["\u00ad", "\u180e", "\ufff9", "\U000e0041", "\u200b", "\u202e", "\x1b"])
def test_what_nobody_can_see_is_replaced(sign: str) -> None:
    assert clean(f"a{sign}b") == "a\N{REPLACEMENT CHARACTER}b"


@pytest.mark.parametrize("sign", ["\u00a0", "\u3000", "₹", "é", "…"])
def test_what_can_be_seen_stays(sign: str) -> None:
    assert clean(f"a{sign}b\x00")[:3] == f"a{sign}b"
