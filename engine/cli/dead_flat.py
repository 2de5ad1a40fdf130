"""The emergency flat of an engine that is dead: what its journal says is held, closed at the last recorded prices.

Only where the broker is simulated: a real one is not asked from here, and a person is told to do so.
"""

import sqlite3
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path

from engine.assembly import LiveSupply, Run, build, load
from engine.assembly.edges import RECORDING_NOTE
from engine.cli.remote import confirmed
from engine.config import Config, bundled, find_config
from engine.journal import JOURNAL_FILE, JournalledAccount, fold
from engine.journal.schema import open_reader
from engine.model.commands import Flat
from engine.model.errors import EXIT_DIFFERENT, EXIT_WELL, InputError, UserError
from engine.model.ports import FeedView
from engine.model.types import Tick, TradeMode
from engine.recording import MqrSource
from engine.serving import EngineDir
from engine.serving.state_dirs import usual_places
from engine.text.sanitize import clean

_WITHIN_S = 15.0
_LOOK_S = 0.02
_LAST_TICKS = 2_000  # of each instrument in the recording
_Price = tuple[int, int]  # in minor units, and its ms (UTC)


def account_of(place: EngineDir) -> JournalledAccount | None:
    """Return the account as the journal in `place` leaves it, None where there is no journal; raises InputError."""
    path = place.folder / JOURNAL_FILE
    if place.mode == "replay" or not path.exists():
        return None
    try:
        return fold(path)
    except (sqlite3.Error, OSError) as error:
        raise InputError(f"journal {clean(str(path))}: {clean(str(error))}") from error


def held_in(account: JournalledAccount | None) -> list[tuple[str, str]]:
    """Return (symbol, net quantity in words) of what is held."""
    if account is None:
        return []
    return [
        (clean(account.symbols[number], 80), account.instrument(number).quantity_text(net))
        for number, net in account.net().items()
    ]


def flatten_journal(place: EngineDir, args: Namespace) -> int:
    """Close what the journal of a dead engine holds: 0 only when it is verified that nothing is held any more.

    Raises InputError where nothing is known: that must never look like "nothing is held".
    """
    place, account = _meant(place, named=args.state_dir is not None)
    print(f"no engine is running for {clean(str(place.folder))}")
    if not account.net():
        print("its journal holds nothing")
        return EXIT_WELL
    if place.mode == "live":
        raise InputError("positions at a real broker are not closed from here: use the broker's own app")
    config = _config()
    prices = _last_prices(place)
    for line in _plan(account, prices):
        print(line)
    if not args.yes and not confirmed():
        print("nothing was done")
        return EXIT_DIFFERENT
    return _flatten(config, place, account, prices)


def _meant(place: EngineDir, *, named: bool) -> tuple[EngineDir, JournalledAccount]:
    """Return the place whose journal is to be flattened: the named one, or of all modes the one that holds something."""
    if named:
        return place, _known(place)
    known = [(each, _known(each)) for each in usual_places() if each.mode]
    holding = [(each, account) for each, account in known if account.net()]
    if len(holding) > 1:
        names = ", ".join(f"{each.mode} in {clean(str(each.folder))}" for each, _ in holding)
        raise InputError(f"more than one journal holds something ({names}): say which with --state-dir")
    if holding:
        return holding[0]
    if not known:
        raise InputError(f"no engine has ever run here, nothing is known of {clean(str(place.folder))}")
    return next((each for each in known if each[0].folder == place.folder), known[0])


def _known(place: EngineDir) -> JournalledAccount:
    """Return the account of `place`; raises InputError where its journal does not tell what is held."""
    where = clean(str(place.folder))
    if not place.mode:
        raise InputError(f"{where} is no state directory of an engine: nothing is known of what is held")
    account = account_of(place)
    if account is None:
        aside = sorted(path.name for path in place.folder.glob(f"{JOURNAL_FILE}.damaged-*"))
        more = f"; a damaged one was put aside as {clean(aside[-1])}" if aside else ""
        raise InputError(f"the journal in {where} keeps no account, what is held is not known{more}")
    return account


def _config() -> Config:
    """Return the configuration; one that is wrong must not be in the way of a flat."""
    try:
        return load(find_config(None))
    except UserError as problem:
        print(f"myquant-tui: {problem.lines[0]}: the program's own configuration takes its place", file=sys.stderr)
        return load(bundled("config.toml"))


def _plan(account: JournalledAccount, prices: Mapping[str, _Price]) -> list[str]:
    """What will be done, in words."""
    lines = []
    for number, net in account.net().items():
        symbol = account.symbols[number]
        price, at_ms = prices.get(symbol, (0, 0))
        text = account.instrument(number).price_text(price)
        known = f"at {text}, its last recorded price" if at_ms else "at its last journalled price"
        quantity = account.instrument(number).quantity_text(net)
        lines.append(f"  sell {quantity} {clean(symbol, 80)} {known}")
    return lines


def _last_prices(place: EngineDir) -> dict[str, _Price]:
    """Return symbol → (price, its ms) out of the dead run's own recording; what is damaged tells as far as it goes.

    A recording that is older than the run is of another one and tells nothing.
    """
    try:
        path = Path((place.folder / RECORDING_NOTE).read_text(encoding="utf-8", errors="surrogateescape").strip("\n"))
        source = MqrSource(path)
        if source.header.started_wall_ns < _began_ns(place):
            return {}
        symbols = [instrument.symbol for instrument in source.instruments]
        first = max(1, source.count() - _LAST_TICKS * len(symbols))
        ticks = (tick for tick in source.ticks(first) if tick.price > 0)
        return {symbols[tick.instrument]: (tick.price, tick.exch_ms) for tick in ticks}
    except FileNotFoundError:
        return {}
    except (UserError, OSError, sqlite3.Error) as problem:
        print(f"myquant-tui: the last prices cannot be read: {clean(str(problem), 200)}", file=sys.stderr)
        return {}


def _began_ns(place: EngineDir) -> int:
    """Return when the newest run of the journal began (UTC ns); raises sqlite3.Error."""
    with closing(open_reader(place.folder / JOURNAL_FILE)) as connection:
        (began_ns,) = connection.execute("SELECT max(started_ns) FROM runs").fetchone()
    return int(began_ns)


class _Silent:
    """A feed that says nothing: the market is not asked."""

    def start(self, deliver: Callable[[Tick], None], on_end: Callable[[str], None]) -> None:
        """Begin to say nothing."""

    def stop(self, timeout_s: float) -> None:
        """Go on saying nothing."""

    def view(self) -> FeedView:
        """How a feed that was never connected stands."""
        return FeedView("journal", "STOPPED", 0, 0, 0, 0, 0, 0, 0, "no engine is running", 0.0, None, 0, 0, {}, 0, 0)


def _flatten(config: Config, place: EngineDir, account: JournalledAccount, prices: Mapping[str, _Price]) -> int:
    """Take the account over in an engine without a feed, and have that go flat."""
    instruments = tuple(account.instrument(number) for number in account.net())
    supply = LiveSupply("the journal of a dead engine", instruments, lambda _tell, _in_session: _Silent())
    mode: TradeMode = "mock" if place.mode == "mock" else "paper"
    with build(config, supply, mode, state_root=place.folder, record=False) as run:
        for inst in run.trader.state.instrument_states:
            inst.last_price = prices.get(inst.instrument.symbol, (inst.last_price, 0))[0]
        run.engine.start()
        run.engine.send(Flat("flat command, engine dead"))
        if not _is_flat(run):
            print(f"myquant-tui: NOT verified flat within {_WITHIN_S:.0f} s", file=sys.stderr)
            return EXIT_DIFFERENT
        print("\n".join(run.engine.receipt.lines))
    return EXIT_WELL


def _is_flat(run: Run) -> bool:
    until_s = time.monotonic() + _WITHIN_S
    while time.monotonic() < until_s:
        if run.engine.receipt.lines:
            return True
        time.sleep(_LOOK_S)
    return False
