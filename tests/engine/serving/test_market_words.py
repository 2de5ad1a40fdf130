"""How `status` says that the market stands."""

from msgspec.structs import replace

from engine.serving.status import market_of
from tests.support.screens.snapshots import paper


def test_the_market_is_open_until_its_end_and_closed_from_then_on() -> None:
    seen = paper()
    end_ms = seen.session.end_ms
    assert market_of(replace(seen, at_ms=end_ms - 1)) == ("open", "open until 15:30")
    for after_ms in (0, 1, 3_600_000):
        assert market_of(replace(seen, at_ms=end_ms + after_ms))[0] == "closed"
    unknown = replace(seen, at_ms=end_ms, session=replace(seen.session, opens=""))
    assert market_of(unknown) == ("closed", "CLOSED since 15:30")


def test_a_run_that_is_over_has_no_open_session() -> None:
    assert market_of(replace(paper(), stopped=True)) == ("closed", "over: nothing is traded any more")
