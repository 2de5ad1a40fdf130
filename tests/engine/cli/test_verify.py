"""`verify` says of each recording whether a replay decides as the run did, in words, as JSON and by its exit status."""

import json
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from engine.assembly import LiveSupply, build
from engine.backtest.verification import Entry, ExitRow, Verification
from engine.cli.main import main
from engine.cli.verify import _lines
from engine.model.commands import Arm, Command, Disarm, Flat, Lock, PauseEntries, ResumeEntries, Unlock
from engine.model.errors import EXIT_BAD_INPUT, EXIT_WELL
from engine.model.marks import EventMark, StateMark
from engine.recording.format import BLOCK_HEAD, SYNC
from tests.support.builders import config, nifty
from tests.support.recorded_runs import (
    BUSY,
    CHECKPOINTS,
    LENGTH,
    Beat,
    GappyFeed,
    damage_ticks,
    harness_with_position,
    inputs_of,
    marks_of,
    record,
    record_by_hand,
    replay,
    rewrite,
    zigzag,
)
from tests.support.recordings.verify_command import verify, verify_one
from tests.support.shared_data import shared
from tests.support.trader_harness import TraderHarness
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.usefixtures("elsewhere")
ANY: tuple[Command | Beat, ...] = (
    *(PauseEntries(), ResumeEntries(), Lock("a"), Unlock(), Unlock(), Arm(), Disarm(), Flat("b"), Beat()),
)


# ── Nothing to compare. ──────────────────────────────────────────────────────────────────────────────────────────────


def test_a_run_that_ended_before_its_first_checkpoint_is_blank(
    tmp_path: Path, recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = recorded.read_bytes()
    begun = whole.index(SYNC)
    few = record(tmp_path / "few", zigzag(5), None, "session.start=12:00")
    marks_left_out = rewrite(few, lambda mark: None if isinstance(mark, StateMark) else mark)
    cases = {
        "empty": (b"", "unreadable"),
        "within its header": (whole[: begun // 2], "unreadable"),
        "no tick": (whole[:begun], "not comparable"),
        "no checkpoint": (marks_left_out.read_bytes(), "not comparable"),
    }
    for name, (content, outcome) in cases.items():
        path = tmp_path / "short.mqr"
        path.write_bytes(content)
        _, report = verify_one(capsys, path)
        assert (name, report["outcome"], report["blank"]) == (name, outcome, True)


def test_what_is_whole_or_damaged_is_not_blank(
    tmp_path: Path, recorded: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = recorded.read_bytes()
    begun = whole.index(SYNC)
    wrong_block, wrong_header = bytearray(whole), bytearray(whole)
    wrong_block[begun + BLOCK_HEAD.size] ^= 1
    wrong_header[begun // 2] ^= 1
    quiet = record(tmp_path / "quiet", zigzag(60), None, "session.start=12:00")
    without_marks = [rewrite(each, lambda _: None).read_bytes() for each in (recorded, quiet)]  # both were due
    for content in (whole, wrong_block, wrong_header, *without_marks, b"something else"):
        path = tmp_path / "whole.mqr"
        path.write_bytes(content)
        assert not verify_one(capsys, path)[1]["blank"]


# ── The same. ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_report_of_a_run_that_is_the_same(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, report = verify_one(capsys, recorded)
    fills = [mark.text for mark in marks_of(recorded) if isinstance(mark, EventMark) and mark.kind == "fill"]
    assert status == EXIT_WELL
    assert (report["outcome"], report["reason"], report["ticks"]) == ("same", "", LENGTH)
    assert (report["same"], report["checkpoints"]) == (CHECKPOINTS, CHECKPOINTS)
    assert (report["exits_same"], report["exits_recorded"]) == (len(fills), len(fills))
    said = [f"{each['quantity']} {round(float(each['price']) * 100)} {each['reason']}" for each in report["exits"]]
    assert said == fills
    assert {each["entry_price"] for each in report["exits"]} <= {each["price"] for each in report["entries"]}
    assert report["entries"][0] == {
        "time": "2025-10-01T09:30:00.500+05:30",
        "symbol": "NIFTY",
        "price": "201.0",
        "quantity": "450",
    }
    assert (report["damage"], report["notes"]) == ([], [])
    assert not list(Path.cwd().glob("*/*")), "it leaves nothing behind"


def test_the_report_for_a_person(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, report = verify_one(capsys, recorded)
    assert main(["verify", str(recorded)]) == EXIT_WELL
    lines = capsys.readouterr().out.splitlines()
    counted = f"{CHECKPOINTS}/{CHECKPOINTS}, exits {len(report['exits'])}/{len(report['exits'])}"
    assert lines[0] == f"{recorded}: SAME AS RECORDED {counted}"
    counts = f"{len(report['entries'])} entries, {len(report['exits'])} exits"
    assert lines[1] == f"  600 ticks, {counts}, {report['open_positions']} positions open"
    assert f"net {report['net_pnl']}; cash {report['cash']}" in lines[2]
    assert lines[3] == "  2025-10-01T09:30:00.500+05:30  entry 450 NIFTY @ 201.0"
    first = report["exits"][0]
    won = f"{first['quantity']} NIFTY @ {first['price']} {first['reason']}, net +{first['net_pnl']}"
    assert f"  {first['time']}  exit  {won}" in lines
    assert len(lines) == 3 + len(report["entries"]) + len(report["exits"])
    assert [line.split()[1] for line in lines[3:]] == report["order"]


def test_an_entry_behind_an_exit_of_the_same_moment_stands_behind_it() -> None:
    exit_row = ExitRow("10:00:00", "A", "09:30:00", "100", "101", "75", "Flat", "-5.00")
    entry = Entry("10:00:00", "A", "101", "75")
    found = Verification("f", "same", "", entries=(entry,), exits=(exit_row,), order=("exit", "entry"))
    assert [line.split()[1] for line in [*_lines(found)][3:]] == ["exit", "entry"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_commands_at_any_tick_in_any_delivery(seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    chance = random.Random(seed)
    orders: dict[int, Sequence[Command | Beat]] = {
        tick: chance.choices(ANY, k=chance.randint(1, 3)) for tick in chance.sample(range(1, LENGTH), 14)
    }
    overrides = (
        f"engine.delivery={chance.choice(['polling', 'queued', 'callback'])}",
        f"recording.checkpoint_ticks={chance.choice([1, 7, 50])}",
        f"risk.jump_percent={chance.choice([0, 2])}",
        f"risk.max_daily_loss={chance.choice([0, 400])}",
        "engine.poll_interval_ms=1",
        "engine.inbox_size=10",
    )
    path = record(tmp_path / "run", zigzag(step_ms=chance.choice([250, 700, 1500])), orders, *overrides)
    assert inputs_of(path)
    status, report = verify_one(capsys, path)
    assert (status, report["outcome"], report["reason"]) == (EXIT_WELL, "same", "")
    assert report["checkpoints"] >= LENGTH // 50


def test_a_whole_generated_day(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = f"--set=recording.directory={tmp_path / 'rec'}"
    (tmp_path / "config.toml").unlink()
    words = [
        "run",
        "--source",
        "mock",
        "--set",
        "mock.speed=max",
        "--headless",
        "--quiet",
        "--state-dir",
        "state",
        where,
    ]
    assert main(words) == EXIT_WELL
    capsys.readouterr()
    status, report = verify_one(capsys, *(tmp_path / "rec").iterdir())
    assert (status, report["same"], report["checkpoints"], len(report["exits"])) == (EXIT_WELL, 33, 33, 62)
    assert report["cash"] == "101861.52"


def test_a_recorded_day_from_csv(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.toml").unlink()
    where = ("--set", f"recording.directory={tmp_path / 'rec'}", "--set", "recording.enabled=on")
    day = str(shared("nifty_option_20251001.csv"))
    assert main(["replay", day, "--headless", "--quiet", "--state-dir", "state", "--json", *where]) == EXIT_WELL
    ran = json.loads(capsys.readouterr().out)
    status, report = verify_one(capsys, *(tmp_path / "rec").iterdir())
    assert (status, report["outcome"], report["same"]) == (EXIT_WELL, "same", report["checkpoints"])
    assert report["checkpoints"] > 5
    assert (len(report["entries"]), len(report["exits"])) == (ran["entries"], ran["exits"])
    assert (report["cash"], report["net_pnl"]) == (ran["cash"], ran["net_pnl"])


def test_a_live_run_that_merged_ticks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Numbers that never came are holes to the run, and none in its recording."""
    listed = (nifty(),)
    feed = GappyFeed([each for each in zigzag(1500) if each.seq % 10 != 3])
    supply = LiveSupply("a line", listed, lambda tell, in_session: feed)
    options = (*BUSY, "engine.delivery=queued", f"recording.directory={tmp_path / 'rec'}")
    with build(config(*options), supply, "paper", state_root=tmp_path / "state") as run:
        run.engine.start()
        assert run.engine.wait(PATIENCE_S)
        run.engine.stop()
        assert run.engine.cursor.holes >= 150
        assert run.trader.state.portfolio.entries > 5
    status, report = verify_one(capsys, *(tmp_path / "rec").iterdir())
    assert (status, report["outcome"], report["reason"]) == (EXIT_WELL, "same", "")
    assert report["ticks"] < 1500
    assert report["same"] >= report["ticks"] // 50


def test_an_account_taken_over_from_the_run_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, passed = harness_with_position(*BUSY)
    path = tmp_path / "paper.mqr"
    kept = before.trader.state.keep(before.now_ms)
    record_by_hand(path, TraderHarness(*BUSY), zigzag(passed + LENGTH)[passed:], {150: ResumeEntries()}, kept)
    status, report = verify_one(capsys, path)
    assert (status, report["reason"], report["same"]) == (EXIT_WELL, "", 12)
    assert report["exits"][0]["entry_time"] < report["entries"][0]["time"]


def test_the_recording_of_a_replay_is_one_of_the_same_run(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, passed = harness_with_position(*BUSY)
    kept = before.trader.state.keep(before.now_ms)
    paper = tmp_path / "paper.mqr"
    record_by_hand(paper, TraderHarness(*BUSY), zigzag(passed + LENGTH)[passed:], {150: ResumeEntries()}, kept)
    for path in (recorded, paper):
        folder = tmp_path / path.stem
        options = ("recording.enabled=on", f"recording.directory={folder}")
        with replay(path, tmp_path / f"{path.stem}-state", *options) as run:
            assert run.engine.wait(PATIENCE_S)
            run.engine.stop()
        (again,) = folder.iterdir()
        assert inputs_of(again) == inputs_of(path)
        status, report = verify_one(capsys, again)
        assert (status, report["reason"], report["ticks"]) == (EXIT_WELL, "", LENGTH)


# ── Damaged. ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_run_that_was_killed_is_verified_as_far_as_it_goes(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = recorded.read_bytes()
    chance = random.Random(7)
    path = tmp_path / "killed.mqr"
    reached = set()
    for length in sorted(chance.sample(range(len(data) // 4, len(data) - BLOCK_HEAD.size - 1), 12)):
        path.write_bytes(data[:length])
        status, report = verify_one(capsys, path)
        assert report["reason"] == ""
        assert (status, report["outcome"]) == (EXIT_WELL, "same")
        assert report["same"] == report["checkpoints"]
        assert report["damage"] != []
        reached.add(report["ticks"])
    assert len(reached) > 5


def test_damage_before_good_data_is_no_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = record(tmp_path / "run", zigzag(6000))
    damage_ticks(path)
    status, report = verify_one(capsys, path)
    assert (status, report["outcome"]) == (EXIT_BAD_INPUT, "damaged")
    assert report["reason"] == f"all as recorded up to tick {report['ticks']:,}, where reading ends"
    assert 0 < report["same"] == report["checkpoints"] < 121
    assert len(report["damage"]) == 1
    assert main(["verify", str(path)]) == EXIT_BAD_INPUT
    out = capsys.readouterr().out
    assert f"{path}: DAMAGED: all as recorded up to" in out
    assert f"  damage: {report['damage'][0]}\n" in out


def test_what_is_no_recording(recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.csv").write_text("timestamp,price,volume\n")
    (tmp_path / "b.mqr").write_bytes(b"")
    status, reports = verify(capsys, "a.csv", "b.mqr", "absent.mqr", recorded)
    assert status == EXIT_BAD_INPUT
    assert [report["outcome"] for report in reports] == ["unreadable"] * 3 + ["same"]
    assert [report["reason"].partition(": ")[2] for report in reports[:2]] == [
        "is not a recording (.mqr)",
        "the file is empty",
    ]
    assert main(["verify", "absent.mqr"]) == EXIT_BAD_INPUT
    assert capsys.readouterr().out.startswith("absent.mqr: UNREADABLE: absent.mqr: cannot be read: ")


def test_the_help_says_what_a_script_needs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify", "--help"]) == EXIT_WELL
    said = capsys.readouterr().out
    for word in ("outcome", "exits_same", "entry_time", "exit status: 0 all the same", "--set"):
        assert word in said
