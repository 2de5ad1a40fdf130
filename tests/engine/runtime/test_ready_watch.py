"""What a run at a real broker was judged by is in its journal: the arming's list once, its own whenever others fail, and never many."""

from itertools import count
from threading import RLock
from types import SimpleNamespace

import pytest
from msgspec.structs import replace

from engine.model.events import ChecksMade
from engine.model.preflight import verdict
from engine.model.snapshot import Snapshot
from engine.presentation.readiness import not_well, well
from engine.runtime.ready_watch import ReadyWatch
from engine.trading.event_text import EventText
from tests.support.screens.live_snapshots import live
from tests.support.screens.snapshots import SNAPSHOT

SECOND_NS = 1_000_000_000
ARMED = (well("session", "holds until 15:30 UTC"), well("IP", "orders are taken from this address"))


class Watched:
    """A watch that is looked at once a second, and what it has told."""

    def __init__(self, seen: Snapshot) -> None:
        self.seen = seen
        self.told: list[ChecksMade] = []
        effects = SimpleNamespace(now_ms=1_000, carry_out=self.told.extend)
        self._watch = ReadyWatch(SimpleNamespace(lock=RLock()), effects, lambda: self.seen, ARMED)
        self._seconds = count(1_000)

    def look(self, times: int = 1) -> None:
        for _ in range(times):
            self._watch.look(next(self._seconds) * SECOND_NS)

    def is_in_doubt(self, *, yes: bool) -> None:
        assert self.seen.live is not None
        standing = replace(self.seen.live, doubt="an order is missing" if yes else "")
        self.seen = replace(self.seen, live=standing)


def failed(event: ChecksMade) -> set[str]:
    return {each.name for each in event.checks if not each.ok} - {"instrument"}  # prices of the snapshot are old


def test_the_list_of_the_arming_is_the_first_row_and_no_second() -> None:
    watched = Watched(live())
    watched.look(3)
    armed, own = watched.told
    assert (armed.made_by, armed.checks, armed.at_ms) == ("arm", ARMED, 1_000)
    assert own.made_by == "engine"
    assert [each.name for each in own.checks] == [
        "session",
        "clock",
        "instrument",
        "order socket",
        "truth",
        "journal",
        "entries",
    ]


def test_a_row_is_made_where_other_checks_fail_than_before() -> None:
    watched = Watched(live())
    watched.look(5)
    watched.is_in_doubt(yes=True)
    watched.look(5)
    watched.is_in_doubt(yes=False)
    watched.look(5)
    assert [failed(each) for each in watched.told[1:]] == [set(), {"truth"}, set()]


def test_what_goes_to_and_fro_makes_six_rows_in_ten_minutes_and_the_last_is_as_it_is_then() -> None:
    watched = Watched(live())
    for number in range(600):
        watched.is_in_doubt(yes=number % 2 == 0)
        watched.look()
    assert len(watched.told[1:]) == 6
    watched.is_in_doubt(yes=True)
    watched.look(600)
    assert failed(watched.told[-1]) == {"truth"}


def test_of_a_run_without_a_broker_nothing_is_judged() -> None:
    watched = Watched(SNAPSHOT)
    watched.look(3)
    assert [each.made_by for each in watched.told] == ["arm"]


@pytest.mark.parametrize(("ok", "line"), [(True, "READY"), (False, "NOT READY: truth: 2 orders UNKNOWN")])
def test_it_is_a_line_of_the_log(ok: bool, line: str) -> None:
    checks = (well("session", "logged in"), well("truth", "") if ok else not_well("truth", "2 orders UNKNOWN"))
    words = EventText((), str, lambda _: None)
    told = words.tell(ChecksMade("engine", checks, 1_000))
    assert told is not None
    assert told.text == line == verdict(checks)
    assert words.tell(ChecksMade("arm", ARMED, 1_000)) is None
