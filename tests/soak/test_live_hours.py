"""What judges hours at a broker can say no, and a quarter of an hour of them is well."""

from pathlib import Path

import pytest

from tests.soak.live_hours import Hours, Sample, experiment, figures


def hours(*, orders: int = 300, marks: int = 7_000, grows: float = 0.5, same: bool = True, faults: int = 1) -> Hours:
    """Six hours, of which the first takes what it needs."""
    samples = [Sample(0.1, 40.0), *(Sample(hour / 2, 50.0 + grows * hour / 2) for hour in range(2, 13))]
    return Hours(6.0, orders, {"book 5xx": faults} if faults else {}, samples, marks, same)


@pytest.mark.parametrize(
    ("found", "problems"),
    [
        (hours(), []),
        (hours(grows=1.1), ["memory grows by 1.10 MB an hour"]),
        (hours(marks=20_001), ["20,001 marks are in the recording"]),
        (hours(orders=299), ["no more than 299 orders"]),
        (hours(faults=0), ["nothing went wrong"]),
        (hours(same=False), ["the recording is not replayed as it was"]),
    ],
)
def test_what_is_wrong_is_told(found: Hours, problems: list[str]) -> None:
    assert found.problems() == problems
    assert figures(found)[2:] == (problems or ["well"])


@pytest.mark.slow
def test_a_quarter_of_an_hour_is_well(tmp_path: Path) -> None:
    found = experiment(tmp_path, 0.25)
    assert found.problems() == []
