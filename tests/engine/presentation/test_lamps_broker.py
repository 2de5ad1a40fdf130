"""What lamps say of a broker that takes orders: each figure that turns one, and nothing of it in other modes."""

import pytest
from msgspec.structs import replace

from engine import Snapshot
from engine.presentation.lamps import Lamp
from tests.support.screens.live_snapshots import LANES, STANDING, busy, lamps, live
from tests.support.screens.snapshots import AT_MS, NOW_NS, OPEN_MS, SECOND, SNAPSHOT, paper


def lanes(**changes: object) -> Snapshot:
    return live(lanes=replace(LANES, **changes))


def standing(**changes: object) -> Snapshot:
    return live(live=replace(STANDING, **changes))


def test_all_is_well() -> None:
    found = lamps(live())
    assert (found["ORDERS"].word, found["ORDERS"].text) == ("OK", "all answered")
    assert (found["BROKER"].word, found["BROKER"].text) == ("OK", "round trip 84 ms")
    assert found["BROKER"].age_s == pytest.approx(1.55)
    assert (found["UPDATES"].word, found["UPDATES"].text, found["UPDATES"].age_s) == ("OK", "812 frames", 1.0)


def test_elsewhere_a_broker_is_simulated_and_has_no_socket() -> None:
    for seen in (SNAPSHOT, paper(), live(trade_mode="replay", lanes=None)):
        found = lamps(seen)
        assert (found["BROKER"].word, found["BROKER"].text) == ("OK", "simulated")
        assert "UPDATES" not in found


def test_what_is_unknown_is_told_before_all() -> None:
    told = lamps(busy())["ORDERS"]
    assert (told.word, told.text) == ("STALE", "1 UNKNOWN")
    assert told.because == "← nobody knows whether the broker has it"
    assert lamps(standing(working=2))["ORDERS"].text == "2 working"


@pytest.mark.parametrize(
    ("seen", "word", "because"),
    [
        (standing(round_ms=AT_MS - 9_000), "OK", ""),
        (standing(round_ms=AT_MS - 11_000), "LATE", "← no round of its books has ended"),
        (standing(round_ms=AT_MS - 31_000, doubt="a trade is lacking"), "STALE", "← a trade is lacking"),
        (standing(round_ms=0), "UNKNOWN", "← its books are not read so far"),
        (live(live=replace(STANDING, round_ms=AT_MS - 40_000), positions=()), "OK", ""),
        (live(live=replace(STANDING, round_ms=AT_MS - 50_000), positions=()), "LATE", "← no round of its books has ended"),
        (lanes(errors=2, because="5xx"), "OK", ""),
        (lanes(errors=3, because="5xx"), "STALE", "← 3 calls failed: 5xx"),
        (lanes(session_up=False, session_because="token expired"), "DEAD", "← not logged in: token expired"),
        (standing(logged_in=False), "DEAD", "← not logged in"),
        (live(lanes=None), "OK", ""),
        (live(live=None), "UNKNOWN", "← no figures"),
        (live(positions=(), at_ms=OPEN_MS - 3_600_000, live=replace(STANDING, round_ms=OPEN_MS - 3_700_000)), "CLOSED", ""),
        (live(stopped=True), "OFF", ""),
    ],
)  # fmt: skip
def test_the_broker_is_judged_by_its_books_its_calls_and_the_login(seen: Snapshot, word: str, because: str) -> None:
    told: Lamp = lamps(seen)["BROKER"]
    assert (told.word, told.because) == (word, because)


@pytest.mark.parametrize(
    ("state", "since_s", "word"),
    [("UP", 100, "OK"), ("CONNECTING", 1, "OK"), ("WAITING", 5, "LATE"), ("LOGIN", 31, "STALE"), ("STOPPED", 9, "OFF")],
)
def test_updates_are_judged_by_how_long_their_socket_is_down(state: str, since_s: int, word: str) -> None:
    seen = lanes(updates_state=state, updates_since_ns=NOW_NS - since_s * SECOND, updates_because="reset by peer")
    told = lamps(seen)["UPDATES"]
    assert told.word == word
    assert told.because == ("← reset by peer" if word in {"LATE", "STALE"} else "")
