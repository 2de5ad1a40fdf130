"""Files of others from the command line: in any order and with bad rows, replayed and imported alike, every loss told."""

import json
from pathlib import Path

import pytest

from tests.support.processes.command_home import Home
from tests.support.processes.fork_server import Answer

HEAD = "timestamp,price,volume\n"
QUIET = ("--headless", "--quiet")
WAVE = [150 + number % 9 + number * 0.05 for number in range(600)]


def stamp(number: int) -> str:
    at = 9 * 3600 + 15 * 60 + 2 * number
    return f"2025-10-01 {at // 3600:02}:{at // 60 % 60:02}:{at % 60:02}"


ROWS = [f"{stamp(number)},{price:.2f},75\n" for number, price in enumerate(WAVE)]
AHEAD = f"{stamp(6000)},{WAVE[250]:.2f},75\n"
FILES = {
    "plain": HEAD + "".join(ROWS),
    "backwards": HEAD + "".join(reversed(ROWS)),
    "ahead": HEAD + "".join([*ROWS[:250], AHEAD, *ROWS[251:]]),
    "without": HEAD + "".join([*ROWS[:250], *ROWS[251:]]),
    "torn": HEAD + "".join(ROWS) + stamp(600)[:12],
    "bad": HEAD + "".join([*ROWS[:300], HEAD, f"{stamp(300)},none yet,75\n", *ROWS[300:]]),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("foreign"))
    for name, text in FILES.items():
        (home.cwd / f"{name}.csv").write_text(text)
    return home


@pytest.fixture(scope="module")
def replays(home: Home) -> dict[str, Answer]:
    commands: dict[str, tuple[str | Path, ...]] = {name: ("replay", f"{name}.csv", *QUIET, "--json") for name in FILES}
    commands["skipped"] = ("replay", "bad.csv", *QUIET, "--json", "--skip-bad-rows")
    return dict(zip(commands, home.run_all(list(commands.values())), strict=True))


@pytest.fixture(scope="module")
def imports(home: Home) -> dict[str, Answer]:
    commands: dict[str, tuple[str | Path, ...]] = {name: ("import", f"{name}.csv", f"{name}.mqr") for name in FILES}
    commands["skipped"] = ("import", "bad.csv", "skipped.mqr", "--skip-bad-rows")
    return dict(zip(commands, home.run_all(list(commands.values())), strict=True))


def state(answer: Answer) -> str:
    assert answer.status == 0, answer.err
    return str(json.loads(answer.out)["state_hash"])


def test_the_order_of_a_file_and_a_stray_change_no_decision(replays: dict[str, Answer]) -> None:
    assert json.loads(replays["plain"].out)["entries"] > 0
    assert state(replays["backwards"]) == state(replays["plain"]) == state(replays["torn"]) == state(replays["skipped"])
    assert state(replays["ahead"]) == state(replays["without"]) != state(replays["plain"])


def test_what_was_passed_over_is_in_the_summary(replays: dict[str, Answer]) -> None:
    found = json.loads(replays["ahead"].out)
    assert found["left_out"]["contradicted"] == {
        "count": 1,
        "first": "row 252",
        "first_time": "",
        "last": "row 252",
        "last_time": "",
    }
    assert found["losses"] == [
        "1 row refused: its time contradicts the rows around: first row 252 (2025-10-01T12:35:00+05:30)"
    ]
    assert json.loads(replays["torn"].out)["left_out"]["torn"]["first"] == "row 602"
    assert len(json.loads(replays["skipped"].out)["losses"]) == 2


def test_a_bad_row_ends_a_replay_before_it_begins(replays: dict[str, Answer], home: Home) -> None:
    for answer in (replays["bad"], home.run("import", "bad.csv", "none.mqr")):
        assert (answer.status, answer.out, len(answer.lines)) == (2, "", 1)
        assert "bad.csv: row 302" in answer.err or "bad.csv: row 303" in answer.err
        assert answer.err.endswith("--skip-bad-rows passes over such rows\n")
    assert not (home.cwd / "none.mqr").exists()


@pytest.mark.parametrize("name", ["plain", "backwards", "ahead", "torn", "skipped"])
def test_a_replay_of_the_file_and_of_its_import_agree(
    name: str, home: Home, replays: dict[str, Answer], imports: dict[str, Answer]
) -> None:
    imported = imports[name]
    assert imported.status == 0, imported.err
    direct = json.loads(replays[name].out)
    again = json.loads(home.run("replay", f"{name}.mqr", *QUIET, "--json").out)
    for what in ("ticks", "entries", "exits", "cash", "net_pnl", "open_positions", "in_session", "filters", "refused"):
        assert again[what] == direct[what], what
    assert all(f"lost: {loss}" in imported.out for loss in direct["losses"])
    assert again["losses"] == []


def test_how_it_was_read_is_told(home: Home, imports: dict[str, Answer]) -> None:
    said = "it runs backwards in time: read from its end"
    assert f"read: {said}" in imports["backwards"].out
    assert f"read          {said}" in home.run("info", "backwards.csv").out.splitlines()
    assert f"WARN  engine   {said}" in home.run("replay", "backwards.csv", "--headless").err
