"""`validate` as a timer runs it: a clean week is 0, a recording that was changed, a missing day and a trade that differs are 1, with sizes."""

import json
import shutil
from pathlib import Path

import pytest

from engine.backtest import validation_record
from engine.cli.main import main
from engine.model.errors import EXIT_BAD_INPUT, EXIT_DIFFERENT, EXIT_WELL
from engine.model.marks import EventMark, Mark
from tests.support.http_server import HttpServer, answer
from tests.support.paths import ROOT
from tests.support.recorded_runs import rewrite

# The children give way to every other process: beside other tests they take their time.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
DAY = "2025-10-01"
NAME = "paper-NIFTY-20251001-091500.mqr"


class Desk:
    """A folder of recordings, and the command over it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "kept"
        self.state = folder / "state"
        self.folder.mkdir()

    def validate(self, *words: str) -> int:
        return main(["validate", "--state-dir", str(self.state), "--set", f"recording.directory={self.folder}", *words])


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Desk:
    for name in ("STATE", "DATA", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # for the children
    monkeypatch.chdir(tmp_path)
    return Desk(tmp_path)


def test_a_clean_day_is_well_and_one_without_a_session_as_well(
    desk: Desk, recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(recorded, desk.folder / NAME)
    assert desk.validate("--date", DAY, "--json") == EXIT_WELL
    found = json.loads(capsys.readouterr().out)
    assert (found["outcome"], len(found["files"]), found["files"][0]["outcome"]) == ("same", 1, "same")
    assert desk.validate("--date", "2025-10-02") == EXIT_WELL  # Gandhi Jayanti
    assert capsys.readouterr().out.startswith("validation of 2025-10-02: NO SESSION")


def test_a_day_without_a_recording_fails(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.validate("--date", DAY) == EXIT_DIFFERENT
    assert capsys.readouterr().out == f"validation of {DAY}: MISSING: no recording of {DAY}, a trading day\n"
    found = validation_record.newest(desk.state)
    assert found is not None
    assert found.outcome == "missing"


def test_a_trade_that_differs_is_told_with_the_first_difference(
    desk: Desk, recorded: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(mark: Mark) -> Mark:
        return (
            mark
            if not (isinstance(mark, EventMark) and mark.kind == "fill")
            else type(mark)(mark.ticks, "fill", "75 1 Whim", mark.at_ms)
        )

    shutil.copy(rewrite(recorded, change), desk.folder / NAME)
    with HttpServer(lambda _: answer(200, "{}")) as server:
        monkeypatch.setenv("MYQUANT_WEBHOOK_URL", server.url)
        assert desk.validate("--date", DAY, "--notify", "--report", "reports") == EXIT_DIFFERENT
    out = capsys.readouterr().out
    assert out.startswith(f"validation of {DAY}: DIFFERENT: {NAME}: different: tick ")
    assert "exit 75 1 Whim ≠ " in out
    (told,) = server.requests
    assert json.loads(told.body)["lines"] == [out.splitlines()[0]]
    assert Path("reports", f"validation-{DAY}.txt").read_text(encoding="utf-8") == out
    assert json.loads(Path("reports", f"validation-{DAY}.json").read_bytes())["outcome"] == "different"


def test_a_recording_that_was_changed_by_a_byte_fails(desk: Desk, recorded: Path) -> None:
    content = bytearray(recorded.read_bytes())
    content[len(content) // 2] ^= 1
    (desk.folder / NAME).write_bytes(content)
    assert desk.validate("--date", DAY) == EXIT_DIFFERENT


def test_nobody_to_tell_is_said(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.validate("--date", DAY, "--notify") == EXIT_BAD_INPUT
    assert "there is no channel to tell by" in capsys.readouterr().err


@pytest.mark.parametrize("words", [("--date", "yesterday"), ("--date", "2026-13-01")])
def test_a_wrong_date_is_one_line(words: tuple[str, ...], desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert desk.validate(*words) == EXIT_BAD_INPUT
    assert "allowed: a date such as 2026-11-27" in capsys.readouterr().err
