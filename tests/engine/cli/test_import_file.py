"""The command `import`: what its options mean in the recording's header."""

from pathlib import Path

import pytest

from engine.cli.main import main
from engine.config import bundled
from engine.recording import MqrSource

ROWS = "timestamp,price,volume\n2025-11-18 03:45:00,150.20,75\n2025-11-18 03:45:02,150.45,150\n"


@pytest.mark.parametrize("options", [[], ["--set", "session.zone=Asia/Kolkata"], ["--set", "session.zone=Asia/Tokyo"]])
def test_the_zone_of_the_stamps_is_not_the_session_s(tmp_path: Path, options: list[str]) -> None:
    (tmp_path / "utc.csv").write_text(ROWS, encoding="utf-8")
    out = tmp_path / "x.mqr"
    words = ["import", "--zone", "UTC", str(tmp_path / "utc.csv"), str(out), "--config", str(bundled("config.toml"))]
    assert main([*words, *options]) == 0
    source = MqrSource(out)
    zone = options[1].partition("=")[2] if options else "Asia/Kolkata"
    assert (source.header.session_zone, source.header.session_start) == (zone, "09:15:00")
    assert next(iter(source.ticks())).exch_ms == 1_763_437_500_000  # 03:45 UTC


@pytest.mark.parametrize("options", [[], ["--skip-bad-rows"]])
def test_a_dry_run_tells_all_that_the_import_tells_of_how_a_file_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str]
) -> None:
    rows = [f"2025-11-18 09:15:{n:02d},150.{n:02d},{'' if n == 9 else 75}\n" for n in range(1, 50)]
    rows.insert(0, "2025-11-18 12:15:00,150.00,75\n")  # hours ahead of those behind it
    rows += ["2025-11-18 09:15:50,1e5,75\n"] if options else []
    (tmp_path / "a.csv").write_text("timestamp,price,volume\n" + "".join(rows), encoding="utf-8")
    told = []
    for more in ("--dry-run", str(tmp_path / "a.mqr")):
        assert main(["import", str(tmp_path / "a.csv"), more, "--config", str(bundled("config.toml")), *options]) == 0
        lines = capsys.readouterr().out.splitlines()
        told.append([line for line in lines if line.startswith(("read", "lost"))])
    assert told[0] == told[1]
    assert [line.partition(":")[0] for line in told[0]] == ["read as", "read", "lost", *["lost" for _ in options]]


def test_a_symbol_that_is_said_in_vain_is_told_and_the_configured_one_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("timestamp,price,volume,symbol\n2025-11-18 09:15:00,150.20,75,A\n", encoding="utf-8")
    for options, told in (([], False), (["--symbol", "B"], True)):
        assert main(["import", str(path), "--dry-run", "--config", str(bundled("config.toml")), *options]) == 0
        assert ("read: --symbol B is without effect" in capsys.readouterr().out) == told
