"""`report` of a sweep's file: what heads it, the map and the distribution, without numpy; what it refuses."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from engine.backtest.sweep.kept import keep
from engine.backtest.sweep.ledger import Ledger
from engine.backtest.sweep.maps import MOST_VALUES
from engine.backtest.sweep.selection import Wishes
from engine.backtest.sweep.store import Store
from engine.backtest.sweep.sweeping import reported, summed_up
from engine.cli.main import main
from tests.support.paths import ROOT
from tests.support.sweeps import SETS, filled, plan_of

HOLDS = "sweep.sqlite: HOLDS SO FAR"


@pytest.fixture(autouse=True)
def data_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))


def ended(path: Path, *overrides: str, same: str = "SAME AS ENGINE 20/20", units: int | None = None) -> Path:
    """The file of a sweep that came to its end, or whose first `units` are done."""
    plan = plan_of(*(overrides or SETS))
    store, ledger = filled(plan, path, 2000.0), Ledger.usual()
    ledger.enter(plan)
    if units is not None:
        store._database.execute("DELETE FROM units WHERE number >= ?", (units,))
        store._database.commit()
    else:
        store.note("same", same)
        keep(store, reported(store, *summed_up(store, ledger, Wishes(), 20)))
    store.close()
    ledger.close()
    return path


def said(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str, str]:
    status = main(["report", *map(str, words)])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_verdict_ledger_and_days_held_out_head_map_and_distribution(tmp_path: Path, capsys) -> None:
    status, out, err = said(capsys, ended(tmp_path / "sweep.sqlite"))
    lines = out.splitlines()
    assert (status, err) == (0, "")
    assert lines[0].endswith(HOLDS)
    assert lines[1] == "SAME AS ENGINE 20/20"
    assert "note: ever tried on these days: 18 sets; held out: 10 of 40 days, looked at 2 times" in lines
    assert any(line.startswith("note: held out: row 3, the best, kept ") for line in lines)
    at = lines.index("median sharpe: strategy.fast_ema down, strategy.slow_ema across")
    assert lines[at + 1].split() == ["5", "9"]
    assert lines[at + 4].split()[:2] == ["5", "—"]  # 5 is not below 5
    assert sum(line.startswith("median sharpe: ") for line in lines) == 3
    assert any(line.startswith("18 ranked sets: sharpe between ") for line in lines)


def test_the_page_has_no_script_and_says_each_picture_in_words(tmp_path: Path, capsys) -> None:
    page = tmp_path / "page.html"
    status, out, _ = said(capsys, ended(tmp_path / "sweep.sqlite"), "--out", page, "--svg")
    text = page.read_text(encoding="utf-8")
    assert (status, text.count("<figure"), text.count("<svg "), text.count("<details>")) == (0, 4, 4, 4)
    assert "<script" not in text
    assert "script-src" not in text
    assert "default-src 'none'; style-src 'sha256-" in text
    assert not re.search(r"(src|href)=|url\(|https?://", text)
    assert text.index(HOLDS) < text.index("looked at 2 times") < text.index("row 3, the best") < text.index("<figure")
    assert len(list(tmp_path.glob("page.sweep.*.svg"))) == 4
    assert page.stat().st_mode & 0o077 == 0
    assert HOLDS in out.splitlines()[0]


def test_json_is_that_of_sweep_show(tmp_path: Path, capsys) -> None:
    file = ended(tmp_path / "sweep.sqlite")
    _, out, _ = said(capsys, file, "--json")
    assert main(["sweep", "show", str(file), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert json.loads(out) == shown | {"looks": shown["looks"] - 1}


def test_what_is_not_as_by_the_engine_comes_first(tmp_path: Path, capsys) -> None:
    differs = "NOT AS BY THE ENGINE 19/20: row 3"
    status, out, _ = said(capsys, ended(tmp_path / "sweep.sqlite", same=differs))
    assert (status, out.splitlines()[0]) == (1, differs)


def test_what_is_not_finished_says_so_and_goes_on(tmp_path: Path, capsys) -> None:
    file = ended(tmp_path / "sweep.sqlite", units=30)
    _, out, _ = said(capsys, file)
    assert out.splitlines()[0] == "NOT HELD TO THE ENGINE"
    assert out.splitlines()[2].startswith("NOT FINISHED: 30 of 40 units are done")
    whole = ended(tmp_path / "whole.sqlite")
    store = Store.opened(whole)
    store._database.execute("DELETE FROM units WHERE number = 7")  # as if it had come further since
    store._database.commit()
    store.close()
    assert "NOT FINISHED: 39 of 40 units are done" in said(capsys, whole)[1]


def test_a_key_with_many_values_is_listed_elsewhere_and_one_key_alone_is_a_column(tmp_path: Path, capsys) -> None:
    many = f"strategy.slow_ema=20..{20 + MOST_VALUES}"
    _, out, _ = said(capsys, ended(tmp_path / "many.sqlite", "strategy.fast_ema=3,4", many))
    assert "too many values for a map: strategy.slow_ema strategy.fast_ema; sweep show --map" in out
    _, out, _ = said(capsys, ended(tmp_path / "one.sqlite", "strategy.fast_ema=3..6"))
    lines = out.splitlines()
    at = lines.index("median sharpe: strategy.fast_ema down")
    assert [line.split()[0] for line in lines[at + 2 : at + 6]] == ["3", "4", "5", "6"]


@pytest.mark.parametrize(
    ("more", "line"),
    [
        (["--csv"], "--csv: not of a sweep; allowed: --out, --svg, --open, --json"),
        (["--set", "risk.gst_percent=5"], "--set: not of a sweep"),
        (["--svg"], "--svg: beside a page, whose name is lacking"),
        (["pyproject.toml"], "a sweep is reported alone"),
    ],
)
def test_what_is_not_of_a_sweep_is_refused_in_one_line(more: list[str], line: str, tmp_path: Path, capsys) -> None:
    status, out, err = said(capsys, ended(tmp_path / "sweep.sqlite"), *more)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert line in err


def test_a_file_of_another_program_is_no_sweep(tmp_path: Path, capsys) -> None:
    Ledger(tmp_path / "other.sqlite").close()
    status, _, err = said(capsys, tmp_path / "other.sqlite")
    assert (status, err.count("\n")) == (2, 1)
    assert "other.sqlite: not a sweep" in err


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ("DROP TABLE facts", "no such table: facts"),
        ("DROP TABLE units", "no such table: units"),
        ("UPDATE facts SET value = '{}' WHERE name = 'report'", "damaged: Object missing required field"),
        (
            "UPDATE facts SET value = json_remove(value, '$.maps[0].medians[1]') WHERE name = 'report'",
            "damaged: rows of one table are not alike",
        ),
    ],
)
def test_a_damaged_file_is_refused_in_one_line(change: str, line: str, tmp_path: Path, capsys) -> None:
    store = Store.opened(ended(tmp_path / "sweep.sqlite"))
    store._database.execute(change)
    store._database.commit()
    store.close()
    status, out, err = said(capsys, tmp_path / "sweep.sqlite")
    assert (status in (2, 74), out, err.count("\n")) == (True, "", 1)
    assert line in err


def test_it_is_read_without_numpy(tmp_path: Path) -> None:
    file = ended(tmp_path / "sweep.sqlite")
    code = f"import sys; sys.modules['numpy'] = None; from engine.cli.main import main; sys.exit(main(['report', {str(file)!r}]))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[0].endswith(HOLDS)
