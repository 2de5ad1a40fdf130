"""A stop, target or limit that could never act is told at the entry, or the entry is refused."""

from decimal import Decimal

import pytest

from engine.model.events import EntryRefused, InstrumentWarned
from engine.trading.protection import idle_limit
from tests.support.builders import EAGER
from tests.support.trader_harness import TraderHarness

QUIET = (*EAGER, "risk.use_trail_stop=false")


def warned(*keys: str, price: float = 8.0) -> list[str]:
    harness = TraderHarness(*keys).prices(price - 0.05, price)
    assert harness.held
    return [event.text for event in harness.events_of(InstrumentWarned)]


@pytest.mark.parametrize(
    ("keys", "price", "says"),
    [
        ((), 100.0, []),
        ((), 15.05, []),
        ((), 15.0, ["no stop: 15.0 points from 15.0 is below 0.05, the lowest price there can be"]),
        ((), 8.0, ["no stop: 15.0 points from 8.0 is below 0.05, the lowest price there can be"]),
        (("risk.base_sl_points=7.95",), 8.0, []),
        (("risk.base_sl_points=7.96",), 8.0, ["no stop: 7.96 points from 8.0"]),
        (
            ("risk.base_sl_points=5", "instruments.NIFTY.lower_circuit=3.05"),
            8.0,
            ["no stop: 5.0 points from 8.0 is below 3.05, the lowest price there is"],
        ),
        (("risk.base_sl_points=5", "instruments.NIFTY.lower_circuit=3"), 8.0, []),
        (("instruments.NIFTY.upper_circuit=112",), 100.0, ["no target 3, 4: above the circuit of 112.0"]),
        (("risk.base_sl_points=1", "risk.emergency_exit_percent=100"), 8.0, ["no emergency exit: 100 % of 8.0"]),
        (("risk.base_sl_points=1", "risk.emergency_exit_percent=99"), 8.0, []),
        (
            ("risk.base_sl_points=1", "risk.use_trail_stop=true", "risk.trail_distance_points=20"),
            8.0,
            ["no trailing stop at its beginning: 20.0 points from 13.0"],
        ),
        (
            ("risk.base_sl_points=1", "risk.max_daily_loss=200000"),
            8.0,
            ["no daily loss limit: of 200000.00 at most 100000.00 can be lost"],
        ),
        (("risk.base_sl_points=1", "risk.max_daily_loss=100000"), 8.0, []),
    ],
)
def test_what_could_never_act_is_told_at_the_entry(keys: tuple[str, ...], price: float, says: list[str]) -> None:
    told = warned(*QUIET, *keys, price=price)
    assert len(told) == len(says)
    assert all(text.startswith(start) for text, start in zip(told, says, strict=True))


def test_an_unprotected_entry_is_refused_where_that_is_wanted() -> None:
    harness = TraderHarness(*QUIET, "risk.unprotected=refuse").prices(7.95, 8.0, 8.05)
    assert not harness.held
    (refusal,) = harness.events_of(EntryRefused)
    assert refusal.reason == "unprotected: no stop"
    assert harness.prices(100.0).held


def test_a_target_beyond_the_circuit_refuses_nothing() -> None:
    harness = TraderHarness(*QUIET, "risk.unprotected=refuse", "instruments.NIFTY.upper_circuit=101").prices(
        99.0, 100.0
    )
    assert harness.held
    assert [event.text for event in harness.events_of(InstrumentWarned)] == [
        "no target 1, 2, 3, 4: above the circuit of 101.0"
    ]


@pytest.mark.parametrize(
    ("limit", "realised", "worth", "idle"),
    [(10, 0, 10, False), (10, 0, 9, True), (10, -4, 6, False), (10, -4, 5, True), (10, 5, 12, True)],
)
def test_a_limit_acts_while_so_much_can_be_lost(limit: int, realised: int, worth: int, idle: bool) -> None:
    assert bool(idle_limit(Decimal(limit), Decimal(realised), Decimal(worth))) == idle
