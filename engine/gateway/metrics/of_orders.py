"""What is told of orders at a real broker: how it goes with it to whoever asks, what was sent and what it cost with the token only."""

from collections.abc import Iterator
from typing import get_args

from prometheus_client.metrics_core import Metric

from engine.gateway.metrics.families import counter, gauge
from engine.model.lanes_view import LanesView
from engine.model.order_reports import RefusalFamily
from engine.model.order_requests import Purpose
from engine.model.order_views import BudgetView, LiveView
from engine.model.snapshot import Snapshot


def of_orders(seen: Snapshot) -> Iterator[Metric]:
    """How orders stand, and how it goes with the broker; nothing of a run that has none."""
    if seen.live is None:
        return
    yield from _of_desk(seen.live)
    yield from _of_budget(seen.live.budget)
    yield from _of_rounds(seen.live, seen.at_ms)
    if seen.lanes is not None:
        yield from _of_lanes(seen.lanes)


def of_order_money(seen: Snapshot) -> Iterator[Metric]:
    """What was sent, and what it cost; nothing of a run without a real broker."""
    if seen.live is None:
        return
    counts = seen.live.counts
    sent = {purpose: counts.sent.get(purpose, 0) for purpose in get_args(Purpose)}
    yield counter("orders_sent", "Orders of the day that were sent", sent, ("purpose",))
    yield counter("orders_accepted", "Of them, those that the broker is known to have taken", counts.accepted)
    yield counter("order_fills", "Fills of the day's orders", counts.fills)
    yield gauge("orders_slippage", "What the day's orders cost more than at the prices decided", float(counts.slippage))


def _of_desk(live: LiveView) -> Iterator[Metric]:
    """Orders that are not over or were refused, what locks, and what is not ours."""
    yield gauge("orders_working", "Orders that are not over", live.working)
    yield gauge("orders_unknown", "Of them, those of which nobody knows whether the broker has them", live.unknown)
    refused = {family: live.counts.refused.get(family, 0) for family in get_args(RefusalFamily)}
    yield counter("orders_refused", "Orders of the day that were refused, by why", refused, ("family",))
    yield gauge("orders_locked", "Whether orders lock entries until a person lifts it", bool(live.locked))
    yield gauge("orders_barred", "Whether anything keeps entries from being sent now", bool(live.objection))
    yield gauge("orders_wanted", "What is wanted while no order of it is on its way", len(live.waits))
    yield gauge("broker_mismatches", "Instruments of which the broker holds something else", len(live.mismatches))
    yield gauge("broker_external", "Symbols of which others hold something", len(live.foreign))


def _of_budget(budget: BudgetView) -> Iterator[Metric]:
    """Requests in each window, and orders of the day."""
    used = {"second": budget.second, "minute": budget.minute, "hour": budget.hour, "day": budget.day}
    most = {
        "second": budget.second_most,
        "minute": budget.minute_most,
        "hour": budget.hour_most,
        "day": budget.day_most,
    }
    yield gauge("order_budget_used", "Requests of this window (day: orders)", used, ("window",))
    yield gauge("order_budget_limit", "Of them, what entries may use", most, ("window",))
    yield gauge("order_budget_reserve", "Requests that entries leave for closing all", budget.reserve)


def _of_rounds(live: LiveView, at_ms: int) -> Iterator[Metric]:
    """Readings of the broker's books."""
    rounds = live.rounds
    outcomes = {"trusted": rounds.trusted, "doubted": rounds.doubted, "failed": rounds.failed}
    yield counter("broker_rounds", "Readings of the broker's books", outcomes, ("outcome",))
    if live.round_ms:
        age_s = max(0, at_ms - live.round_ms) / 1e3
        yield gauge("broker_round_age_seconds", "How long ago the newest trusted reading ended", age_s)


def _of_lanes(lanes: LanesView) -> Iterator[Metric]:
    """Calls to the broker, its login and its socket."""
    if lanes.good_ns:
        yield gauge("broker_round_trip_seconds", "How long the newest good call took", lanes.round_trip_ms / 1e3)
    yield gauge("broker_failed_calls", "Calls since a good one", lanes.errors)
    yield gauge("broker_login_generation", "Number of the newest login of this run", lanes.generation)
    yield gauge("broker_session_up", "Whether the newest login still counts", lanes.session_up)
    yield gauge("broker_updates_up", "Whether the socket for order updates is up", lanes.updates_state == "UP")
    yield counter("broker_updates", "Frames of that socket", lanes.updates_frames)
