"""The emergency flat of a dead engine whose orders went to a broker: its state directory is taken over without feed or strategy.

What is held there is read from the broker, whatever the journal says; prices come by its quotes.
"""

import time
from collections.abc import Callable, Mapping
from typing import Final

from msgspec.structs import replace

from engine.assembly import LiveSupply, build
from engine.assembly.real_orders import RealOrders
from engine.config import Config, wanted_symbols
from engine.link.flat_news import flat_news, held_text
from engine.model.clock import SystemClock
from engine.model.commands import Flat
from engine.model.errors import InputError, UserError
from engine.model.preflight import TradingAccount
from engine.model.types import TradeMode
from engine.outside.trust import doubt_of_folder
from engine.runtime import Engine
from engine.serving.journalled import Left, held_in_account, left_in, unsettled_in_account
from engine.serving.remote import HeldError
from engine.serving.silent_feed import SilentFeed
from engine.serving.state_dirs import EngineDir
from engine.text.sanitize import CleanText, clean
from engine.venues.registry import VENUES, live_access_of
from engine.venues.supply import NoCredentials

WITHIN_S: Final = 90.0  # of which what left before the engine died may take the first 12 to arrive
_BEFORE_S: Final = 90.0  # to find the instruments in the exchange's list, which may have to be fetched
ENDS_S: Final = _BEFORE_S + WITHIN_S + 10.0
_LOOK_S: Final = 0.1
_TICKET: Final = 1
_BARRED: Final = CleanText("a flat from outside: nothing is bought")
_LOOK_THERE: Final = "look into the broker's own app: what is held there could not be read, or works still"
_NOBODY_GOES_ON: Final = "nothing runs that would go on: ask again after the opening, or `flat --anyway` sends now"


def left_at(place: EngineDir) -> Left:
    """What the journal in `place` tells, which need not be all: the broker does. Raises InputError where others could have written it."""
    if doubt := doubt_of_folder(place.folder):
        raise InputError(f"{place.where}: {doubt}, so its journal is not believed: use the broker's own app")
    return left_in(place)


def plan(left: Left) -> list[str]:
    """What will be done, as far as it is known before the broker is asked."""
    account = left.account
    known = (*held_in_account(account), *unsettled_in_account(account)) if account is not None else ()
    told = [f"  by its journal: {each}" for each in known] or ["  its journal holds nothing"]
    if left.problem:
        told.append(f"  {left.problem}")
    return [*told, "  the broker is asked; all that it holds is closed, what others have put on there as well"]


def flatten(
    config: Config,
    environ: Mapping[str, str],
    left: Left,
    tell: Callable[[str], None],
    past: int = 0,
    *,
    anyway: bool = False,
) -> bool:
    """Take the account over in an engine without a feed, have that go flat at the broker and tell how it goes; whether it is verified.

    `past` is the dead engine, where it was killed and has not given its locks back so far. Raises UserError where the broker
    cannot be asked, HeldError where the market is closed, unless `anyway`.
    """
    chosen, supply, owner = _broker(config, environ, left)
    real = RealOrders(owner, _BARRED)
    mode: TradeMode = "live-sim" if left.place.mode == "live-sim" else "live"
    with build(
        chosen, supply, mode, state_root=left.place.folder, record=False, past=past, pace=SystemClock(), real=real
    ) as run:
        run.engine.start()
        run.engine.send(Flat(CleanText("flat command, engine dead"), anyway), _TICKET)
        return _followed(run.engine, tell)


def obstacle(config: Config, environ: Mapping[str, str], place: EngineDir) -> str:
    """Why the broker could not be asked from here, for whoever would end an engine to close what it holds; "" where nothing is in the way."""
    try:
        _within_reach(config, environ, place)
    except UserError as problem:
        return problem.lines[0]
    return ""


def _within_reach(config: Config, environ: Mapping[str, str], place: EngineDir) -> tuple[Config, TradingAccount]:
    """The configuration by which the broker of `place` is asked, and the account there. Raises UserError."""
    source = config.feed.source
    if live_access_of(source) is None:
        source = next(each.name for each in VENUES if each.live_access is not None)
        config = replace(config, feed=replace(config.feed, source=source))
    access = live_access_of(source)
    assert access is not None
    account = access.account(config, environ)
    if account is None:
        raise InputError(f"{source}: no credentials to ask the broker with; use the broker's own app")
    if access.is_simulated(config, environ) != (place.mode == "live-sim"):
        raise InputError(
            f"{place.where} is of mode {place.mode}, and the configuration names another broker; allowed: with the"
            " --config, --set and environment that the engine was started with"
        )
    return config, account


def _broker(config: Config, environ: Mapping[str, str], left: Left) -> tuple[Config, LiveSupply, CleanText]:
    """The configuration of a run that asks the broker only, the broker, and whose account it is. Raises UserError."""
    config, account = _within_reach(config, environ, left.place)
    venue = next(each for each in VENUES if each.name == config.feed.source)
    listed = _symbols(left)
    try:
        opened = venue.opener()(_watching(config, (*listed, *wanted_symbols(config), *config.live.symbols)), environ)
    except UserError:
        if not listed:
            raise
        opened = venue.opener()(_watching(config, listed), environ)  # what is held is what counts
    if isinstance(opened, NoCredentials):
        raise InputError(*opened.lines)
    supply = opened.source
    assert isinstance(supply, LiveSupply)
    silent = replace(supply, connect=lambda _tell, _in_session: SilentFeed())
    return opened.config, silent, clean(f"****{account.code[-4:]}")


def _symbols(left: Left) -> tuple[str, ...]:
    """What the journal says is held or on order."""
    if left.account is None:
        return ()
    numbers = {*left.account.net(), *(each.instrument for each, _ in left.account.unanswered())}
    return tuple(left.account.symbols[number] for number in sorted(numbers))


def _watching(config: Config, symbols: tuple[str, ...]) -> Config:
    return replace(config, feed=replace(config.feed, symbols=tuple(dict.fromkeys(symbols))))


def _followed(engine: Engine, tell: Callable[[str], None]) -> bool:
    """Tell how the flat goes until it is verified, or until nobody waits any longer; whether it is."""
    told: set[str] = set()
    until_s = time.monotonic() + WITHIN_S
    while time.monotonic() < until_s:
        seen = engine.snapshot
        if held := held_text(seen):
            raise HeldError(f"{held}; {_NOBODY_GOES_ON}")
        news = flat_news(seen, _TICKET)
        lines = (f"flat {news.state}", *news.legs) if news.outcome != "WAITING" else ()
        for line in (each for each in lines if each not in told):
            told.add(line)
            tell(line)
        if receipt := engine.receipt.lines:
            for line in receipt:
                tell(line)
            return True
        time.sleep(_LOOK_S)
    for line in engine.snapshot.flat.by_hand or (_LOOK_THERE,):
        tell(line)
    return False
