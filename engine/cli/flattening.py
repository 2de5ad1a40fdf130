"""What `flat` and `stop` do with one engine, or with the journal of a dead one, until it is verified: asked, told, and how it ended."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from decimal import Decimal
from functools import cache, partial
from typing import TYPE_CHECKING, Final, NamedTuple

from engine.cli.output import warn
from engine.model.errors import EXIT_DIFFERENT, EXIT_WELL, StateBusyError, UserError
from engine.model.types import REAL_MODES
from engine.shortcut.receipt import leaves_nothing
from engine.text.sanitize import clean

if TYPE_CHECKING:
    from argparse import Namespace

    from engine.config import Config
    from engine.journal import JournalledAccount
    from engine.model.snapshot import Snapshot
    from engine.serving import EngineDir
    from engine.serving.offline_flat import LastPrice


EXIT_INTERRUPTED: Final = 130
_MOST_TRIES = 3
Say = Callable[[str], None]


def print_line(line: str) -> None:
    """Say a line; that nobody reads it must not keep anybody from following a flat."""
    with suppress(OSError, ValueError):
        print(line, flush=True)


def warn_line(line: str) -> None:
    """Say a line that must not be missed."""
    with suppress(OSError, ValueError):
        warn(line)


def interrupted() -> int:
    """Say what goes on although nobody follows it any more; the exit status."""
    warn_line("interrupted: an engine that has taken the flat goes on with it; `myquant-tui flat` joins it")
    return EXIT_INTERRUPTED


class FlatWish(NamedTuple):
    """How a flat is wanted: under which configuration where no engine runs, whether in a closed market too (`anyway`), and where it is told."""

    config: Callable[[], "Config"]
    anyway: bool = False
    say: Say = print_line


def wish_of(args: "Namespace", *, anyway: bool = False) -> FlatWish:
    """What the arguments say of it; the configuration is looked at only where it is needed."""
    return FlatWish(partial(_config_of, args), anyway)


def _config_of(args: "Namespace") -> "Config":
    from engine.cli.options import overrides_of, trust_named
    from engine.serving import offline_flat

    trust_named(args)
    return offline_flat.usable_config(warn_line, args.config, overrides_of(args))


def flatten_place(place: "EngineDir", wish: FlatWish, *, named: bool, sure: bool) -> int:
    """Show the plan, ask unless it is `sure`, go flat; 0 only when it is verified that nothing is held any more."""
    from engine.link import LinkError, Oneshot
    from engine.outside.trust import doubt_of_folder

    if doubt := doubt_of_folder(place.folder):
        warn_line(f"{place.where}: {doubt}, who could have put another engine in place of the one that is meant")
    if not place.pid:
        close = partial(_close_journalled, place, wish, named=named, sure=sure)
        return _close_or_ask(close, place, "flat command", wish)
    silent = False
    try:
        with Oneshot(place.socket, "flat") as call:
            lines = list(_plan(call.snapshot()))
    except LinkError as error:
        silent = True
        lines = [f"engine {place.pid} does not answer, what it holds is not known: {error}"]
    for line in lines:
        wish.say(line)
    if not sure and not confirmed():
        wish.say("nothing was sent")
        return EXIT_DIFFERENT
    return flatten(place, "flat command", wish, silent=silent)


def flatten(place: "EngineDir", reason: str, wish: FlatWish, *, silent: bool = False, tries: int = _MOST_TRIES) -> int:
    """Have the engine of `place` go flat, and say how it goes; the exit status.

    Where it is gone, what it held is closed from here, and where another has begun meanwhile that one is asked: `tries` times.
    """
    from engine.serving import remote

    say, obstacle = wish.say, cache(partial(_obstacle, place, wish))
    try:
        receipt = remote.flatten(place, reason, say, obstacle, silent=silent, anyway=wish.anyway)
    except remote.HeldError as held:
        return _held(held, say)
    except remote.OwnerGoneError as gone:
        say(f"{gone}: what its journal says is held is closed from here")
        from engine.serving import offline_flat

        past = gone.past  # perhaps its disk hangs
        close = partial(_close_journalled, place, wish, named=True, sure=True, past=past)
        in_time = partial(offline_flat.in_time, place, offline_flat.AFTER_END_S, close)
        return _close_or_ask(in_time, place, reason, wish, tries=tries)
    if receipt is None:
        warn_line(f"NOT verified flat within {remote.FLAT_WITHIN_S:.0f} s; an engine that has accepted it keeps trying")
        return EXIT_DIFFERENT
    for line in receipt:
        say(line)
    return EXIT_WELL if leaves_nothing(receipt) else EXIT_DIFFERENT


def _close_or_ask(
    close: Callable[[], int], place: "EngineDir", reason: str, wish: FlatWish, *, tries: int = _MOST_TRIES
) -> int:
    """`close` what a dead engine held; one that has begun meanwhile has taken it over, and is asked instead."""
    try:
        return close()
    except StateBusyError as busy:
        from engine.serving import lay_flat, place_of
        from engine.serving.state_dirs import FLAT_FILE

        if not tries:
            lay_flat(place.folder / FLAT_FILE)  # for whoever goes on with it at last
            raise
        wish.say(f"{busy}: it is asked instead")
        return flatten(place_of(place.folder), reason, wish, tries=tries - 1)


def _held(held: UserError, say: Say) -> int:
    for line in held.lines:
        say(line)
    return held.exit_status


def _close_journalled(place: "EngineDir", wish: FlatWish, *, named: bool, sure: bool, past: int = 0) -> int:
    """Close what the journal of a dead engine says is held; `past` is one that was killed and holds its locks still."""
    from engine.serving import offline_flat, remote

    if place.mode in REAL_MODES:
        return _close_at_broker(place, wish, sure=sure, past=past)
    say = wish.say
    left = offline_flat.find_account(place, named=named)
    place, account = left.place, left.account
    say(f"no engine is running for {place.where}")
    if account is None or account.idle:
        say("its journal holds nothing")
        return _granted(place)
    if place.mode in REAL_MODES:  # by its journal: the stamp of the directory is gone
        return _close_at_broker(place, wish, sure=sure, past=past)
    offline_flat.check_simulated(place)
    config = wish.config()
    prices = offline_flat.last_prices(place, warn_line)
    for line in _journalled_plan(account, prices):
        say(line)
    if not sure and not confirmed():
        say("nothing was done")
        return EXIT_DIFFERENT
    try:
        verified = offline_flat.in_time(
            place,
            offline_flat.ENDS_S,
            lambda: offline_flat.flatten(config, place, account, prices, say, past, anyway=wish.anyway),
        )
    except remote.HeldError as held:
        return _held(held, say)
    if not verified:
        warn_line(f"NOT verified flat within {offline_flat.WITHIN_S:.0f} s")
        return EXIT_DIFFERENT
    if left.problem:
        warn_line(f"what was known is closed; {left.problem}")
        return EXIT_DIFFERENT
    return _granted(place)


def _close_at_broker(place: "EngineDir", wish: FlatWish, *, sure: bool, past: int) -> int:
    """Close what the broker holds whose orders a dead engine sent."""
    import os

    from engine.serving import offline_flat, real_flat, remote

    left, say = real_flat.left_at(place), wish.say
    say(f"no engine is running for {place.where}")
    for line in real_flat.plan(left):
        say(line)
    if not sure and not confirmed():
        say("nothing was done")
        return EXIT_DIFFERENT
    config = wish.config()
    try:
        verified = offline_flat.in_time(
            place,
            real_flat.ENDS_S,
            lambda: real_flat.flatten(config, os.environ, left, say, past, anyway=wish.anyway),
        )
    except remote.HeldError as held:
        return _held(held, say)
    if not verified:
        warn_line(f"NOT verified flat within {real_flat.WITHIN_S:.0f} s")
        return EXIT_DIFFERENT
    return _granted(place)


def _obstacle(place: "EngineDir", wish: FlatWish) -> str:
    """Why what the engine of `place` holds could not be closed from here if it were dead, or ""."""
    if place.mode not in REAL_MODES:
        return ""
    import os

    from engine.serving import real_flat

    return real_flat.obstacle(wish.config(), os.environ, place)


def _granted(place: "EngineDir") -> int:
    """What is asked for in the state directory was done; the next engine must not be asked again."""
    from engine.serving import offline_flat

    if problem := offline_flat.grant(place):
        warn_line(f"the request in {place.where} cannot be taken away, the next engine will go flat as well: {problem}")
    return EXIT_WELL


def confirmed() -> bool:
    """Ask; anything but the word is a no, and so is the end of the input."""
    print("type FLAT to close all of it at once: ", end="", flush=True)
    return sys.stdin.readline().strip() == "FLAT"


def _plan(seen: "Snapshot") -> Iterator[str]:
    """What a flat would do now."""
    from engine.presentation.money import grouped
    from engine.serving.status import age_s

    yield f"{seen.trade_mode.upper()} {clean(seen.source)}: flat job {seen.flat.state}"
    total, zone = Decimal(0), seen.session.zone
    for held in seen.positions:
        instrument = seen.instruments[held.state.instrument]
        result = held.open_pnl - held.exit_costs
        total += result
        quantity = instrument.quantity_text(held.state.quantity)
        won = grouped(result, zone, sign=True)
        yield f"  sell {quantity} {clean(instrument.symbol, 80)} near {instrument.price_words(held.last)}: {won}"
    count = len(seen.positions)
    about = f"about {grouped(total, zone, sign=True)}"
    yield f"  {count} position{'' if count == 1 else 's'}, {about}" if count else "  nothing is held"
    old_s = age_s(seen.pulse.came_ns)
    yield "  no price yet" if old_s is None else f"  newest price {old_s:.1f} s old"


def _journalled_plan(account: "JournalledAccount", prices: "Mapping[str, LastPrice]") -> Iterator[str]:
    """What will be done."""
    from engine.serving.journalled import unsettled_in_account

    yield from (f"  {each}" for each in unsettled_in_account(account))
    for number, net in account.net().items():
        symbol = account.symbols[number]
        price, at_ms = prices.get(symbol, (0, 0))
        text = account.instrument(number).price_words(price)
        known = f"at {text}, its last recorded price" if at_ms else "at its last journalled price"
        quantity = account.instrument(number).quantity_text(net)
        yield f"  sell {quantity} {clean(symbol, 80)} {known}"
