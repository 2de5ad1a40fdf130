"""The command `watch`: instruments of a running engine are added, removed and listed, and everything else goes on."""

from argparse import Namespace
from typing import TYPE_CHECKING

from engine.cli.options import Parser, engine_options
from engine.model.errors import EXIT_BAD_INPUT, EXIT_WELL, InputError

if TYPE_CHECKING:
    from engine.model.snapshot import Snapshot


def arguments(parser: Parser) -> None:
    """Declare the arguments of `watch`."""
    parser.add_argument(
        "action",
        choices=("add", "remove", "list"),
        help="follow further instruments, or some no more (refused while one is held or an order of it works); or list them",
    )
    parser.add_argument("watched", nargs="*", metavar="SYMBOL", help="BTCUSDT, NIFTY29DEC2625000CE, 'Nifty 50'")
    parser.add_argument("--watch-only", action="store_true", help="add: follow and record them, never trade them")
    engine_options(parser)


def run(args: Namespace) -> int:
    """Change the list, or show it: 0 when it is done, 2 when it was refused."""
    from engine.cli.output import warn
    from engine.link import Oneshot
    from engine.serving import find_place
    from engine.serving.remote import change_list
    from engine.text.sanitize import clean

    symbols = tuple(dict.fromkeys(clean(symbol, 80) for symbol in args.watched))
    if args.action == "list" and symbols:
        raise InputError(f"watch list takes no symbols, and {symbols[0]} was said")
    if args.action != "list" and not symbols:
        raise InputError(f"watch {args.action} needs a symbol, such as: myquant-tui watch {args.action} BTCUSDT")
    if args.watch_only and args.action != "add":
        raise InputError("--watch-only is allowed with `watch add`")
    place = find_place(args.state_dir)
    if not place.pid:
        raise InputError(f"no engine is running for {place.where}")
    if args.action == "list":
        with Oneshot(place.socket, "watch") as call:
            print("\n".join(_rows(call.snapshot())))
        return EXIT_WELL
    refused = change_list(place, symbols, add=args.action == "add", watch_only=args.watch_only)
    if refused:
        warn(f"watch {args.action} refused: {refused}")
        return EXIT_BAD_INPUT
    done = "follows" if args.action == "add" else "no longer follows"
    only = ", without trading them" if args.watch_only else ""
    print(f"engine {place.pid} {done} {', '.join(symbols)}{only}; a new recording has begun")
    return EXIT_WELL


def _rows(seen: "Snapshot") -> list[str]:
    """A line for each instrument that is followed."""
    quotes = {quote.instrument: quote for quote in seen.quotes}
    held = {each.state.instrument for each in seen.positions}
    rows = []
    for index, each in enumerate(seen.instruments):
        if each.removed:
            continue
        quote = quotes.get(index)
        price = "" if quote is None else each.price_text(quote.last) if quote.recv_ns else "waiting for first tick"
        marks = ["held"] * (index in held) + ["watch only"] * bool(each.watch_only)
        rows.append(f"{each.symbol:<28} {each.exchange:<8} {price:<24} {', '.join(marks)}".rstrip())
    return rows
