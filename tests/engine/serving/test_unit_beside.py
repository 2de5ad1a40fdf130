"""The units beside the engine's: what they may write to is made first, and the timer keeps the session's time."""

import pytest

from engine.cli.main import main
from engine.serving.unit_beside import serve_unit, validate_unit


def test_folders_that_are_written_to_are_made_first() -> None:
    for text in (serve_unit([], ["/a/state", "/a b"]), validate_unit([], ["/a/state", "/a b"], zone="Asia/Kolkata")):
        assert "mkdir -p -m 700 /a/state '/a b'" in text
        assert 'ReadWritePaths=-/a/state "-/a b"' in text


def test_the_timer_looks_after_each_session_of_its_zone() -> None:
    assert "OnCalendar=Mon..Sat *-*-* 16:00:00 Asia/Kolkata" in validate_unit([], [], zone="Asia/Kolkata")
    text = validate_unit([], [], zone="UTC", at="00:30", every_day=True)
    assert "OnCalendar=*-*-* 00:30:00 UTC" in text
    assert "Persistent=true" in text


def test_the_service_may_make_its_socket(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        main(["systemd-unit", "--serve", "--state-dir", "/a/state", "--set", "serve.socket=/run/mine/serve.sock"]) == 0
    )
    assert "ReadWritePaths=-/a/state -/run/mine" in capsys.readouterr().out
