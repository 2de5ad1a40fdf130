"""The file of `--trades` as a thing that others keep: never overwritten unsaid, never half, no formula in it."""

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from engine.assembly import Run, build
from engine.model.errors import InputError
from engine.reports.trade_file import TradeFile
from engine.text.sanitize import clean
from tests.support.builders import EAGER, ListSource, config, nifty, ticks
from tests.support.waiting import until


def play(folder: Path, trades: TradeFile, *symbols: str) -> Run:
    instruments = tuple(replace(nifty(), symbol=clean(symbol)) for symbol in symbols or ("TEST",))
    stream = ListSource(ticks([100, 101, 102, 80, 100, 101, 102, 80], step_ms=500), instruments)
    run = build(config(*EAGER), stream, "replay", speed=0.0, state_root=folder / "state")
    trades.follow(run)
    with run:
        run.engine.start()
        until(lambda: run.engine.snapshot.replay is not None and run.engine.snapshot.replay.ended)
        run.engine.stop()
    return run


def test_an_older_list_is_kept_unless_forced(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_bytes(b"older")
    with (
        pytest.raises(InputError, match=r"--trades .*out\.csv: exists already; allowed: a new name, or --force"),
        TradeFile(path),
    ):
        pass
    assert path.read_bytes() == b"older"
    with TradeFile(path, force=True) as trades:
        play(tmp_path, trades)
        assert path.read_bytes() == b"older"  # until the run is over
        trades.finish()
    assert path.read_bytes().startswith(b"entry_time,")


def test_two_lists_at_once_are_both_kept(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    with TradeFile(path) as trades:
        play(tmp_path, trades)
        path.write_bytes(b"of another run")
        with pytest.raises(InputError, match=r"exists already.*; this run's list is ") as told:
            trades.finish()
    kept = Path(str(told.value).rpartition(" ")[2])
    assert path.read_bytes() == b"of another run"
    assert kept.read_bytes().startswith(b"entry_time,")


@pytest.mark.parametrize("kind", ["link", "dangling link", "folder"])
def test_a_link_is_not_followed_and_a_folder_is_none(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "out.csv"
    if kind == "folder":
        path.mkdir()
    else:
        path.symlink_to(tmp_path / "elsewhere")
    if kind == "link":
        (tmp_path / "elsewhere").write_bytes(b"theirs")
    with pytest.raises(InputError, match="is not an ordinary file"), TradeFile(path, force=True):
        pass
    assert not (tmp_path / "elsewhere").exists() or (tmp_path / "elsewhere").read_bytes() == b"theirs"


def test_a_stream_is_added_to(tmp_path: Path) -> None:
    behind = tmp_path / "captured"
    behind.write_bytes(b"before\n")
    descriptor = os.open(behind, os.O_WRONLY | os.O_APPEND)
    try:
        with TradeFile(Path(f"/dev/fd/{descriptor}")) as trades:
            play(tmp_path, trades)
            trades.finish()
    finally:
        os.close(descriptor)
    assert behind.read_bytes().startswith(b"before\nentry_time,")


def test_a_symbol_is_no_formula(tmp_path: Path) -> None:
    with TradeFile(tmp_path / "out.csv") as trades:
        run = play(tmp_path, trades, "-1+cmd", "OTHER")
        assert run.trader.state.portfolio.trades
        trades.finish()
    header, *rows = (tmp_path / "out.csv").read_text().splitlines()
    assert header.endswith(",symbol")
    assert rows
    assert all(row.endswith(",'-1+cmd") for row in rows)
    assert any(float(row.split(",")[7]) < 0 for row in rows)
