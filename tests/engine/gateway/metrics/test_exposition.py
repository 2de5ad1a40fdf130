"""What `/metrics` says: every name and label from closed lists, exact counts, money only with the token, few series."""

import shutil
import subprocess
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from prometheus_client.parser import text_string_to_metric_families

from engine.backtest.validation_record import Validation
from engine.gateway.metrics.exposition import Exposition
from engine.gateway.metrics.of_service import AlertsSent, of_channels, of_validation
from engine.gateway.quotes.answers import CacheView
from engine.link.client import ConnectionStatus
from engine.model.latency import Histogram
from engine.model.measures import BOUNDS_NS, Measures, StageCounts
from engine.model.order_reports import RefusalFamily
from engine.model.order_views import OrderCounts, RoundCounts
from engine.model.run_views import EdgeView, UptimeView
from engine.model.statistics import DayStatistics
from engine.text.sanitize import CleanText
from tests.support.gateway.watched import Watching, all_measures
from tests.support.screens import live_snapshots
from tests.support.screens.lamp_snapshots import live

MONEY = (
    "entries",
    "exits",
    "costs",
    "day_charges",
    "cash",
    "day_pnl",
    "realised_pnl",
    "drawdown",
    "position_quantity",
    "position_open_pnl",
)


CACHE = CacheView(
    redis_available=True,
    hit_rate=0.5,
    fallback_active=False,
    fallback_hits=0,
    hits={"l1": 3, "redis": 1, "fallback": 0},
    misses=4,
)
VALIDATION = Validation("2026-11-27", datetime(2026, 11, 27, 10, 30, tzinfo=UTC), "different", CleanText(""))


def exposition(watching: Watching) -> Exposition:
    return Exposition(watching, lambda: CACHE, [lambda: of_validation(VALIDATION)])


def written(watching: Watching, *, private: bool = False) -> dict[str, dict[tuple[tuple[str, str], ...], float]]:
    """Name → labels → value, of everything that is written out."""
    text = exposition(watching).text(private=private).decode()
    found: dict[str, dict[tuple[tuple[str, str], ...], float]] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            assert sample.name.startswith("myquant_")
            values = found.setdefault(sample.name.removeprefix("myquant_"), {})
            labels = tuple(sorted(sample.labels.items()))
            assert labels not in values
            values[labels] = sample.value
    return found


def full() -> Watching:
    """A live engine that has used every delivery and lost money."""
    seen = live(refused={"duplicate": 3}, edges=(EdgeView("journal", 2, 5, "the disk is full"),))
    account = replace(seen.account, cash=Decimal("99.50"), total=DayStatistics(entries=4, reasons={"Stop Loss": 3}))
    return Watching(replace(seen, account=account), all_measures())


def test_without_an_engine_it_says_so_and_nothing_of_one() -> None:
    found = written(Watching(state=ConnectionStatus("LOST", "no engine runs here", 0), old_s=None))
    assert found["up"] == {(): 0}
    assert "ticks_total" not in found
    assert found["cache_misses_total"] == {(): 4}


@pytest.mark.parametrize(
    ("watching", "up"),
    [
        (full(), 1),
        (replace(full(), state=ConnectionStatus("LOST", "", 0)), 0),
        (replace(full(), snapshot=live(stopped=True)), 0),
    ],
)
def test_an_engine_is_up_while_it_answers_and_has_not_ended(watching: Watching, up: int) -> None:
    assert written(watching)["up"] == {(): up}


def test_gaps_of_a_day_are_a_counter_that_only_rises() -> None:
    watching = full()
    seconds = count(1_000, 1)
    shown = Exposition(watching, clock_ns=lambda: next(seconds) * 10**9)
    for gaps, told in ((9, 9), (4, 9), (6, 11), (0, 11), (1, 12)):
        watching.snapshot = live(sequence_gaps=gaps)
        assert f"myquant_sequence_gaps_total {told}.0\n" in shown.text(private=False).decode()


def test_a_state_is_one_of_a_closed_list() -> None:
    found = written(full())
    for name, label, now in (
        ("trade_mode", "mode", "paper"),
        ("delivery_mode", "delivery", "polling"),
        ("flat_state", "state", "NORMAL"),
    ):
        assert {labels[0][1]: value for labels, value in found[name].items() if value} == {now: 1}, name
        assert {labels[0][0] for labels in found[name]} == {label}
    assert found["edge_failed"] == {(("edge", "journal"),): 1}
    assert found["ticks_refused_total"] == {(("reason", "duplicate"),): 3}
    assert sum(found["lamp_state"].values()) == len({dict(labels)["lamp"] for labels in found["lamp_state"]})
    assert not any(("lamp", "LINK") in labels for labels in found["lamp_state"])


def test_a_word_that_a_lamp_has_had_keeps_its_series() -> None:
    watching = replace(full(), snapshot=live(stopped=True))
    shown = Exposition(watching, clock_ns=count(10**12, 10**9).__next__)
    assert 'myquant_lamp_state{lamp="ENGINE",word="OFF"} 1.0' in shown.text(private=False).decode()
    watching.snapshot = live()
    told = shown.text(private=False).decode()
    assert 'myquant_lamp_state{lamp="ENGINE",word="OFF"} 0.0' in told
    assert told.count('myquant_lamp_state{lamp="ENGINE"') == 2


def test_minutes_watched_are_told_of_today_and_of_all_days_but_not_of_a_replay() -> None:
    assert "session_minutes" not in written(Watching(live(uptime=None)))
    found = written(Watching(live(uptime=UptimeView("2025-10-03", 60, 59, 3, 810, 805))))
    assert found["session_minutes"] == {(("days", "today"),): 60, (("days", "all"),): 810}
    assert found["session_watched_minutes"] == {(("days", "today"),): 59, (("days", "all"),): 805}


def test_money_is_told_to_whoever_has_the_token_only() -> None:
    everybody, private = written(full()), written(full(), private=True)
    told = {name for name in private if name.removesuffix("_total") in MONEY}
    assert len(told) == len(MONEY) - 2 + bool(full().snapshot.positions) * 2
    assert not told & everybody.keys()
    assert private["cash"] == {(): 99.5}
    assert private["exits_total"] == {(("reason", "Stop Loss"),): 3}


COUNTS = OrderCounts({"ENTRY": 4, "EXIT": 3}, 6, {"ip": 1, "price": 2}, 9, Decimal("12.50"))
ORDER_MONEY = {"orders_sent_total", "orders_accepted_total", "order_fills_total", "orders_slippage"}


def with_orders() -> Watching:
    """A run at a real broker that has sent orders, and holds what it should not."""
    seen = live_snapshots.in_trouble()
    assert seen.live is not None
    standing = replace(seen.live, counts=COUNTS, rounds=RoundCounts(30, 2, 1), working=3, unknown=1)
    return Watching(replace(seen, live=standing), all_measures())


def test_how_it_goes_with_orders_and_the_broker_is_told_to_everybody() -> None:
    found = written(with_orders())
    plain = {
        name: values[()] for name, values in found.items() if name.startswith(("orders_", "broker_")) and () in values
    }
    assert plain == {
        "orders_working": 3, "orders_unknown": 1, "orders_locked": 1, "orders_barred": 1, "orders_wanted": 0,
        "broker_mismatches": 1, "broker_external": 1, "broker_round_age_seconds": 1.5, "broker_round_trip_seconds": 0.084,
        "broker_failed_calls": 0, "broker_login_generation": 1, "broker_session_up": 1, "broker_updates_up": 1,
        "broker_updates_total": 812,
    }  # fmt: skip
    refused = {labels[0][1]: value for labels, value in found["orders_refused_total"].items()}
    assert {family: value for family, value in refused.items() if value} == {"ip": 1, "price": 2}
    assert set(refused) == set(get_args(RefusalFamily))
    rounds = {labels[0][1]: value for labels, value in found["broker_rounds_total"].items()}
    assert rounds == {"trusted": 30, "doubted": 2, "failed": 1}
    used, most = (
        {labels[0][1]: value for labels, value in found[name].items()}
        for name in ("order_budget_used", "order_budget_limit")
    )
    assert used == {"second": 1, "minute": 12, "hour": 40, "day": 148}
    assert most == {"second": 7, "minute": 400, "hour": 800, "day": 300}
    assert found["order_budget_reserve"] == {(): 22}
    assert found["entries_locked"] == {(): 1}


def test_what_was_sent_and_what_it_cost_is_told_with_the_token_only() -> None:
    everybody, private = written(with_orders()), written(with_orders(), private=True)
    assert ORDER_MONEY & everybody.keys() == set()
    assert {labels[0][1]: value for labels, value in private["orders_sent_total"].items()} == {
        "ENTRY": 4, "EXIT": 3, "FLAT": 0, "NET": 0,
    }  # fmt: skip
    assert private["orders_accepted_total"] == {(): 6}
    assert private["order_fills_total"] == {(): 9}
    assert private["orders_slippage"] == {(): 12.5}
    assert private["day_charges"] == {(): float(live_snapshots.live().account.day.costs)}


def test_a_run_without_a_broker_says_nothing_of_one() -> None:
    found = written(full(), private=True)
    assert [name for name in found if name.startswith(("order", "broker")) or name in ORDER_MONEY] == []


@given(st.lists(st.integers(0, 2**33), max_size=60))
def test_durations_are_counted_exactly_below_each_bound(values: list[int]) -> None:
    took = Histogram()
    for ns in values:
        took.record(ns)
    found = written(Watching(measures=Measures((StageCounts.of("total", "queued", took),))))
    named = (("delivery", "queued"), ("stage", "total"))
    buckets = {dict(labels)["le"]: value for labels, value in found["tick_stage_seconds_bucket"].items()}
    for bound in BOUNDS_NS:
        assert buckets[repr(bound / 1e9)] == sum(ns < bound for ns in values)
    assert buckets["+Inf"] == found["tick_stage_seconds_count"][named] == len(values)


@pytest.mark.parametrize("watching", [full(), with_orders()])
def test_all_there_can_be_is_at_most_800_series(watching: Watching) -> None:
    found = exposition(watching)
    for route in ("/", "/health", "/metrics", "/api/v1/status", "/api/v1/data/{provider}/{symbol}"):
        for code in (200, 422):
            found.answers.took(route, code, 0.001)
    text = found.text(private=True).decode()
    assert sum(not line.startswith("#") for line in text.splitlines()) <= 800


def test_alerts_are_counted_by_channel_and_outcome() -> None:
    sent = AlertsSent()
    sent.add("telegram", "sent")
    sent.add("telegram", "sent")
    (family,) = sent.metrics()
    assert [(each.labels, each.value) for each in family.samples] == [({"channel": "telegram", "outcome": "sent"}, 2)]


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not here")
@pytest.mark.parametrize("watching", [full(), with_orders()])
def test_promtool_has_nothing_to_say_against_the_metrics(watching: Watching) -> None:
    shown = exposition(watching)
    shown.answers.took("/health", 200, 0.01)
    text = shown.text(private=True)
    assert b'myquant_http_request_duration_seconds_count{code="200",route="/health"} 1.0' in text
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False, timeout=30)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_no_series_tells_when_another_was_made() -> None:
    shown = exposition(full())
    shown.answers.took("/health", 200, 0.01)
    assert b"_created" not in shown.text(private=True)


def test_the_newest_validation_is_told_and_that_there_was_none() -> None:
    found = written(full())
    assert [labels for labels, value in found["validation_outcome"].items() if value] == [(("outcome", "different"),)]
    assert found["validation_timestamp_seconds"] == {(): VALIDATION.at.timestamp()}
    (outcome, at) = of_validation(None)
    assert [each.labels["outcome"] for each in outcome.samples if each.value] == ["never"]
    assert at.samples[0].value == 0


def test_a_channel_that_did_not_take_its_newest_alert_is_told() -> None:
    (family,) = of_channels(("telegram", "webhook"), {"webhook": "status 500"})
    assert {each.labels["channel"]: each.value for each in family.samples} == {"telegram": 0, "webhook": 1}


def test_who_asks_all_the_time_gets_the_same_text_for_a_moment() -> None:
    now_ns = 10**12
    watching = full()
    found = Exposition(watching, clock_ns=lambda: now_ns)
    first = found.text(private=False)
    watching.snapshot = live(ticks=999_999)
    assert found.text(private=False) is first
    assert b"myquant_ticks_total 999999.0" in found.text(private=True)  # another text
    now_ns += 200_000_000
    assert b"myquant_ticks_total 999999.0" in found.text(private=False)
