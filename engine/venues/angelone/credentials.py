"""The credentials of SmartAPI: found in the environment or in a private file, checked all at once; no value is ever shown."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

import tomli
from msgspec import Struct

from engine.config import Config, user_folder
from engine.model.errors import ConfigError, reason
from engine.outside.private_file import UnfitError, read_private
from engine.outside.secrecy import forbid_dumps
from engine.text.redaction import MASK, hide
from engine.text.sanitize import CleanText, clean
from engine.venues.angelone.hosts import require_known
from engine.venues.angelone.one_time_password import key_of, normal_secret
from engine.venues.angelone.settings import SmartApiConfig
from engine.venues.supply import NoCredentials

MAX_BYTES = 1 << 16
ENVIRONMENT = "MYQUANT_SMARTAPI_"
FILE = "credentials.toml"
TABLE = "smartapi"
# What each must look like, in code and in words.
_RULES: Mapping[str, tuple[str, str]] = {
    "client_code": (r"[A-Za-z0-9]{2,20}", "2 to 20 letters and digits"),
    "pin": (r"[0-9]{4}", "4 digits"),
    "api_key": (r"[!-~]{4,100}", "4 to 100 visible ASCII characters without spaces"),
    "totp_secret": (r"[A-Z2-7]{16,128}", "base32: 16 to 128 letters A to Z and digits 2 to 7"),
}
KEYS = tuple(_RULES)


class Credentials(Struct, frozen=True):
    """What a login needs. Shows nothing of itself but a masked client code."""

    client_code: str
    pin: str
    api_key: str
    totp_secret: str

    def __repr__(self) -> str:
        return f"Credentials({masked(self.client_code)})"

    def __rich_repr__(self) -> list[tuple[str, str]]:
        """The same for a debugger that would list the fields."""
        return [("client_code", masked(self.client_code))]


class Item(Struct, frozen=True):
    """Where one credential was found ("" = nowhere) and what is wrong with it ("" = nothing)."""

    key: str
    source: str
    problem: str


class Search(Struct, frozen=True):
    """What a look everywhere found; `credentials` where all is well; `problems` are those of the file as a whole."""

    credentials: Credentials | None
    items: tuple[Item, ...]
    problems: tuple[str, ...]
    file: Path

    def lines(self) -> tuple[str, ...]:
        """Every problem, one line each, without a value."""
        lines = [*self.problems, *(f"{item.source}: {item.problem}" for item in self.items if item.problem)]
        missing = [item.key for item in self.items if not item.source]
        if missing:
            variables = ", ".join(map(_variable, missing))
            lines.append(f"missing: {variables} (or {', '.join(missing)} below [{TABLE}] in {_shown(self.file)})")
        return tuple(lines)


def find_credentials(config: Config, environ: Mapping[str, str]) -> Credentials | NoCredentials:
    """Return the credentials, or NoCredentials when there are none at all; raises ConfigError with every problem at once."""
    search = look_for_credentials(config, environ)
    if search.credentials is not None:
        require_known(config, environ)
        return search.credentials
    if not search.problems and not any(item.source for item in search.items):
        where = f"environment {ENVIRONMENT}… and {_shown(search.file)}"
        return NoCredentials((f"no SmartAPI credentials: nothing in {where}", *search.lines()))
    raise ConfigError(*(f"credentials: {line}" for line in search.lines()))


def look_for_credentials(config: Config, environ: Mapping[str, str]) -> Search:
    """Look for each credential in the environment, then in the file; what is found is hidden from logs from now on."""
    forbid_dumps()
    path = credentials_file(config, environ)
    values: dict[str, object] = {key: environ[_variable(key)] for key in KEYS if environ.get(_variable(key))}
    sources = {key: f"environment {_variable(key)}" for key in values}
    problems: list[str] = []
    if len(values) < len(KEYS):
        for key, value in _read_file(path, problems).items():
            if key not in values:
                values[key] = value
                sources[key] = f"file {_shown(path)}, {key}"
    normal = {key: _normal(key, value) for key, value in values.items()}
    for key, value in values.items():
        for form in (value, normal[key]):
            if isinstance(form, str) and form.lower() not in KEYS:  # a forgotten placeholder is no secret
                hide(form)
    items = tuple(Item(key, sources.get(key, ""), _problem(key, normal[key]) if key in normal else "") for key in KEYS)
    well = not problems and all(item.source and not item.problem for item in items)
    found = Credentials(**{key: str(normal[key]) for key in KEYS}) if well else None
    return Search(found, items, tuple(problems), path)


def credentials_file(config: Config, environ: Mapping[str, str]) -> Path:
    """Return where the file is: as configured, else in the user's configuration directory."""
    named = config.venue(SmartApiConfig).credentials_file
    if named:
        return Path(os.path.expanduser(named))
    return user_folder(environ, "XDG_CONFIG_HOME", "~/.config") / FILE


def masked(text: str) -> str:
    """`text` with only its ends left (`A1***6`); nothing of a short one."""
    return f"{text[:2]}{MASK}{text[-1]}" if len(text) >= 6 else MASK


def _variable(key: str) -> str:
    return ENVIRONMENT + key.upper()


def _shown(path: Path) -> CleanText:
    return clean(str(path))


def _normal(key: str, value: object) -> object:
    """A base32 secret as sites print it, in groups and small letters, in one spelling; everything else as it is."""
    if key == "totp_secret" and isinstance(value, str):
        return normal_secret(value)
    return value


def _problem(key: str, value: object) -> str:
    """What is wrong with a value, without a word of it."""
    pattern, allowed = _RULES[key]
    if not isinstance(value, str):
        return "must be text in quotes"
    if not value.isprintable():
        return f"holds a line end, control or invisible character; must be {allowed}"
    if re.fullmatch(pattern, value) is None:
        return f"must be {allowed}"
    if key == "totp_secret":
        try:
            key_of(value)
        except ValueError:
            return f"must be {allowed}; a character is missing or too many"
    return ""


def _read_file(path: Path, problems: list[str]) -> dict[str, object]:
    """The known keys of the file's table; none when it is not there. Problems are added without a value."""
    try:
        blob = read_private(path, MAX_BYTES)
        document = tomli.loads(blob.decode().removeprefix("\ufeff"))
    except FileNotFoundError:
        return {}
    except UnfitError as error:
        problems.append(f"{_shown(path)}: {error}")
        return {}
    except OSError as error:
        problems.append(f"{_shown(path)}: cannot be read: {reason(error)}")
        return {}
    except (ValueError, RecursionError) as error:  # its text may quote the file
        line = re.search(r"at line (\d{1,6})", str(error))
        problems.append(f"{_shown(path)}: {f'line {line[1]}: ' if line else ''}not TOML in UTF-8")
        return {}
    table = document.get(TABLE)
    if table is None and any(isinstance(other, dict) for other in document.values()):
        return {}  # a file that holds the credentials of something else
    if not isinstance(table, dict):
        problems.append(f"{_shown(path)}: has no table [{TABLE}]; must have {', '.join(KEYS)} below one")
        return {}
    for name in table:
        if name not in _RULES:
            shown = f"'{name}'" if re.fullmatch("[a-z_]{1,20}", name) else "one key"
            problems.append(f"{_shown(path)}: {shown} is not known; allowed: {', '.join(KEYS)}")
    return {key: table[key] for key in KEYS if key in table}
