"""What a run leaves out it says, and one that comes to no entry says why: in the summary, in JSON, in `info` and in `import`."""

import json
from pathlib import Path

import pytest

from tests.support.processes.command_home import Home
from tests.support.processes.fork_server import Answer

HEAD = "timestamp,price,volume\n"
QUIET = ("--headless", "--quiet")
SAID = (
    "400 of 400 ticks lie outside the session 09:15-15:30 Asia/Kolkata (18:15:00-18:21:39): "
    "--set session.start=18:10 --set session.end=18:45"
)


def rows(hour: int, minute: int, prices: list[float]) -> str:
    """A row a second from `hour:minute` on."""
    first = hour * 3600 + minute * 60
    stamps = (f"{at // 3600:02}:{at // 60 % 60:02}:{at % 60:02}" for at in range(first, first + len(prices)))
    return HEAD + "".join(f"2025-10-01 {at},{price:.2f},75\n" for at, price in zip(stamps, prices, strict=True))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("left_out"))


@pytest.fixture(scope="module")
def answers(home: Home) -> dict[str, Answer]:
    wave = [150 + number % 7 + number * 0.05 for number in range(400)]
    (home.cwd / "evening.csv").write_text(rows(18, 15, wave))
    (home.cwd / "day.csv").write_text(
        rows(9, 14, wave[:200]) + "2025-10-01 09:10:00,150,75\n2025-10-01 18:00:00,150,75\n"
    )
    commands: dict[str, tuple[str | Path, ...]] = {
        "log": ("replay", "evening.csv", "--headless"),
        "json": ("replay", "evening.csv", *QUIET, "--json"),
        "wider": ("replay", "evening.csv", *QUIET, "--json", *SAID.rpartition(": ")[2].split()),
        "info": ("info", "evening.csv"),
        "info json": ("info", "evening.csv", "--json"),
        "import": ("import", "evening.csv", "evening.mqr"),
        "day": ("replay", "day.csv", *QUIET),
        "day json": ("replay", "day.csv", *QUIET, "--json"),
    }
    return dict(zip(commands, home.run_all(list(commands.values())), strict=True))


def test_an_evening_under_the_hours_of_the_day(answers: dict[str, Answer]) -> None:
    log = answers["log"]
    assert log.status == 0
    assert f"WARN  engine   no entry: {SAID}" in log.err
    assert f"no entry: {SAID}" in log.out.splitlines()
    first, last = "row 2 (2025-10-01T18:15:00+05:30)", "row 401 (2025-10-01T18:21:39+05:30)"
    assert f"left out 400 ticks: outside the session, first at {first}, last at {last}" in log.out.splitlines()


def test_a_script_reads_the_same(answers: dict[str, Answer]) -> None:
    found = json.loads(answers["json"].out)
    assert (found["undecided"], found["in_session"], found["signals"]) == (SAID, 0, 0)
    assert found["left_out"]["outside_session"] == {
        "count": 400,
        "first": "row 2",
        "first_time": "2025-10-01T18:15:00+05:30",
        "last": "row 401",
        "last_time": "2025-10-01T18:21:39+05:30",
    }


def test_the_hours_that_are_proposed_work(answers: dict[str, Answer]) -> None:
    found = json.loads(answers["wider"].out)
    assert found["entries"] > 0
    assert (found["undecided"], found["left_out"], found["in_session"]) == ("", {}, 400)


def test_info_and_import_foretell_it(answers: dict[str, Answer]) -> None:
    assert f"no entry      {SAID}" in answers["info"].out.splitlines()
    assert json.loads(answers["info json"].out)["undecided"] == SAID
    told = answers["import"]
    assert told.status == 0
    assert f"no entry will be made: {SAID}" in told.err
    assert "400 outside the session, first at row 2" in told.out


def test_each_reason_and_each_filter_has_its_count(answers: dict[str, Answer]) -> None:
    found = json.loads(answers["day json"].out)
    left_out = {reason: each["count"] for reason, each in found["left_out"].items()}
    assert left_out == {"outside_session": 60, "backwards": 1, "contradicted": 1}
    assert found["left_out"]["backwards"]["first"] == found["refused_first"]["backwards"] == "row 202"
    never_a_tick = left_out["contradicted"]  # the last row stands hours apart from all others
    assert found["in_session"] + sum(left_out.values()) - never_a_tick == found["ticks"] == 201
    refused = sum(found["filters"].values())
    assert refused + found["entries"] == found["in_session"]  # nothing was held
    assert found["filters"]["outside the entry window"] > 0
    text = answers["day"].out
    assert "refused 1 ticks: backwards, first at row 202 (2025-10-01T09:10:00+05:30)\n" in text
    assert f"{found['signals']} signals in 140 ticks of the session, 0 followed; refused: green ticks " in text
    assert "no entry: " in text
