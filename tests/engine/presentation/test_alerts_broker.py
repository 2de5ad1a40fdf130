"""What a person is called for about orders at a real broker, by one key a kind."""

import pytest
from msgspec.structs import replace

from engine import Snapshot, WaitView
from engine.presentation.alerts import conditions
from tests.support.screens.live_snapshots import APART, FOREIGN, LANES, LEAVING, STANDING, UNKNOWN, busy, live
from tests.support.screens.snapshots import NOW_NS, paper

UNKNOWN_EXIT = replace(LEAVING, state="UNKNOWN")
WAITS = WaitView(0, "SELL", 75, "Stop Loss", "not logged in")


def standing(**changes: object) -> Snapshot:
    return live(live=replace(STANDING, **changes))


@pytest.mark.parametrize(
    ("seen", "wanted"),
    [
        (live(), []),
        (paper(), []),
        (busy(), [("unknown", "warning", f"order {UNKNOWN.tag} to BUY 150 NIFTY25NOV25900CE")]),
        (busy(orders=(UNKNOWN_EXIT,)), [("unknown", "critical", f"order {UNKNOWN_EXIT.tag} to SELL 150")]),
        (standing(foreign=(FOREIGN,)), [("broker_holds", "warning", "EXTERNAL NIFTY25NOV25900PE +75")]),
        (standing(mismatches=(APART,)), [("broker_holds", "critical", "MISMATCH NIFTY25NOV25900CE 150/75")]),
        (standing(waits=(WAITS,)), [("exit_waits", "critical", "WAITS to SELL 75 NIFTY25NOV25900CE, Stop Loss: not logged in")]),
        (standing(logged_in=False), [("broker", "critical", "not logged in at the broker; NIFTY25NOV25900CE LONG 150 cannot be sold")]),
        (live(live=replace(STANDING, logged_in=False), positions=()), [("broker", "warning", "not logged in at the broker")]),
        (live(lanes=replace(LANES, errors=3, because="5xx")), [("broker", "critical", "the broker does not answer: 5xx")]),
        (live(lanes=replace(LANES, errors=2, because="5xx")), []),
        (live(trade_mode="replay", replay=None, live=replace(STANDING, logged_in=False)), []),
    ],
)  # fmt: skip
def test_each_condition_has_its_key_level_and_words(seen: Snapshot, wanted: list[tuple[str, str, str]]) -> None:
    found = conditions(seen, NOW_NS)
    assert [(each.key, each.level) for each in found] == [(key, level) for key, level, _ in wanted]
    assert all(words in each.text for each, (*_, words) in zip(found, wanted, strict=True))


def test_of_an_engine_that_has_stopped_that_is_what_is_told() -> None:
    assert [each.key for each in conditions(busy(stopped=True), NOW_NS)] == ["engine"]
