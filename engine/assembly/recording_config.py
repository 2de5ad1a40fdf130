"""Joins what a recording knows of its market with the configuration, in both directions. Runs nothing."""

import os
from collections.abc import Mapping
from datetime import time
from decimal import Decimal
from pathlib import Path

import msgspec

from engine.assembly.market_hours import for_market, recorded_markets
from engine.config import BEFORE_THE_KEY, Config, describe, instrument_for, stated
from engine.config.origins import Claim
from engine.config.rules import canonical
from engine.model.errors import ConfigError
from engine.model.sources import TickSource
from engine.model.types import Instrument
from engine.recording import Header
from engine.recording.format import RecordedMarket
from engine.venues.registry import VENUES
from engine.venues.supply import LiveSupply, watched_as_said
from engine.version import RULES_REVISION, VERSION

_INSTRUMENT_KEYS = ("lot_size", "tick_size", "freeze_quantity")
_RECORDING = "the recording"
_OF_WATCHING = ("adaptive.", "alerts.", "serve.", "cache.")  # sections of those who look on


def fit_to_recording(config: Config, source: TickSource | LiveSupply) -> tuple[Config, tuple[Instrument, ...]]:
    """Join what a recording knows of its market with the configuration.

    A recording states its session's zone and hours, its price scale, lot and tick sizes. They hold, unless a person said
    otherwise; the price scale, which its prices are counted in, in any case. One of before a key existed states what it was
    made with. What is no recording keeps the hours of its
    first instrument's market. Raises ConfigError.
    """
    header = getattr(source, "header", None)
    if not isinstance(header, Header):
        return for_market(config, source.instruments[0].market), source.instruments
    recorded = header.markets.get(header.instruments[0].market)
    facts: dict[str, object] = {
        "session.zone": header.session_zone,
        "session.start": time.fromisoformat(header.session_start),
        "session.end": time.fromisoformat(header.session_end),
        "session.daily": recorded.daily if recorded else True,
    }
    facts |= {key: text for key, text in BEFORE_THE_KEY.items() if key not in header.config}
    config = stated(config, facts, _RECORDING)
    origins = config.origins
    for each in source.instruments:
        origins = origins.claiming(
            {f"instruments.{each.symbol}.{key}": Claim("fact", _RECORDING, text) for key, text in _texts(each).items()}
        )
    config = msgspec.structs.replace(config, origins=origins)
    return config, tuple(_as_said(config, each) for each in source.instruments)


def _texts(recorded: Instrument) -> dict[str, str]:
    """What a recording states of an instrument, in the spelling of the configuration."""
    return {
        "lot_size": canonical(Decimal(recorded.lot_size) / recorded.quantity_scale),
        "tick_size": canonical(Decimal(recorded.tick_size) / recorded.price_scale),
        "freeze_quantity": canonical(Decimal(recorded.freeze_quantity) / recorded.quantity_scale),
        "watch_only": canonical(recorded.watch_only is True),
    }


def _as_said(config: Config, recorded: Instrument) -> Instrument:
    """Return the recorded instrument with the lot, tick and freeze quantity that a person said, where one did."""
    recorded = watched_as_said(config, recorded)
    if config.origins.said(f"instruments.{recorded.symbol}.allow_negative"):
        said = instrument_for(config, recorded.symbol).allow_negative
        recorded = msgspec.structs.replace(recorded, allow_negative=said)
    keys = [key for key in _INSTRUMENT_KEYS if config.origins.said(f"instruments.{recorded.symbol}.{key}")]
    if not keys:
        return recorded
    wanted = instrument_for(config, recorded.symbol)
    ratio = {
        "lot_size": (recorded.quantity_scale, wanted.quantity_scale),
        "tick_size": (recorded.price_scale, wanted.price_scale),
        "freeze_quantity": (recorded.quantity_scale, wanted.quantity_scale),
    }
    fitted = {}
    for key in keys:
        to, of = ratio[key]
        value, rest = divmod(getattr(wanted, key) * to, of)
        if rest:
            raise ConfigError(f"instrument.{key}: finer than the recording's scale of {to} for {recorded.symbol}")
        fitted[key] = value
    return msgspec.structs.replace(recorded, **fitted)


def header_of(
    config: Config,
    source_name: str,
    instruments: tuple[Instrument, ...],
    markets: Mapping[str, RecordedMarket] | None = None,
    at_ns: int = 0,
    *,
    real_orders: bool = False,
) -> Header:
    """Return the header of a recording made under `config`, begun at `at_ns` (UTC) by a run that keeps the hours of `markets`.

    `real_orders`: by one whose orders are at a real broker.
    """
    session, names = config.session, dict.fromkeys(each.market for each in instruments)
    return Header(
        instruments=instruments,
        session_zone=session.zone,
        session_start=session.start.isoformat(),
        session_end=session.end.isoformat(),
        source=source_name,
        program_version=VERSION,
        config=_of_this_run(config, real_orders=real_orders),
        rules_revision=RULES_REVISION,
        started_wall_ns=at_ns,
        markets=dict(recorded_markets(config, names) if markets is None else markets),
        real_orders=real_orders or msgspec.UNSET,
    )


def _of_this_run(config: Config, *, real_orders: bool) -> dict[str, str]:
    """Return the configuration without the sections of exchanges that the run has nothing to do with, and who is told or served what.

    What an order at a real broker may be is of runs with `real_orders`.
    """
    others = [f"{venue.name}." for venue in VENUES if venue.mode != "mock" and venue.name != config.feed.source]
    unsaid = (*_OF_WATCHING, *others, *(() if real_orders else ("live.",)))
    return {key: text for key, text in describe(config).items() if not key.startswith(unsaid)}


def recordings_folder(config: Config) -> Path:
    """Return where recordings go: the configured folder, ./recordings when it exists, else the user's data folder."""
    if config.recording.directory:
        return Path(config.recording.directory).expanduser()
    here = Path("recordings")
    if here.is_dir():
        return here
    data = os.environ.get("XDG_DATA_HOME", "")
    home = Path(data) if os.path.isabs(data) else Path.home() / ".local" / "share"
    return home / "myquant-tui" / "recordings"
