"""The command `orders`: what it says of a day and of a recording by hand, as JSON and as CSV, and what it refuses."""

import csv
import io
import json
from pathlib import Path

import pytest

from engine.cli.main import main
from engine.journal import SqliteJournal
from engine.model.clock import VirtualClock
from engine.model.events import DayStarted
from engine.model.marks import InputMark, Mark
from engine.model.order_reports import OrderSeen
from engine.model.types import TradeMode
from tests.simulation.play import DAY, MISCHIEF, START, Play
from tests.simulation.recorded import FAULTS, recorded_run
from tests.simulation.trading_days import wandering
from tests.support.recorded_runs import record, rewrite


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recording of a run with faults of all kinds."""
    files = recorded_run(tmp_path_factory.mktemp("orders"), wandering(300, step_ms=500), script=FAULTS)
    return files.paths[0]


def said(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str, str]:
    status = main([str(word) for word in words])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_for_a_person_the_verification_comes_first(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = said(capsys, "orders", "--compare", recording)
    lines = out.splitlines()
    assert (status, err, lines[0]) == (0, "", f"{recording}: SAME AS RECORDED")
    assert lines[2].split()[:4] == ["TIME", "TAG", "SIDE", "FILLED"]
    assert any(" NOT_PLACED " in line for line in lines)
    assert any(line.startswith("all: 19 orders, lost ") for line in lines)
    assert lines[-1].startswith("difference: net ")


def test_as_json_and_csv_it_says_the_same(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = said(capsys, "orders", "--compare", recording, "--json")
    told = json.loads(out)
    assert (status, told["schema"], told["outcome"], told["zone"]) == (0, 1, "same", "Asia/Kolkata")
    assert told["total"]["all"]["orders"] == len(told["orders"]) == 19
    assert told["day"]["difference"]["net"] == pytest.approx(
        told["day"]["live"]["net"] - told["day"]["paper"]["net"], abs=0.011
    )
    assert told["day"]["live"]["positions"] == sum(each["live"] is not None for each in told["trades"])
    status, out, _ = said(capsys, "orders", "--compare", recording, "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert [row["tag"] for row in rows] == [order["tag"] for order in told["orders"]]
    assert [float(row["costs"]) for row in rows] == [order["costs"] for order in told["orders"]]
    assert [row["average"] == "" for row in rows] == [order["average"] is None for order in told["orders"]]


def test_where_the_replay_is_not_the_same_that_is_said(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def lost(mark: Mark) -> Mark | None:
        return None if isinstance(mark, InputMark) and isinstance(mark.answer, OrderSeen) else mark

    path = rewrite(recording, lost)
    status, out, _ = said(capsys, "orders", "--compare", path)
    assert status == 1
    assert out.splitlines()[0].startswith(f"{path}: DIFFERENT: tick ")
    assert "of the replay" in out.splitlines()[1]
    status, _, err = said(capsys, "orders", "--compare", path, "--csv")
    assert (status, len(err.splitlines())) == (1, 1)
    assert "of the replay" in err


def test_what_is_no_recording_of_real_orders_is_refused_in_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "text.mqr").write_text("no recording")
    for path in (record(tmp_path), tmp_path / "none.mqr", tmp_path / "text.mqr", tmp_path):
        status, out, err = said(capsys, "orders", "--compare", path)
        assert (status, out, len(err.splitlines())) == (2, "", 1)
    status, _, err = said(capsys, "orders", "--compare", tmp_path, "--json", "--csv")
    assert (status, "only one of them" in err) == (2, True)


# ── A day of a journal ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def state_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state directory of a run at a simulated broker."""
    folder = tmp_path_factory.mktemp("journal") / "state"
    session = Play(5, MISCHIEF).go(60)
    journalled(folder, "live", session.begun, *session.rows)
    return folder


def journalled(folder: Path, mode: TradeMode, *rows: object) -> None:
    """The journal of a run that wrote these rows."""
    folder.mkdir()
    journal = SqliteJournal.open(folder, mode, VirtualClock(START * 1_000_000))
    for row in rows:
        journal.write(row)  # type: ignore[arg-type]
    journal.close("well")


def test_the_orders_of_a_day_are_told_alike(state_dir: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = said(capsys, "orders", "--json", "--state-dir", state_dir)
    told = json.loads(out)
    assert (status, err, told["schema"], told["date"], told["problems"]) == (0, "", 1, DAY.isoformat(), [])
    assert told["total"]["all"]["orders"] == len(told["orders"]) > 5
    assert all(order["time"].startswith(DAY.isoformat()) for order in told["orders"])
    status, out, _ = said(capsys, "orders", "--day", DAY.isoformat(), "--csv", "--state-dir", state_dir)
    assert [row["tag"] for row in csv.DictReader(io.StringIO(out))] == [order["tag"] for order in told["orders"]]
    status, out, _ = said(capsys, "orders", "--state-dir", state_dir)
    lines = out.splitlines()
    assert (status, lines[0].split()[0], lines[1].split()[:2]) == (0, DAY.isoformat(), ["TIME", "TAG"])
    assert len([line for line in lines if " ENTRY " in line or " EXIT " in line]) == len(
        [order for order in told["orders"] if order["purpose"] in {"ENTRY", "EXIT"}]
    )


def test_a_journal_of_paper_and_a_day_that_is_none_are_one_line(
    state_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journalled(tmp_path / "paper", "paper", DayStarted(DAY.isoformat(), START, zone="Asia/Kolkata"))
    journalled(tmp_path / "odd", "live", DayStarted("2025-13-77", START, zone="Asia/Kolkata"))
    for words, what in (
        (("--state-dir", tmp_path / "paper"), "were simulated; `trades` lists"),
        (("--state-dir", tmp_path / "odd"), "2025-13-77"),
        (("--state-dir", tmp_path / "none"), "there is no journal"),
        (("--day", "2020-01-01", "--state-dir", state_dir), "no session day 2020-01-01"),
        (("--day", "1.1.", "--state-dir", state_dir), "allowed: "),
        (("--day", "today", "--compare", tmp_path / "x.mqr"), "allowed: without --day"),
    ):
        status, out, err = said(capsys, "orders", *words)
        assert (status, out, len(err.splitlines())) == (2, "", 1), err
        assert what in err
