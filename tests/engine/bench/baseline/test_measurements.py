"""Every measurement is a row, and the figures are those of the rows; what cannot be written is told in a line."""

import csv
from collections.abc import Callable
from pathlib import Path
from statistics import mean, median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.bench.baseline import measurements as module
from engine.bench.baseline.bursts import GcPauses, _Stage
from engine.bench.baseline.measurements import COLUMNS, Measurements
from engine.model.errors import DiskError, InputError

ROWS = st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 10**9), st.integers(1, 1000)), min_size=1, max_size=60)


@given(rows=ROWS)
def test_the_figures_are_those_of_the_rows(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, int, int]]
) -> None:
    path = tmp_path_factory.mktemp("rows") / "metrics.csv"
    with Measurements(path) as measurements:
        for operation, duration_ns, ticks in rows:
            measurements.add("engine", operation, duration_ns, ticks, "queued", 3)
        figures = measurements.figures()
    with path.open(encoding="utf-8", newline="") as file:
        head, *read = csv.reader(file)
    assert tuple(head) == COLUMNS
    assert [(row[2], round(float(row[3]) * 1e6), int(row[4])) for row in read] == rows
    assert {(row[1], row[5], row[6]) for row in read} == {("engine", "queued", "3")}
    for found in figures:
        of_one = [float(row[3]) * 1000 / int(row[4]) for row in read if row[2] == found.operation]
        assert found.count == len(of_one)
        assert found.mean_us == pytest.approx(mean(of_one), abs=0.001)
        assert found.max_us == pytest.approx(max(of_one), abs=0.002)
        lower = sorted(of_one)[(len(of_one) - 1) // 2]
        assert lower * 0.999 - 0.002 <= found.median_us <= max(lower * 1.07, lower + 0.033)
        assert found.median_us <= found.p95_us <= found.p99_us <= found.max_us
    assert median([0]) == 0


def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    path.write_text("mine")
    with pytest.raises(InputError, match="exists already"):
        Measurements(path)
    assert path.read_text() == "mine"


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    with Measurements(tmp_path / "deep" / "metrics.csv") as measurements:
        assert measurements.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk here that is always full")
def test_a_full_disk_is_told_in_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: Path) -> int:
        return module.os.open("/dev/full", module.os.O_WRONLY)

    monkeypatch.setattr(module, "create_private", full)
    with (
        pytest.raises(DiskError, match=r"metrics.csv: cannot be written: No space left"),
        Measurements(tmp_path / "metrics.csv") as measurements,
    ):
        measurements.flush()


@given(sizes=st.lists(st.integers(0, 200), max_size=20), one_in=st.integers(1, 70))
def test_one_in_so_many_is_noted_however_they_come(sizes: list[int], one_in: int) -> None:
    stage, noted, number = _Stage("wait", one_in), [], 0
    keep: Callable[[str, int], None] = lambda _, ns: noted.append(ns)  # noqa: E731
    for size in sizes:
        for _ in range(size):
            stage.latency.record(number)
            number += 1
        stage.note(keep)
    assert noted == [*range(0, number, one_in)]
    assert len(stage.latency.values_ns) == 0


def test_pauses_are_added_up() -> None:
    pauses = GcPauses()
    for each in (1.0, 3.0, 2.0):
        pauses.add(each)
    assert pauses == GcPauses(3, 6.0, 3.0)
