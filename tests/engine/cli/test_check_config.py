"""The command `check-config`: who said a key, and which of several holds."""

from pathlib import Path

import pytest

from engine.assembly.recording_config import header_of
from engine.cli.main import main
from engine.config import bundled
from engine.recording.writer import RecordingWriter
from tests.support.builders import config, nifty

SHIPPED = ["--config", str(bundled("config.toml"))]


def test_who_said_a_key_and_whom_it_goes_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.mqr"
    made = config("session.end=23:30", "instrument.lot_size=35")
    with RecordingWriter(path, header_of(made, "run", (nifty(made),))):
        pass
    explain = ["--explain", "session.end", "--explain", "instruments.NIFTY.lot_size", "--recording", str(path)]
    assert main(["check-config", *explain, *SHIPPED]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "session.end = 23:30, by the recording",
        "  15:30 by the default: weaker than the recording",
        "instruments.NIFTY.lot_size = 35, by the recording",
        "  75 by the default: weaker than the recording",
    ]
    assert (
        main(["check-config", *explain, *SHIPPED, "--set", "session.end=15:30", "--set", "instrument.lot_size=75"]) == 0
    )
    assert capsys.readouterr().out.splitlines() == [
        "session.end = 15:30, by --set",
        "  23:30 by the recording: weaker than --set",
        "  15:30 by the default: weaker than --set",
        "instruments.NIFTY.lot_size = 75, by --set",
        "  35 by the recording: weaker than --set",
        "  75 by the default: weaker than --set",
    ]


def test_a_file_of_a_few_keys_is_well_unless_whole_ones_are_wanted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "config.toml"
    path.write_text("[strategy]\nfast_ema = 9\n", encoding="utf-8")
    assert main(["check-config", "--config", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: well\ndiffers from the defaults: strategy.fast_ema\n"
    assert main(["check-config", "--config", str(path), "--complete"]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert f"myquant-tui: {path}: strategy.slow_ema: missing; default is 42" in lines
    assert f"myquant-tui: {path}: [capital]: missing section, with the key initial_capital" in lines
    assert main(["check-config", *SHIPPED, "--complete"]) == 0


def test_a_key_that_is_none_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-config", "--explain", "session.ende", *SHIPPED]) == 2
    assert capsys.readouterr().err == "myquant-tui: session.ende: unknown key; did you mean session.end?\n"


def test_what_is_lacking_for_live_orders_is_told_where_they_are_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check-config", *SHIPPED, "--set", "live.enabled=true"]) == 0
    *_, heading, first = capsys.readouterr().out.splitlines()[:4]
    assert heading == "for live orders this is lacking:"
    assert first == "  live.max_order_value = 0: live orders need a number above 0, in rupees"
    said = ("live.enabled=true", "live.max_order_value=20000", "live.max_lots=1", "live.max_open_positions=1")
    said += ("live.max_orders_per_day=300", "live.symbols=[NIFTY29DEC2625000CE]", "live.forward_days=5")
    said += ("risk.max_daily_loss=3000", "operator.on_loss=keep")
    assert main(["check-config", *SHIPPED, *(word for each in said for word in ("--set", each))]) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "for live orders all is said"
