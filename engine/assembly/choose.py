"""What is to be run: decided by the configuration, and by a file where one is named. Builds nothing."""

import os
from pathlib import Path

from msgspec import Struct

from engine.assembly.open_source import open_file
from engine.assembly.real_orders import RealOrders
from engine.config import Config, bundled
from engine.model.errors import ConfigError
from engine.model.sources import Selective, TickSource
from engine.model.types import TradeMode
from engine.recording import CsvLayout
from engine.venues.registry import venue_of
from engine.venues.simulated import MOCK
from engine.venues.supply import LiveSupply, NoCredentials, OpenedVenue

_WATCHABLE = 10.0  # × the recorded pace


class RunChoice(Struct, frozen=True):
    """What is to be run: where ticks come from, in which mode, at what speed, what is to be told at the start, and with what orders at a broker begin, where there are some."""

    config: Config
    source: TickSource | LiveSupply
    mode: TradeMode
    speed: float = 1.0
    title: str = ""
    told: tuple[str, ...] = ()
    real: RealOrders | None = None


def choose(
    config: Config,
    file: Path | None,
    speed: float | None,
    *,
    layout: CsvLayout | None = None,
    kind: str | None = None,
    skip_damage: bool = False,
    skip_bad: bool = False,
    on_screen: bool = False,
    require_credentials: bool = False,
) -> RunChoice:
    """Choose a replay of `file`, or without one the configured feed; raises UserError.

    A replay on the screen goes at a pace that can be watched unless a speed is said for this run. Where a broker's feed is
    configured and there is nothing to log in with, the generated session takes its place, and says so, unless
    credentials are required.
    """
    watched = on_screen and config.replay.speed == 0 and not config.origins.said_now("replay.speed")
    usual = _WATCHABLE if watched else config.replay.speed
    if file is not None:
        source = open_file(file, config, layout, kind=kind, skip_damage=skip_damage, skip_bad=skip_bad)
        told = (*source.notes(), *source.losses()) if isinstance(source, Selective) else ()
        return RunChoice(config, source, "replay", usual if speed is None else speed, told=told)
    venue = venue_of(config.feed.source)
    if venue is None:
        path = bundled("nifty-synthetic.mqr")
        return RunChoice(config, open_file(path, config, skip_damage=skip_damage), "replay", usual)
    found = venue.opener()(config, os.environ)
    if isinstance(found, NoCredentials):
        if require_credentials:
            raise ConfigError(f"{venue.name}: no credentials, and --require-credentials was said", *found.lines)
        generated = MOCK.opener()(config, os.environ)
        assert isinstance(generated, OpenedVenue)
        title = f"MOCK (no credentials) · {generated.source.name}"
        return RunChoice(config, generated.source, "mock", generated.speed, title, found.lines)
    return RunChoice(found.config, found.source, venue.mode, found.speed, told=found.told)
