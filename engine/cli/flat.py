"""The command `flat`: closes everything, of a running engine or of what the journal of a dead one says is held."""

import sys
from argparse import ArgumentTypeError, Namespace
from collections.abc import Sequence
from shlex import quote
from threading import Thread
from typing import TYPE_CHECKING

from engine.cli.options import Parser, config_options, engine_options
from engine.model.errors import (
    EXIT_BAD_INPUT,
    EXIT_DIFFERENT,
    EXIT_FAULT,
    EXIT_POSITION_OPEN,
    EXIT_WELL,
    InputError,
    UserError,
)
from engine.text.sanitize import clean

if TYPE_CHECKING:
    from engine.cli.flattening import FlatWish
    from engine.serving.candidates import Candidate

_ALL = 0


def arguments(parser: Parser) -> None:
    """Declare the arguments of `flat`."""
    parser.add_argument(
        "number", nargs="?", type=_number, metavar="NUMBER", help="which of several, as `flat` lists them"
    )
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--anyway", action="store_true", help="though its market is closed: the broker decides")
    parser.add_argument("--all", action="store_true", help="of every engine, at once")
    engine_options(parser)
    config_options(parser)


def run(args: Namespace) -> int:
    """Go flat: 0 only when it is verified that nothing is held any more."""
    from engine.cli.flattening import interrupted

    try:
        return _run(args)
    except KeyboardInterrupt:
        return interrupted()


def _run(args: Namespace) -> int:
    from engine.cli.flattening import flatten_place, wish_of
    from engine.serving import find_place, place_of
    from engine.serving.candidates import candidates

    wish = wish_of(args, anyway=args.anyway)
    if args.state_dir is not None:
        if args.all or args.number is not None:
            raise InputError("--state-dir names one engine: allowed without --all and without a number")
        return flatten_place(place_of(args.state_dir.absolute()), wish, named=True, sure=args.yes)
    found = candidates()
    if not found:
        return flatten_place(find_place(None), wish, named=False, sure=args.yes)
    in_reach = [each for each in found if not each.out_of_reach]
    if len(found) > len(in_reach) < 2 and args.number is None:
        return _beside_unknown(args, wish, in_reach, [each for each in found if each.out_of_reach])
    if len(found) > 1:
        return _of_several(args, wish, found)
    if args.number not in {None, 1}:
        raise InputError(f"{args.number} is none of them: 1 {found[0].line}")
    return flatten_place(found[0].place, wish, named=True, sure=args.yes)


def _beside_unknown(
    args: Namespace, wish: "FlatWish", in_reach: "Sequence[Candidate]", unknown: "Sequence[Candidate]"
) -> int:
    """Flatten the one that can be, which leaves no choice; that another may hold something is told, and is no success."""
    from engine.cli.flattening import flatten_place, warn_line

    for each in unknown:
        warn_line(each.line)
    warn_line("look for yourself what is held there; then start that engine and unlock it, or move its directory away")
    for each in in_reach:
        if status := flatten_place(each.place, wish, named=True, sure=args.yes):
            return status
    return EXIT_BAD_INPUT


def _of_several(args: Namespace, wish: "FlatWish", found: "Sequence[Candidate]") -> int:
    """Let a person choose; who says `--yes` must have chosen, lest the wrong one stays open."""
    from engine.cli.flattening import confirmed, flatten_place, print_line, warn_line

    show = warn_line if args.yes and not args.all else print_line
    show(f"{len(found)} engines could be meant:")
    for number, each in enumerate(found, 1):
        show(f"  {number}  {each.line}")
    if args.all:
        if not args.yes and not confirmed():
            print_line("nothing was sent")
            return EXIT_DIFFERENT
        return _all_at_once(found, wish)
    if args.yes:
        warn_line("nothing was sent; say which:")
        warn_line("  myquant-tui flat --yes --all")
        for each in found:
            warn_line(f"  myquant-tui flat --yes --state-dir {quote(each.place.where)}")
        return EXIT_BAD_INPUT
    chosen: int | None = args.number if args.number is not None else _asked(len(found))
    if chosen is None:
        print_line("nothing was sent")
        return EXIT_DIFFERENT
    if chosen == _ALL:
        return _all_at_once(found, wish) if confirmed() else EXIT_DIFFERENT
    if chosen > len(found):
        raise InputError(f"{chosen} is none of them; allowed: 1 to {len(found)}, --all")
    return flatten_place(found[chosen - 1].place, wish, named=True, sure=False)


def _all_at_once(found: "Sequence[Candidate]", wish: "FlatWish") -> int:
    """Flatten them side by side: one that does not answer keeps no other waiting. 0 when every one is verified."""
    from engine.cli.flattening import flatten_place, print_line, warn_line

    statuses: list[int] = []

    def one(each: "Candidate") -> None:
        name = f"{each.place.mode} " if each.place.mode else ""
        try:
            own = wish._replace(say=lambda line: print_line(f"{name}| {line}"))
            status = flatten_place(each.place, own, named=True, sure=True)
        except UserError as problem:
            for line in problem.lines:
                warn_line(f"{name}| {line}")
            status = problem.exit_status
        except Exception as error:  # noqa: BLE001 - the mouth of the thread: told, and never taken for a success
            warn_line(f"{name}| {type(error).__name__}: {error}")
            status = EXIT_FAULT
        statuses.append(status)

    threads = [Thread(target=one, args=(each,), name="flat", daemon=True) for each in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    failed = [status for status in statuses if status not in {EXIT_WELL, EXIT_POSITION_OPEN}]
    return failed[0] if failed else max(statuses)


def _asked(most: int) -> int | None:
    """Ask which one; None = none."""
    print(f"which one (1 to {most}, or ALL): ", end="", flush=True)
    word = sys.stdin.readline().strip()
    if word == "ALL":
        return _ALL
    return int(word) if word.isascii() and word.isdecimal() and 1 <= int(word) <= most else None


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 < int(text) < 100):
        raise ArgumentTypeError(f"'{clean(text, 40)}' is no number of an engine")
    return int(text)
