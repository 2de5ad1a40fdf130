"""`baseline --attach`: what came between looks at rising counters, over a real link; who is gone is told, and what was seen is kept."""

import csv
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.bench.baseline.attached import AttachedRun, LiveReport, counts_of, figures_of, live_lines, since
from engine.bench.baseline.measurements import Measurements
from engine.cli.main import main
from engine.link import LinkError, Oneshot
from engine.model.latency import Histogram
from engine.model.measures import Measures, StageCounts
from tests.support.link_harness import FakeEngine, LinkHarness, serving

DURATIONS = st.lists(st.integers(1, 2**30), min_size=1, max_size=40)


def counted(*durations_ns: int, stage: str = "decide") -> StageCounts:
    histogram = Histogram()
    for ns in durations_ns:
        histogram.record(ns)
    return StageCounts.of(stage, "queued", histogram)


@given(before=st.lists(st.integers(1, 2**30), max_size=40), more=DURATIONS)
def test_between_two_looks_is_what_came(before: list[int], more: list[int]) -> None:
    then, now = counted(*before), counted(*before, *more)
    (found,) = since(counts_of(Measures((now,))), counts_of(Measures((then,)))).values()
    alone = counted(*more)
    assert (found.below, found.count) == (alone.below, alone.count)
    assert abs(found.sum_ns - (now.sum_ns - then.sum_ns)) == 0
    assert since(counts_of(Measures((now,))), counts_of(Measures((now,)))) == {}


@given(DURATIONS)
def test_quantiles_are_known_to_a_power_of_two(durations_ns: list[int]) -> None:
    found = figures_of(counted(*durations_ns))
    middle, most = sorted(durations_ns)[(len(durations_ns) - 1) // 2], max(durations_ns)
    assert found.count == len(durations_ns)
    for figure_us, ns in ((found.median_us, middle), (found.max_us, most)):
        assert min(figure_us * 1000, 512) <= max(2 * ns, 512) + 1
        assert figure_us * 1000 + 1 >= ns / 2 or ns < 512
    assert found.median_us <= found.p95_us <= found.p99_us <= found.max_us
    assert found.mean_us == pytest.approx(sum(durations_ns) / len(durations_ns) / 1000, rel=0.04, abs=0.02)


def watched(folder: Path, seconds: float, each_second: Callable[[int, LinkHarness], None]) -> LiveReport:
    """What is reported of a served engine to which this happens in each second."""
    passed = 0.0

    def wait(s: float) -> None:
        nonlocal passed
        passed += s
        each_second(round(passed), harness)

    fake = FakeEngine()
    fake.counted = Measures((counted(1_000),))
    fake.log(3)
    with (
        serving(folder, fake=fake) as harness,
        Oneshot(harness.path, "baseline") as engine,
        Measurements(folder / "metrics.csv") as measurements,
    ):
        return AttachedRun(engine, measurements, wait, lambda: passed).watch(seconds, lambda _: None)


def test_a_row_a_second_and_figures_of_all(tmp_path: Path) -> None:
    def each_second(number: int, harness: LinkHarness) -> None:
        fake = harness.fake
        fake.counted = Measures((counted(1_000, *([3_000] * 10 * number)),))
        fake.go_on(ticks=100 * number, inbox_waiting=40 - number, delivery="queued")
        fake.log(2)

    report = watched(tmp_path, 20, each_second)
    with (tmp_path / "metrics.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["operation"], row["delivery"], row["tick_count"], row["pair"]) for row in rows] == [
        ("decide", "queued", "10", str(number)) for number in range(1, 21)
    ]
    assert sum(float(row["duration_ms"]) for row in rows) == pytest.approx(0.6, rel=0.01)
    (found,) = report.operations
    assert (found.count, report.ticks, report.seconds, report.ended) == (200, 1999, 20.0, "")
    assert 2.048 < found.median_us < 4.096
    assert report.log_lines_per_tick == 40 / 1999
    assert report.inbox == {"polling": 0, "queued": 30}  # looked at in the tenth second, and at both ends
    assert "decide (queued)" in "\n".join(live_lines(report))


def test_an_engine_that_ends_is_told_and_what_was_seen_is_kept(tmp_path: Path) -> None:
    def each_second(number: int, harness: LinkHarness) -> None:
        harness.fake.counted = Measures((counted(1_000, *([3_000] * 10 * number)),))
        if number == 3:
            harness.server.stop(0.0)

    report = watched(tmp_path, 20, each_second)
    assert report.seconds == 3.0
    assert [each.count for each in report.operations] == [20]
    assert "connection" in report.ended  # closed, or lost in the middle of a question
    assert live_lines(report)[-1] == f"ended early: {report.ended}"


def test_an_interrupt_ends_it_early(tmp_path: Path) -> None:
    def each_second(number: int, _: LinkHarness) -> None:
        if number == 2:
            raise KeyboardInterrupt

    assert watched(tmp_path, 20, each_second).ended == "interrupted"


def test_who_cannot_be_asked_at_all_is_an_error(tmp_path: Path) -> None:
    with serving(tmp_path) as harness, Oneshot(harness.path, "baseline") as engine:
        harness.server.stop(0.0)
        with Measurements(tmp_path / "m.csv") as measurements, pytest.raises(LinkError):
            AttachedRun(engine, measurements, lambda _: None, lambda: 0.0).watch(1, lambda _: None)


def test_counters_of_a_stage_that_is_new_begin_at_nothing() -> None:
    now = {"a": counted(5_000), "b": replace(counted(5_000, 9_000), stage="wait")}
    found = since({(each.stage, each.delivery): each for each in now.values()}, {})
    assert {key: each.count for key, each in found.items()} == {("decide", "queued"): 1, ("wait", "queued"): 2}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--minutes", "2"), "--minutes: only with --attach"),
        (("--attach", "--minutes", "0"), "--minutes 0: allowed: 0.05 to 1440"),
        (("--attach", "--minutes", "inf"), "--minutes inf: allowed: 0.05 to 1440"),
        (("--attach", "day.mqr"), "FILE day.mqr: not with --attach"),
        (("--attach", "--pairs", "3"), "--pairs 3: not with --attach"),
        (("--attach", "--compare", "base.json"), "--compare base.json: not with --attach"),
        (("--attach", "--state-dir", "nowhere"), "no engine is running for "),
    ],
)
def test_what_does_not_go_together_is_told_in_one_line(
    words: tuple[str, ...],
    told: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["baseline", *words]) == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert told in said
    assert [*tmp_path.iterdir()] == []
