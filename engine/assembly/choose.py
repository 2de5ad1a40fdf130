"""What is to be run: decided by the configuration, and by a file where one is named. Builds nothing."""

import os
from pathlib import Path

from msgspec import Struct

from engine.assembly.live import LiveSupply, has_credentials, live_supply
from engine.assembly.open_source import open_file
from engine.assembly.sources import mock_source
from engine.config import Config, bundled
from engine.model.ports import TickSource
from engine.model.types import TradeMode

_WATCHABLE = 10.0  # × the recorded pace


class RunChoice(Struct, frozen=True):
    """What is to be run: where ticks come from, in which mode, at what speed, and what is to be told at the start."""

    config: Config
    source: TickSource | LiveSupply
    mode: TradeMode
    speed: float = 1.0
    title: str = ""
    told: tuple[str, ...] = ()


def choose(
    config: Config, file: Path | None, speed: float | None, *, skip_damage: bool = False, on_screen: bool = False
) -> RunChoice:
    """Choose a replay of `file`, or without one the configured feed; raises UserError.

    A replay on the screen goes at a pace that can be watched unless a speed is said. Where a broker's feed is
    configured and there is nothing to log in with, the generated session takes its place, and says so.
    """
    usual = _WATCHABLE if on_screen and config.replay.speed == 0 else config.replay.speed
    if file is not None:
        source = open_file(file, config, skip_damage=skip_damage)
        return RunChoice(config, source, "replay", usual if speed is None else speed)
    match config.feed.source:
        case "mock":
            return RunChoice(config, mock_source(config), "mock", config.mock.speed)
        case "replay":
            path = bundled("nifty-synthetic.mqr")
            return RunChoice(config, open_file(path, config, skip_damage=skip_damage), "replay", usual)
    fitted, supply, told = live_supply(config, os.environ)
    if isinstance(supply, LiveSupply):
        return RunChoice(fitted, supply, "paper", told=told)
    generated = mock_source(config)
    title = f"MOCK (no credentials) · {generated.name}"
    return RunChoice(config, generated, "mock", config.mock.speed, title, supply.lines)


def trade_mode(config: Config, file: Path | None) -> TradeMode:
    """What an order will mean; the same answer as `choose` gives, without looking anything up on the network."""
    if file is not None:
        return "replay"
    match config.feed.source:
        case "replay" | "mock" as same:
            return same
        case "binance":
            return "paper"
    return "paper" if has_credentials(config, os.environ) else "mock"
