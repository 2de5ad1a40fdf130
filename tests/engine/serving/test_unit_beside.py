"""The units beside the engine's: what they may write to is made first, and the timer keeps the session's time."""

import shutil
import subprocess

import pytest

from engine.cli.main import main
from engine.serving.unit_beside import serve_unit, validate_unit


def test_folders_that_are_written_to_are_made_first() -> None:
    for text in (serve_unit([], ["/a/state", "/a b"]), validate_unit([], ["/a/state", "/a b"], [])):
        assert "mkdir -p -m 700 /a/state '/a b'" in text
        assert 'ReadWritePaths=-/a/state "-/a b"' in text


def test_the_timer_is_due_whenever_it_is_said() -> None:
    text = validate_unit([], [], ["*-*-* 16:00:00 Asia/Kolkata", "2026-11-08 19:45:00 Asia/Kolkata"])
    assert "\nOnCalendar=*-*-* 16:00:00 Asia/Kolkata\nOnCalendar=2026-11-08 19:45:00 Asia/Kolkata\n" in text
    assert "Persistent=true" in text


def test_the_feed_that_is_named_is_that_of_the_service_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    for unit, name in (("--validate", "validate"), ("--serve", "serve")):
        assert main(["systemd-unit", unit, "--source", "binance", "BTCUSDT"]) == 0
        out = capsys.readouterr().out
        assert f'{name} --set feed.source=binance --set "feed.symbols=[\\"BTCUSDT\\"]"' in out
        assert ("OnCalendar=*-*-* 00:30:00 UTC" in out) == (name == "validate")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
def test_systemd_reads_what_it_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["systemd-unit", "--validate", "--set", 'session.special=["2099-11-08 18:00-19:15"]']) == 0
    whens = [line.partition("=")[2] for line in capsys.readouterr().out.splitlines() if line.startswith("OnCalendar")]
    assert whens
    subprocess.run(["systemd-analyze", "calendar", *whens], check=True, capture_output=True)


def test_the_service_may_make_its_socket(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["systemd-unit", "--serve", "--state-dir", "/a/state", "--set", "serve.socket=/run/mine/serve.sock"]) == 0
    )
    assert "ReadWritePaths=-/a/state -/run/mine" in capsys.readouterr().out
