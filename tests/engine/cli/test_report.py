"""The command `report`: what it says to a person and to a script, what it refuses, and with which exit status."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from engine.cli.main import main
from engine.model.marks import EventMark, Mark
from tests.support.builders import DAY
from tests.support.recorded_runs import record, rewrite, zigzag


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a run that was recorded has its state and its recordings."""
    made = tmp_path_factory.mktemp("run")
    record(made)
    return made


@pytest.fixture(scope="module")
def recording(folder: Path) -> Path:
    (path,) = (folder / "recordings").iterdir()
    return path


def said(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str, str]:
    status = main(["report", *map(str, words)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def told(capsys: pytest.CaptureFixture[str], *words: str | Path) -> dict[str, Any]:
    """The report as JSON; it went well."""
    status, out, err = said(capsys, *words, "--json")
    assert (status, err) == (0, "")
    found: dict[str, Any] = json.loads(out)
    return found


def test_for_a_person_the_verdict_comes_first(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = said(capsys, recording)
    lines = out.splitlines()
    assert (status, err) == (0, "")
    assert lines[0].startswith(f"{recording}: SAME AS RECORDED 13/13, exits ")
    assert f"mock, {DAY}" in lines
    assert any(line.split()[:2] == ["profit", "factor"] for line in lines)
    assert any("too few days: 1 of 20" in line for line in lines)
    assert sum(line.split()[:2] == ["#", "SYMBOL"] for line in lines) == 1
    assert sum(line.split()[:3] == ["SYMBOL", "IN", "OUT"] for line in lines) == 1


def test_in_ascii_nothing_else_is_printed(recording: Path, capsys: pytest.CaptureFixture[str], monkeypatch) -> None:
    monkeypatch.setenv("TERM", "linux")
    _, out, _ = said(capsys, recording)
    assert out.isascii()
    assert "|" in out


def test_as_json_all_adds_up(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, recording)
    (mode,), (source,) = found["modes"], found["sources"]
    assert (found["schema"], source["outcome"], source["same"]) == (1, "same", source["checkpoints"])
    assert (mode["mode"], mode["first"], mode["figures"]["positions"]) == (
        "mock",
        DAY,
        len(found["positions"]) - mode["open_positions"],
    )
    assert mode["net"] == pytest.approx(sum(each["net"] for each in found["exits"]), abs=0.01 * len(found["exits"]))
    assert sum(mode["costs_by_kind"].values()) == pytest.approx(sum(day["costs"] for day in mode["days"]), abs=0.05)
    for kind, groups in mode["groups"].items():
        assert sum(each["positions"] for each in groups.values()) == mode["figures"]["positions"], kind
    assert mode["ratios"]["sharpe"] is None
    assert "NaN" not in json.dumps(found)


def test_with_its_journal_every_exit_is_the_same(
    folder: Path, recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = told(capsys, recording, folder / "state")
    assert (found["agreed"], found["difference"]) == (len(found["exits"]), "")
    _, out, _ = said(capsys, recording, folder / "state")
    assert f"journal and recording agree: {len(found['exits'])} exits" in out


def test_out_of_a_journal_alone_it_says_that_there_are_no_excursions(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = said(capsys, folder / "state")
    assert status == 0
    assert "without ticks" in out
    found = told(capsys, folder / "state")
    assert {each["mae"] for each in found["positions"]} == {None}


def test_what_differs_ends_with_1_and_is_told_first(
    recording: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def other(mark: Mark) -> Mark | None:
        is_fill = isinstance(mark, EventMark) and mark.kind == "fill"
        return EventMark(mark.ticks, mark.kind, "75 1 Stop Loss", mark.at_ms) if is_fill else mark  # type: ignore[union-attr]

    own = tmp_path / recording.name
    own.write_bytes(recording.read_bytes())
    status, out, _ = said(capsys, rewrite(own, other))
    assert (status, "DIFFERENT: tick" in out.splitlines()[0]) == (1, True)
    status, out, _ = said(capsys, record(tmp_path / "other", zigzag(400)), folder / "state")
    assert (status, "JOURNAL AND RECORDING DIFFER: exit " in out) == (1, True)


def test_a_replay_is_called_so(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = said(capsys, recording, "--replay", "--set", "risk.base_sl_points=2")
    assert (status, out.splitlines()[0]) == (0, f"{recording}: REPLAY of its ticks")
    assert f"REPLAY, {DAY}" in out


def test_a_folder_is_all_of_its_recordings_and_one_that_cannot_be_read_is_named(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.mqr").write_bytes(recording.read_bytes())
    (tmp_path / recording.name).write_bytes(recording.read_bytes())
    assert len(told(capsys, tmp_path, "--replay")["modes"]) == 1
    (tmp_path / "b.mqr").write_text("nothing")
    status, out, _ = said(capsys, tmp_path, "--replay")
    assert status == 2
    assert "NOT READ" in out


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--days", "2026-13-01"), "allowed: such as 2026-11-01..2026-11-30"),
        (("--days", "2026-11-02..2026-11-01"), "allowed: such as"),
        (("--set", "risk.base_sl_points=2"), "with --replay"),
        (("/nowhere.mqr",), "cannot be read"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    recording: Path, words: tuple[str, ...], why: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    first = () if words[0].startswith("/") else (recording,)
    status, out, err = said(capsys, *first, *words)
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert why in err


def test_without_any_session_it_says_so(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = said(capsys, recording, "--days", "2000-01-01..2000-01-02")
    assert status == 0
    assert "no session day" in out


def test_a_page_is_written_with_its_tables_and_pictures(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "new" / "page.html"
    status, out, err = said(capsys, recording, "--out", page, "--csv", "--svg")
    assert (status, err) == (0, "")
    assert "SAME AS RECORDED" in out.splitlines()[0]
    written = {each.name for each in page.parent.iterdir()}
    assert {"page.html", "page.positions.csv", "page.exits.csv", "page.days.csv", "page.mock.account.svg"} <= written
    assert all(each.stat().st_mode & 0o777 == 0o600 for each in page.parent.iterdir())
    found = told(capsys, recording)
    rows = list(csv.DictReader((page.parent / "page.exits.csv").read_text(encoding="utf-8").splitlines()))
    assert [float(row["net"]) for row in rows] == [each["net"] for each in found["exits"]]
    assert len((page.parent / "page.positions.csv").read_text(encoding="utf-8").splitlines()) == 1 + len(
        found["positions"]
    )
    assert said(capsys, recording, "--out", page, "--csv", "--svg")[0] == 0


@pytest.mark.parametrize("option", ["--csv", "--svg", "--open"])
def test_what_lies_beside_a_page_needs_its_name(
    recording: Path, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = said(capsys, recording, option)
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert "with --out FILE.html" in err


def test_nothing_of_others_is_written_over(recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "page.html").write_text("mine")
    (tmp_path / "other.positions.csv").write_text("mine")
    for words in (("--out", tmp_path / "page.html"), ("--out", recording), ("--out", tmp_path / "other.html", "--csv")):
        status, _, err = said(capsys, recording, *words)
        assert (status, len(err.splitlines())) == (2, 1)
    assert {each.name: each.read_text() for each in tmp_path.iterdir()} == {
        "page.html": "mine",
        "other.positions.csv": "mine",
    }


def test_what_a_file_is_called_does_nothing_to_a_terminal(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = tmp_path / "odd\x1b[2J\udcff.mqr"
    odd.write_bytes(recording.read_bytes())
    status, out, _ = said(capsys, odd)
    assert (status, "\x1b" in out) == (0, False)
    assert told(capsys, odd)["sources"][0]["file"].isprintable()
