"""The command as a script and a person meet it: what it says where, which status it ends with, how it is stopped."""

import json
import os
import re
import resource
import stat
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.config import bundled
from engine.journal.sqlite_journal import RESERVE_FILE
from engine.presentation.money import grouped
from tests.support.processes.command_home import Home
from tests.support.processes.fork_server import Answer

RECORDING = bundled("nifty-synthetic.mqr")
TICKS, ENTRIES, EXITS, CASH = 32_664, 47, 62, "101861.52"
RUPEES = grouped(Decimal(CASH), "Asia/Kolkata")  # as a person reads it
KEYS = {
    **dict.fromkeys(("source", "mode", "delivery", "cash", "gross_pnl", "costs", "net_pnl", "state_hash"), str),
    **dict.fromkeys(("ticks", "entries", "exits", "open_positions", "ticks_per_s"), int),
    **dict.fromkeys(("elapsed_s", "rss_mb"), float),
    **dict.fromkeys(("refused", "latency_us"), dict),
}
COLUMNS = "entry_time,exit_time,entry_price,exit_price,quantity,gross_pnl,costs,net_pnl,exit_reason"
STAMP = r"2025-10-03T\d\d:\d\d:\d\d(\.\d{3})?\+05:30"
MONEY = r"-?\d+\.\d\d"
TRADE = re.compile(rf"{STAMP},{STAMP},\d+\.\d+,\d+\.\d+,\d+,{MONEY},\d+\.\d\d,{MONEY},[A-Z][A-Za-z0-9 ]+")
QUIET = ("--headless", "--quiet", "--json")
COMMANDS: dict[str, tuple[str | Path, ...]] = {
    "json": ("replay", RECORDING, "--headless", "--json", "--trades", "trades.csv", "--state-dir", "state"),
    "people": ("replay", RECORDING, "--headless", "--quiet"),
    "bare": (),
    "version": ("--version",),
    "help": ("--help",),
    "mock": ("run", "--source", "mock", "--set", "mock.speed=max", *QUIET),
    "journal off": ("replay", RECORDING, *QUIET, "--set", "journal.enabled=false"),
    "info": ("info", RECORDING),
    "info json": ("info", RECORDING, "--json"),
    "export": ("export", RECORDING, "day.csv"),
    "check": ("check-config",),
    "check set": ("check-config", "--set", "strategy.fast_ema=9", "--set", "risk.base_sl_points=10"),
    "bench": ("bench", "--rounds", "1"),
    "bench json": ("bench", "--rounds", "1", "--json"),
    "make": ("make-recording", "made.mqr"),
    "make again": ("make-recording", "again.mqr"),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return Home(tmp_path_factory.mktemp("command"))


@pytest.fixture(scope="module")
def said(home: Home) -> dict[str, Answer]:
    """What every command of COMMANDS said; all of them ended well."""
    answers = dict(zip(COMMANDS, home.run_all(list(COMMANDS.values())), strict=True))
    assert {name: answer.status for name, answer in answers.items() if answer.status} == {}
    return answers


def summary(answer: Answer) -> dict[str, Any]:
    """The summary, which is all there is on standard output."""
    assert answer.out.count("\n") == 1
    found = json.loads(answer.out)
    assert isinstance(found, dict)
    return found


# ── What a run says. ─────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.slow
def test_the_summary_has_the_documented_keys(said: dict[str, Answer]) -> None:
    found = summary(said["json"])
    assert {name: type(found[name]) for name in KEYS} == KEYS
    assert set(found["latency_us"]) >= {"p50", "p95", "p99", "p999", "max"}
    assert list(found["latency_us"].values()) == sorted(found["latency_us"].values())
    assert set(found["refused"]) >= {"non_positive", "nan", "infinite", "missing", "backwards"}
    assert sum(found["refused"].values()) == 0
    assert (found["source"], found["mode"], found["delivery"]) == (RECORDING.name, "replay", "callback")
    assert (found["ticks"], found["entries"], found["exits"], found["cash"]) == (TICKS, ENTRIES, EXITS, CASH)


def test_the_log_goes_to_standard_error_and_quiet_silences_it(said: dict[str, Answer]) -> None:
    assert sum(" entry " in line and " @ " in line for line in said["json"].lines) == ENTRIES
    assert all(re.match(r"\d{4}-\d\d-\d\dT[\d:.]+\+05:30 (INFO|WARN|ERROR) ", line) for line in said["json"].lines)
    assert said["people"].err == said["mock"].err == ""


def test_a_person_is_told_the_same(said: dict[str, Answer]) -> None:
    out = said["people"].out
    assert out.startswith(f"replay of {RECORDING.name}: {TICKS:,} ticks")
    for fact in (f"{ENTRIES} entries, {EXITS} exits", f"cash {RUPEES}", summary(said["json"])["state_hash"]):
        assert fact in out


def test_with_no_words_the_bundled_recording_is_replayed(said: dict[str, Answer]) -> None:
    assert said["bare"].out.startswith(f"replay of {RECORDING.name}: {TICKS:,} ticks")
    assert f"cash {RUPEES}" in said["bare"].out


def test_the_trade_list_has_the_documented_form(home: Home, said: dict[str, Answer]) -> None:
    header, *rows = (home.cwd / "trades.csv").read_text(encoding="utf-8").splitlines()
    assert header == COLUMNS
    assert len(rows) == summary(said["json"])["exits"]
    assert [row for row in rows if not TRADE.fullmatch(row)] == []


def test_the_journal_changes_no_decision(said: dict[str, Answer]) -> None:
    assert summary(said["journal off"])["state_hash"] == summary(said["json"])["state_hash"]


def test_a_generated_session_is_recorded_and_replays_the_same(home: Home, said: dict[str, Answer]) -> None:
    [recorded] = (home.folder / "data/myquant-tui/recordings").glob("*.mqr")
    replayed = summary(home.run("replay", recorded, *QUIET))
    mock = summary(said["mock"])
    assert (mock["mode"], mock["recording"]) == ("mock", "")
    assert replayed["losses"] == []
    for key in ("ticks", "entries", "exits", "cash", "net_pnl", "state_hash"):
        assert replayed[key] == mock[key]


def test_recordings_go_to_the_folder_of_that_name(tmp_path: Path) -> None:
    home = Home(tmp_path)
    (home.cwd / "recordings").mkdir()
    home.run(*COMMANDS["mock"])
    assert len(list((home.cwd / "recordings").glob("mock-*.mqr"))) == 1


def test_files_are_for_their_owner_only(home: Home, said: dict[str, Answer]) -> None:
    home.run("import", "day.csv", "new/day.mqr", preexec_fn=lambda: os.umask(0))
    home.run("replay", RECORDING, *QUIET, "--trades", "open.csv", preexec_fn=lambda: os.umask(0))
    own = [home.folder / "state", home.folder / "data", home.cwd / "state", home.cwd / "new"]
    made = [path for folder in own for path in (folder, *folder.rglob("*"))]
    made += [home.cwd / name for name in ("open.csv", "trades.csv", "made.mqr", "day.csv")]
    wide = [path for path in made if stat.S_IMODE(path.stat().st_mode) != (0o700 if path.is_dir() else 0o600)]
    assert wide == []
    assert len(made) > 20


# ── The other commands. ──────────────────────────────────────────────────────────────────────────────────────────────


def test_help_names_the_commands_and_version_the_version(said: dict[str, Answer]) -> None:
    assert re.fullmatch(r"myquant-tui \d+\.\d+\.\d+\n", said["version"].out)
    for word in ("run", "replay", "import", "export", "info", "bench", "check-config", "examples:", "exit status"):
        assert word in said["help"].out


def test_info_tells_what_is_inside(said: dict[str, Answer]) -> None:
    facts = dict(line.split(maxsplit=1) for line in said["info"].out.splitlines())
    assert facts["instrument"].startswith("NIFTY (lot 75, tick 0.05)")
    assert facts["ticks"].startswith(f"{TICKS:,}")
    assert {"span", "bursts", "gaps", "duplicates", "damage", "fingerprint"} <= facts.keys()
    found = json.loads(said["info json"].out)
    assert (found["ticks"], found["losses"], found["fingerprint"]) == (TICKS, [], facts["fingerprint"])


def test_export_and_import_keep_the_session(home: Home, said: dict[str, Answer]) -> None:
    assert said["export"].out == f"{TICKS:,} rows in day.csv\n"
    answer = home.run("import", "day.csv", "day.mqr")
    assert answer.out.startswith(f"{TICKS:,} ticks in day.mqr, ")
    fingerprint = json.loads(home.run("info", "day.mqr", "--json").out)["fingerprint"]
    assert fingerprint == json.loads(said["info json"].out)["fingerprint"]
    again = home.run("import", "day.csv", "day.mqr")
    assert (again.status, len(again.lines)) == (2, 1)
    assert "--force" in again.err


def test_check_config_names_the_file_and_what_differs(said: dict[str, Answer]) -> None:
    assert said["check"].out.splitlines()[0].endswith("config.toml: well")
    assert said["check"].out.splitlines()[1].endswith(": nothing")
    assert said["check set"].out.splitlines()[1].endswith(": strategy.fast_ema, risk.base_sl_points")


def test_bench_reports_each_delivery(said: dict[str, Answer]) -> None:
    found = json.loads(said["bench json"].out)
    assert [mode["delivery"] for mode in found["modes"]] == ["polling", "queued", "callback"]
    assert found["handler"]["ticks"] == TICKS
    for mode in ("polling", "queued", "callback"):
        assert re.search(rf"{mode} +[\d,]+ ticks/s", said["bench"].out)


def test_the_bundled_recording_is_made_again_byte_for_byte(home: Home, said: dict[str, Answer]) -> None:
    made = (home.cwd / "made.mqr").read_bytes()
    assert made == (home.cwd / "again.mqr").read_bytes()
    assert made == RECORDING.read_bytes()


# ── Refusals. ────────────────────────────────────────────────────────────────────────────────────────────────────────

REFUSED: dict[str, tuple[tuple[str | Path, ...], str]] = {
    "unknown command": (("nonsense",), "'nonsense'"),
    "unknown option": (("replay", RECORDING, "--nonsense"), "--nonsense"),
    "shortened option": (("replay", RECORDING, "--head"), "--head"),
    "no file": (("replay",), "FILE"),
    "two files": (("replay", RECORDING, RECORDING), "unrecognized"),
    "speed 0": (("replay", RECORDING, "--speed", "0"), "0.25 to 1000"),
    "speed nan": (("replay", RECORDING, "--speed", "nan"), "'nan'"),
    "delivery": (("replay", RECORDING, "--delivery", "pushed"), "'pushed'"),
    "paused": (("replay", RECORDING, "--headless", "--paused"), "--paused"),
    "nothing to stop": (("stop",), "no engine is running"),
    "attach without a terminal": (("attach",), "terminal"),
    "set without value": (("replay", RECORDING, "--headless", "--set", "risk.base_sl_points"), "section.key=value"),
    "set a typo": (("check-config", "--set", "risk.base_sl_point=9"), "base_sl_points"),
    "set the wrong type": (("check-config", "--set", "strategy.fast_ema=abc"), "whole number"),
    "set nan": (("check-config", "--set", "risk.base_sl_points=nan"), "number"),
    "set a contradiction": (("check-config", "--set", "strategy.fast_ema=50"), "strategy.slow_ema"),
    "trades below a file": (("replay", RECORDING, *QUIET, "--trades", "file/x.csv"), "file/x.csv"),
    "trades a folder": (("replay", RECORDING, *QUIET, "--trades", "."), "--trades"),
    "state below a file": (("replay", RECORDING, *QUIET, "--state-dir", "file/x"), "file/x"),
    "import of a recording": (("import", RECORDING, "x.mqr"), RECORDING.name),
    "import in no zone": (("import", RECORDING, "x.mqr", "--format", "csv", "--zone", "Mars/X"), "Mars/X"),
    "speed of a live feed": (
        ("run", "--source", "binance", "--headless", "--speed", "5"),
        "live ticks come at their own pace",
    ),
    "from of a replay": (("run", "--headless", "--from", "11:00"), "--from: allowed with --source mock"),
    "from behind the end": (("run", "--source", "mock", "--headless", "--from", "15:31"), "15:31:00 is behind"),
    "rounds 0": (("bench", "--rounds", "0"), "--rounds 0"),
}


@pytest.fixture(scope="module")
def refusals(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answer]:
    home = Home(tmp_path_factory.mktemp("refused"))
    (home.cwd / "file").write_text("")
    return dict(zip(REFUSED, home.run_all([words for words, _ in REFUSED.values()]), strict=True))


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_done_is_said_in_one_line(refusals: dict[str, Answer], name: str) -> None:
    answer = refusals[name]
    assert (answer.status, answer.out, len(answer.lines)) == (2, "", 1)
    assert answer.err.startswith("myquant-tui")
    assert REFUSED[name][1] in answer.err


def test_every_problem_of_the_configuration_is_told_at_once(tmp_path: Path) -> None:
    home = Home(tmp_path)
    text = bundled("config.toml").read_text(encoding="utf-8")
    wrong = text.replace("fast_ema = 18", "fast_emma = 18").replace('end = "15:30"', 'end = "25:30"')
    (home.cwd / "config.toml").write_text(wrong, encoding="utf-8")
    for words in (("check-config",), ("replay", RECORDING, *QUIET)):
        answer = home.run(*words, "--set", "a.b=1", "--set", "mock.seed=-1")
        assert (answer.status, answer.out) == (2, "")
        keys = [re.findall(r"config\.toml: ([\w.]+)|--set: ([\w.]+)", line) for line in answer.lines]
        assert sorted("".join(*key) for key in keys) == ["a.b", "mock.seed", "session.end", "strategy.fast_emma"]
        assert "did you mean fast_ema?" in answer.err


# ── Streams, disks and folders that do not do as one would like. ─────────────────────────────────────────────────────


@pytest.mark.parametrize("words", [("replay", RECORDING, *QUIET), ("info", RECORDING), ("--help",)])
def test_a_reader_that_leaves_is_no_error(home: Home, words: tuple[str | Path, ...]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    answer = home.run(*words, stdout=writer)
    os.close(writer)
    assert (answer.status, answer.err) == (0, "")


def test_a_full_disk_ends_with_its_own_status(home: Home) -> None:
    limited = home.run(
        "replay", RECORDING, *QUIET, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (90_000,) * 2)
    )
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        output = home.run("replay", RECORDING, *QUIET, stdout=full)
    for answer, name in ((limited, RESERVE_FILE), (output, "standard output")):
        assert (answer.status, len(answer.lines)) == (74, 1)
        assert name in answer.err


def test_a_folder_that_takes_no_file_is_well_to_stand_in(home: Home) -> None:
    assert summary(home.run("replay", RECORDING, *QUIET, cwd="/proc"))["cash"] == CASH
    assert summary(home.run(*COMMANDS["mock"], cwd="/proc"))["recording"] == ""


def test_what_a_command_came_to_outlives_whoever_read_it(home: Home) -> None:
    for words in (("status",), ("flat", "--yes"), ("stop",)):
        whole = home.run(*words, "--state-dir", home.folder / "nowhere")
        reader, writer = os.pipe()
        os.close(reader)
        broken = home.run(*words, "--state-dir", home.folder / "nowhere", stdout=writer)
        os.close(writer)
        assert (broken.status, broken.err) == (whole.status, whole.err), words
        assert broken.status != 0


def test_closed_or_ascii_output_is_no_reason_to_fail(home: Home) -> None:
    closed = home.run("replay", RECORDING, *QUIET, preexec_fn=lambda: os.close(1))
    ascii_only = home.run("replay", RECORDING, "--headless", env=home.environment | {"PYTHONIOENCODING": "ascii"})
    assert [(answer.status, "Traceback" in answer.err) for answer in (closed, ascii_only)] == [(0, False)] * 2


def test_an_option_before_the_command_is_not_passed_over_in_silence(home: Home) -> None:
    answer = home.run("--set", "capital.initial_capital=5000", "replay", RECORDING, *QUIET)
    assert answer.status == 2 or summary(answer)["cash"] == "5000.00"


def test_a_trade_list_never_replaces_what_is_read(home: Home, said: dict[str, Answer]) -> None:
    before = (home.cwd / "day.csv").read_bytes()
    home.run("replay", "day.csv", *QUIET, "--trades", "day.csv")
    assert (home.cwd / "day.csv").read_bytes() == before


def test_a_run_that_never_began_leaves_the_old_trade_list(home: Home, said: dict[str, Answer]) -> None:
    before = (home.cwd / "trades.csv").read_bytes()
    assert home.run("replay", RECORDING, *QUIET, "--trades", "trades.csv", "--state-dir", "day.csv").status == 2
    assert (home.cwd / "trades.csv").read_bytes() == before
