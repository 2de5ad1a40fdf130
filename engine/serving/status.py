"""How engines are: as they tell through their sockets, or as the journals of those that are gone say. Data only; prints nothing."""

import os
import time
from collections.abc import Callable, Iterator, Sequence

from msgspec.structs import replace

from engine.journal import JournalledAccount
from engine.link import LinkError, Oneshot
from engine.model.run_views import UptimeView
from engine.model.snapshot import Snapshot
from engine.model.trading_views import OpenPosition
from engine.presentation import entries as entry_words
from engine.presentation import feeds, log_levels, uptime
from engine.presentation import format as text
from engine.serving.journalled import left_in, unsettled_in_account
from engine.serving.live_status import live_status
from engine.serving.state_dirs import EngineDir
from engine.serving.status_record import (
    Entries,
    HeldStatus,
    Market,
    State,
    Status,
    UptimeStatus,
    cents,
    iso,
    prices,
    units,
)

_STANDS_STILL_S = 2.0


def status_of(place: EngineDir, warn: Callable[[str], None]) -> Status:
    """How the engine of `place` is; what cannot be read is told."""
    if not place.pid:
        return _dead(place, warn)
    try:
        return _running(place)
    except LinkError as error:
        left = left_in(place)
        problem = "; ".join(filter(None, (f"does not answer: {error}", left.problem)))
        known = {"state": "no_answer", "running": True, "pid": place.pid, "problem": problem}
        # It may go on at any moment, and enter: what its journal says of that holds for one that is gone.
        return _stamped(place, **_of_account(left.account) | _watched(place, warn) | known | {"entries": "unknown"})


def of_several(statuses: Sequence[Status]) -> Status:
    """Several engines as one answer."""
    at_ns = time.time_ns()
    return Status(
        state="several",
        running=any(each.running for each in statuses),
        asked_at=iso(at_ns) or "",
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


def _stamped(place: EngineDir, **known: object) -> Status:
    """The status of `place`, asked now."""
    at_ns = time.time_ns()
    fields: dict[str, object] = {
        "mode": place.mode,
        "state_dir": place.where,
        "asked_at": iso(at_ns),
        "asked_ns": at_ns,
    }
    return Status(**(fields | known))  # type: ignore[arg-type]


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
        newest_tick_at=iso(newest_ns),
        newest_tick_ns=newest_ns,
        newest_tick_age_s=age_s(seen.pulse.came_ns),
        beat_age_s=beat_age_s,
        market=market,
        market_reason=market_reason,
        entries=entries,
        entries_reason=reason,
        entries_words=entry_words.entries(seen, time.perf_counter_ns()).forms[0],
        locked=seen.entries.locked,
        halted=seen.entries.halted,
        paused=seen.entries.paused,
        flat=seen.flat.state,
        flat_reason=seen.flat.reason,
        flat_until=feeds.goes_on(seen) if seen.flat.until_ms else "",
        alarms=tuple(_alarms(seen)),
        positions=tuple(_open(seen, held) for held in seen.positions),
        positions_from="engine",
        watch_only=tuple(each.symbol for each in seen.instruments if each.watch_only and not each.removed),
        watched=tuple(each.symbol for each in seen.instruments if not each.removed),
        day_pnl=cents(seen.account.day_pnl),
        cash=cents(seen.account.cash),
        screens=picture.watched_by,
        control=picture.control.holder,
        rss_mb=round(seen.process.rss_mb, 1),
        log_levels={each.component: each.level for each in seen.log_levels},
        log_changed=tuple(log_levels.words(each, seen) for each in seen.log_levels if each.by),
        problem=f"its loop has stood still for {beat_age_s:.1f} s" if still else "; ".join(filter(None, told)),
        not_durable_s=max(0.1, round(seen.late_ms / 1000, 1)) if seen.unkept_from_ms else 0.0,
        found=seen.found,
        uptime=_uptime(seen.uptime),
        uptime_words=uptime.words(seen.uptime) if seen.uptime else "",
        live=live_status(seen),
    )


def _uptime(seen: UptimeView | None) -> UptimeStatus | None:
    if seen is None:
        return None
    return UptimeStatus(
        minutes=seen.minutes,
        watched=seen.watched,
        share=uptime.share(seen.watched, seen.minutes),
        days=seen.days,
        days_minutes=seen.days_minutes,
        days_watched=seen.days_watched,
        days_share=uptime.share(seen.days_watched, seen.days_minutes),
        days_unwatched=seen.days_unwatched,
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
    if seen.stopped or (seen.replay is not None and seen.replay.ended):
        return "closed", "over: nothing is traded any more"
    if session.start_ms <= seen.market_ms < session.end_ms:
        ends = text.minute(session.end_ms, session.zone)
        return "open", f"open until {ends}" if session.daily else "open round the clock"
    if session.opens:
        return "closed", f"CLOSED until {session.opens}"
    if session.end_ms > session.start_ms and seen.market_ms >= session.end_ms:
        return "closed", f"CLOSED since {text.minute(session.end_ms, session.zone)}"
    return "unknown", ""


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
    price = prices(instrument)
    return HeldStatus(
        symbol=instrument.symbol,
        exchange=instrument.exchange,
        quantity=units(instrument, state.quantity),
        entry_price=price(state.entry_price),
        last_price=price(held.last or None),
        open_pnl=cents(held.open_pnl),
        exit_costs=cents(held.exit_costs),
        stop=price(state.stop),
        trail_stop=price(state.trail_stop),
        next_target=price(held.next_target),
        age_s=age_s(quote.recv_ns) if quote else None,
        entry_at=iso(state.entry_ms * 1_000_000),
        entry_ns=state.entry_ms * 1_000_000,
        durable=not seen.unkept_from_ms,
    )


# ── One that is gone ────────────────────────────────────────────────────────────────────────────────────────────────


def _dead(place: EngineDir, warn: Callable[[str], None]) -> Status:
    left = left_in(place)
    if left.problem:
        warn(left.problem)
    state: State = "dead" if left.place.mode or left.problem else "never_ran"
    known = _of_account(left.account)
    if os.path.isdir(left.place.folder):  # else that is said already
        known |= _watched(left.place, warn)
    return _stamped(left.place, state=state, problem=left.problem, **known)


def _watched(place: EngineDir, warn: Callable[[str], None]) -> dict[str, object]:
    """The minutes watched as its file has them."""
    from engine.assembly.uptime_file import read_uptime, view_of  # noqa: PLC0415 - who finds an engine running carries none

    view = view_of(read_uptime(place.folder, warn))
    return {} if view is None else {"uptime": _uptime(view), "uptime_words": f"{view.date}: {uptime.words(view)}"}


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
        "alarms": unsettled_in_account(account),
        "cash": cents(account.cash_account.cash),
    }


def _journalled(account: JournalledAccount, number: int, net: int) -> HeldStatus:
    instrument, held = account.instrument(number), account.held.get(number)
    price = prices(instrument)
    known = HeldStatus(
        symbol=instrument.symbol,
        exchange="",  # is not kept
        quantity=units(instrument, net),
        last_price=price(account.last_price(number) or None),
    )
    if held is None:
        return known
    return replace(
        known,
        entry_price=price(held.entry_price),
        stop=price(held.stop),
        trail_stop=price(held.trail_stop),
        entry_at=iso(held.entry_ms * 1_000_000),
        entry_ns=held.entry_ms * 1_000_000,
    )
