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
