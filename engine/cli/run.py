"""The command `run`, and the program without a command: an engine on the configured feed."""

from argparse import Namespace

from engine.cli.options import Parser, feed_options, load_config, refuse_pace, run_options, speed_option
from engine.cli.screen import picture_option, screen_for


def arguments(parser: Parser) -> None:
    """Declare the arguments of `run`."""
    feed_options(parser)
    speed_option(parser, "of a generated or recorded session")
    parser.add_argument("--in-process", action="store_true", help="keep engine and screen in one process")
    picture_option(parser)
    run_options(parser)


def run(args: Namespace) -> int:
    """Run on the feed; on a screen all but a replay, which is in nobody's way, gets a process of its own."""
    from engine.venues.registry import trade_mode

    config = load_config(args, runs=True)
    mode = trade_mode(config, None)
    refuse_pace(args, mode)
    screen = screen_for(args)
    if screen is not None and mode != "replay" and not args.in_process:
        from engine.cli.attach import run_attached

        return run_attached(args, config, screen)
    from msgspec.structs import replace

    from engine.assembly.choose import choose
    from engine.cli.live import as_live, live_of
    from engine.cli.running import run_here

    live = live_of(args, config)

    if screen is not None and args.command is None and not config.origins.said("replay.skip_silence"):
        # The first sight of the program: a session that moves, not five minutes of silence before the opening.
        config = replace(config, replay=replace(config.replay, skip_silence=True))
    choice = choose(
        config,
        None,
        None,
        skip_damage=args.skip_damage,
        on_screen=screen is not None,
        require_credentials=args.require_credentials,
    )
    return run_here(args, as_live(choice, live), screen)
