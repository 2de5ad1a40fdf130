"""The commands around an engine in a process of its own: run one, start one and attach to it, print its systemd unit."""

import os
import sys
from argparse import Namespace
from pathlib import Path

from engine.build import build
from engine.cli.running import Choice, choose, load_config, status_of, trade_mode
from engine.cli.screen import Screen
from engine.config import Config, find_config
from engine.errors import InputError
from engine.fitting import recordings_folder
from engine.journal import StateDir
from engine.link import RemoteDoor
from engine.runner import LOGGERS
from engine.serving import Place, find_place, launch, place_of, serve, unit_text
from engine.serving.process import block_signals
from engine.text import clean

_PASSED_ON = (("--config", "config"), ("--source", "source"), ("--delivery", "delivery"), ("--state-dir", "state_dir"))


def engine_command(args: Namespace) -> int:
    """Carry out `engine`: serve in the foreground until told to end; the exit status."""
    block_signals()
    config = load_config(args)
    choice = choose(args, config, on_screen=False)
    console = None if args.quiet else sys.stderr.fileno()
    with _built(args, choice, console) as running:
        LOGGERS["engine"].info("configuration %s", clean(str(find_config(args.config))))
        for line in choice.told:
            running.say(line)
        serve(running)
        status = status_of(running, choice.mode)
        running.logs.flush(2.0)
    return status


def _built(args: Namespace, choice: Choice, console_fd: int | None):  # type: ignore[no-untyped-def]
    return build(
        choice.config,
        choice.source,
        choice.mode,
        speed=choice.speed,
        title=choice.title,
        state_root=args.state_dir,
        console_fd=console_fd,
        unlock=args.unlock,
        on_screen=True,
    )


def attach_command(args: Namespace, screen: Screen | None) -> int:
    """Carry out `attach [--read-only]`: put the screen on a running engine."""
    place = find_place(args.state_dir)
    if not place.pid:
        raise InputError(f"no engine is running for {clean(str(place.folder))}; myquant-tui run starts one")
    return _attach(place, _shown(screen), read_only=args.read_only)


def run_attached(args: Namespace, config: Config, screen: Screen) -> int:
    """Start the engine in a process of its own where none runs for its state directory, then attach to it."""
    place = place_of(args.state_dir.absolute() if args.state_dir else StateDir.usual(trade_mode(args, config)))
    if not place.pid:
        print("myquant-tui: starting the engine", file=sys.stderr)
        launch(_arguments(args), place.folder)
        place = place_of(place.folder)
    return _attach(place, screen, read_only=False)


def _arguments(args: Namespace) -> list[str]:
    """Return the words that make `engine` run what these arguments ask for."""
    words = ["--quiet"]
    for option, name in _PASSED_ON:
        value = getattr(args, name, None)
        if value is not None:
            words += [option, str(value)]
    for override in (*args.overrides, *getattr(args, "more_overrides", ())):
        words += ["--set", override]
    if args.unlock:
        words.append("--unlock")
    if args.command == "replay":
        words += ["--replay", str(args.file.absolute())]
        if args.speed is not None:
            words += ["--speed", str(args.speed or "max")]
    return words


def _attach(place: Place, screen: Screen, *, read_only: bool) -> int:
    """Show the engine of `place` until the operator leaves or the terminal is lost; the engine goes on."""
    door = RemoteDoor(place.socket, _name(), wants_conn=not read_only)
    screen.attach(door, place.folder, Path.cwd())
    return 0


def _name() -> str:
    """What this screen is called on the others: the terminal, and where it was logged in from."""
    terminal = os.path.basename(os.ttyname(0)) if os.isatty(0) else "screen"
    origin = os.environ.get("SSH_CONNECTION", "").split(" ")[0]
    name = f"pts/{terminal}" if terminal.isdecimal() else terminal
    return clean(f"{name} from {origin}" if origin else name, 60)


def _shown(screen: Screen | None) -> Screen:
    """Return the screen; raises InputError where there can be none."""
    if screen is None or not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InputError("attach needs a terminal; `status` and `flat` do not")
    if refusal := screen.refusal():
        raise InputError(refusal)
    return screen


def unit_command(args: Namespace) -> int:
    """Carry out `systemd-unit`: print a unit that runs the engine as it would be run here."""
    config = load_config(args)
    folder = args.state_dir.absolute() if args.state_dir else StateDir.usual(trade_mode(args, config))
    writable = [str(folder.parent if args.state_dir is None else folder), str(recordings_folder(config).absolute())]
    words = _arguments(args)
    words.remove("--quiet")
    if args.config is None:
        words += ["--config", str(find_config(None).absolute())]
    sys.stdout.write(unit_text(words, writable))
    return 0
