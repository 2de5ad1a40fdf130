"""What `arm` goes through before it asks a person: the day, the account, and every check that needs no running engine. Prints nothing."""

import os
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import Struct

from engine.assembly.wanted_markets import wanted_hours
from engine.config import Config, objections
from engine.journal import JOURNAL_FILE, verify
from engine.journal.live_day import read_live_day
from engine.model.errors import ConfigError, InputError, reason
from engine.model.preflight import Check, CheckName, ForwardFound, JournalFound, TradingAccount
from engine.model.types import TradeMode
from engine.presentation import readiness
from engine.serving import preflight
from engine.serving.journalled import left_in
from engine.serving.live_gate import live_place
from engine.serving.preflight import Preflight
from engine.serving.state_dirs import place_of
from engine.text.sanitize import CleanText, clean
from engine.trading.orders.tags import parse
from engine.venues.registry import live_access_of
from engine.venues.venue import LiveProbe

_NEED_A_SESSION: tuple[CheckName, ...] = ("clock", "funds", "order socket", "truth")


class ArmingPlan(Struct, frozen=True):
    """What is to be armed: mode and state directory, the account, the session day and its end (UTC ns)."""

    mode: TradeMode
    folder: Path
    account: TradingAccount
    day: date
    until_ns: int


def plan_of(config: Config, environ: Mapping[str, str], state_dir: Path | None, now_ns: int) -> ArmingPlan:
    """What is to be armed under `config`; raises ConfigError with a line for each thing that is missing, InputError where there is no session today."""
    access = live_access_of(config.feed.source)
    if access is None:
        raise ConfigError(f"arm: no order can be sent with feed.source = {config.feed.source}; allowed: smartapi")
    account = access.account(config, environ)
    lines = objections(config)
    if account is None:
        lines.append("credentials: there are none to log in with (myquant-tui login)")
    if account is None or lines:
        raise ConfigError(*lines)
    mode, folder = live_place(config, environ, state_dir)
    stamped = place_of(folder).mode
    if stamped not in {"", mode}:
        raise InputError(f"state directory {folder} belongs to mode '{stamped}'; '{mode}' needs another --state-dir")
    return ArmingPlan(mode, folder, account, today_of(config, now_ns), _session_end_ns(config, now_ns))


def today_of(config: Config, now_ns: int) -> date:
    """The date in the session's zone."""
    return datetime.fromtimestamp(now_ns / 1e9, UTC).astimezone(ZoneInfo(config.session.zone)).date()


def checks(plan: ArmingPlan, config: Config, probe: LiveProbe, forward: Callable[[], ForwardFound]) -> Iterator[Check]:
    """Each check as it is made, the address apart: that is asked last, by who has been confirmed."""
    listed = probe.instruments(config.live.symbols)
    exchanges = {each.instrument.exchange for each in listed if each.instrument is not None}
    yield preflight.instruments(listed, plan.day)
    session = preflight.session(probe.session(), exchanges, plan.until_ns)
    yield session
    if session.ok:
        yield preflight.clock(probe.clock())
        yield preflight.funds(probe.funds(), preflight.largest_loss(config))
        yield preflight.order_socket(probe.order_socket())
        yield preflight.truth(probe.rounds(), salts_of(plan.folder, config, plan.day))
    else:
        yield from (Check(name, False, CleanText("not asked without a session")) for name in _NEED_A_SESSION)
    yield readiness.journal(journal_in(plan.folder))
    yield preflight.forward_test(forward())


def salts_of(folder: Path, config: Config, day: date) -> set[str]:
    """What the tags of the journal's own orders of `day` bear, of what may be traded now; nothing where it cannot be read."""
    midnight_ns = int(datetime.combine(day, time(), ZoneInfo(config.session.zone)).timestamp()) * 10**9
    try:
        known = read_live_day(folder, midnight_ns, config.live.symbols) if (folder / JOURNAL_FILE).exists() else None
    except (InputError, OSError):
        return set()  # the check of the journal says so
    return {tag.salt for text in (known.tags if known else ()) if (tag := parse(text)) is not None}


def journal_in(folder: Path) -> JournalFound:
    """What the journal in `folder` is like, and the room on its disk."""
    path = folder / JOURNAL_FILE
    there = next((each for each in (folder, *folder.parents) if each.exists()), Path("/"))
    try:
        disk = os.statvfs(there)
        problem = left_in(place_of(folder)).problem or (verify(path) if path.exists() else "")
    except OSError as error:
        return JournalFound(clean(f"{folder}: {reason(error)}", 300))
    return JournalFound(clean(problem or "", 300), free_mb=disk.f_bavail * disk.f_frsize >> 20)


def _session_end_ns(config: Config, now_ns: int) -> int:
    """When the last market of today's session ends; raises InputError where there is none, or none any more."""
    days = [hours.day_of(now_ns // 1_000_000) for hours in wanted_hours(config)]
    ends_ms = [each.end_ms for each in days if each.end_ms > each.start_ms]
    if not ends_ms:
        raise InputError(f"arm: there is no session today{f' ({days[0].note})' if days and days[0].note else ''}")
    if now_ns >= max(ends_ms) * 1_000_000:
        raise InputError("arm: today's session is over")
    return max(ends_ms) * 1_000_000


def all_of(checked: Iterator[Check], say: Callable[[Check], None], now_ns: int) -> Preflight:
    """Make all of them, each told as it is made."""
    found = Preflight(at_ns=now_ns)
    for each in checked:
        say(each)
        found = found.with_check(each)
    return found
