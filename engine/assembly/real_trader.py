"""The trader of a run whose orders go to a broker: it begins with what the journal has of the day's orders, and locked."""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, time
from functools import partial
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from engine.assembly.real_orders import RealOrders
from engine.config import Config, LiveConfig
from engine.journal import Opened
from engine.journal.live_day import LiveDay, begun_ns, read_live_day
from engine.journal.schema import open_reader
from engine.model.clock import Clock
from engine.model.entry_limits import EntryLimits
from engine.model.errors import DiskError, InputError
from engine.model.types import Instrument
from engine.trading.live_trader import LiveTrader
from engine.trading.orders.blotter import Blotter
from engine.trading.orders.desk import DeskRules, OrderDesk
from engine.trading.orders.price_ladder import Quote
from engine.trading.orders.tags import Tags, parse, salt_of
from engine.trading.session import TradingHours

ARRIVED_MS: Final = 12_000  # after an unclean end: what was sent before it has arrived by then
_SALT_S: Final = 67  # journals that are begun so far apart have other salts, for a day


def real_trader(
    config: Config,
    instruments: tuple[Instrument, ...],
    opened: Opened,
    hours: Callable[[str], TradingHours],
    folder: Path,
    clock: Clock,
    real: RealOrders,
) -> LiveTrader:
    """The trader of run `opened.run` with the orders of today that the journal in `folder` tells of; raises UserError."""
    now_ns = clock.wall_ns()
    zone = ZoneInfo(config.session.zone)
    today = datetime.fromtimestamp(now_ns / 1e9, UTC).astimezone(zone).date()
    midnight_ns = int(datetime.combine(today, time(), zone).timestamp()) * 10**9
    try:
        day = read_live_day(folder, midnight_ns, [each.symbol for each in instruments], open_reader)
        tags = Tags(today, _salt(day, folder), opened.run)
    except ValueError as error:
        raise InputError(str(error)) from error
    except (OSError, sqlite3.Error) as error:
        raise DiskError(f"journal in {folder}: {error}") from error
    live = config.live
    rules = DeskRules(live.max_orders_per_day, live.amends, _limits(live, real), live.net_points)
    in_doubt = opened.unclean or opened.damage or opened.missing or opened.unknown
    now_ms = now_ns // 1_000_000
    make = partial(_desk, tags, rules, day, now_ms, now_ms + ARRIVED_MS if in_doubt else 0)
    return LiveTrader(config, instruments, f"L{opened.run}-", hours, make)


def _desk(
    tags: Tags,
    rules: DeskRules,
    day: LiveDay,
    now_ms: int,
    exits_from_ms: int,
    listed: Sequence[Instrument],
    quote_of: Callable[[int], Quote],
) -> OrderDesk:
    return OrderDesk(
        Blotter(listed, tags), rules, quote_of, rows=day.rows, sent=day.sent, now_ms=now_ms, exits_from_ms=exits_from_ms
    )


def _limits(live: LiveConfig, real: RealOrders) -> EntryLimits:
    most = (live.symbols, live.max_order_value, live.max_lots, live.max_open_positions)
    return EntryLimits(*most, real.barred, real.until_ms)


def _salt(day: LiveDay, folder: Path) -> str:
    """The salt that the day's orders have in this journal, else the one of when it was begun: another journal's are other tags."""
    for tag in day.tags:
        if (known := parse(tag)) is not None:
            return known.salt
    return salt_of(begun_ns(folder, open_reader) // 10**9 // _SALT_S)
