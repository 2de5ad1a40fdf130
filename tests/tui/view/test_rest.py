"""When a screen may leave its last frame as it is: a client whose snapshot a test sets, at a time that a test moves."""

import pytest
from msgspec.structs import replace

from tests.support.screens.engine_clients import FakeClient
from tests.support.screens.snapshots import NOW_NS, SECOND, apart, feed, paper, view
from tui.view.model import Ui
from tui.view.rest import Rest

AT_NS = NOW_NS + 10 * SECOND  # long after the newest tick
QUIET = replace(paper(feed=feed()), taken_ns=AT_NS, at_ms=12_000, positions=(), stale_s=3.0)


class Watched:
    """A screen that has drawn `QUIET` at `AT_NS`."""

    def __init__(self, *, whole: bool = True) -> None:
        self.client, self.ui = FakeClient(QUIET, apart()), Ui()
        self.rest = Rest(self.client, self.ui)
        self.draw(AT_NS, whole=whole)

    def draw(self, now_ns: int, *, whole: bool = True) -> None:
        seen = self.client.snapshot
        shown = view(seen, now_ns=now_ns, attachment=self.client.attachment)
        self.rest.drawn(shown, seen, self.client.lines[-1].number, whole=whole)

    def after(self, passed_ns: int, **changes: object) -> str:
        """What stirs it when an engine that goes on has these `changes`."""
        seen = self.client.snapshot
        at_ms = QUIET.at_ms + passed_ns // 1_000_000
        now = {"number": seen.number + 1, "taken_ns": AT_NS + passed_ns, "at_ms": at_ms} | changes
        self.client.snapshot = replace(seen, **now)
        return self.rest.stir(AT_NS + passed_ns)


def test_nothing_is_drawn_until_the_next_second_where_only_time_passes() -> None:
    watched = Watched()
    assert [watched.after(each * SECOND // 4) for each in range(1, 5)] == ["", "", "", "second"]
    watched.draw(AT_NS + SECOND)
    assert [watched.after(SECOND + each * SECOND // 4) for each in range(1, 5)] == ["", "", "", "second"]


def test_without_a_clock_that_goes_it_is_drawn_a_little_later() -> None:
    watched = Watched()
    at_ms = QUIET.at_ms
    assert watched.after(1_190_000_000, at_ms=at_ms) == ""
    assert watched.after(1_200_000_000, at_ms=at_ms) == "second"


@pytest.mark.parametrize("change", [{"ticks": QUIET.ticks + 1}, {"fault": "broken"}, {"stopped": True}])
def test_news_are_drawn_at_once_until_every_pane_has_them(change: dict[str, object]) -> None:
    watched = Watched()
    assert watched.after(SECOND // 4, **change) == "news"
    watched.draw(AT_NS + SECOND // 4, whole=False)
    assert watched.after(SECOND // 2, **change) == "news"
    watched.draw(AT_NS + SECOND // 2)
    assert watched.after(3 * SECOND // 4, **change) == ""


def test_before_the_first_whole_frame_all_is_news() -> None:
    assert Watched(whole=False).after(SECOND // 4) == "news"


@pytest.mark.parametrize("name", ["dialog", "notice", "digest"])
def test_what_is_shown_for_a_while_is_drawn_all_the_while(name: str) -> None:
    watched = Watched()
    setattr(watched.ui, name, "help")
    assert watched.after(SECOND // 4) == "news"


def test_lines_of_the_log_and_how_the_screen_stands_to_its_engine_are_news() -> None:
    watched = Watched()
    watched.client.lines.append(replace(watched.client.lines[-1], number=watched.client.lines[-1].number + 1))
    assert watched.after(SECOND // 4) == "news"
    watched = Watched()
    watched.client.attachment = apart(lost="connection refused")
    assert watched.after(SECOND // 4) == "news"


def test_an_engine_that_is_not_heard_is_drawn_in_tenths_of_a_second_for_a_minute() -> None:
    watched = Watched()
    same = {"taken_ns": AT_NS, "number": QUIET.number, "at_ms": QUIET.at_ms}
    assert [watched.after(each * SECOND // 10, **same) for each in (8, 11, 25, 599)] == ["", "news", "news", "news"]
    watched.draw(AT_NS + 60 * SECOND)
    assert [watched.after(each * SECOND // 4, **same) for each in range(241, 245)] == ["", "", "", "second"]


def test_until_a_tick_is_stale_its_age_is_drawn() -> None:
    watched = Watched()
    watched.client.snapshot = replace(QUIET, pulse=replace(QUIET.pulse, came_ns=AT_NS))
    watched.draw(AT_NS)
    assert [watched.after(each * SECOND) for each in (1, 2)] == ["news", "news"]
    assert watched.after(3 * SECOND) == "second"
    watched.draw(AT_NS + 3 * SECOND)
    assert watched.after(3 * SECOND + SECOND // 4) == ""
