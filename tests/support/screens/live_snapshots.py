"""Snapshots of a run whose orders go out, for the tests of the screen: a lifelike one, from which variants are made."""

from decimal import Decimal

from msgspec.structs import replace

from engine import BudgetView, ForeignView, LanesView, LiveView, MismatchView, OrderView, Snapshot
from engine.presentation.health import Health
from engine.presentation.lamps import Lamp, TerminalLink
from tests.support.screens.snapshots import AT_MS, CALL, NOW_NS, PUT, SECOND, SNAPSHOT, paper

BUDGET = BudgetView(1, 7, 12, 400, 40, 800, 148, 300, 22)
STANDING = LiveView(0, 0, 0, 3, "", "", "", True, AT_MS - 1_500, BUDGET)
LANES = LanesView(
    generation=1, session_up=True, good_ns=NOW_NS - SECOND, round_trip_ms=84.0, updates_state="UP",
    updates_since_ns=NOW_NS - 600 * SECOND, updates_frame_ns=NOW_NS - SECOND, updates_frames=812,
)  # fmt: skip
FOREIGN = ForeignView(PUT.symbol, 75)
APART = MismatchView(0, 150, 75)


def order(number: int, **more) -> OrderView:
    """An entry that was filled, a minute ago for each that came after it."""
    fields = {
        "number": number,
        "tag": f"L7CA0001{number:04d}E",
        "at_ms": AT_MS - 60_000 * (200 - number),
        "instrument": 0,
        "side": "BUY",
        "quantity": 150,
        "purpose": "ENTRY",
        "state": "FILLED",
        "decided": 15_540,
        "limit": 15_620,
        "reason": "signal",
        "filled": 150,
        "average": 15_545,
        "sent_ms": AT_MS - 60_000 * (200 - number) + 4,
        "filled_ms": AT_MS - 60_000 * (200 - number) + 90,
        "broker_id": f"2610010000{number:05d}",
    }
    return OrderView(**(fields | more))


OPEN = {"filled": 0, "average": 0, "filled_ms": 0, "withdrawable": True}
UNKNOWN = order(199, state="UNKNOWN", rounds=1, at_ms=AT_MS - 9_000, sent_ms=AT_MS - 8_900, broker_id="", **OPEN)
WORKING = order(198, state="WORKING", rung=1, at_ms=AT_MS - 1_900, sent_ms=AT_MS - 1_800, **(OPEN | {"filled": 75, "average": 15_610}))  # fmt: skip
LEAVING = order(
    197, state="WORKING", purpose="EXIT", side="SELL", tag="L7CA00010197X", rung=2, at_ms=AT_MS - 3_000, limit=15_300,
    reason="Stop Loss", filled=0, average=0, withdrawable=False,
)  # fmt: skip
REJECTED = order(196, state="REJECTED", filled=0, average=0, said="RMS: margin exceeds, available 8,200.00")
ORDERS = (UNKNOWN, WORKING, LEAVING, REJECTED, order(195, tag="L7CA00010195X", side="SELL", purpose="EXIT", reason="Take Profit 1", average=16_045, limit=15_900), order(194))  # fmt: skip


def live(**changes) -> Snapshot:
    """The lifelike snapshot as a run at a real broker has it, all well, nothing on its way."""
    fields = {
        "trade_mode": "live",
        "broker_account": "****3456",
        "live": STANDING,
        "lanes": LANES,
        "orders": ORDERS[3:],
        "account": replace(SNAPSHOT.account, loss_left=Decimal(7766)),
    }
    return paper(**(fields | changes))


def busy(**changes) -> Snapshot:
    """The same with an order that nobody knows of, and two that work."""
    standing = replace(STANDING, working=3, unknown=1, objection=f"order {UNKNOWN.tag} is unknown")
    return live(**({"orders": ORDERS, "live": standing} | changes))


def in_trouble(**changes) -> Snapshot:
    """The same where the broker holds something else than we."""
    locked = f"{CALL.symbol}: we hold 150, the broker 75"
    standing = replace(STANDING, locked=locked, objection=locked, mismatches=(APART,), foreign=(FOREIGN,))
    entries = replace(SNAPSHOT.entries, locked=locked)
    return live(**({"live": standing, "entries": entries} | changes))


def lamps(seen: Snapshot) -> dict[str, Lamp]:
    """How its lamps are judged at once, by name."""
    return {lamp.name: lamp for lamp in Health().judge(seen, NOW_NS, TerminalLink(2.0, 0.0))}
