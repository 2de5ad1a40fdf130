"""What [live] must say before a real order: every key that is lacking is one line of its own, and none is about another."""

import pytest

from engine.assembly import load
from engine.config import bundled, objections
from engine.config.live_requirements import REQUIREMENTS

WHOLE = {
    "live.enabled": "true",
    "live.max_order_value": "20000",
    "live.max_lots": "1",
    "live.max_open_positions": "1",
    "live.max_orders_per_day": "300",
    "live.symbols": "[NIFTY29DEC2625000CE]",
    "live.forward_days": "5",
    "risk.max_daily_loss": "3000",
    "operator.on_loss": "keep",
}
SPOILT = {
    **dict.fromkeys(WHOLE, ""),
    "live.net_points": "5",
    "session.daily": "false",
    "session.end_buffer_minutes": "19",
    "charges.model": "percent",
    "journal.enabled": "false",
}


def objected(values: dict[str, str]) -> list[str]:
    return objections(load(bundled("config.toml"), [f"{key}={value}" for key, value in values.items()]))


def test_nothing_is_lacking_where_all_is_said() -> None:
    assert objected(WHOLE) == []


def test_as_shipped_every_key_that_must_be_said_has_its_line() -> None:
    lines = objected({})
    assert [line.partition(" = ")[0] for line in lines] == list(WHOLE)
    assert lines[0] == "live.enabled = false: live orders need true"
    assert lines[5] == "live.symbols = []: live orders need at least one symbol"
    assert lines[-1] == (
        "operator.on_loss = keep: live orders need it written out by you, whichever of keep, no_entries, flat_after it is"
    )


@pytest.mark.parametrize("key", SPOILT)
def test_one_that_is_lacking_is_one_line(key: str) -> None:
    values = {name: value for name, value in WHOLE.items() if name != key}
    if SPOILT[key]:
        values[key] = SPOILT[key]
    [line] = objected(values)
    assert line.startswith(f"{key} = ")


@pytest.mark.parametrize(("points", "lines"), [("0", 0), ("15", 1), ("15.05", 0), ("40", 0)])
def test_a_stop_at_the_broker_lies_further_away_than_our_own(points: str, lines: int) -> None:
    assert len(objected({**WHOLE, "live.net_points": points, "risk.base_sl_points": "15"})) == lines


def test_every_requirement_was_tried_alone() -> None:
    assert [each.key for each in REQUIREMENTS if each.key not in SPOILT] == []


def test_the_least_that_is_enough_is_enough() -> None:
    least = WHOLE | {"live.max_order_value": "0.01", "live.forward_days": "1", "session.end_buffer_minutes": "20"}
    assert objected(least) == []
