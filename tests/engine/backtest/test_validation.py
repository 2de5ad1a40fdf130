"""Which day is validated, which files belong to it, and what is said of them together."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from engine.assembly.market_hours import MarketHours
from engine.backtest import validation, validation_record
from engine.backtest.validation import last_session, recordings_of, validate
from engine.backtest.validation_record import Validation
from engine.backtest.verification import ExitRow, Outcome, Verification
from engine.model.errors import InputError
from tests.support.builders import config

HOURS = MarketHours(config(), "paper")("NSE")
NOW = datetime(2026, 11, 30, 10, 35, tzinfo=UTC)
MONDAY = date(2026, 11, 30)
SUNDAY = date(2026, 11, 29)
EXIT = ExitRow("2026-11-30T10:00:00+05:30", "X", "2026-11-30T09:59:00+05:30", "1.0", "2.0", "75", "Stop Loss", "75.00")


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


@pytest.mark.parametrize(
    ("now", "day"),
    [
        ("2026-11-30T16:00:00+05:30", date(2026, 11, 30)),
        ("2026-11-30T15:29:00+05:30", date(2026, 11, 27)),  # a Monday within the session: Friday's is the last
        ("2026-11-29T12:00:00+05:30", date(2026, 11, 27)),
        ("2026-01-27T09:00:00+05:30", date(2026, 1, 23)),  # behind Republic Day
    ],
)
def test_the_last_session_is_one_that_is_over(now: str, day: date) -> None:
    assert last_session(HOURS, ms(now)) == day


def test_nothing_is_missing_of_a_session_that_is_not_over() -> None:
    before = datetime(2026, 11, 30, 5, 0, tzinfo=UTC)
    with pytest.raises(
        InputError, match="2026-11-30: that session is not over yet; the last that is over is 2026-11-27"
    ):
        validate([], MONDAY, HOURS, None, lambda _: pytest.fail("no file is there"), before)
    assert validate([], SUNDAY, HOURS, None, lambda _: pytest.fail("no file is there"), before).outcome == "no session"


def test_recordings_of_a_day_are_those_of_its_runs(tmp_path: Path) -> None:
    names = (
        "paper-NIFTY-20261130-091455.mqr",
        "live-NIFTY-20261130-113000-2.mqr",
        "mock-A-20261130-091500.mqr",
        "replay-NIFTY-20261130-091455.mqr",  # of a replay: nobody's session
        "paper-NIFTY-20261127-091455.mqr",
        "paper-NIFTY-20261130-091455.csv",
        "of-a-friend-20261130-091455.mqr",
    )
    for name in names:
        (tmp_path / name).touch()
    assert [path.name for path in recordings_of(tmp_path, MONDAY)] == sorted(names[:3])
    assert recordings_of(tmp_path / "nowhere", MONDAY) == []


def judged(*outcomes: Outcome, day: date = MONDAY) -> Validation:
    found = iter(outcomes)

    def verify(path: Path) -> Verification:
        return Verification(str(path), next(found), "tick 5: cash 1 ≠ 2", exits=(EXIT,))

    return validate([Path(f"{n}.mqr") for n in range(len(outcomes))], day, HOURS, None, verify, NOW)


@pytest.mark.parametrize(
    ("outcomes", "day"),
    [
        (("same", "same"), "same"),
        (("same", "different", "same"), "different"),
        (("different", "unreadable"), "failed"),
        (("not comparable",), "failed"),
        (("damaged",), "failed"),
        ((), "missing"),
    ],
)
def test_a_day_is_as_bad_as_its_worst_recording(outcomes: tuple[Outcome, ...], day: str) -> None:
    found = judged(*outcomes)
    assert found.outcome == day
    assert bool(found.reason) == (day != "same")


def test_a_day_without_a_session_needs_no_recording() -> None:
    found = judged(day=SUNDAY)
    assert (found.outcome, found.reason) == ("no session", "no session on 2026-11-29: weekend")


def test_sizes_compare_with_what_the_journal_has_booked() -> None:
    (row,) = validation.replayed(Verification("a.mqr", "same", "", exits=(EXIT,)))
    assert row.exit_ms - row.entry_ms == 60_000
    found = validate(
        [Path("a.mqr")], MONDAY, HOURS, [row], lambda _: Verification("a.mqr", "same", "", exits=(EXIT,)), NOW
    )
    assert found.sizes is not None
    assert found.sizes.is_none


def test_a_mocks_recording_is_not_compared_with_the_journal_of_another_mode() -> None:
    (row,) = validation.replayed(Verification("a.mqr", "same", "", exits=(EXIT,)))
    files = [Path("mock-A-20261130-091500.mqr"), Path("paper-NIFTY-20261130-091455.mqr")]
    found = validate(
        files, MONDAY, HOURS, [row], lambda path: Verification(str(path), "same", "", exits=(EXIT,)), NOW, "paper"
    )
    assert found.sizes is not None
    assert (len(found.files), found.sizes.trades_now, found.sizes.is_none) == (2, 1, True)


def test_the_newest_is_remembered_and_what_is_none_is_nothing(tmp_path: Path) -> None:
    assert validation_record.newest(tmp_path) is None
    validation_record.keep(tmp_path / "state", judged("different"))
    found = validation_record.newest(tmp_path / "state")
    assert found is not None
    assert (found.outcome, found.at) == ("different", NOW)
    assert (tmp_path / "state" / validation_record.RECORD_FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("broken", [b'{"date": 5', b'{"date": "\xff"}', b"[" * 100_000])
def test_a_broken_record_is_none(tmp_path: Path, broken: bytes) -> None:
    (tmp_path / validation_record.RECORD_FILE).write_bytes(broken)
    assert validation_record.newest(tmp_path) is None


def test_a_child_that_says_nothing_is_an_outcome_as_well() -> None:
    found = validation.verified_in_child(["sh", "-c", "echo broken >&2; exit 70"], Path("x.mqr"))
    assert (found.outcome, found.reason) == ("unreadable", "its replay ended with status 70: broken")
    found = validation.verified_in_child(["sh", "-c", r"printf '\377{'"], Path("x.mqr"))
    assert (found.outcome, found.reason) == ("unreadable", "its replay ended with status 0: ")


def test_a_child_that_cannot_be_started_is_one_as_well(tmp_path: Path) -> None:
    found = validation.verified_in_child([str(tmp_path / "nothing")], Path("x.mqr"))
    assert (found.outcome, found.reason) == ("unreadable", "its replay cannot be started: No such file or directory")
