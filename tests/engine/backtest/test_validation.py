"""What is said of the recordings of a day together, and of its trades beside the journal's."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.assembly.market_hours import MarketHours
from engine.backtest import validation_record
from engine.backtest.divergence import TradeRow
from engine.backtest.validation import Found, replayed, validate
from engine.backtest.validation_record import Validation
from engine.backtest.verification import ExitRow, Outcome, Verification
from engine.backtest.verify_child import Unverified
from engine.model.errors import InputError
from engine.text.sanitize import CleanText
from tests.support.builders import config

HOURS = [MarketHours(config(), "paper")("NSE")]
NOW = datetime(2026, 11, 30, 10, 35, tzinfo=UTC)
MONDAY = date(2026, 11, 30)
SUNDAY = date(2026, 11, 29)
EXIT = ExitRow("2026-11-30T10:00:00+05:30", "X", "2026-11-30T09:59:00+05:30", "1.0", "2.0", "75", "Stop Loss", "75.00")
A, B = "paper-X-20261130-091500.mqr", "paper-X-20261130-113000.mqr"


def of(name: str, outcome: Outcome = "same", *, exits: Sequence[ExitRow] = (EXIT,), blank: bool = False) -> Found:
    return Verification(name, outcome, "tick 5: cash 1 ≠ 2", ticks=100, exits=tuple(exits), blank=blank)


def crashed(name: str) -> Found:
    return Unverified(CleanText(name), CleanText("its replay was ended by SIGKILL"))


def judged(
    *found: Found,
    day: date = MONDAY,
    booked: Mapping[str, Sequence[TradeRow]] | None = None,
    needed: Sequence[str] = (),
    now: datetime = NOW,
) -> Validation:
    each = {Path(one.file): one for one in found}
    return validate(list(each), day, HOURS, booked or {}, each.__getitem__, now, needed=needed)


def booked(*rows: ExitRow, mode: str = "paper") -> dict[str, list[TradeRow]]:
    return {mode: replayed(Verification(f"{mode}-X", "same", "", exits=rows))}


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
    found = judged(*(of(f"paper-{n}.mqr", outcome) for n, outcome in enumerate(outcomes)))
    assert found.outcome == day
    assert bool(found.reason) == (day != "same")


def test_a_day_without_a_session_needs_no_recording() -> None:
    for recordings in ((), (of(A, "unreadable", blank=True),)):
        found = judged(*recordings, day=SUNDAY)
        assert (found.outcome, found.reason) == ("no session", "no session on 2026-11-29: weekend")


def test_nothing_is_missing_of_a_session_that_is_not_over() -> None:
    before = datetime(2026, 11, 30, 5, 0, tzinfo=UTC)
    with pytest.raises(
        InputError, match="2026-11-30: that session is not over yet; the last that is over is 2026-11-27"
    ):
        judged(now=before)
    assert judged(day=SUNDAY, now=before).outcome == "no session"


# ── Recordings that say nothing ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("outcome", ["unreadable", "not comparable", "same"])
def test_a_recording_with_nothing_in_it_to_compare_is_told_and_fails_no_day(outcome: Outcome) -> None:
    found = judged(of(A, outcome, exits=(), blank=True), of(B), booked=booked(EXIT))
    assert (found.outcome, found.reason) == ("same", "")
    assert [each.outcome for each in found.files] == ["nothing to compare", "same"]
    assert found.notes == ("1 of 2 recordings hold nothing to compare by: no checkpoint, no exit",)
    assert found.sizes is not None
    assert found.sizes.differing == 0


def test_a_day_of_which_nothing_else_is_there_is_missing() -> None:
    found = judged(of(A, "unreadable", exits=(), blank=True), of(B, "not comparable", exits=(), blank=True))
    assert (found.outcome, found.reason) == (
        "missing",
        "no recording of 2026-11-30 holds anything to compare by, a trading day",
    )
    assert found.notes == ("2 of 2 recordings hold nothing to compare by: no checkpoint, no exit",)


def test_a_generated_session_covers_no_day_of_the_market() -> None:
    mock = of("mock-X-20261130-091500.mqr")
    assert judged(mock).outcome == "same"
    for found in (judged(mock, needed=["paper"]), judged(mock, booked={"paper": []})):
        assert (found.outcome, found.reason) == ("missing", "no paper recording of 2026-11-30, a trading day")
    assert judged(mock, of(A), needed=["paper"]).outcome == "same"


# ── Replays that came to no verdict ─────────────────────────────────────────────────────────────────────────────────


def test_a_replay_that_crashed_is_no_difference_and_its_trades_are_not_none() -> None:
    found = judged(crashed(A), of(B), booked=booked(EXIT, EXIT))
    assert (found.outcome, found.reason) == ("not validated", f"{A}: its replay was ended by SIGKILL")
    assert [each.outcome for each in found.files] == ["not validated", "same"]
    assert found.sizes is None
    assert found.notes == ("trades were not compared with the journal's: not every recording could be replayed",)


def test_what_is_proven_goes_before_what_could_not_be_judged() -> None:
    found = judged(crashed(A), of(B, "different"))
    assert found.outcome == "different"
    assert "SIGKILL" in found.reason


# ── Trades ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_trades_that_are_as_the_journal_has_them_are_well() -> None:
    found = judged(of(A), booked=booked(EXIT))
    assert found.outcome == "same"
    assert found.sizes is not None
    assert (found.sizes.differing, found.sizes.trades_recorded) == (0, 1)


@pytest.mark.parametrize(
    ("exits", "why"),
    [
        (
            (EXIT, replace(EXIT, price="3.0", net_pnl="150.00", time="2026-11-30T11:00:00+05:30")),
            "1 of 2 trades differ from the journal, the first X at 11:00:00: 1.0 → 3.0, net 150.00 ≠ nothing in the replay",
        ),
        ((), "1 of 1 trades differ from the journal, the first X at 10:00:00: nothing in the journal ≠ 1.0 → 2.0, net 75.00"),
        (
            (replace(EXIT, net_pnl="74.99"),),
            "1 of 1 trades differ from the journal, the first X at 10:00:00: 1.0 → 2.0, net 74.99 ≠ 1.0 → 2.0, net 75.00",
        ),
    ],
)  # fmt: skip
def test_a_trade_that_differs_fails_the_day_though_the_recording_agrees_with_itself(
    exits: tuple[ExitRow, ...], why: str
) -> None:
    found = judged(of(A), booked=booked(*exits))
    assert (found.outcome, found.reason) == ("different", why)
    assert found.sizes is not None
    assert found.sizes.differing == 1


def test_sizes_of_a_missing_day_are_what_the_journal_has_of_it() -> None:
    found = judged(booked=booked(EXIT))
    assert found.outcome == "missing"
    assert found.sizes is not None
    assert (found.sizes.trades_recorded, found.sizes.trades_now, found.sizes.net_difference) == (1, 0, -75)


def test_a_mocks_recording_is_not_compared_with_the_journal_of_another_mode() -> None:
    found = judged(of("mock-A-20261130-091500.mqr"), of(A), booked=booked(EXIT))
    assert found.sizes is not None
    assert (found.outcome, len(found.files), found.sizes.trades_now) == ("same", 2, 1)


def test_each_mode_is_compared_with_its_own_journal() -> None:
    journals = booked(EXIT) | booked(EXIT, EXIT, mode="mock")
    assert judged(of(A), of("mock-A-20261130-091500.mqr"), booked=journals).outcome == "different"


def test_exits_of_another_day_in_a_recording_are_of_that_day() -> None:
    late = replace(EXIT, time="2026-12-01T00:00:01+05:30")
    assert judged(of(A, exits=(EXIT, late)), booked=booked(EXIT)).outcome == "same"


def test_a_recording_that_cannot_be_read_has_no_trades_to_compare() -> None:
    found = judged(of(A, "unreadable", exits=()), booked=booked(EXIT))
    assert (found.outcome, found.sizes) == ("failed", None)


def test_what_a_replay_came_to_is_read_as_it_is_written() -> None:
    (row,) = replayed(Verification(A, "same", "", exits=(EXIT,)))
    assert (row.exit_ms - row.entry_ms, row.net, row.mode) == (60_000, Decimal("75.00"), "paper")


# ── What is remembered ──────────────────────────────────────────────────────────────────────────────────────────────


def test_the_newest_is_remembered_and_what_is_none_is_nothing(tmp_path: Path) -> None:
    assert validation_record.newest(tmp_path) is None
    validation_record.keep(tmp_path / "state", judged(of(A, "different"), booked=booked(EXIT, EXIT)))
    found = validation_record.newest(tmp_path / "state")
    assert found is not None
    assert (found.outcome, found.at) == ("different", NOW)
    assert (tmp_path / "state" / validation_record.RECORD_FILE).stat().st_mode & 0o777 == 0o600


def test_one_that_an_older_version_left_is_read(tmp_path: Path) -> None:
    sizes = (
        '{"trades_recorded":1,"trades_now":1,"paired":1,"net_recorded":"1.00","net_now":"1.00","net_difference":"0.00",'
        '"net_percent":0.0,"entry_price_mean":"0","exit_price_mean":"0","time_mean_s":0.0,"time_max_s":0.0}'
    )
    record = (
        f'{{"date":"2026-11-27","at":"2026-11-27T10:30:00Z","outcome":"same","reason":"","files":[],"sizes":{sizes}}}'
    )
    (tmp_path / validation_record.RECORD_FILE).write_text(record)
    found = validation_record.newest(tmp_path)
    assert found is not None
    assert found.notes == ()


@pytest.mark.parametrize("broken", [b'{"date": 5', b'{"date": "\xff"}', b"[" * 100_000])
def test_a_broken_record_is_none(tmp_path: Path, broken: bytes) -> None:
    (tmp_path / validation_record.RECORD_FILE).write_bytes(broken)
    assert validation_record.newest(tmp_path) is None
