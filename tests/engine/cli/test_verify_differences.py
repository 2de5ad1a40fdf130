"""`verify` of a recording that a replay does not decide like: what differs is named, and so is why nothing can be compared."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.cli.main import main
from engine.config import bundled
from engine.model.errors import EXIT_BAD_INPUT, EXIT_DIFFERENT, EXIT_WELL
from engine.model.marks import EventMark, InputMark, Mark, StateMark
from engine.recording import Header, MqrSource
from engine.trading.indicators.ema import Ema
from engine.version import RULES_REVISION
from tests.support.recorded_runs import (
    CHECKPOINTS,
    marks_of,
    record,
    rewrite,
    with_field,
)
from tests.support.recordings.verify_command import verify_one

pytestmark = pytest.mark.usefixtures("elsewhere")


def test_a_difference_is_named(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def change(mark: Mark) -> Mark:
        at_200 = isinstance(mark, StateMark) and mark.ticks == 200
        return with_field(mark, "0.strategy.green", "77") if at_200 else mark

    path = rewrite(recorded, change)
    status, report = verify_one(capsys, path)
    assert (status, report["outcome"], report["same"]) == (EXIT_DIFFERENT, "different", CHECKPOINTS - 1)
    assert report["reason"].startswith("tick 200: green 77 ≠ ")
    assert main(["verify", str(path), str(recorded)]) == EXIT_DIFFERENT
    out = capsys.readouterr().out
    assert out.startswith(f"{path}: DIFFERENT: {report['reason']} (the same: {CHECKPOINTS - 1}/{CHECKPOINTS}, exits ")
    assert "SAME AS RECORDED" in out


def test_a_strategy_that_was_changed_under_the_same_version(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = record(tmp_path / "run", None, None, "strategy.use_ema_crossover=true")
    assert verify_one(capsys, path)[0] == EXIT_WELL
    recorded_ema = next(mark.fields for mark in marks_of(path) if isinstance(mark, StateMark))[
        "0.strategy.ema_slow.value"
    ]
    monkeypatch.setattr("engine.trading.strategy.ema_macd_vwap.Ema", lambda length: Ema(43 if length == 42 else length))
    status, report = verify_one(capsys, path)
    assert (status, report["outcome"], report["same"]) == (EXIT_DIFFERENT, "different", 0)
    assert report["reason"].startswith(f"tick 50: ema_slow {recorded_ema} ≠ ")


def test_an_exit_that_is_other_missing_or_too_many(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fills = [mark for mark in marks_of(recorded) if isinstance(mark, EventMark) and mark.kind == "fill"]
    third = fills[2]
    tick = f"tick {third.ticks:,}"

    def change(mark: Mark, to: Mark | None) -> Mark | None:
        return to if mark == third else mark

    other = rewrite(recorded, lambda mark: change(mark, replace(third, text="75 1 Whim")))
    status, report = verify_one(capsys, other)
    assert (status, report["reason"]) == (EXIT_DIFFERENT, f"{tick}: exit 75 1 Whim ≠ {third.text}")
    assert report["exits_same"] == report["exits_recorded"] - 1
    status, report = verify_one(capsys, rewrite(recorded, lambda mark: change(mark, None)))
    assert (status, report["outcome"]) == (EXIT_DIFFERENT, "different")
    assert report["reason"].startswith(f"{tick}: exit ")

    def without_the_last(mark: Mark) -> Mark | None:
        return None if mark == fills[-1] else mark

    status, report = verify_one(capsys, rewrite(recorded, without_the_last))
    last = fills[-1]
    assert report["reason"] == f"tick {last.ticks:,}: exit nothing ≠ {last.text} at tick {last.ticks:,}"
    assert status == EXIT_DIFFERENT


def test_a_command_that_is_missing_in_the_recording(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, report = verify_one(capsys, rewrite(recorded, lambda mark: None if isinstance(mark, InputMark) else mark))
    assert status == EXIT_DIFFERENT
    assert report["reason"].startswith("tick 100: gate.locked 'operator' ≠ ''") or "gate.locked" in report["reason"]


def test_other_rules_are_not_comparable_and_still_replayed(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, report = verify_one(capsys, recorded, "--set", "risk.base_sl_points=3")
    assert (status, report["outcome"], report["reason"]) == (
        EXIT_DIFFERENT,
        "not comparable",
        "base_sl_points 15→3",
    )
    assert any(each["reason"] == "Stop Loss" for each in report["exits"])
    assert main(["verify", str(recorded), "--set", "risk.base_sl_points=3"]) == EXIT_DIFFERENT
    assert capsys.readouterr().out.startswith(f"{recorded}: NOT COMPARABLE (base_sl_points 15→3)\n")
    status, report = verify_one(capsys, recorded, "--set", "instrument.lot_size=50")
    assert report["reason"] == "NIFTY lot_size 75→50"
    assert report["entries"][0]["quantity"] == "450"


def test_a_given_configuration_takes_the_place_of_the_recorded_one(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, report = verify_one(capsys, recorded, "--config", bundled("config.toml"))
    assert (status, report["outcome"]) == (EXIT_DIFFERENT, "not comparable")
    assert report["reason"].startswith("use_ema_crossover false→true, ")
    status, report = verify_one(capsys, recorded, "--config", tmp_path / "config.toml")
    assert (status, report["outcome"]) == (EXIT_BAD_INPUT, "unreadable")
    assert "strategy" in report["reason"]


def test_a_recording_of_another_version_or_without_marks(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for version, note in (("0.0.1", "made by 0.0.1"), ("", "made by an unknown version")):

        def older(head: Header, version: str = version) -> Header:
            return replace(head, program_version=version)

        status, report = verify_one(capsys, rewrite(recorded, lambda mark: mark, older))
        assert (status, report["outcome"], report["reason"]) == (EXIT_WELL, "same", "")
        assert report["notes"] == [note]
    status, report = verify_one(capsys, rewrite(recorded, lambda mark: None))
    assert (status, report["reason"]) == (
        EXIT_DIFFERENT,
        "no checkpoint yet: 600 inputs re-run, nothing to compare with",
    )


def test_a_recording_under_other_rules(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def ahead(head: Header) -> Header:
        return replace(head, rules_revision=RULES_REVISION + 1)

    def other_state(mark: Mark) -> Mark:
        return with_field(mark, "book.cash", "'1.00'") if isinstance(mark, StateMark) and mark.ticks == 100 else mark

    def other_exit(mark: Mark) -> Mark:
        return replace(mark, text="1 1 Luck") if isinstance(mark, EventMark) and mark.kind == "fill" else mark

    status, report = verify_one(capsys, rewrite(recorded, lambda mark: mark, ahead))
    assert (status, report["outcome"], report["reason"]) == (EXIT_WELL, "same", ""), "what changed was never met"
    why_not = f"rules {RULES_REVISION + 1}→{RULES_REVISION}"
    for change in (other_state, other_exit):
        status, report = verify_one(capsys, rewrite(recorded, change, ahead))
        assert (status, report["outcome"], report["reason"]) == (EXIT_DIFFERENT, "not comparable", why_not)


def test_keys_that_are_new_or_gone(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def lacking(head: Header) -> Header:
        return replace(head, config={key: text for key, text in head.config.items() if key != "risk.gst_percent"})

    status, report = verify_one(capsys, rewrite(recorded, lambda mark: mark, lacking))
    assert (status, report["outcome"]) == (EXIT_WELL, "same")
    assert report["notes"] == ["risk.gst_percent: not in the recording, taken as 18"]

    def more(head: Header) -> Header:
        return replace(head, config=head.config | {"strategy.mood": "good", "instruments.X.colour": "red"})

    path = rewrite(recorded, lambda mark: mark, more)
    status, report = verify_one(capsys, path)
    assert (status, report["reason"]) == (EXIT_DIFFERENT, "mood is gone")
    assert report["notes"][0] == "strategy.mood: not in this program any more"
    assert main(["verify", str(path)]) == EXIT_DIFFERENT
    assert "  note: strategy.mood: not in this program any more\n" in capsys.readouterr().out


def test_a_configuration_that_cannot_be_one(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def absurd(head: Header) -> Header:
        return replace(head, config=head.config | {"strategy.fast_ema": "-3\nrisk.x=1"})

    status, report = verify_one(capsys, rewrite(recorded, lambda mark: mark, absurd))
    assert (status, report["outcome"]) == (EXIT_BAD_INPUT, "unreadable")
    assert "strategy.fast_ema" in report["reason"]


def test_long_lists_come_back_as_they_were(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    days = ", ".join(
        f"20{year}-{month:02}-{day:02}" for year in range(27, 31) for month in range(1, 13) for day in range(1, 21)
    )
    path = record(
        tmp_path / "run",
        None,
        None,
        f"session.holidays=[{days}]",
        "risk.tp_points=[2, 4]",
        "risk.tp_percents=[0.5, 0.5]",
    )
    assert len(MqrSource(path).header.config["session.holidays"]) > 10_000
    status, report = verify_one(capsys, path)
    assert (status, report["reason"]) == (EXIT_WELL, "")
