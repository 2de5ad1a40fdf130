"""READY, or why not: what a running engine sees of a broker, its prices, clock and disk."""

import time

import pytest
from msgspec.structs import replace

from engine.model.order_views import ForeignView
from engine.model.preflight import verdict
from engine.model.snapshot import Snapshot
from engine.presentation.readiness import running_checks
from engine.text.sanitize import CleanText
from tests.support.screens.live_snapshots import busy
from tests.support.screens.snapshots import SNAPSHOT


def ready() -> Snapshot:
    """A run at a real broker in which all is well."""
    seen, now_ns = busy(), time.perf_counter_ns()
    assert seen.live is not None
    quotes = tuple(replace(each, recv_ns=now_ns) for each in seen.quotes)
    standing = replace(seen.live, unknown=0, doubt="", foreign=(), mismatches=(), round_ms=seen.at_ms)
    process = replace(seen.process, disk_free_mb=9_000)
    return replace(seen, quotes=quotes, live=standing, process=process, ahead_ms=0, unkept_from_ms=0)


def spoilt(what: str) -> Snapshot:
    seen = ready()
    assert seen.live is not None
    assert seen.lanes is not None
    match what:
        case "session":
            return replace(seen, lanes=replace(seen.lanes, session_up=False, session_because=CleanText("AB1050")))
        case "clock":
            return replace(seen, ahead_ms=2_500)
        case "instrument":
            quotes = (replace(seen.quotes[0], recv_ns=time.perf_counter_ns() - 10**10), *seen.quotes[1:])
            return replace(seen, quotes=quotes)
        case "order socket":
            return replace(seen, lanes=replace(seen.lanes, updates_state="WAITING", updates_because=CleanText("403")))
        case "unread":
            return replace(seen, live=replace(seen.live, round_ms=0))
        case "doubt":
            return replace(seen, live=replace(seen.live, doubt="order L1 is not in the order book"))
        case "unknown":
            return replace(seen, live=replace(seen.live, unknown=2))
        case "foreign":
            return replace(seen, live=replace(seen.live, foreign=(ForeignView(CleanText("NIFTY"), -75),)))
        case "entries":
            return replace(seen, live=replace(seen.live, barred="arming: not armed today"))
        case "disk":
            return replace(seen, process=replace(seen.process, disk_free_mb=499))
    return replace(seen, unkept_from_ms=seen.at_ms)


def test_where_all_is_well_it_is_ready() -> None:
    assert verdict(running_checks(ready())) == "READY"


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("session", "session: AB1050"),
        ("entries", "entries: arming: not armed today"),
        ("clock", "clock: 2.5 s ahead of the ticks"),
        ("instrument", "no tick for 10.0 s"),
        ("order socket", "order socket: WAITING 403"),
        ("unread", "truth: the broker's books are not read yet"),
        ("doubt", "truth: order L1 is not in the order book"),
        ("unknown", "truth: 2 orders UNKNOWN"),
        ("foreign", "truth: not ours: NIFTY -75"),
        ("disk", "journal: 499 MB are free, 500 are needed"),
        ("rows", "journal: no row of it has reached the disk"),
    ],
)
def test_what_is_not_well_is_named(what: str, words: str) -> None:
    told = verdict(running_checks(spoilt(what)))
    assert told.startswith("NOT READY: ")
    assert words in told
    assert ";" not in told


def test_a_run_without_real_orders_is_asked_nothing() -> None:
    assert running_checks(SNAPSHOT) == ()
