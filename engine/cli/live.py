"""What `--live` does to a run: it begins with orders at a real broker, or not at all."""

import os
import time
from argparse import Namespace
from typing import TYPE_CHECKING

from msgspec.structs import replace

from engine.model.errors import InputError
from engine.text.sanitize import clean, cleaned

if TYPE_CHECKING:
    from engine.assembly.choose import RunChoice
    from engine.config import Config
    from engine.serving.live_gate import LiveStart


def live_of(args: Namespace, config: "Config") -> "LiveStart | None":
    """How a run that was asked for with `--live` begins, None for any other; raises UserError with a line for all that is missing.

    From here on its state directory is named, and nothing simulated stands in for missing credentials.
    """
    if not args.live:
        return None
    if args.file is not None:
        raise InputError("--live: not with a recording; allowed: --source smartapi")
    if args.unlock:
        raise InputError("--unlock: not with --live: what happened is looked at first, then k")
    from engine.outside.one_heap import keep_one_heap
    from engine.serving.live_gate import live_start

    keep_one_heap()
    start = live_start(config, os.environ, args.state_dir, time.time_ns())
    args.state_dir, args.require_credentials = start.folder, True
    return start


def as_live(choice: "RunChoice", live: "LiveStart | None") -> "RunChoice":
    """`choice` with orders at a real broker, where it is to have them."""
    if live is None:
        return choice
    from engine.assembly.real_orders import RealOrders
    from engine.serving.arming import arming_lines

    found = cleaned(live.armed.checks) if live.armed else ()
    until_ms = live.armed.until_ns // 1_000_000 if live.armed else 0
    real = RealOrders(clean(f"****{live.account.code[-4:]}"), clean("; ".join(live.locked)), until_ms, found)
    armed = arming_lines(live.armed, choice.config.session.zone) if live.armed else ()
    return replace(choice, mode=live.mode, told=(*choice.told, *armed, *live.locked), real=real)
