"""Which paper recording counts as the forward test: the newest that is long, young and of the rules of now; else why none does."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.assembly.recording_config import header_of
from engine.backtest.forward_test import forward_test
from engine.backtest.verification import Verification
from engine.backtest.verify_child import Unverified
from engine.config import Config
from engine.model.preflight import ForwardFound
from engine.recording.writer import RecordingWriter
from engine.text.sanitize import CleanText
from tests.support.builders import IST, nifty, tick
from tests.support.live_config import live_config

NOW = datetime(2026, 12, 1, 10, tzinfo=IST)
DAY = "2026-11-30"
SAME = Verification("x", "same", "")


def config(folder: Path, **changed: str) -> Config:
    return live_config(recording__directory=str(folder), **changed)


def keep(
    folder: Path, *, mode: str = "paper", days_ago: float = 1, last: str = "12:30:00", version: str = "", **rules: str
) -> Path:
    """A recording from 10:00 to `last`, made under `rules`, called as one that began so many days ago."""
    made = config(folder, **rules)
    header = header_of(made, "run", (nifty(made),))
    path = folder / f"{mode}-NIFTY-{NOW - timedelta(days=days_ago):%Y%m%d-%H%M%S}.mqr"
    with RecordingWriter(path, replace(header, program_version=version) if version else header) as writer:
        for number, at in enumerate(("10:00:00", "11:00:00", last), 1):
            writer.append_tick(tick(number, 100.0 + number, at, day=DAY))
    return path


def found(folder: Path, verified: Verification | Unverified = SAME, **now: str) -> tuple[ForwardFound, list[str]]:
    asked: list[str] = []

    def verify(path: Path) -> Verification | Unverified:
        asked.append(path.name)
        return verified

    return forward_test(config(folder, **now), int(NOW.timestamp()) * 10**9, 2.0, verify), asked


def test_the_newest_that_is_long_enough_is_verified_and_told(tmp_path: Path) -> None:
    keep(tmp_path, days_ago=3)
    wanted = keep(tmp_path, days_ago=2)
    keep(tmp_path, days_ago=1, last="11:59:59")
    keep(tmp_path, mode="mock", days_ago=0.5)
    said, asked = found(tmp_path)
    assert asked == [wanted.name]
    assert (said.file, said.hours, said.outcome, said.problem) == (wanted.name, 2.5, "same", "")


def test_two_hours_are_enough_and_the_last_day_counts(tmp_path: Path) -> None:
    keep(tmp_path, days_ago=5, last="12:00:00")
    assert found(tmp_path)[0].outcome == "same"
    assert "is younger than 4 days" in found(tmp_path, live__forward_days="4")[0].problem


@pytest.mark.parametrize(
    ("kept", "now", "why"),
    [
        ({"last": "11:59:59"}, {}, ".mqr: 1 h 59 min long"),
        ({"version": "0.0.1"}, {}, "made by version 0.0.1, this is "),
        ({}, {"strategy__fast_ema": "9"}, "fast_ema 18→9"),
        ({"risk__base_sl_points": "14"}, {}, "base_sl_points 14→15"),
        ({"operator__on_silence": "flat"}, {}, "on_silence flat→hold"),
    ],
)
def test_one_that_does_not_count_is_told_with_the_reason(
    tmp_path: Path, kept: dict[str, str], now: dict[str, str], why: str
) -> None:
    keep(tmp_path, **kept)  # type: ignore[arg-type]  # the keys are said above
    said, asked = found(tmp_path, **now)
    assert not asked
    assert why in said.problem


def test_other_limits_of_real_orders_are_no_other_rules(tmp_path: Path) -> None:
    keep(tmp_path)
    assert found(tmp_path, live__max_lots="7", live__symbols="[OTHER]")[0].outcome == "same"


@pytest.mark.parametrize(
    ("verified", "outcome"),
    [
        (Verification("x", "different", "tick 5: cash"), "different: tick 5: cash"),
        (Verification("x", "same", "", blank=True), "holds nothing to compare by"),
        (Unverified(CleanText("x"), CleanText("its replay was ended by SIGKILL")), "its replay was ended by SIGKILL"),
    ],
)
def test_a_replay_that_does_not_say_the_same_is_told(
    tmp_path: Path, verified: Verification | Unverified, outcome: str
) -> None:
    keep(tmp_path)
    assert found(tmp_path, verified)[0].outcome == outcome


def test_what_cannot_be_read_and_a_folder_that_is_none(tmp_path: Path) -> None:
    path = keep(tmp_path)
    path.write_bytes(b"x" * 100)
    assert path.name in found(tmp_path)[0].problem
    assert "no paper recording" in found(tmp_path / "none")[0].problem
