"""The command `attach`: the screen on an engine in a process of its own, which `run` and `replay` start where none runs."""

import os
from argparse import Namespace
from typing import TYPE_CHECKING

from engine.cli.live import live_of
from engine.cli.options import Parser, engine_options
from engine.cli.screen import Screen, picture_option, pictures_folder, screen_here
from engine.model.errors import InputError
from engine.text.sanitize import clean

if TYPE_CHECKING:
    from engine.config import Config
    from engine.serving import EngineDir


def arguments(parser: Parser) -> None:
    """Declare the arguments of `attach`."""
    parser.add_argument("--read-only", action="store_true", help="look, and change nothing")
    parser.add_argument("--may-flat", action="store_true", help="look, and change nothing but by an emergency flat")
    picture_option(parser)
    engine_options(parser)


def run(args: Namespace) -> int:
    """Attach to the engine that is meant."""
    from engine.serving import await_answer, find_place

    screen = screen_here(args)
    if screen is None:
        raise InputError("attach needs a terminal; `status` and `flat` do not")
    place = find_place(args.state_dir)
    if not place.pid:
        raise InputError(f"no engine is running for {place.where}; myquant-tui run starts one")
    await_answer(place)
    return _attach_to(args, place, screen, read_only=args.read_only or args.may_flat, may_flat=args.may_flat)


def run_attached(args: Namespace, config: "Config", screen: Screen) -> int:
    """Start the engine in a process of its own where none runs for its state directory, then attach to it."""
    return _attach_to(args, _started(args, config), screen, read_only=False)


def run_detached(args: Namespace, config: "Config") -> int:
    """Start the engine in a process of its own, and leave it to itself: how to reach it is said."""
    import shlex

    if args.json:
        raise InputError("--json: its summary comes at the end, which --detach does not wait for; allowed: one of them")
    place = _started(args, config)
    print(f"engine {place.pid} goes on by itself; attach, status or stop --state-dir {shlex.quote(place.where)}")
    return 0


def _started(args: Namespace, config: "Config") -> "EngineDir":
    """The place of the engine that is meant, which is started where none runs there; raises UserError."""
    from engine.cli.engine import words_for
    from engine.cli.output import warn
    from engine.serving import await_answer, place_of
    from engine.serving.launch import launch
    from engine.serving.state_dirs import chosen_folder
    from engine.venues.registry import trade_mode

    if args.trades is not None and args.trades.exists() and not args.trades.is_file():
        raise InputError(f"--trades {args.trades}: the engine writes it, in a process of its own: allowed is a file")
    live = live_of(args, config)
    mode = trade_mode(config, args.file) if live is None else live.mode
    place = place_of(chosen_folder(args.state_dir, mode))
    if not place.pid:
        warn("starting the engine")
        if args.trades is not None:
            warn(f"it writes each exit down for {args.trades.absolute()}, which appears when it ends")
        place = launch(["--quiet", "--state-dir", str(place.folder), *words_for(args)], place.folder)
    elif args.command == "replay":
        raise InputError(f"a replay is running detached (process {place.pid}): `attach` or `stop` it, or --state-dir")
    elif args.trades is not None:
        raise InputError(
            f"--trades: engine {place.pid} is running already, as it was started; see `myquant-tui trades`"
        )
    else:
        warn(f"engine {place.pid} is running already, as it was started")
        await_answer(place)
    return place


def _attach_to(args: Namespace, place: "EngineDir", screen: Screen, *, read_only: bool, may_flat: bool = False) -> int:
    """Show the engine of `place` until the operator leaves or the terminal is lost; the engine goes on."""
    from engine.link import RemoteEngine

    client = RemoteEngine(place.socket, _name(), wants_control=not read_only, may_flat=may_flat)
    screen.attach(client, place.folder, pictures_folder(args, place.folder))
    return 0


def _name() -> str:
    """What this screen is called on the others: the terminal, and where it was logged in from."""
    terminal = os.path.basename(os.ttyname(0)) if os.isatty(0) else "screen"
    origin = os.environ.get("SSH_CONNECTION", "").split(" ")[0]
    name = f"pts/{terminal}" if terminal.isdecimal() else terminal
    return clean(f"{name} from {origin}" if origin else name, 60)
