"""A service that comes after an engine has died says what nobody watches; it is over once an engine is there."""

import asyncio
import json

import pytest

from engine.gateway.left_behind import LeftBehind

LEFT = {"state": "dead", "running": False, "mode": "paper", "positions": [{"symbol": "NIFTY", "quantity": 150}]}


def looked(said: object, *, seen: bool = False) -> tuple[str, ...]:
    left = LeftBehind(lambda: seen, lambda: said if isinstance(said, bytes) else json.dumps(said).encode())
    asyncio.run(left.look())
    return tuple(each.text for each in left.alerts())


def test_what_is_held_by_no_engine_is_critical() -> None:
    assert looked(LEFT) == ("no engine runs, and the journal of the last one (paper) holds 150 NIFTY: UNWATCHED",)
    assert looked(LEFT, seen=True) == ()


@pytest.mark.parametrize(
    "said",
    [
        LEFT | {"running": True},
        LEFT | {"mode": "mock"},
        LEFT | {"positions": []},
        LEFT | {"positions": [{"symbol": "NIFTY", "quantity": 0}]},
        b"",
        b'{"running": 5}',
    ],
)
def test_everything_else_is_nothing(said: object) -> None:
    assert looked(said) == ()
