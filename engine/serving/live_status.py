"""How orders at a real broker stand, for `status`: what works and what locks, in figures and in words. Prints nothing."""

import time

from engine.model.order_views import OrderView
from engine.model.preflight import verdict
from engine.model.snapshot import Snapshot
from engine.presentation import format as text
from engine.presentation import live
from engine.presentation.readiness import running_checks
from engine.serving.status_record import LiveStatus, OrderStatus, cents, iso, prices, units


def live_status(seen: Snapshot) -> LiveStatus | None:
    """Of a run at a real broker, or a replay of one; None of every other."""
    standing, lanes = seen.live, seen.lanes
    if standing is None:
        return None
    old_s = (seen.at_ms - standing.round_ms) / 1000 + (time.perf_counter_ns() - seen.taken_ns) / 1e9
    loss_left = seen.account.loss_left
    return LiveStatus(
        account=seen.broker_account,
        working=standing.working,
        unknown=standing.unknown,
        orders=tuple(_order(seen, each) for each in seen.orders),
        left_out=standing.left_out,
        locks=live.troubles(seen),
        entries_wait=standing.objection,
        waits=live.waits(seen),
        budget=standing.budget,
        loss_left=cents(loss_left) if loss_left is not None else None,
        logged_in=standing.logged_in,
        round_age_s=round(max(0.0, old_s), 1) if standing.round_ms else None,
        round_trip_ms=round(lanes.round_trip_ms, 1) if lanes is not None and lanes.good_ns else None,
        updates=lanes.updates_state if lanes is not None else "",
        checks=running_checks(seen),
    )


def _order(seen: Snapshot, order: OrderView) -> OrderStatus:
    instrument = text.instrument_at(seen, order.instrument)
    price = prices(instrument)
    return OrderStatus(
        tag=order.tag,
        broker_id=order.broker_id,
        symbol=instrument.symbol,
        side=order.side,
        quantity=units(instrument, order.quantity),
        filled=units(instrument, order.filled),
        decided_price=price(order.decided),
        limit_price=price(order.limit),
        average_price=price(order.average or None),
        state=order.state,
        rounds=order.rounds,
        purpose=order.purpose,
        reason=order.reason,
        said=order.said,
        at=iso(order.at_ms * 1_000_000),
        at_ns=order.at_ms * 1_000_000,
    )


def lines_of(status: LiveStatus) -> list[str]:
    """Each line as the command prints it, its name first: what locks, how many orders, those that are not over, the broker."""
    budget = status.budget
    orders = f"{budget.day:,} of {budget.day_most:,} today, {status.working:,} not over"
    orders += f", {status.unknown:,} UNKNOWN" if status.unknown else ""
    used = f"{budget.second}/{budget.second_most} s {budget.minute}/{budget.minute_most} m {budget.hour}/{budget.hour_most} h"
    age = "no round so far" if status.round_age_s is None else f"round {status.round_age_s:.1f} s ago"
    trip = f", {status.round_trip_ms:.0f} ms" if status.round_trip_ms is not None else ""
    updates = f", updates {status.updates}" if status.updates else ""
    left = [f"loss left  {status.loss_left:,}"] if status.loss_left is not None else []
    ready = [f"ready      {verdict(status.checks)}"] if status.checks else []
    return [
        *ready,
        *(f"LOCKS      {words}" for words in status.locks),
        *(f"WAITS      {words.removeprefix('WAITS ')}" for words in status.waits),
        f"orders     {orders}; {used} reserve {budget.reserve}",
        *(f"order      {_words(each)}" for each in status.orders if each.is_open),
        f"broker     {age}{trip}{updates}",
        *left,
    ]


def _words(order: OrderStatus) -> str:
    looked = f" (looked for {order.rounds} time{'s' if order.rounds > 1 else ''})" if order.rounds else ""
    state = f"{order.state.replace('_', ' ')}{looked}"
    what = f"{order.side} {order.filled}/{order.quantity} {order.symbol} @ {order.limit_price}"
    return f"{order.tag} {state}: {what}, {order.reason}"
