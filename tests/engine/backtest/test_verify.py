"""`verify` says of each recording whether a replay decides as the run did, in words, as JSON and by its exit status."""

import json
import os
import random
import signal
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from engine.assembly import LiveSupply, build
from engine.cli.main import main
from engine.config import bundled
from engine.model.commands import Arm, Command, Disarm, Flat, Lock, PauseEntries, ResumeEntries, Unlock
from engine.model.errors import EXIT_BAD_INPUT, EXIT_DIFFERENT, EXIT_WELL
from engine.model.marks import EventMark, InputMark, Mark, StateMark
from engine.recording import Header, MqrSource
from engine.recording.format import BLOCK_HEAD
from engine.trading.indicators import Ema
from engine.version import RULES_REVISION
from tests.support.builders import Stage, config, nifty, shared
from tests.support.recorded_runs import (
    LENGTH,
    OFTEN,
    Beat,
    Unsteady,
    account_of_before,
    damage_ticks,
    inputs_of,
    marks_of,
    record,
    record_by_hand,
    replay,
    rewrite,
    with_field,
    zigzag,
)

CHECKPOINTS = LENGTH // 50 + 1
ANY: tuple[Command | Beat, ...] = (
    *(PauseEntries(), ResumeEntries(), Lock("a"), Unlock(), Unlock(), Arm(), Disarm(), Flat("b"), Beat()),
)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The recording of a run that was locked for a while."""
    return record(tmp_path_factory.mktemp("recorded"), None, {100: (Lock(),), 220: (Unlock(),)})


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stand in a folder whose config.toml would change everything, were it read; leave the process as it was."""
    (tmp_path / "config.toml").write_text("strategy = 5\n")
    monkeypatch.chdir(tmp_path)
    mask, on_interrupt = os.umask(0o077), signal.getsignal(signal.SIGINT)
    yield
    os.umask(mask)
    signal.signal(signal.SIGINT, on_interrupt)


def verify(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, list[dict[str, Any]]]:
    """Exit status and reports."""
    status = main(["verify", "--json", *map(str, words)])
    out, err = capsys.readouterr()
    assert err == ""
    return status, [json.loads(line) for line in out.splitlines()]


def one(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, dict[str, Any]]:
    status, (report,) = verify(capsys, *words)
    return status, report


# ── The same. ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_report_of_a_run_that_is_the_same(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, report = one(capsys, recorded)
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
    _, report = one(capsys, recorded)
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
    status, report = one(capsys, path)
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
    status, report = one(capsys, *(tmp_path / "rec").iterdir())
    assert (status, report["same"], report["checkpoints"], len(report["exits"])) == (EXIT_WELL, 33, 33, 61)
    assert report["cash"] == "105725.25"


def test_a_recorded_day_from_csv(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.toml").unlink()
    where = ("--set", f"recording.directory={tmp_path / 'rec'}", "--set", "recording.enabled=on")
    day = str(shared("nifty_option_20251001.csv"))
    assert main(["replay", day, "--headless", "--quiet", "--state-dir", "state", "--json", *where]) == EXIT_WELL
    ran = json.loads(capsys.readouterr().out)
    status, report = one(capsys, *(tmp_path / "rec").iterdir())
    assert (status, report["outcome"], report["same"]) == (EXIT_WELL, "same", report["checkpoints"])
    assert report["checkpoints"] > 5
    assert (len(report["entries"]), len(report["exits"])) == (ran["entries"], ran["exits"])
    assert (report["cash"], report["net_pnl"]) == (ran["cash"], ran["net_pnl"])


def test_a_live_run_that_merged_ticks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Numbers that never came are holes to the run, and none in its recording."""
    listed = (nifty(),)
    feed = Unsteady([each for each in zigzag(1500) if each.seq % 10 != 3])
    supply = LiveSupply("a line", listed, lambda tell, in_session: feed)
    options = (*OFTEN, "engine.delivery=queued", f"recording.directory={tmp_path / 'rec'}")
    with build(config(*options), supply, "paper", state_root=tmp_path / "state") as run:
        run.engine.start()
        assert run.engine.wait(30)
        run.engine.stop()
        assert run.engine.cursor.holes >= 150
        assert run.trader.state.book.entries > 5
    status, report = one(capsys, *(tmp_path / "rec").iterdir())
    assert (status, report["outcome"], report["reason"]) == (EXIT_WELL, "same", "")
    assert report["ticks"] < 1500
    assert report["same"] >= report["ticks"] // 50


def test_an_account_taken_over_from_the_run_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, passed = account_of_before(*OFTEN)
    path = tmp_path / "paper.mqr"
    kept = before.trader.keep(before.now_ms)
    record_by_hand(path, Stage(*OFTEN), zigzag(passed + LENGTH)[passed:], {150: ResumeEntries()}, kept)
    status, report = one(capsys, path)
    assert (status, report["reason"], report["same"]) == (EXIT_WELL, "", 12)
    assert report["exits"][0]["entry_time"] < report["entries"][0]["time"]


def test_the_recording_of_a_replay_is_one_of_the_same_run(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, passed = account_of_before(*OFTEN)
    kept = before.trader.keep(before.now_ms)
    paper = tmp_path / "paper.mqr"
    record_by_hand(paper, Stage(*OFTEN), zigzag(passed + LENGTH)[passed:], {150: ResumeEntries()}, kept)
    for path in (recorded, paper):
        folder = tmp_path / path.stem
        options = ("recording.enabled=on", f"recording.directory={folder}")
        with replay(path, tmp_path / f"{path.stem}-state", *options) as run:
            assert run.engine.wait(30)
            run.engine.stop()
        (again,) = folder.iterdir()
        assert inputs_of(again) == inputs_of(path)
        status, report = one(capsys, again)
        assert (status, report["reason"], report["ticks"]) == (EXIT_WELL, "", LENGTH)


# ── Not the same. ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_difference_is_named(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def change(mark: Mark) -> Mark:
        at_200 = isinstance(mark, StateMark) and mark.ticks == 200
        return with_field(mark, "0.strategy.green", "77") if at_200 else mark

    path = rewrite(recorded, change)
    status, report = one(capsys, path)
    assert (status, report["outcome"], report["same"]) == (EXIT_DIFFERENT, "different", CHECKPOINTS - 1)
    assert report["reason"].startswith("tick 200: green 77 ≠ ")
    assert main(["verify", str(path), str(recorded)]) == EXIT_DIFFERENT
    out = capsys.readouterr().out
    assert out.startswith(f"{path}: DIFFERENT: {report['reason']} (the same: {CHECKPOINTS - 1}/{CHECKPOINTS}, exits ")
    assert "SAME AS RECORDED" in out


def test_a_strategy_that_was_changed_under_the_same_version(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = record(tmp_path / "run", None, None, "strategy.use_ema_crossover=true")
    assert one(capsys, path)[0] == EXIT_WELL
    recorded_ema = next(mark.fields for mark in marks_of(path) if isinstance(mark, StateMark))[
        "0.strategy.ema_slow.value"
    ]
    monkeypatch.setattr("engine.trading.strategy.ema_macd_vwap.Ema", lambda length: Ema(43 if length == 42 else length))
    status, report = one(capsys, path)
    assert (status, report["outcome"], report["same"]) == (EXIT_DIFFERENT, "different", 0)
    assert report["reason"].startswith(f"tick 50: ema_slow {recorded_ema} ≠ ")


def test_an_exit_that_is_other_missing_or_too_many(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fills = [mark for mark in marks_of(recorded) if isinstance(mark, EventMark) and mark.kind == "fill"]
    third = fills[2]
    tick = f"tick {third.ticks:,}"

    def change(mark: Mark, to: Mark | None) -> Mark | None:
        return to if mark == third else mark

    other = rewrite(recorded, lambda mark: change(mark, replace(third, text="75 1 Whim")))
    status, report = one(capsys, other)
    assert (status, report["reason"]) == (EXIT_DIFFERENT, f"{tick}: exit 75 1 Whim ≠ {third.text}")
    assert report["exits_same"] == report["exits_recorded"] - 1
    status, report = one(capsys, rewrite(recorded, lambda mark: change(mark, None)))
    assert (status, report["outcome"]) == (EXIT_DIFFERENT, "different")
    assert report["reason"].startswith(f"{tick}: exit ")

    def without_the_last(mark: Mark) -> Mark | None:
        return None if mark == fills[-1] else mark

    status, report = one(capsys, rewrite(recorded, without_the_last))
    last = fills[-1]
    assert report["reason"] == f"tick {last.ticks:,}: exit nothing ≠ {last.text} at tick {last.ticks:,}"
    assert status == EXIT_DIFFERENT


def test_a_command_that_is_missing_in_the_recording(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, report = one(capsys, rewrite(recorded, lambda mark: None if isinstance(mark, InputMark) else mark))
    assert status == EXIT_DIFFERENT
    assert report["reason"].startswith("tick 100: gate.locked 'operator' ≠ ''") or "gate.locked" in report["reason"]


def test_other_rules_are_not_comparable_and_still_replayed(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, report = one(capsys, recorded, "--set", "risk.base_sl_points=3")
    assert (status, report["outcome"], report["reason"]) == (
        EXIT_DIFFERENT,
        "not comparable",
        "base_sl_points 15→3",
    )
    assert any(each["reason"] == "Stop Loss" for each in report["exits"])
    assert main(["verify", str(recorded), "--set", "risk.base_sl_points=3"]) == EXIT_DIFFERENT
    assert capsys.readouterr().out.startswith(f"{recorded}: NOT COMPARABLE (base_sl_points 15→3)\n")
    status, report = one(capsys, recorded, "--set", "instrument.lot_size=50")
    assert report["reason"] == "NIFTY lot_size 75→50"
    assert report["entries"][0]["quantity"] == "450"


def test_a_given_configuration_takes_the_place_of_the_recorded_one(
    recorded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, report = one(capsys, recorded, "--config", bundled("config.toml"))
    assert (status, report["outcome"]) == (EXIT_DIFFERENT, "not comparable")
    assert report["reason"].startswith("use_ema_crossover false→true, ")
    status, report = one(capsys, recorded, "--config", tmp_path / "config.toml")
    assert (status, report["outcome"]) == (EXIT_BAD_INPUT, "unreadable")
    assert "strategy" in report["reason"]


def test_a_recording_of_another_version_or_without_marks(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for version, note in (("0.0.1", "made by 0.0.1"), ("", "made by an unknown version")):

        def older(head: Header, version: str = version) -> Header:
            return replace(head, program_version=version)

        status, report = one(capsys, rewrite(recorded, lambda mark: mark, older))
        assert (status, report["outcome"], report["reason"]) == (EXIT_WELL, "same", "")
        assert report["notes"] == [note]
    status, report = one(capsys, rewrite(recorded, lambda mark: None))
    assert (status, report["reason"]) == (EXIT_DIFFERENT, "it holds no checkpoint and no exit")


def test_a_recording_under_other_rules(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def ahead(head: Header) -> Header:
        return replace(head, rules_revision=RULES_REVISION + 1)

    def other_state(mark: Mark) -> Mark:
        return with_field(mark, "book.cash", "'1.00'") if isinstance(mark, StateMark) and mark.ticks == 100 else mark

    def other_exit(mark: Mark) -> Mark:
        return replace(mark, text="1 1 Luck") if isinstance(mark, EventMark) and mark.kind == "fill" else mark

    status, report = one(capsys, rewrite(recorded, lambda mark: mark, ahead))
    assert (status, report["outcome"], report["reason"]) == (EXIT_WELL, "same", ""), "what changed was never met"
    why_not = f"rules {RULES_REVISION + 1}→{RULES_REVISION}"
    for change in (other_state, other_exit):
        status, report = one(capsys, rewrite(recorded, change, ahead))
        assert (status, report["outcome"], report["reason"]) == (EXIT_DIFFERENT, "not comparable", why_not)


def test_keys_that_are_new_or_gone(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def lacking(head: Header) -> Header:
        return replace(head, config={key: text for key, text in head.config.items() if key != "risk.gst_percent"})

    status, report = one(capsys, rewrite(recorded, lambda mark: mark, lacking))
    assert (status, report["outcome"]) == (EXIT_WELL, "same")
    assert report["notes"] == ["risk.gst_percent: not in the recording, taken as 18"]

    def more(head: Header) -> Header:
        return replace(head, config=head.config | {"strategy.mood": "good", "instruments.X.colour": "red"})

    path = rewrite(recorded, lambda mark: mark, more)
    status, report = one(capsys, path)
    assert (status, report["reason"]) == (EXIT_DIFFERENT, "mood is gone")
    assert report["notes"][0] == "strategy.mood: not in this program any more"
    assert main(["verify", str(path)]) == EXIT_DIFFERENT
    assert "  note: strategy.mood: not in this program any more\n" in capsys.readouterr().out


def test_a_configuration_that_cannot_be_one(recorded: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def absurd(head: Header) -> Header:
        return replace(head, config=head.config | {"strategy.fast_ema": "-3\nrisk.x=1"})

    status, report = one(capsys, rewrite(recorded, lambda mark: mark, absurd))
    assert (status, report["outcome"]) == (EXIT_BAD_INPUT, "unreadable")
    assert "strategy.fast_ema" in report["reason"]


def test_long_lists_come_back_as_they_were(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    days = ", ".join(
        f"20{year}-{month:02}-{day:02}" for year in range(27, 31) for month in range(1, 13) for day in range(1, 21)
    )
    path = record(
        tmp_path / "run",
        None,
        None,
        f"session.holidays=[{days}]",
        "risk.tp_points=[2, 4]",
        "risk.tp_percents=[0.5, 0.5]",
    )
    assert len(MqrSource(path).header.config["session.holidays"]) > 10_000
    status, report = one(capsys, path)
    assert (status, report["reason"]) == (EXIT_WELL, "")


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
        status, report = one(capsys, path)
        assert report["reason"] == ""
        assert (status, report["outcome"]) == (EXIT_WELL, "same")
        assert report["same"] == report["checkpoints"]
        assert report["damage"] != []
        reached.add(report["ticks"])
    assert len(reached) > 5


def test_damage_before_good_data_is_no_success(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = record(tmp_path / "run", zigzag(6000))
    damage_ticks(path)
    status, report = one(capsys, path)
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
