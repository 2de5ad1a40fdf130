"""The commands around an engine in a process of its own: run one, start one and attach to it, print its systemd unit."""

import os
import sys
from argparse import Namespace
from pathlib import Path

from engine.assembly import Run, build
from engine.assembly.recording_config import recordings_folder
from engine.cli.running import RunChoice, choose, load_config, status_of, trade_mode
from engine.cli.screen import Screen
from engine.config import Config, bundled, find_config
from engine.model.errors import InputError
from engine.runtime import LOGGERS
from engine.serving import EngineDir, await_answer, block_signals, find_place, launch, place_of, serve
from engine.serving.state_dirs import usual_folder
from engine.text.sanitize import clean

_VALUES = (("--source", "source"), ("--delivery", "delivery"))
_SWITCHES = (("--unlock", "unlock"), ("--skip-damage", "skip_damage"), ("--paused", "paused"))


def engine_command(args: Namespace) -> int:
    """Carry out `engine`: serve in the foreground until told to end; the exit status."""
    block_signals()
    config = load_config(args)
    choice = choose(args, config, on_screen=False)
    with _built(args, choice) as running:
        LOGGERS["engine"].info("configuration %s", clean(str(find_config(args.config))))
        for line in choice.told:
            running.say(line)
        serve(running)
        status = status_of(running, choice.mode)
        running.logs.flush(2.0)
    return status


def _built(args: Namespace, choice: RunChoice) -> Run:
    return build(
        choice.config,
        choice.source,
        choice.mode,
        speed=choice.speed,
        paused=args.paused,
        title=choice.title,
        state_root=args.state_dir or usual_folder(choice.mode),
        console_fd=None if args.quiet else sys.stderr.fileno(),
        unlock=args.unlock,
        on_screen=True,
    )


def attach_command(args: Namespace, screen: Screen | None) -> int:
    """Carry out `attach [--read-only]`: put the screen on a running engine."""
    shown = _shown(screen)
    place = find_place(args.state_dir)
    if not place.pid:
        raise InputError(f"no engine is running for {clean(str(place.folder))}; myquant-tui run starts one")
    await_answer(place)
    return _attach(place, shown, read_only=args.read_only)


def run_attached(args: Namespace, config: Config, screen: Screen) -> int:
    """Start the engine in a process of its own where none runs for its state directory, then attach to it."""
    if args.trades is not None:
        raise InputError("--trades: only with --headless or --in-process; the engine goes on when the screen is left")
    place = place_of(_folder(args, config))
    if not place.pid:
        print("myquant-tui: starting the engine", file=sys.stderr)
        place = launch(["--quiet", "--state-dir", str(place.folder), *_arguments(args)], place.folder)
    elif args.command == "replay":
        raise InputError(f"a replay is running detached (process {place.pid}): `attach` or `stop` it, or --state-dir")
    else:
        print(f"myquant-tui: engine {place.pid} is running already, as it was started", file=sys.stderr)
        await_answer(place)
    return _attach(place, screen, read_only=False)


def _folder(args: Namespace, config: Config) -> Path:
    """Return the state directory of the engine that these arguments mean."""
    chosen: Path | None = args.state_dir
    return usual_folder(trade_mode(args, config)) if chosen is None else chosen.absolute()


def _arguments(args: Namespace) -> list[str]:
    """Return the words that make `engine` run what these arguments ask for, in whatever directory it is started."""
    words = ["--config", str(args.config.absolute())] if args.config is not None else []
    for option, name in _VALUES:
        if (value := getattr(args, name, None)) is not None:
            words += [option, str(value)]
    for override in (*args.overrides, *getattr(args, "more_overrides", ())):
        words += ["--set", override]
    words += [option for option, name in _SWITCHES if getattr(args, name, False)]
    if args.command == "replay":
        words += ["--replay", str(args.file.absolute())]
        if args.speed is not None:
            words += ["--speed", str(args.speed or "max")]
    return words


def _attach(place: EngineDir, screen: Screen, *, read_only: bool) -> int:
    """Show the engine of `place` until the operator leaves or the terminal is lost; the engine goes on."""
    from engine.link import RemoteEngine

    client = RemoteEngine(place.socket, _name(), wants_control=not read_only)
    screen.attach(client, place.folder, Path.cwd())
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
    from engine.serving.unit import unit_text

    if args.unlock:
        raise InputError("--unlock: not for a service, which is started again after a crash and must come up locked")
    config = load_config(args)
    folder = _folder(args, config)
    recordings = str(recordings_folder(config).absolute())
    words = _arguments(args)
    found = find_config(args.config)
    if args.config is None and found != bundled("config.toml"):  # the program finds its own by itself
        words += ["--config", str(found.absolute())]
    if args.state_dir is not None:
        words += ["--state-dir", str(folder)]
    # The service is started elsewhere: what depends on the present directory must be said.
    words += ["--set", f"recording.directory={recordings}"]
    sys.stdout.write(unit_text(words, [str(folder), recordings]))
    return 0
