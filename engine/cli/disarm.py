"""The command `disarm`: takes today's arming away, so that no start sends real orders any more."""

from argparse import Namespace

from engine.cli.options import Parser, engine_options
from engine.model.errors import EXIT_WELL


def arguments(parser: Parser) -> None:
    """Declare the arguments of `disarm`."""
    engine_options(parser)


def run(args: Namespace) -> int:
    """Take it away, in the directories of live runs or in the one that is named; also from a pipe."""
    from engine.cli.output import warn
    from engine.serving import place_of
    from engine.serving.arming import take_away_arming
    from engine.serving.state_dirs import usual_folder

    folders = [args.state_dir.absolute()] if args.state_dir else [usual_folder("live"), usual_folder("live-sim")]
    done = [folder for folder in folders if take_away_arming(folder)]
    for folder in done:
        print(f"disarmed: {place_of(folder).where}")
    if not done:
        print("nothing was armed")
    for place in map(place_of, folders):
        if place.pid:
            warn(f"engine {place.pid} was started before and goes on; `myquant-tui flat` ends what it holds")
    return EXIT_WELL
