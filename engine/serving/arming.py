"""The arming of a day: a small private file in the state directory, without which no entry goes to a real broker. Asks nobody.

It is of one session day, version, account and configuration; whatever else is found there arms nothing, and says so in a line.
"""

import os
from collections.abc import Iterable
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta, Struct

from engine.config import Config, describe
from engine.model.digest import blake2b
from engine.model.errors import DiskError, reason
from engine.model.preflight import Check, TradingAccount
from engine.outside.files import keep_note, put_aside_odd
from engine.outside.private_file import UnfitError, read_private
from engine.text.sanitize import CleanText, clean
from engine.version import VERSION

ARMED_FILE: Final = "armed"
_MOST_BYTES: Final = 16_384
_LATEST_NS: Final = 1 << 62  # some day in 2116
# Sections by which nothing is decided at a broker: a change of them voids no arming. What is not named here does.
_BESIDE: Final = frozenset(
    {"engine", "replay", "recording", "logging", "adaptive", "heartbeat", "alerts", "serve", "cache"}
)


class Armed(Struct, frozen=True, forbid_unknown_fields=True):
    """What was armed, when, and until when (UTC ns); `configuration` is a digest by section, `checks` what was found well."""

    date: date
    version: str
    account: str
    account_mark: str
    armed_ns: Annotated[int, Meta(ge=0, le=_LATEST_NS)]
    until_ns: Annotated[int, Meta(ge=0, le=_LATEST_NS)]
    configuration: dict[str, str]
    checks: tuple[Check, ...] = ()


def armed_now(
    config: Config,
    account: TradingAccount,
    day: date,
    now_ns: int,
    until_ns: int,
    checks: tuple[Check, ...] = (),
) -> Armed:
    """What is to be written for the session `day` that ends at `until_ns`."""
    return Armed(day, VERSION, account.masked, account.mark, now_ns, until_ns, digests(config), checks)


def arming_lines(armed: Armed, zone: str) -> list[CleanText]:
    """What a log keeps of it: until when it holds, and each check. The texts are out of a file of our own."""
    since, until = (datetime.fromtimestamp(at // 10**9, ZoneInfo(zone)) for at in (armed.armed_ns, armed.until_ns))
    told = [f"armed at {since:%H:%M} until {until:%H:%M} for {armed.account}"]
    return [clean(line, 400) for line in (*told, *(f"armed with {each.name}: {each.text}" for each in armed.checks))]


def write_arming(folder: Path, armed: Armed) -> None:
    """Put `armed` into the state directory, private, whole or not at all; raises DiskError."""
    path = folder / ARMED_FILE
    try:
        keep_note(path, msgspec.json.encode(armed))
    except OSError as error:
        raise DiskError(f"{path}: cannot be written: {reason(error)}") from None


def read_arming(folder: Path, config: Config, account: TradingAccount | None, now_ns: int) -> Armed | CleanText:
    """The arming in `folder` where it holds now (UTC ns) for `config` as it was loaded and `account`; else why nothing is armed.

    Without an account (None: there are no credentials, which is a lack of its own) whose it is does not count.
    """
    path = folder / ARMED_FILE
    try:
        armed = msgspec.json.decode(read_private(path, _MOST_BYTES), type=Armed)
    except FileNotFoundError:
        return CleanText("not armed today")
    except UnfitError as error:
        return clean(f"{path}: {error}; arm again")
    except OSError as error:
        return clean(f"{path}: cannot be read: {reason(error)}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return clean(f"{path}: is no arming of this program; arm again")
    return _void(armed, config, account, now_ns)


def take_away_arming(folder: Path) -> bool:
    """Disarm: whether something stood there; raises DiskError."""
    path = folder / ARMED_FILE
    try:
        there = os.path.lexists(path)
        put_aside_odd(path)  # a folder or a link goes aside, and arms nobody there
        path.unlink(missing_ok=True)
    except OSError as error:
        raise DiskError(f"{path}: cannot be removed: {reason(error)}") from None
    return there


def digests(config: Config) -> dict[str, str]:
    """A digest of each section by which something is decided at a broker."""
    others = frozenset(config.venues) - {config.feed.source}
    texts = {key: text for key, text in describe(config).items() if key.partition(".")[0] not in _BESIDE | others}
    sections = groupby(sorted(texts.items()), key=lambda item: item[0].partition(".")[0])
    return {section: _digest(f"{key}={text}" for key, text in keys) for section, keys in sections}


def _void(armed: Armed, config: Config, account: TradingAccount | None, now_ns: int) -> Armed | CleanText:
    """`armed` where it holds, else why not."""
    today = datetime.fromtimestamp(now_ns / 1e9, UTC).astimezone(ZoneInfo(config.session.zone)).date()
    configured = digests(config)
    if armed.version != VERSION:
        return clean(f"armed with version {armed.version}, this is {VERSION}; arm again")
    if account is not None and armed.account_mark != account.mark:
        return clean(
            f"armed for account {armed.account}, the credentials are of {account.masked} or have changed; arm again"
        )
    if now_ns < armed.armed_ns:
        return clean("armed at a time that is still to come: this machine's clock was set back; arm again")
    if armed.date != today:
        return clean(f"armed for {armed.date}, today is {today}; arm again")
    if now_ns >= armed.until_ns:
        return clean("the session that was armed is over")
    if armed.configuration != configured:
        names = armed.configuration.keys() | configured.keys()
        changed = [name for name in sorted(names) if armed.configuration.get(name) != configured.get(name)]
        return clean(f"armed under another configuration: [{'], ['.join(changed)}] not as then; arm again")
    return armed


def _digest(lines: Iterable[str]) -> str:
    return blake2b("\n".join(lines).encode(), digest_size=8).hexdigest()
