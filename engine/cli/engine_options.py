"""The words of the commands around an engine process. Knows no engine."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.venues.registry import SOURCES, SOURCES_HELP


def add_engine_commands(
    commands: Any,
    run_options: Callable[[argparse.ArgumentParser], None],
    speed: Callable[[str], float],
) -> None:
    """Add `engine`, `attach`, `status`, `stop`, `flat` and `systemd-unit`; `run_options` adds those of a run."""
    engine = commands.add_parser(
        "engine", help="run the engine in the foreground, without a screen", allow_abbrev=False
    )
    engine.add_argument("--source", choices=SOURCES, help=SOURCES_HELP)
    engine.add_argument("--replay", type=Path, metavar="FILE", dest="file", help="serve the replay of this recording")
    engine.add_argument("--speed", type=speed, metavar="X|max", help="of that replay")
    engine.add_argument("--paused", action="store_true", help="stand still before the first tick of that replay")
    run_options(engine)

    attach = commands.add_parser("attach", help="put the screen on a running engine", allow_abbrev=False)
    attach.add_argument("--read-only", action="store_true", help="look, and command nothing but a flat")
    _place(attach)

    status = commands.add_parser("status", help="how a running engine is", allow_abbrev=False)
    status.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help="as JSON")
    _place(status)

    stop = commands.add_parser("stop", help="end a running engine in good order", allow_abbrev=False)
    stop.add_argument("--flat", action="store_true", help="close every position first, and verify it")
    _place(stop)

    flat = commands.add_parser("flat", help="emergency flat of a running engine", allow_abbrev=False)
    flat.add_argument("--yes", action="store_true", help="do not ask")
    _place(flat)

    unit = commands.add_parser("systemd-unit", help="print a systemd unit for the engine", allow_abbrev=False)
    unit.add_argument("--source", choices=SOURCES, help=SOURCES_HELP)
    run_options(unit)


def _place(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--state-dir", type=Path, default=argparse.SUPPRESS, metavar="DIR", help="of the engine that is meant"
    )
