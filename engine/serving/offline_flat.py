"""The emergency flat of an engine that is dead and whose broker was simulated: what its journal says is held, closed at the last recorded prices."""

import os
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from threading import Thread
from typing import Final, TypeVar

from msgspec.structs import replace

from engine.assembly import LiveSupply, build, load
from engine.assembly.edges import RECORDING_NOTE
from engine.config import Config, bundled, find_config
from engine.journal import JOURNAL_FILE, JournalledAccount
from engine.journal.schema import open_left
from engine.link.flat_news import held_text
from engine.model.clock import ContinuedClock, SystemClock
from engine.model.commands import Flat
from engine.model.errors import DiskError, InputError, UserError
from engine.model.types import TradeMode
from engine.outside.files import read_note
from engine.outside.trust import doubt_of_folder
from engine.recording import MqrSource
from engine.serving.flat_file import take_away
from engine.serving.journalled import Left, left_in
from engine.serving.remote import HeldError
from engine.serving.silent_feed import SilentFeed
from engine.serving.state_dirs import FLAT_FILE, EngineDir
from engine.text.sanitize import CleanText
from engine.trading.kept_account import symbols_of

WITHIN_S = 15.0
_NOBODY_GOES_ON: Final = (
    "nothing runs that would go on: start the engine, which does, or ask again after the opening; "
    "`flat --anyway` closes it now"
)
_LOOK_S = 0.02
_LONGER_S = 10.0  # for start and end
ENDS_S = WITHIN_S + _LONGER_S  # a flat from its start to its end
AFTER_END_S = WITHIN_S + 2 * _LONGER_S  # to read the journal of an engine that was ended, and close what it holds
_LAST_TICKS = 2_000  # of each instrument in the recording
Outcome = TypeVar("Outcome")
LastPrice = tuple[int, int]  # in minor units, and its ms (UTC)


def find_account(place: EngineDir, *, named: bool) -> Left:
    """Return what is to be flattened; with a problem where that may not be all of it, and no account where it is certain that nothing is held.

    Raises InputError where nothing is known: that must never look like "nothing is held".
    """
    where = place.where
    if not named and not place.mode:
        raise InputError(f"no engine has ever run here, nothing is known of {where}")
    if doubt := doubt_of_folder(place.folder):
        raise InputError(f"{where}: {doubt}, so its journal is not believed: nothing is known of what is held")
    left = left_in(place)
    if left.problem and not left.open:
        raise InputError(left.problem)
    if left.account is None and place.mode in {"", "replay"}:
        raise InputError(f"{where} is no state directory of an engine that trades: nothing is known of what is held")
    return left


def check_simulated(place: EngineDir) -> None:
    """Raises InputError where the broker is not known to be simulated."""
    if place.mode not in {"mock", "paper"}:
        raise InputError(f"{place.where}: its mode is none of this version; use the broker's own app")


def usable_config(warn: Callable[[str], None], path: Path | None = None, overrides: Sequence[str] = ()) -> Config:
    """Return the configuration at `path` (None: that which is found) under `overrides`; one that is wrong must not be in the way of a flat."""
    try:
        return load(find_config(path), overrides)
    except UserError as problem:
        warn(f"{problem.lines[0]}: the program's own configuration takes its place")
        return load(bundled("config.toml"))


def last_prices(place: EngineDir, warn: Callable[[str], None]) -> dict[str, LastPrice]:
    """Return symbol → (price, its ms) out of the dead run's own recording; what is damaged tells as far as it goes.

    A recording that is older than the run is of another one and tells nothing.
    """
    try:
        source = _recording(place)
        with closing(open_left(place.folder / JOURNAL_FILE)) as connection:
            (began_ns,) = connection.execute("SELECT max(started_ns) FROM runs").fetchone()
        if source.header.started_wall_ns < began_ns:
            return {}
        symbols = [instrument.symbol for instrument in source.instruments]
        first = max(1, source.count() - _LAST_TICKS * len(symbols))
        ticks = (tick for tick in source.ticks(first) if tick.price > 0)
        return {symbols[tick.instrument]: (tick.price, tick.exch_ms) for tick in ticks}
    except FileNotFoundError:
        return {}
    except (UserError, OSError, sqlite3.Error) as problem:
        warn(f"the last prices cannot be read: {problem}")
        return {}


def _recording(place: EngineDir) -> MqrSource:
    """The dead run's own recording; raises UserError, OSError."""
    return MqrSource(Path(read_note(place.folder / RECORDING_NOTE).strip("\n")))


def _markets(place: EngineDir) -> dict[str, str]:
    """Return symbol → market, as far as the dead run's own recording tells."""
    try:
        return {each.symbol: each.market for each in _recording(place).instruments}
    except (UserError, OSError):
        return {}


def flatten(
    config: Config,
    place: EngineDir,
    account: JournalledAccount,
    prices: Mapping[str, LastPrice],
    tell: Callable[[str], None],
    past: int = 0,
    *,
    anyway: bool = False,
) -> bool:
    """Take the account over in an engine without a feed, have that go flat and tell its receipt; whether it is verified.

    `past` is the dead engine, where it was killed and has not given its locks back so far. Raises HeldError where the
    market is closed, unless `anyway`; where it is not known which market that is, it is as if it were open.
    A mock's session has a time of its own, in which it goes on.
    """
    markets = _markets(place)
    numbers = symbols_of(account.state()) or range(len(account.symbols))
    listed = [account.instrument(number) for number in numbers]
    instruments = tuple(replace(each, market=markets.get(each.symbol, each.market)) for each in listed)
    anyway = anyway or not all(each.symbol in markets or each.quantity_scale == 1 for each in listed)
    supply = LiveSupply("the journal of a dead engine", instruments, lambda _tell, _in_session: SilentFeed())
    mode: TradeMode = "mock" if place.mode == "mock" else "paper"
    pace = ContinuedClock(_last_ms(account, prices) * 1_000_000) if mode == "mock" else SystemClock()
    with build(config, supply, mode, state_root=place.folder, record=False, past=past, pace=pace) as run:
        for inst in run.trader.state.instrument_states:
            inst.last_price = prices.get(inst.instrument.symbol, (inst.last_price, 0))[0]
        run.engine.start()
        run.engine.send(Flat(CleanText("flat command, engine dead"), anyway))
        until_s = time.monotonic() + WITHIN_S
        while not run.engine.receipt.lines and time.monotonic() < until_s:
            if held := held_text(run.engine.snapshot):
                raise HeldError(f"{held}; {_NOBODY_GOES_ON}")
            time.sleep(_LOOK_S)
        receipt = run.engine.receipt.lines
        for line in receipt:
            tell(line)
    return bool(receipt)


def _last_ms(account: JournalledAccount, prices: Mapping[str, LastPrice]) -> int:
    """The newest moment of the dead run that is known, UTC ms."""
    heard_ms = (at_ms for _, at_ms in prices.values())
    return max(account.at_ms, *heard_ms, *(each.entry_ms for each in account.held.values()))


def in_time(place: EngineDir, within_s: float, work: Callable[[], Outcome]) -> Outcome:
    """Do `work` in a thread that a disk may hold up without holding up the caller; raises what it raises, or DiskError."""
    done: list[Outcome] = []
    failed: list[Exception] = []

    def run() -> None:
        try:
            done.append(work())
        except Exception as error:  # noqa: BLE001 - the mouth of the thread: raised again where it is waited for
            failed.append(error)

    thread = Thread(target=run, name="flat", daemon=True)
    thread.start()
    thread.join(within_s)
    if failed:
        raise failed[0]
    if not done:
        raise DiskError(f"the disk of {place.where} does not answer: nothing is verified; ask again when it does")
    return done[0]


def grant(place: EngineDir) -> str:
    """Take away a request for a flat that lies in `place`: it was done from here; why it still lies there, or ""."""
    path = place.folder / FLAT_FILE
    return take_away(path) if os.path.lexists(path) else ""
