"""The emergency flat of an engine that is dead: what its journal says is held, closed at the last recorded prices.

Only where the broker is simulated: a real one is not asked from here, and a person is told to do so.
"""

import sqlite3
import sys
import time
from argparse import Namespace
from collections.abc import Callable

from engine.build import LiveSupply, Run, build
from engine.cli.remote import confirmed
from engine.config import Config, find_config, load
from engine.errors import EXIT_DIFFERENT, EXIT_WELL, InputError
from engine.fitting import recordings_folder
from engine.journal import JOURNAL_FILE, Account, fold
from engine.messages import Flat
from engine.ports import FeedView
from engine.recording import MqrSource
from engine.serving import Place
from engine.text import clean
from engine.types import Instrument, Tick, TradeMode

_WITHIN_S = 15.0
_LOOK_S = 0.02
_NEWEST = 5  # recordings that are looked into for the last price


def flatten_journal(place: Place, args: Namespace) -> int:
    """Close what the journal in `place` holds: 0 only when it is verified that nothing is held any more."""
    print(f"no engine is running for {place.folder}")
    account = _account(place)
    held = {} if account is None else {index: net for index, net in account.net().items() if net}
    if account is None or not held:
        print("its journal holds nothing")
        return EXIT_WELL
    if place.mode == "live":
        raise InputError("positions at a real broker are not closed from here: use the broker's own app")
    config = load(find_config(None))
    prices = _last_prices(config, place.mode)
    for index, net in held.items():
        symbol = account.symbols[index]
        price, at_ms = prices.get(symbol, (0, 0))
        known = (
            f"at {account.instrument(index).price_text(price)}, its last recorded price"
            if at_ms
            else "at its last journalled price"
        )
        print(f"  sell {net} {clean(symbol, 80)} {known}")
    if not args.yes and not confirmed():
        print("nothing was done")
        return EXIT_DIFFERENT
    instruments = tuple(account.instrument(index) for index in held)
    return _flatten(config, place, instruments, prices)


def _account(place: Place) -> Account | None:
    path = place.folder / JOURNAL_FILE
    if not path.exists():
        return None
    try:
        return fold(path)
    except sqlite3.Error as error:
        raise InputError(f"journal {clean(str(path))}: {clean(str(error))}") from error


def _last_prices(config: Config, mode: str) -> dict[str, tuple[int, int]]:
    """Return symbol → (price, its ms) out of the newest recordings of `mode`; a damaged one tells as far as it goes."""
    folder = recordings_folder(config)
    files = (
        sorted(folder.glob(f"{mode}-*.mqr"), key=lambda path: path.stat().st_mtime_ns)[-_NEWEST:]
        if folder.is_dir()
        else []
    )
    found: dict[str, tuple[int, int]] = {}
    for path in files:
        try:
            source = MqrSource(path)
            symbols = [instrument.symbol for instrument in source.instruments]
            for tick in source.ticks(max(1, source.count() - 2000 * len(symbols))):
                if tick.price > 0 and tick.exch_ms >= found.get(symbols[tick.instrument], (0, 0))[1]:
                    found[symbols[tick.instrument]] = (tick.price, tick.exch_ms)
        except InputError as problem:
            print(f"myquant-tui: {problem.lines[0]}", file=sys.stderr)
    return found


class _Silent:
    """A feed that says nothing: the market is not asked."""

    def start(self, deliver: Callable[[Tick], None], on_end: Callable[[str], None]) -> None:
        """Begin to say nothing."""

    def stop(self, timeout_s: float) -> None:
        """Go on saying nothing."""

    def view(self) -> FeedView:
        """How a feed that was never connected stands."""
        return FeedView("journal", "STOPPED", 0, 0, 0, 0, 0, 0, 0, "no engine is running", 0.0, None, 0, 0, {}, 0, 0)


def _flatten(
    config: Config, place: Place, instruments: tuple[Instrument, ...], prices: dict[str, tuple[int, int]]
) -> int:
    """Take the account over in an engine without a feed, and have that go flat."""
    supply = LiveSupply("the journal of a dead engine", instruments, lambda _tell, _in_session: _Silent())
    mode: TradeMode = "mock" if place.mode == "mock" else "paper"
    with build(config, supply, mode, state_root=place.folder, record=False) as run:
        for desk in run.trader.state.desks:
            price, at_ms = prices.get(desk.instrument.symbol, (0, 0))
            if at_ms > desk.last_ms:
                desk.last_price, desk.last_ms = price, at_ms
        run.engine.start()
        run.engine.send(Flat("flat command, engine dead"))
        if not _is_flat(run):
            print("myquant-tui: NOT verified flat", file=sys.stderr)
            return EXIT_DIFFERENT
        print("\\n".join(run.engine.turn.receipt.lines))
    return EXIT_WELL


def _is_flat(run: Run) -> bool:
    until_s = time.monotonic() + _WITHIN_S
    while time.monotonic() < until_s:
        if run.engine.turn.receipt.lines:
            return True
        time.sleep(_LOOK_S)
    return False
