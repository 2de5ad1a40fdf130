"""How engines are: as they tell through their sockets, or as the journals of those that are gone say. Data only; prints nothing."""

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, Literal

from msgspec import Struct, field

from engine.journal import JOURNAL_FILE, JournalledAccount, fold
from engine.link import LinkError, Oneshot
from engine.model.errors import InputError
from engine.model.snapshot import OpenPosition, Snapshot
from engine.model.types import Instrument
from engine.presentation import feeds
from engine.presentation import format as text
from engine.serving.state_dirs import EngineDir

SCHEMA: Final = 1
_STANDS_STILL_S = 2.0
State = Literal["running", "stands_still", "no_answer", "dead", "never_ran", "several"]
Entries = Literal["allowed", "no_link", "paused", "halted", "locked", "stopped", "unknown"]
Market = Literal["open", "closed", "unknown"]
Source = Literal["engine", "journal", "unknown"]


class HeldStatus(Struct, frozen=True):
    """One position: a quantity in units, prices and money in the currency; null is what is not known, or not set.

    `age_s` is how old `last_price` is, `entry_at` and `entry_ns` when it was entered, by the time of its ticks (UTC).
    """

    symbol: str
    exchange: str
    quantity: Decimal
    entry_price: Decimal | None = None
    last_price: Decimal | None = None
    open_pnl: Decimal | None = None
    exit_costs: Decimal | None = None
    stop: Decimal | None = None
    trail_stop: Decimal | None = None
    next_target: Decimal | None = None
    age_s: float | None = None
    entry_at: str | None = None
    entry_ns: int | None = None
    durable: bool = True  # else a kill could still take it back


class Status(Struct, frozen=True, kw_only=True):
    """What `status --json` prints, version 1: later ones add keys and words, and change none.

    Prices, quantities and money are numbers, ages seconds; `_at` is ISO 8601 in UTC, `_ns` the same as nanoseconds of the
    epoch. `…_reason`, `locked`, `halted`, `problem` and `found` are for a person; what a script needs are words.
    """

    schema: int = SCHEMA
    state: State
    running: bool = False
    pid: int = 0
    mode: str = ""
    state_dir: str = ""
    asked_at: str = ""
    asked_ns: int = 0
    source: str = ""
    delivery: str = ""
    ticks: int = 0
    link: str = ""
    link_reason: str = ""
    newest_tick_at: str | None = None
    newest_tick_ns: int | None = None
    newest_tick_age_s: float | None = None
    beat_age_s: float | None = None
    market: Market = "unknown"
    market_reason: str = ""
    entries: Entries = "unknown"
    entries_reason: str = ""
    locked: str = ""
    halted: str = ""
    paused: bool = False
    flat: str = ""
    flat_reason: str = ""
    flat_until: str = ""  # when it goes on, where it is HELD
    alarms: tuple[str, ...] = ()  # what a person should look at, and what is to be done by hand
    positions: tuple[HeldStatus, ...] = ()
    positions_from: Source = "unknown"
    watch_only: tuple[str, ...] = ()  # followed and recorded, never traded
    day_pnl: Decimal | None = None
    cash: Decimal | None = None
    screens: int = 0
    control: str = field(default="", name="conn")  # scripts know it by this name
    rss_mb: float = 0.0
    problem: str = ""
    not_durable_s: float = 0.0
    found: tuple[str, ...] = ()
    engines: "tuple[Status, ...]" = ()  # of several, each as it would be alone


def status_of(place: EngineDir, warn: Callable[[str], None]) -> Status:
    """How the engine of `place` is; what cannot be read is told."""
    if not place.pid:
        return _dead(place, warn)
    try:
        return _running(place)
    except LinkError as error:
        account, _ = _readable(place, lambda _: None)
        return _stamped(
            place,
            state="no_answer",
            running=True,
            pid=place.pid,
            problem=f"does not answer: {error}",
            **_of_account(account),
        )


def of_several(statuses: Sequence[Status]) -> Status:
    """Several engines as one answer."""
    at_ns = time.time_ns()
    return Status(
        state="several",
        running=any(each.running for each in statuses),
        asked_at=_iso(at_ns) or "",
        asked_ns=at_ns,
        engines=tuple(statuses),
    )


def held_by(place: EngineDir) -> tuple[str, ...]:
    """Say each quantity that the running engine of `place` holds; raises LinkError when it does not answer."""
    with Oneshot(place.socket, "status") as call:
        seen = call.snapshot()
    held = ((each.state.quantity, seen.instruments[each.state.instrument]) for each in seen.positions)
    return tuple(f"{instrument.quantity_text(quantity)} {instrument.symbol}" for quantity, instrument in held)


def age_s(stamp_ns: int) -> float | None:
    """How long ago `stamp_ns` (monotonic, of any process of this machine) was; None for never."""
    return round((time.perf_counter_ns() - stamp_ns) / 1e9, 1) if stamp_ns else None


# ── One that runs ───────────────────────────────────────────────────────────────────────────────────────────────────


def _running(place: EngineDir) -> Status:
    with Oneshot(place.socket, "status") as call:
        seen, picture, pid = call.snapshot(), call.picture(), call.pid
    beat_age_s = age_s(seen.pulse.beat_ns or seen.taken_ns)  # at the very start it has made no round so far
    still = beat_age_s is not None and beat_age_s >= _STANDS_STILL_S
    told = (seen.fault, *(f"{edge.name}: {edge.problem}" for edge in seen.edges if edge.problem))
    entries, reason = _entries(seen)
    market, market_reason = market_of(seen)
    newest_ns = max((quote.exch_ms for quote in seen.quotes), default=0) * 1_000_000 or None
    return _stamped(
        place,
        state="stands_still" if still else "running",
        running=True,
        pid=pid,
        mode=seen.trade_mode,
        source=seen.source,
        delivery=seen.delivery,
        ticks=seen.ticks,
        link=seen.feed.state if seen.feed else "",
        link_reason=seen.feed.because if seen.feed else "",
        newest_tick_at=_iso(newest_ns),
        newest_tick_ns=newest_ns,
        newest_tick_age_s=age_s(seen.pulse.came_ns),
        beat_age_s=beat_age_s,
        market=market,
        market_reason=market_reason,
        entries=entries,
        entries_reason=reason,
        locked=seen.entries.locked,
        halted=seen.entries.halted,
        paused=seen.entries.paused,
        flat=seen.flat.state,
        flat_reason=seen.flat.reason,
        flat_until=(seen.session.opens or text.minute(seen.flat.until_ms, seen.session.zone))
        if seen.flat.until_ms
        else "",
        alarms=tuple(_alarms(seen)),
        positions=tuple(_open(seen, held) for held in seen.positions),
        positions_from="engine",
        watch_only=tuple(each.symbol for each in seen.instruments if each.watch_only),
        day_pnl=_cents(seen.account.day_pnl),
        cash=_cents(seen.account.cash),
        screens=picture.watched_by,
        control=picture.control.holder,
        rss_mb=round(seen.process.rss_mb, 1),
        problem=f"its loop has stood still for {beat_age_s:.1f} s" if still else "; ".join(filter(None, told)),
        not_durable_s=max(0.1, round(seen.late_ms / 1000, 1)) if seen.unkept_from_ms else 0.0,
        found=seen.found,
    )


def _entries(seen: Snapshot) -> tuple[Entries, str]:
    """Whether it enters, as the first thing that keeps it from that, and the reason."""
    gate = seen.entries
    if seen.stopped:
        return "stopped", ""
    if gate.locked:
        return "locked", gate.locked
    if gate.halted:
        return "halted", gate.halted
    if gate.paused:
        return "paused", ""
    if seen.feed is not None and seen.feed.state not in {"UP", "CLOSED"}:
        return "no_link", seen.feed.because
    return "allowed", ""


def market_of(seen: Snapshot) -> tuple[Market, str]:
    """How the market stands, and until when; unknown where nobody knows."""
    session = seen.session
    if session.start_ms <= seen.at_ms <= session.end_ms:
        ends = text.minute(session.end_ms, session.zone)
        return "open", f"open until {ends}" if session.daily else "open round the clock"
    return ("closed", f"CLOSED until {session.opens}") if session.opens else ("unknown", "")


def _alarms(seen: Snapshot) -> Iterator[str]:
    """What is held over the end of its session, who never ticked, what a flat leaves to a person."""
    for held in feeds.held_over(seen):
        instrument = seen.instruments[held.instrument]
        yield f"{instrument.quantity_text(held.quantity)} {instrument.symbol} still held, the session is over"
    if never := feeds.never(seen):
        yield never
    yield from seen.flat.by_hand


def _open(seen: Snapshot, held: OpenPosition) -> HeldStatus:
    state, instrument = held.state, seen.instruments[held.state.instrument]
    quote = next((each for each in seen.quotes if each.instrument == state.instrument), None)
    price = _prices(instrument)
    return HeldStatus(
        symbol=instrument.symbol,
        exchange=instrument.exchange,
        quantity=_units(instrument, state.quantity),
        entry_price=price(state.entry_price),
        last_price=price(held.last or None),
        open_pnl=_cents(held.open_pnl),
        exit_costs=_cents(held.exit_costs),
        stop=price(state.stop),
        trail_stop=price(state.trail_stop),
        next_target=price(held.next_target),
        age_s=age_s(quote.recv_ns) if quote else None,
        entry_at=_iso(state.entry_ms * 1_000_000),
        entry_ns=state.entry_ms * 1_000_000,
        durable=not seen.unkept_from_ms,
    )


# ── One that is gone ────────────────────────────────────────────────────────────────────────────────────────────────


def _dead(place: EngineDir, warn: Callable[[str], None]) -> Status:
    account, problem = _readable(place, warn)
    return _stamped(place, state="dead" if place.mode else "never_ran", problem=problem, **_of_account(account))


def _of_account(account: JournalledAccount | None) -> dict[str, object]:
    """What a journal tells."""
    if account is None:
        return {}
    return {
        "positions": tuple(_journalled(account, number, net) for number, net in account.net().items()),
        "positions_from": "journal",
        "entries": "locked" if account.gate.locked else "stopped",
        "entries_reason": account.gate.locked,
        "locked": account.gate.locked,
        "flat": account.flat.shown,
        "flat_reason": account.flat.reason,
        "cash": _cents(account.cash_account.cash),
    }


def _journalled(account: JournalledAccount, number: int, net: int) -> HeldStatus:
    instrument, held = account.instrument(number), account.held.get(number)
    price = _prices(instrument)
    known = HeldStatus(
        symbol=instrument.symbol,
        exchange="",  # is not kept
        quantity=_units(instrument, net),
        last_price=price(account.last_price(number) or None),
    )
    if held is None:
        return known
    return HeldStatus(
        symbol=known.symbol,
        exchange=known.exchange,
        quantity=known.quantity,
        last_price=known.last_price,
        entry_price=price(held.entry_price),
        stop=price(held.stop),
        trail_stop=price(held.trail_stop),
        entry_at=_iso(held.entry_ms * 1_000_000),
        entry_ns=held.entry_ms * 1_000_000,
    )


def _readable(place: EngineDir, warn: Callable[[str], None]) -> tuple[JournalledAccount | None, str]:
    """The account, and why there is none where there should be one, which is told as well."""
    problem = ""
    account = None
    try:
        account = account_of(place)
    except InputError as error:
        problem = error.lines[0]
    stamped = place.mode and place.mode != "replay"
    if account is None and not problem and stamped and not (place.folder / JOURNAL_FILE).exists():
        problem = f"{JOURNAL_FILE} is missing in {place.where}: what is held is not known"
    if problem:
        warn(problem)
    return account, problem


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
    account, _ = _readable(place, warn)
    return held_in_account(account) if account is not None else ()


def held_in_account(account: JournalledAccount) -> tuple[str, ...]:
    """Say each quantity that a journalled account holds."""
    held = account.net().items()
    return tuple(f"{account.instrument(number).quantity_text(net)} {account.symbols[number]}" for number, net in held)


# ── Figures ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def _prices(instrument: Instrument) -> Callable[[int | None], Decimal | None]:
    """Of minor units, in the currency."""
    return lambda minor: None if minor is None else Decimal(instrument.price_text(minor))


def _units(instrument: Instrument, quantity: int) -> Decimal:
    return Decimal(instrument.quantity_text(quantity))


def _cents(money: Decimal) -> Decimal:
    return round(money, 2)


def _iso(at_ns: int | None) -> str | None:
    """The moment to the millisecond."""
    return (
        None
        if at_ns is None
        else datetime.fromtimestamp(at_ns // 1_000_000 / 1_000, UTC).isoformat(timespec="milliseconds")
    )


def _stamped(place: EngineDir, **known: object) -> Status:
    """The status of `place`, asked now."""
    at_ns = time.time_ns()
    fields: dict[str, object] = {
        "mode": place.mode,
        "state_dir": place.where,
        "asked_at": _iso(at_ns),
        "asked_ns": at_ns,
    }
    return Status(**(fields | known))  # type: ignore[arg-type]
