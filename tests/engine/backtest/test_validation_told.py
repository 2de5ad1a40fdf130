"""Of all who could tell a validation one does, each channel once; whoever took it on and ended is waited for a while, and not for ever."""

from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import pytest

from engine.backtest.validation_record import Validation
from engine.backtest.validation_told import TOLD_FILE, has_told, take_on
from engine.text.sanitize import CleanText

AT = datetime(2026, 11, 27, 10, 30, tzinfo=UTC)
FOUND = Validation("2026-11-27", AT, "different", CleanText("tick 5"))
LATER = Validation("2026-11-28", AT + timedelta(days=1), "missing", CleanText(""))
BOTH = ("telegram", "webhook")


def after(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def test_what_was_taken_on_is_nobody_else_s_until_he_has_told(tmp_path: Path) -> None:
    assert take_on(tmp_path, FOUND, "validate", ("webhook",), AT) == ("webhook",)
    assert take_on(tmp_path, FOUND, "serve", BOTH, after(1)) is None
    has_told(tmp_path, FOUND, ["webhook"], ends=True)
    assert take_on(tmp_path, FOUND, "serve", BOTH, after(2)) == ("telegram",)  # the other one has no such channel
    has_told(tmp_path, FOUND, ["telegram"], ends=True)
    assert take_on(tmp_path, FOUND, "serve", BOTH, after(3)) == ()
    assert (tmp_path / TOLD_FILE).stat().st_mode & 0o777 == 0o600


def test_who_took_it_on_and_died_is_waited_for_no_longer_than_two_minutes(tmp_path: Path) -> None:
    take_on(tmp_path, FOUND, "validate", BOTH, AT)
    assert take_on(tmp_path, FOUND, "serve", BOTH, after(119)) is None
    assert take_on(tmp_path, FOUND, "serve", BOTH, after(120)) == BOTH
    assert take_on(tmp_path, FOUND, "serve", BOTH, after(121)) == BOTH  # a service that begins anew in its place
    assert take_on(tmp_path, FOUND, "validate", BOTH, after(-3600)) == BOTH  # the clock was set back


def test_a_channel_that_did_not_take_it_is_left_to_the_next(tmp_path: Path) -> None:
    take_on(tmp_path, FOUND, "validate", BOTH, AT)
    has_told(tmp_path, FOUND, ["telegram"], ends=True)
    assert take_on(tmp_path, FOUND, "serve", BOTH, after(1)) == ("webhook",)


def test_a_newer_one_is_told_anew_and_an_older_one_not_any_more(tmp_path: Path) -> None:
    take_on(tmp_path, FOUND, "validate", BOTH, AT)
    has_told(tmp_path, FOUND, BOTH, ends=True)
    assert take_on(tmp_path, LATER, "validate", BOTH, after(5)) == BOTH
    assert take_on(tmp_path, FOUND, "serve", BOTH, after(6)) is None
    has_told(tmp_path, FOUND, BOTH, ends=True)  # too late: it says nothing of the newer one
    has_told(tmp_path, LATER, [], ends=True)
    assert take_on(tmp_path, LATER, "serve", BOTH, after(7)) == BOTH


@pytest.mark.parametrize("content", [b"", b"{", b'{"at": "2026-01-01T00:00:00"}', b"\xff" * 9_000])
def test_a_file_that_says_nothing_is_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / TOLD_FILE).write_bytes(content)
    assert take_on(tmp_path, FOUND, "serve", BOTH, AT) == BOTH


def _takes(folder: Path, by: str) -> bool:
    try:
        return take_on(folder, FOUND, by, BOTH, AT) is not None
    except BlockingIOError:
        return False


def test_of_many_processes_at_once_one_has_it(tmp_path: Path) -> None:
    with get_context("spawn").Pool(4) as pool:
        for number in range(5):
            folder = tmp_path / str(number)
            took = pool.starmap(_takes, [(folder, f"process {n}") for n in range(8)])
            assert took.count(True) == 1
