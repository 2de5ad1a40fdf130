"""`baseline` as one types it: two files that say the same, a verdict, and one line for what is wrong."""

import csv
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from engine.bench.baseline.files import read_json, write_json
from engine.bench.baseline.gate import GateFigures, Outcome, Verdict
from engine.bench.baseline.measurements import COLUMNS
from engine.bench.baseline.report import BaselineReport, compared, lines
from engine.cli.baseline import exit_status
from engine.cli.main import main
from engine.model.types import DELIVERIES
from tests.support.paths import ROOT
from tests.support.thorough import LONG

FILE = ROOT / "tests" / "golden" / "paper_flat.mqr"
WORDS = ["baseline", str(FILE), "--config", str(ROOT / "config.toml")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a pair left behind."""
    folder = tmp_path_factory.mktemp("baseline")
    assert main([*WORDS, "--pairs", "1", "--out", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def summary(folder: Path) -> Path:
    (found,) = folder.glob("baseline_2*.json")
    return found


@pytest.mark.slow
def test_rows_and_figures_are_of_the_same_measurements(folder: Path, summary: Path) -> None:
    (metrics,) = folder.glob("baseline_metrics_*.csv")
    with metrics.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    report: dict[str, Any] = json.loads(summary.read_text(encoding="utf-8"))
    for found in report["operations"]:
        name = found["component"], found["operation"], found["delivery"]
        own = [row for row in rows if (row["component"], row["operation"], row["delivery"]) == name]
        assert (found["count"], {row["pair"] for row in own}) == (len(own), {"1"})
    assert sum(found["count"] for found in report["operations"]) == len(rows)
    assert {row["delivery"] for row in rows if row["operation"] == "decide"} == set(DELIVERIES)
    assert report["metrics_file"] == metrics.name


@pytest.mark.slow
def test_the_report_says_what_was_asked_for(summary: Path) -> None:
    report = read_json(summary)
    assert (report.ticks, report.pairs, report.schema) == (462, 1, 1)
    assert report.machine.cores >= 1
    assert report.versions.python.startswith("CPython 3.")
    assert report.log_lines_per_tick >= 0
    assert set(report.inbox) == set(DELIVERIES)
    assert 0 < report.inbox["polling"] <= 500
    assert report.inbox["callback"] == 0
    costs = [each.us_per_tick for each in report.bottlenecks]
    assert costs == sorted(costs, reverse=True)
    assert {"recorder", "decoding", "indicator ema crossover"} <= {each.part for each in report.bottlenecks}
    assert len(report.gate.pairs) == 1
    assert report.gate.low <= report.gate.ratio <= report.gate.high
    assert max(map(len, lines(report)[2:22])) <= 100


@pytest.mark.slow
def test_the_first_three_are_shown(summary: Path) -> None:
    report = read_json(summary)
    told = "\n".join(lines(report))
    assert all(f"{number}. {each.part}" in told for number, each in enumerate(report.bottlenecks[:3], 1))
    assert report.bottlenecks[3].part not in told.split("by leaving it out")[1]


@pytest.mark.slow
def test_compared_by_ratio_and_key(summary: Path) -> None:
    base = read_json(summary)
    now = replace(base, gate=GateFigures(1.3, 1.25, 1.4, (1.3,)))
    base = replace(base, gate=GateFigures(1.0, 0.9, 1.1, (1.0,)))
    judged = compared(now, base, 10).compared
    assert judged is not None
    assert judged.outcome == "fails"
    assert "compared: fails: +30.0% work a tick" in "\n".join(lines(compared(now, base, 10)))
    other = replace(base, key=replace(base.key, reference="0", python="PyPy 3.11"))
    judged = compared(now, other, 10).compared
    assert judged is not None
    assert judged.outcome == "not comparable"
    assert judged.text == "another reference loop, Python"


@pytest.mark.parametrize(("outcome", "status"), [("passes", 0), ("not comparable", 0), ("fails", 1)])
def test_only_what_fails_ends_with_1(outcome: Outcome, status: int) -> None:
    assert exit_status(Verdict(outcome, "")) == status
    assert exit_status(None) == 0


@pytest.mark.slow
@pytest.mark.skipif(not LONG, reason="takes minutes beside other tests; `make thorough` and `make gate-proof` try it")
def test_a_tick_that_costs_more_than_the_base_fails(
    tmp_path: Path, summary: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = read_json(summary)
    cheap = tmp_path / "cheap.json"
    write_json(cheap, replace(base, gate=replace(base.gate, ratio=base.gate.ratio / 100)))
    words = [*WORDS, "--pairs", "5", "--compare", str(cheap), "--out", str(tmp_path / "out"), "--json"]
    assert main(words) == 1
    said = msgspec.json.decode(capsys.readouterr().out, type=BaselineReport)
    assert said.compared is not None
    assert said.compared.outcome == "fails"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--pairs", "0"), "--pairs 0: allowed: 1 to 1000"),
        (("--pairs", "2", "--compare", "x.json"), "--pairs 2: with --compare allowed: 5 to 1000"),
        (("--tolerance", "nan"), "--tolerance nan: allowed: 0 to 1000 percent"),
        (("--tolerance", "-1"), "--tolerance -1: allowed: 0 to 1000 percent"),
        (("--compare", "nowhere.json"), "nowhere.json: cannot be read"),
        (("--compare", "config.toml"), "config.toml: is no baseline"),
        (("nowhere.mqr",), "nowhere.mqr: cannot be read"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(
    words: tuple[str, ...],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("config.toml").write_text("")
    assert main(["baseline", *words]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert told in said[0]
    assert [*tmp_path.glob("baseline*")] == []
