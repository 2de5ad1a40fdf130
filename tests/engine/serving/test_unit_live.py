"""The unit of an engine that sends real orders, and the one that closes everything once that has died again and again."""

import shlex
import sys
from pathlib import Path

import pytest

from engine.cli.main import main
from tests.support.live_config import SAID


def printed(capsys: pytest.CaptureFixture[str], *more: str) -> list[dict[str, str]]:
    """The keys of each unit that is printed."""
    said = [word for key, value in SAID.items() for word in ("--set", f"{key}={value}")]
    assert main(["systemd-unit", "--live", *said, *more]) == 0
    parts = capsys.readouterr().out.split("\n[Unit]\n")[1:]
    return [
        dict(line.split("=", 1) for line in part.splitlines() if "=" in line and not line.startswith("#"))
        for part in parts
    ]


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("STATE", "CONFIG", "DATA"):
        monkeypatch.setenv(f"XDG_{name}_HOME", str(tmp_path / name.lower()))


def test_after_three_restarts_within_a_minute_everything_is_closed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    engine, flat = printed(capsys, "--set", "live.on_engine_death=flat")
    folder = f"{tmp_path}/state/myquant-tui/live"
    assert (engine["StartLimitIntervalSec"], engine["StartLimitBurst"]) == ("60", "4")
    assert engine["OnFailure"] == "myquant-tui-flat.service"
    assert engine["SuccessExitStatus"] == "3 75"
    assert engine["RestartPreventExitStatus"] == "2 3 75"
    words = shlex.split(engine["ExecStart"])
    assert words[:5] == [sys.executable, "-P", "-m", "engine", "engine"]
    assert {"--live", "--require-credentials"} <= set(words)
    assert words[words.index("--state-dir") + 1] == folder
    said = shlex.split(flat["ExecStart"])[4:]
    assert said[:4] == ["flat", "--yes", "--state-dir", folder]
    assert "live.on_engine_death=flat" in said
    assert {f"{key}={value}" for key, value in SAID.items()} <= {word.replace("%%", "%") for word in said}
    assert "--config" not in said
    assert flat["Type"] == "oneshot"
    assert flat["EnvironmentFile"] == engine["EnvironmentFile"]
    assert flat["ReadWritePaths"] == engine["ReadWritePaths"]


def test_the_flat_goes_by_the_engines_own_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "50% mine"
    folder.mkdir()
    path = folder / "config.toml"
    path.write_text('[live]\non_engine_death = "flat"\n', encoding="utf-8")
    _, flat = printed(capsys, "--config", str(path), "--trust-host", "tunnel.example")
    said = shlex.split(flat["ExecStart"])
    assert said[said.index("--config") + 1] == f"{tmp_path}/50%% mine/config.toml"
    assert said[said.index("--trust-host") + 1] == "tunnel.example"


def test_else_the_service_rests(capsys: pytest.CaptureFixture[str]) -> None:
    [engine] = printed(capsys)
    assert (engine["StartLimitIntervalSec"], engine["StartLimitBurst"]) == ("600", "5")
    assert "OnFailure" not in engine
    assert "SuccessExitStatus" not in engine


def test_a_unit_without_live_is_as_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["systemd-unit", "--source", "mock", "--set", "live.on_engine_death=flat"]) == 0
    text = capsys.readouterr().out
    assert "OnFailure" not in text
    assert "--live" not in text
