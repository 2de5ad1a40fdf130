"""Joins what a recording knows of its market with the configuration, in both directions. Runs nothing."""

import os
from datetime import time
from pathlib import Path

import msgspec

from engine.config import Config, changed, describe, instrument_for
from engine.model.errors import ConfigError
from engine.model.ports import TickSource
from engine.model.types import Instrument
from engine.recording import Header
from engine.venues.registry import VENUES
from engine.venues.supply import LiveSupply
from engine.version import RULES_REVISION, VERSION

_INSTRUMENT_KEYS = ("lot_size", "tick_size", "freeze_quantity")


def fit_to_recording(config: Config, source: TickSource | LiveSupply) -> tuple[Config, tuple[Instrument, ...]]:
    """Join what a recording knows of its market with the configuration.

    A recording states its session's zone and hours, lot and tick sizes. They hold, unless the operator has set such a
    key to something else than its default: what a person says wins.
    """
    header = getattr(source, "header", None)
    if not isinstance(header, Header):
        return config, source.instruments
    said = set(changed(config))
    facts = {
        "zone": header.session_zone,
        "start": time.fromisoformat(header.session_start),
        "end": time.fromisoformat(header.session_end),
    }
    unsaid = {key: value for key, value in facts.items() if f"session.{key}" not in said}
    session = msgspec.structs.replace(config.session, **unsaid)
    instruments = tuple(_as_said(config, each, said) for each in source.instruments)
    return msgspec.structs.replace(config, session=session), instruments


def _as_said(config: Config, recorded: Instrument, said: set[str]) -> Instrument:
    """Return the recorded instrument with the operator's own lot, tick and freeze quantity, where set."""
    keys = [
        key for key in _INSTRUMENT_KEYS if f"instrument.{key}" in said or f"instruments.{recorded.symbol}.{key}" in said
    ]
    if not keys:
        return recorded
    wanted = instrument_for(config, recorded.symbol)
    ratio = {
        "lot_size": (recorded.quantity_scale, wanted.quantity_scale),
        "tick_size": (recorded.price_scale, wanted.price_scale),
        "freeze_quantity": (1, 1),
    }
    fitted = {}
    for key in keys:
        to, of = ratio[key]
        value, rest = divmod(getattr(wanted, key) * to, of)
        if rest:
            raise ConfigError(f"instrument.{key}: finer than the recording's scale of {to} for {recorded.symbol}")
        fitted[key] = value
    return msgspec.structs.replace(recorded, **fitted)


def header_of(config: Config, source_name: str, instruments: tuple[Instrument, ...]) -> Header:
    """Return the header of a recording made under `config`."""
    session = config.session
    return Header(
        instruments=instruments,
        session_zone=session.zone,
        session_start=session.start.isoformat(),
        session_end=session.end.isoformat(),
        source=source_name,
        program_version=VERSION,
        config=_of_this_run(config),
        rules_revision=RULES_REVISION,
    )


def _of_this_run(config: Config) -> dict[str, str]:
    """Return the configuration without the sections of exchanges that the run has nothing to do with."""
    others = tuple(f"{venue.name}." for venue in VENUES if venue.mode != "mock" and venue.name != config.feed.source)
    return {key: text for key, text in describe(config).items() if not key.startswith(others)}


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
