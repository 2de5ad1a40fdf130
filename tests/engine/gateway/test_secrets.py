"""Secrets of the service: the environment before the file, the file only if it is private, and no value in any message."""

from pathlib import Path

import pytest

from engine.gateway.alerts.open_channels import open_channels
from engine.gateway.secrets import with_secrets
from engine.model.errors import ConfigError
from engine.text.redaction import redact
from tests.support.builders import config

TOKEN = "123456:abcdefghijklmnopqrst"


def home(tmp_path: Path, text: str, mode: int = 0o600) -> dict[str, str]:
    folder = tmp_path / "myquant-tui"
    folder.mkdir(mode=0o700)
    file = folder / "credentials.toml"
    file.write_text(text, encoding="utf-8")
    file.chmod(mode)
    return {"XDG_CONFIG_HOME": str(tmp_path)}


def test_the_environment_says_more_than_the_file_and_all_is_hidden(tmp_path: Path) -> None:
    environ = home(tmp_path, f'[serve]\ntelegram_token = "{TOKEN}"\nredis_url = "redis://:hunter2222@127.0.0.1/0"\n')
    found = with_secrets(environ | {"REDIS_URL": "redis://127.0.0.1:6379/1"})
    assert found["MYQUANT_TELEGRAM_TOKEN"] == TOKEN
    assert found["REDIS_URL"] == "redis://127.0.0.1:6379/1"
    assert TOKEN not in redact(f"bot{TOKEN}/sendMessage")


def test_without_a_file_there_is_the_environment(tmp_path: Path) -> None:
    assert with_secrets({"XDG_CONFIG_HOME": str(tmp_path), "A": "b"}) == {"XDG_CONFIG_HOME": str(tmp_path), "A": "b"}


@pytest.mark.parametrize(
    ("text", "mode", "problem"),
    [
        (f'[serve]\ntelegram_token = "{TOKEN}"', 0o644, "mode 0644 is too wide; must be 0600"),
        ("[serve]\ntelegram_token = 5", 0o600, "values in [serve] must be text in quotes"),
        (f'[serve]\ntelegram_token = "{TOKEN}!"', 0o600, "telegram_token: must be a bot's token"),
        ('[serve]\npassword = "hunter2"', 0o600, "1 unknown keys in [serve]; allowed: redis_url"),
        ("serve = 5", 0o600, "serve must be a table [serve]"),
        ("[serve", 0o600, "not TOML in UTF-8"),
        ('[serve]\nwebhook_url = "ftp://hunter2"', 0o600, "webhook_url: must be https://"),
    ],
)
def test_a_bad_file_is_one_clear_line_without_a_value(tmp_path: Path, text: str, mode: int, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        with_secrets(home(tmp_path, text, mode))
    (line,) = caught.value.lines
    assert problem in line
    assert "hunter2" not in line
    assert TOKEN not in line


@pytest.mark.parametrize(
    ("environ", "names"),
    [
        ({}, []),
        ({"MYQUANT_TELEGRAM_TOKEN": TOKEN, "MYQUANT_TELEGRAM_CHAT": "5"}, ["telegram"]),
        ({"MYQUANT_WEBHOOK_URL": "https://ntfy.sh/mine"}, ["webhook"]),
    ],
)
def test_a_channel_is_there_where_it_has_what_it_needs(
    environ: dict[str, str], names: list[str], tmp_path: Path
) -> None:
    with open(tmp_path / "no_terminal", "wb") as file:
        assert [each.name for each in open_channels(config(), environ, file.fileno())] == names
        said = config('alerts.command=["true"]')
        assert [each.name for each in open_channels(said, environ, file.fileno())] == [*names, "command"]


@pytest.mark.parametrize(
    ("environ", "problem"),
    [
        ({"MYQUANT_TELEGRAM_TOKEN": TOKEN}, "MYQUANT_TELEGRAM_CHAT: missing"),
        ({"MYQUANT_TELEGRAM_CHAT": "5"}, "MYQUANT_TELEGRAM_TOKEN: missing"),
        ({"MYQUANT_WEBHOOK_URL": "http://example.com/hunter2"}, "MYQUANT_WEBHOOK_URL: allowed: https://"),
    ],
)
def test_half_a_channel_is_said(environ: dict[str, str], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem) as caught:
        open_channels(config(), environ, 0)
    assert "hunter2" not in str(caught.value)
