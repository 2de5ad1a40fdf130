"""How a running engine is, as it tells through its socket; what the journal of one that is gone says is held. Prints nothing."""

import sqlite3
import time
from collections.abc import Callable

from msgspec import Struct, field

from engine.journal import JOURNAL_FILE, JournalledAccount, fold
from engine.link import Oneshot
from engine.model.errors import InputError
from engine.model.snapshot import OpenPosition, Snapshot
from engine.presentation import format as text
from engine.serving.state_dirs import EngineDir

_STANDS_STILL_S = 2.0


class Status(Struct, frozen=True):
    """What `status --json` prints; money as text, ages in seconds. `positions` of a dead engine are its journal's."""

    running: bool
    pid: int
    mode: str
    state_dir: str
    source: str = ""
    delivery: str = ""
    ticks: int = 0
    link: str = ""
    newest_tick_age_s: float | None = None
    beat_age_s: float | None = None
    locked: str = ""
    halted: str = ""
    paused: bool = False
    flat: str = ""
    positions: tuple[str, ...] = ()
    day_pnl: str = ""
    screens: int = 0
    control: str = field(default="", name="conn")  # scripts know it by this name
    rss_mb: float = 0.0
    problem: str = ""
    found: tuple[str, ...] = ()
    market: str = ""
    watch_only: tuple[str, ...] = ()  # followed and recorded, never traded

    @property
    def goes_on(self) -> bool:
        """Whether its loop has made a round just now."""
        return self.beat_age_s is not None and self.beat_age_s < _STANDS_STILL_S


def status_of(place: EngineDir) -> Status:
    """Ask the engine of `place`; raises LinkError when it does not answer."""
    with Oneshot(place.socket, "status") as call:
        seen, picture, pid = call.snapshot(), call.picture(), call.pid
    beat_age_s = age_s(seen.pulse.beat_ns or seen.taken_ns)  # at the very start it has made no round so far
    still = beat_age_s is not None and beat_age_s >= _STANDS_STILL_S
    told = (seen.fault, *(f"{edge.name}: {edge.problem}" for edge in seen.edges if edge.problem))
    problem = f"its loop has stood still for {beat_age_s:.1f} s" if still else "; ".join(filter(None, told))
    return Status(
        running=True,
        pid=pid,
        mode=seen.trade_mode,
        state_dir=place.where,
        source=seen.source,
        delivery=seen.delivery,
        ticks=seen.ticks,
        link=f"{seen.feed.state} {seen.feed.because}".strip() if seen.feed else "",
        newest_tick_age_s=age_s(seen.pulse.came_ns),
        beat_age_s=beat_age_s,
        locked=seen.entries.locked,
        halted=seen.entries.halted,
        paused=seen.entries.paused,
        flat=seen.flat.state,
        positions=tuple(_position(seen, held) for held in seen.positions),
        day_pnl=f"{seen.account.day_pnl:.2f}",
        screens=picture.watched_by,
        control=picture.control.holder,
        rss_mb=round(seen.process.rss_mb, 1),
        problem=problem,
        found=seen.found,
        market=market_of(seen),
        watch_only=tuple(each.symbol for each in seen.instruments if each.watch_only),
    )


def held_by(place: EngineDir) -> tuple[str, ...]:
    """Say each quantity that the running engine of `place` holds; raises LinkError when it does not answer."""
    with Oneshot(place.socket, "status") as call:
        seen = call.snapshot()
    held = ((each.state.quantity, seen.instruments[each.state.instrument]) for each in seen.positions)
    return tuple(f"{instrument.quantity_text(quantity)} {instrument.symbol}" for quantity, instrument in held)


def market_of(seen: Snapshot) -> str:
    """How the market stands: open until when, or CLOSED until when; empty where nobody knows."""
    session = seen.session
    if session.start_ms <= seen.at_ms <= session.end_ms:
        return f"open until {text.minute(session.end_ms, session.zone)}" if session.daily else "open round the clock"
    return f"CLOSED until {session.opens}" if session.opens else ""


def age_s(stamp_ns: int) -> float | None:
    """How long ago `stamp_ns` (monotonic, of any process of this machine) was; None for never."""
    return round((time.perf_counter_ns() - stamp_ns) / 1e9, 1) if stamp_ns else None


def _position(seen: Snapshot, held: OpenPosition) -> str:
    instrument = seen.instruments[held.state.instrument]
    prices = f"{instrument.price_text(held.state.entry_price)} → {instrument.price_text(held.last)}"
    quantity = instrument.quantity_text(held.state.quantity)
    return f"{quantity} {instrument.symbol} {prices} ({held.open_pnl:+.2f})"


def account_of(place: EngineDir) -> JournalledAccount | None:
    """Return the account as the journal in `place` leaves it, None where there is no journal; raises InputError."""
    path = place.folder / JOURNAL_FILE
    if place.mode == "replay" or not path.exists():
        return None
    try:
        return fold(path)
    except (sqlite3.Error, OSError) as error:
        raise InputError(f"journal {path}: {error}") from error


def held_in_journal(place: EngineDir, warn: Callable[[str], None]) -> tuple[str, ...]:
    """Say each quantity that is held; what cannot be read is told and counts as nothing."""
    try:
        account = account_of(place)
    except InputError as problem:
        warn(problem.lines[0])
        return ()
    if account is None:
        if place.mode and place.mode != "replay" and not (place.folder / JOURNAL_FILE).exists():
            warn(f"{JOURNAL_FILE} is missing in {place.where}: what is held is not known")
        return ()
    return held_in_account(account)


def held_in_account(account: JournalledAccount) -> tuple[str, ...]:
    """Say each quantity that a journalled account holds."""
    held = account.net().items()
    return tuple(f"{account.instrument(number).quantity_text(net)} {account.symbols[number]}" for number, net in held)
