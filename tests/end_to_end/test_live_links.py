"""Links that go wrong under a paper run that holds something: found, told, made again, and no state goes back."""

import time
from pathlib import Path

import pytest

from engine.model.commands import Flat
from engine.model.types import FLAG_NEW_LINK
from engine.runtime.durability import BEHIND
from engine.stream.live_feed import Pace
from tests.support.venues.failing_links import (
    BRISK,
    KEYS,
    LOST,
    PATIENT,
    REFUSED,
    assert_nothing_went_back,
    exchange,
    holding,
    opened_positions,
)
from tests.support.venues.live_harness import LiveHarness, assert_same, quick_login


@pytest.mark.slow
@pytest.mark.parametrize("fault", LOST)
def test_a_lost_link_is_found_and_made_again(tmp_path: Path, fault: str, record_property) -> None:
    pace = BRISK if LOST[fault].startswith("no data") else PATIENT
    with exchange() as sim, LiveHarness(tmp_path, sim, *KEYS, supply=quick_login(pace)) as live:
        held = opened_positions(live)
        at_ns = time.perf_counter_ns()
        sim.fault(fault)
        live.until(lambda: live.losses)
        found_ns, loss = live.losses[0]
        before = live.arrived
        live.ticking(times=2)
        up_ns, up = live.ups[1]
        live.until(lambda: live.arrived > before + 20)
        assert holding(live) == held
        assert live.engine.snapshot.entries.halted in {"", BEHIND}  # a slow disk may hold entries back
    assert loss.reason.startswith(LOST[fault])
    assert up.link == 2
    assert 0 <= up.down_ms <= (up_ns - live.ups[0][0]) / 1e6
    assert [each["state"] for each in live.journal("LinkChanged")][:4] == ["CONNECTING", "UP", "WAITING", "CONNECTING"]
    assert_nothing_went_back(live)
    record_property("found_s", round((found_ns - at_ns) / 1e9, 3))
    record_property("up_again_s", round((up_ns - at_ns) / 1e9, 3))


@pytest.mark.parametrize("fault", REFUSED)
def test_a_door_that_does_not_open_is_tried_again(tmp_path: Path, fault: str, record_property) -> None:
    with exchange() as sim, LiveHarness(tmp_path, sim, *KEYS, supply=quick_login(BRISK)) as live:
        held = opened_positions(live)
        at_ns = time.perf_counter_ns()
        sim.fault(fault)
        sim.fault("reset")
        live.ticking(times=2)
        up_ns, _ = live.ups[1]
        assert holding(live) == held
        logins = sim.counters.logins
    assert REFUSED[fault] in [loss.reason for _, loss in live.losses]
    assert len(live.losses) >= 2  # the link, and the door
    assert logins == 1  # none of these says anything about the tokens
    assert_nothing_went_back(live)
    record_property("up_again_s", round((up_ns - at_ns) / 1e9, 3))


def test_an_exchange_that_is_down_for_a_while(tmp_path: Path, record_property) -> None:
    pace = Pace(first_wait_s=0.05, longest_wait_s=0.2, connects=1000)
    with exchange() as sim, LiveHarness(tmp_path, sim, *KEYS, supply=quick_login(pace)) as live:
        held = opened_positions(live)
        at_ns = time.perf_counter_ns()
        sim.fault("down 0.4")
        sim.fault("reset")
        live.ticking(times=2)
        assert holding(live) == held
        record_property("up_again_s", round((live.ups[1][0] - at_ns) / 1e9, 3))
    assert "connection refused" in [loss.reason for _, loss in live.losses]
    assert_nothing_went_back(live)


# ── Tokens ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("fault", ["401 1", "expire"])
def test_refused_tokens_bring_about_one_login_and_the_feed_goes_on(tmp_path: Path, fault: str) -> None:
    with exchange() as sim, LiveHarness(tmp_path, sim, *KEYS, supply=quick_login(PATIENT)) as live:
        held = opened_positions(live)
        sim.fault(fault)
        sim.fault("reset")
        live.ticking(times=2)
        assert (sim.counters.logins, sim.counters.refusals) == (2, {"401": 1})
        assert holding(live) == held
    assert [loss.reason for _, loss in live.losses] == [
        "connection reset by peer",
        "401 Invalid Header - Invalid Auth token",
    ]
    assert_nothing_went_back(live)


def test_tokens_refused_for_good_are_given_up_and_exits_are_still_possible(tmp_path: Path) -> None:
    with exchange() as sim, LiveHarness(tmp_path, sim, *KEYS, supply=quick_login(PATIENT)) as live:
        opened_positions(live)
        sim.fault("401 1000")
        sim.fault("reset")
        live.until(lambda: live.view.state == "REFUSED")
        connects = sim.counters.connects
        assert live.view.because.startswith("401 ")
        live.two_beats()
        assert sim.counters.connects == connects  # nobody hammers at a door that is shut
        assert sim.counters.logins == 2
        flatten(live)
        assert holding(live) == []
    assert_same(live.verified())


def flatten(live: LiveHarness) -> None:
    """An emergency flat, verified."""
    live.engine.send(Flat("operator"), 1)
    live.until(lambda: any(each.state == "DONE" for each in live.engine.snapshot.commands))
    assert live.engine.snapshot.flat.state == "FLAT"


# ── Storms ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_storm_of_ends_is_no_storm_of_connects(tmp_path: Path, record_property) -> None:
    pace = Pace(first_wait_s=0.001, longest_wait_s=0.002)  # the back-off is not what holds it back here
    with exchange("every 1 ticks: reset") as sim, LiveHarness(tmp_path, sim, *KEYS, supply=quick_login(pace)) as live:
        live.until(lambda: len(live.losses) >= pace.connects)
        far_ns = live.losses[-1][0] + 1000 * pace.longest_wait_s * 1e9
        live.until(lambda: live.view.state == "WAITING" and live.view.retry_ns > far_ns)
        assert sim.counters.upgrades == pace.connects == 6
        assert sim.counters.logins == 1
        record_property("next_in_s", round((live.view.retry_ns - live.losses[-1][0]) / 1e9, 1))


# ── Instruments ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_after_a_reconnect_each_instrument_is_fresh_only_with_its_own_first_tick(tmp_path: Path) -> None:
    with exchange(instruments=3) as sim, LiveHarness(tmp_path, sim, *KEYS, supply=quick_login(PATIENT)) as live:
        opened_positions(live)
        quiet = sim.lines[1].token
        sim.fault(f"silence_token {quiet}")
        sim.fault("reset")
        live.until(lambda: len(live.ups) == 2 and live.view.ticking == 2)
        before = live.arrived
        live.until(lambda: live.arrived > before + 50)
        assert (live.view.ticking, live.view.wanted) == (2, 3)
        sim.fault("recover")
        live.until(lambda: live.view.ticking == 3)
    second = [tick for tick in live.recorded() if tick.flags & FLAG_NEW_LINK][3:]
    assert sorted(tick.instrument for tick in second) == [0, 1, 2]
    assert second[-1].instrument == 1
    assert_nothing_went_back(live)


def test_a_silent_instrument_is_stale_while_its_siblings_keep_the_link(tmp_path: Path, record_property) -> None:
    pace = Pace(silence_s=2.0)  # the sibling that ticks keeps it
    with exchange() as sim, LiveHarness(tmp_path, sim, *KEYS, "feed.stale_s=0.5", supply=quick_login(pace)) as live:
        opened_positions(live)
        at_ns = time.perf_counter_ns()
        sim.fault(f"silence_token {sim.lines[0].token}")
        live.until(lambda: live.engine.snapshot.silent == 1)
        record_property("stale_s", round((time.perf_counter_ns() - at_ns) / 1e9, 3))
        live.until(
            lambda: time.perf_counter_ns() - live.instrument_states[0].last_tick.recv_ns > 1.5 * pace.silence_s * 1e9
        )
        assert live.losses == []
