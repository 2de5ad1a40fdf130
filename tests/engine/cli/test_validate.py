"""`validate` as a timer runs it: a clean week is 0; a recording that was changed, a missing day, a trade that differs are 1, with sizes; 2 what crashed."""

import json
import re
import shutil
from pathlib import Path

import pytest

from engine.backtest import validation_record, verify_child
from engine.cli.main import main
from engine.model.commands import Flat, Unlock
from engine.model.errors import EXIT_BAD_INPUT, EXIT_DIFFERENT, EXIT_WELL
from engine.model.marks import EventMark, Mark
from engine.recording.format import SYNC
from engine.text.sanitize import CleanText
from tests.support.http_server import HttpServer, answer
from tests.support.paths import ROOT
from tests.support.recorded_runs import Beat, Order, record, rewrite, zigzag

# The children give way to every other process: beside other tests they take their time.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
DAY = "2025-10-01"
NAME = "paper-NIFTY-20251001-091500.mqr"
FLAT_AT_THE_END: dict[int, tuple[Order, ...]] = {
    1: (Unlock(),),
    560: (Flat(CleanText("done")), Beat()),
    570: (Beat(),),
    580: (Beat(),),
}
MOCK = NAME.replace("paper", "mock")


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
    monkeypatch.setattr(verify_child, "_NICE", 0)  # who gives way to all other tests is not done for minutes
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


def test_a_clean_week_is_well(desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for day in ("2025-10-13", "2025-10-14", "2025-10-15", "2025-10-16", "2025-10-17"):
        made = record(tmp_path / day, zigzag(day=day), FLAT_AT_THE_END, state=desk.state)
        shutil.copy(made, desk.folder / MOCK.replace("20251001", day.replace("-", "")))
    for number in range(13, 20):  # Saturday and Sunday as well
        assert desk.validate("--date", f"2025-10-{number}", "--json") == EXIT_WELL
        found = json.loads(capsys.readouterr().out)
        assert found["outcome"] == ("same" if number < 18 else "no session")
        assert (found["sizes"] is None) == (number > 17)
        if number < 18:
            assert found["sizes"]["trades_recorded"] == found["sizes"]["trades_now"] > 0
            assert found["sizes"]["differing"] == 0


def test_a_run_that_ended_at_once_fails_no_day_that_another_covers(
    desk: Desk, recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (desk.folder / NAME).touch()  # killed before a byte was on the disk
    begun = recorded.read_bytes()[: recorded.read_bytes().index(SYNC)]
    (desk.folder / NAME.replace("0915", "0916")).write_bytes(begun)  # before the first block
    assert desk.validate("--date", DAY) == EXIT_DIFFERENT
    out = capsys.readouterr().out
    assert out.startswith(f"validation of {DAY}: MISSING: no recording of {DAY} holds anything to compare by")
    shutil.copy(recorded, desk.folder / NAME.replace("0915", "0917"))
    assert desk.validate("--date", DAY) == EXIT_WELL
    out = capsys.readouterr().out
    assert out.startswith(f"validation of {DAY}: SAME AS RECORDED\n")
    assert out.count(": nothing to compare, 0 ticks, 0 exits") == 2
    assert out.endswith("2 of 3 recordings hold nothing to compare by: no checkpoint, no exit\n")


def test_a_trade_that_the_journal_has_otherwise_fails_with_sizes(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    record(tmp_path / "one", None, None, state=desk.state)
    other = record(tmp_path / "other", None, None, "risk.tp_points=[1]", "risk.tp_percents=[1.0]")
    shutil.copy(other, desk.folder / MOCK)
    with HttpServer(lambda _: answer(200, "{}")) as server:
        monkeypatch.setenv("MYQUANT_WEBHOOK_URL", server.url)
        assert desk.validate("--date", DAY, "--notify") == EXIT_DIFFERENT
    verdict, file, trades, net, *_ = capsys.readouterr().out.splitlines()
    assert verdict.startswith(f"validation of {DAY}: DIFFERENT: ")
    assert "trades differ from the journal, the first NIFTY at 09:30:" in verdict
    assert ": same, 600 ticks" in file  # by its own checkpoints
    assert re.fullmatch(r"  trades \d+ → \d+, \d+ differ", trades)
    (told,) = server.requests
    assert json.loads(told.body)["lines"][:3] == [verdict, trades.strip(), net.strip()]


def test_a_replay_that_is_killed_is_no_difference(
    desk: Desk, recorded: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(recorded, desk.folder / NAME)
    killer = desk.folder.parent / "sitecustomize.py"  # of the child's interpreter
    killer.write_text("import os, signal, sys\nif 'verify' in sys.orig_argv: os.kill(os.getpid(), signal.SIGKILL)\n")
    monkeypatch.setenv("PYTHONPATH", f"{killer.parent}:{ROOT}")
    assert desk.validate("--date", DAY) == EXIT_BAD_INPUT
    assert capsys.readouterr().out.startswith(
        f"validation of {DAY}: NOT VALIDATED: {NAME}: its replay was ended by SIGKILL\n"
    )
    found = validation_record.newest(desk.state)
    assert found is not None
    assert (found.outcome, found.files[0].outcome) == ("not validated", "not validated")


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
