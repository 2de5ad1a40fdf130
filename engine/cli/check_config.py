"""The command `check-config`: every problem of the configuration at once, told by the error that loading raises."""

from argparse import Namespace
from pathlib import Path

from engine.cli.options import Parser, config_options, load_config
from engine.text.sanitize import clean


def arguments(parser: Parser) -> None:
    """Declare the arguments of `check-config`."""
    config_options(parser)
    parser.add_argument(
        "--explain",
        action="append",
        default=[],
        metavar="SECTION.KEY",
        help="who said it, and why that holds (repeatable)",
    )
    parser.add_argument("--complete", action="store_true", help="a key that the file does not hold is a problem too")
    parser.add_argument(
        "--recording", type=Path, metavar="FILE", help="explain it as a replay of this recording has it"
    )


def run(args: Namespace) -> int:
    """Check it, and say what differs from the defaults; or explain single keys."""
    from engine.config import changed, explained, find_config, objections

    path = find_config(args.config)
    config = load_config(args, complete=args.complete)
    if args.recording is not None:
        from engine.assembly.recording_config import fit_to_recording
        from engine.recording import MqrSource

        config, _ = fit_to_recording(config, MqrSource(args.recording))
    if args.explain:
        for key in args.explain:
            print("\n".join(map(clean, explained(config, key))))
        return 0
    differs = changed(config)
    print(f"{clean(str(path))}: well")
    print("differs from the defaults: " + (", ".join(differs) if differs else "nothing"))
    if config.live.enabled:
        lacking = objections(config)
        print(
            "\n  ".join(["for live orders this is lacking:", *lacking] if lacking else ["for live orders all is said"])
        )
    return 0
