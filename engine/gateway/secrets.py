"""What the service needs that must not be seen: out of the environment, or out of `credentials.toml`, mode 0600. Shows no value."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import tomli

from engine.config import user_folder
from engine.model.errors import ConfigError, reason
from engine.outside.private_file import UnfitError, read_private
from engine.text.redaction import hide
from engine.text.sanitize import clean

FILE: Final = "credentials.toml"
TABLE: Final = "serve"
_LIMIT_BYTES: Final = 1 << 16
# Name in the environment: key in the table, what it must look like, in words.
_RULES: Final[Mapping[str, tuple[str, str, str]]] = {
    "REDIS_URL": (
        "redis_url",
        r"rediss?://[!-~]{1,300}|unix://[!-~]{1,300}",
        "redis://, rediss:// or unix:// and a place",
    ),
    "MYQUANT_TELEGRAM_TOKEN": ("telegram_token", r"[0-9]{3,20}:[A-Za-z0-9_-]{10,100}", "a bot's token, as 123456:ABC…"),
    "MYQUANT_TELEGRAM_CHAT": ("telegram_chat", r"-?[0-9]{1,20}|@[A-Za-z0-9_]{1,40}", "a chat's number, or @channel"),
    "MYQUANT_WEBHOOK_URL": ("webhook_url", r"https?://[!-~]{1,500}", "https://…, or http:// on 127.0.0.1"),
    "BINANCE_API_KEY": ("binance_api_key", r"[!-~]{4,200}", "visible ASCII characters without spaces"),
}
_OPEN: Final = "MYQUANT_TELEGRAM_CHAT"  # says where, not who may


def with_secrets(environ: Mapping[str, str]) -> dict[str, str]:
    """`environ` with what stands in the private file, where the environment does not say it; raises ConfigError, a line a problem.

    What is found is hidden from every text that leaves from now on.
    """
    path = user_folder(environ, "XDG_CONFIG_HOME", "~/.config") / FILE
    found = {name: (value, f"environment {name}") for name in _RULES if (value := environ.get(name, ""))}
    problems: list[str] = []
    for name, value in _of_file(path, problems).items():
        found.setdefault(name, (value, f"{clean(str(path))}: {_RULES[name][0]}"))
    for name, (value, source) in found.items():
        if name != _OPEN:
            _hide(value)
        if re.fullmatch(_RULES[name][1], value) is None:
            problems.append(f"{source}: must be {_RULES[name][2]}")
    if problems:
        raise ConfigError(*problems)
    return dict(environ) | {name: value for name, (value, _) in found.items()}


def _hide(value: str) -> None:
    """Hide a secret; of an address what only we know: its password, its path, what it asks for."""
    if "://" not in value:
        hide(value)
        return
    try:
        parts = urlsplit(value)
        secrets = [parts.password or "", parts.path.strip("/"), parts.query]
    except ValueError:
        secrets = [value]
    for secret in secrets:
        if secret:
            hide(secret)


def _of_file(path: Path, problems: list[str]) -> dict[str, str]:
    """The keys of the file's table by their names in the environment; none where there is none."""
    shown = clean(str(path))
    try:
        document = tomli.loads(read_private(path, _LIMIT_BYTES).decode().removeprefix("\ufeff"))
    except FileNotFoundError:
        return {}
    except UnfitError as error:
        problems.append(f"{shown}: {error}")
        return {}
    except OSError as error:
        problems.append(f"{shown}: cannot be read: {reason(error)}")
        return {}
    except (ValueError, RecursionError):  # its text may quote the file
        problems.append(f"{shown}: not TOML in UTF-8")
        return {}
    table = document.get(TABLE, {})
    if not isinstance(table, dict):
        problems.append(f"{shown}: {TABLE} must be a table [{TABLE}]")
        return {}
    names = {key: name for name, (key, _, _) in _RULES.items()}
    if strangers := table.keys() - names.keys():
        problems.append(f"{shown}: {len(strangers)} unknown keys in [{TABLE}]; allowed: {', '.join(names)}")
    if any(not isinstance(value, str) for value in table.values()):
        problems.append(f"{shown}: values in [{TABLE}] must be text in quotes")
        return {}
    return {names[key]: value for key, value in table.items() if key in names and value}
