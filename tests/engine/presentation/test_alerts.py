"""What is grave, by one key a kind, and nothing else; a replay is nobody's money."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine.model.run_views import EdgeView
from engine.model.trading_views import EntriesState, FlatView
from engine.presentation.alerts import conditions
from tests.support.screens.snapshots import AT_MS, NOW_NS, SECOND, SNAPSHOT, feed, position, snapshot

WELL = snapshot(
    trade_mode="paper",
    replay=None,
    feed=feed(),
    positions=(),
    session=replace(SNAPSHOT.session, end_ms=AT_MS + 9_000_000),
)
HELD = replace(WELL, positions=(position(),))
LOST = feed(state="WAITING", because="no data for 8 s", frame_ns=NOW_NS - 20 * SECOND, pong_ns=NOW_NS - 20 * SECOND)
ENTRIES = EntriesState(False, "", "", 6)


def flat(state, **more):
    return FlatView(state, "key !x", NOW_NS, (), (), **more)


FOUND = {
    "all well": (WELL, []),
    "held and well": (HELD, []),
    "locked": (replace(WELL, entries=replace(ENTRIES, locked="daily loss")), [("locked", "warning", "daily loss")]),
    "halted": (replace(WELL, entries=replace(ENTRIES, halted="7 refused ticks")), [("halted", "warning", "7 refused")]),
    "flat locks": (replace(WELL, flat=flat("FLAT"), entries=replace(ENTRIES, locked="flat")), [("flat", "info", "FLAT verified")]),
    "armed": (replace(HELD, flat=flat("ARMED")), []),
    "under way": (replace(HELD, flat=flat("CLOSING")), [("flat", "warning", "flat under way (key !x)")]),
    "escalated": (replace(HELD, flat=flat("ESCALATED", by_hand=("sell 150",))), [("flat", "critical", "ESCALATED (key !x): sell 150")]),
    "unresolved": (replace(HELD, flat=flat("UNRESOLVED")), [("flat", "critical", "UNRESOLVED")]),
    "held until": (replace(HELD, flat=flat("HELD")), [("flat", "warning", "flat HELD until")]),
    "link lost": (replace(WELL, feed=LOST), [("feed", "warning", "no data for 8 s")]),
    "link lost and held": (replace(HELD, feed=LOST), [("feed", "critical", "LONG 150 UNWATCHED")]),
    "link lost for a moment": (replace(HELD, feed=replace(LOST, frame_ns=NOW_NS - SECOND)), []),
    "refused": (replace(WELL, feed=feed(state="REFUSED", because="401")), [("feed", "critical", "refused: 401")]),
    "journal": (replace(WELL, edges=(EdgeView("journal", 9, 1, "disk full"),)), [("journal", "critical", "disk full")]),
    "recorder": (replace(WELL, edges=(EdgeView("recorder", 9, 1, "gone"),)), [("recorder", "warning", "gone")]),
    "disk": (replace(WELL, process=replace(WELL.process, disk_free_mb=120)), [("disk", "warning", "120 MB")]),
    "fault": (replace(HELD, fault="boom"), [("engine", "critical", "boom, NIFTY25NOV25900CE LONG 150 UNWATCHED")]),
    "stopped": (replace(WELL, stopped=True), [("engine", "info", "engine stopped")]),
    "stopped and held": (replace(HELD, stopped=True), [("engine", "critical", "UNWATCHED")]),
    "last run": (replace(WELL, found=("killed",)), [("last_run", "warning", "killed")]),
}  # fmt: skip


@pytest.mark.parametrize("name", FOUND)
def test_each_condition_has_its_key_level_and_words(name: str) -> None:
    seen, wanted = FOUND[name]
    found = conditions(seen, NOW_NS)
    assert [(each.key, each.level) for each in found] == [(key, level) for key, level, _ in wanted]
    assert all(words in each.text for each, (*_, words) in zip(found, wanted, strict=True))


def test_what_is_held_and_has_no_price_or_is_over_its_session_is_critical() -> None:
    old = replace(HELD.quotes[0], recv_ns=NOW_NS - 60 * SECOND)
    fresh = replace(HELD.quotes[1], recv_ns=NOW_NS)
    (unpriced,) = conditions(replace(HELD, quotes=(old, fresh)), NOW_NS)
    assert (unpriced.key, unpriced.level) == ("unpriced", "critical")
    over = replace(HELD, session=replace(HELD.session, end_ms=AT_MS - 1000, opens="Mon 09:15"))
    (found,) = conditions(over, NOW_NS)
    assert (found.key, found.level) == ("held_over", "critical")
    assert "nothing can be sold until Mon 09:15" in found.text


def test_a_replay_alarms_nobody() -> None:
    seen = snapshot(fault="boom", entries=replace(ENTRIES, locked="x"), flat=flat("ESCALATED"))
    assert conditions(seen, NOW_NS) == ()
    assert seen.account.day_pnl > Decimal(0)
