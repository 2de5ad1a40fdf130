"""The four things without which no order goes to a real broker: the configuration's word, the option, today's arming, credentials.

They gate starts and entries alone: where today's journal already has a live order or position, exits need credentials only.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import Struct

from engine.config import Config, objections
from engine.journal.live_day import read_live_day
from engine.model.errors import ConfigError, InputError
from engine.model.preflight import TradingAccount
from engine.model.types import TradeMode
from engine.serving.arming import Armed, read_arming
from engine.serving.journalled import left_in
from engine.serving.state_dirs import chosen_folder, place_of
from engine.text.sanitize import CleanText, clean
from engine.venues.registry import live_access_of


class LiveThings(Struct, frozen=True):
    """The four, as they were found: what the configuration lacks, whether `--live` was said, the arming or why there is none, whose account."""

    objections: tuple[str, ...]
    said: bool
    armed: Armed | CleanText
    account: TradingAccount | None

    def lacking(self) -> list[str]:
        """A line for each lack; empty where orders may go."""
        lines = list(self.objections)
        if not self.said:
            lines.append("--live: was not said for this run; without it orders are simulated")
        if not isinstance(self.armed, Armed):
            lines.append(f"arming: {self.armed} (myquant-tui arm --live)")
        if self.account is None:
            lines.append("credentials: there are none to log in with (myquant-tui login)")
        return lines


class LiveStart(Struct, frozen=True):
    """How a live run is to begin: its mode and state directory, and why entries stay `locked` ("" for none of the reasons)."""

    mode: TradeMode
    folder: Path
    account: TradingAccount
    armed: Armed | None
    locked: tuple[CleanText, ...] = ()


def live_start(config: Config, environ: Mapping[str, str], state_dir: Path | None, now_ns: int) -> LiveStart:
    """How a run with `--live` begins under `config` as it was loaded; raises ConfigError with a line for each of the four things that is missing.

    Where the state directory owes something of today, only credentials are needed: what else is lacking locks entries.
    """
    access = live_access_of(config.feed.source)
    if access is None:
        raise ConfigError(f"--live: no order can be sent with --source {config.feed.source}; allowed: smartapi")
    mode, folder = live_place(config, environ, state_dir)
    account = access.account(config, environ)
    things = LiveThings(tuple(objections(config)), True, read_arming(folder, config, account, now_ns), account)
    lines = things.lacking()
    if account is None or (lines and not owes(folder, config, now_ns)):
        raise ConfigError(*lines)
    armed = things.armed if isinstance(things.armed, Armed) else None
    return LiveStart(mode, folder, account, armed, tuple(map(clean, lines)))


def live_place(config: Config, environ: Mapping[str, str], state_dir: Path | None) -> tuple[TradeMode, Path]:
    """In which mode orders of `config` would be, and the state directory of that run; raises UserError."""
    access = live_access_of(config.feed.source)
    mode: TradeMode = "live-sim" if access is not None and access.is_simulated(config, environ) else "live"
    return mode, chosen_folder(state_dir, mode)


def owes(folder: Path, config: Config, now_ns: int) -> bool:
    """Whether the journal in `folder` has a live order of today or leaves a position, or may: what cannot be read is never nothing."""
    left = left_in(place_of(folder))
    if left.problem or left.open:
        return True
    zone = ZoneInfo(config.session.zone)
    today = datetime.fromtimestamp(now_ns / 1e9, UTC).astimezone(zone).date()
    midnight_ns = int(datetime.combine(today, time(), zone).timestamp()) * 10**9
    try:
        return left.account is not None and bool(read_live_day(folder, midnight_ns, ()).sent)
    except (InputError, OSError):
        return True
