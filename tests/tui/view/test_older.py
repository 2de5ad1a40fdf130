"""Which pages of older exits are asked for: those around the chosen one, whole wherever they can be."""

import pytest
from msgspec.structs import replace

from engine import Snapshot
from engine.presentation.lamps import TerminalLink
from tests.support.screens.engine_clients import FakeClient
from tests.support.screens.snapshots import NOW_NS, snapshot, trade
from tui.view.model import Ui
from tui.view.older import NEWEST, bounds, chosen, moved, older_exits
from tui.view.view_builder import ViewBuilder


def seen(exits: int, here: int = 200, **more: object) -> Snapshot:
    """A snapshot with the newest `here` of so many exits."""
    newest = tuple(trade(n) for n in range(exits - here + 1, exits + 1))
    return snapshot(trades=newest, account=replace(snapshot().account, exits=exits), **more)


def client(exits: int) -> FakeClient:
    made = FakeClient(seen(exits))
    made.journal = {n: trade(n) for n in range(1, exits + 1)}
    return made


@pytest.mark.parametrize(
    ("exits", "here", "choice", "pages"),
    [
        (5000, 200, 5000, []),
        (5000, 200, 4860, [(4701, 4800)]),
        (5037, 200, 4838, [(4701, 4800), (4801, 4900)]),
        (5000, 200, 2550, [(2401, 2500), (2501, 2600), (2601, 2700)]),
        (5000, 200, -5, [(1, 100)]),
        (643, 0, 643, [(501, 600), (601, 643)]),  # a replay went back
        (650, 7, 650, [(501, 600), (601, 643)]),
        (700, 57, 700, [(601, 700)]),
        (0, 0, 5, []),
    ],
)
def test_pages_are_whole_and_few(exits: int, here: int, choice: int, pages: list[tuple[int, int]]) -> None:
    asked = client(exits)
    older = older_exits(asked, seen(exits, here, rewinds=3), choice)
    assert asked.pages_asked == [(*page, 3) for page in pages]
    assert older.trades == {n: asked.journal[n] for first, last in pages for n in range(first, last + 1)}
    assert (older.wait, older.problem) == (False, "")


def test_nothing_is_asked_for_before_the_first_that_the_journal_can_have() -> None:
    asked = client(5000)
    older_exits(asked, seen(5000, exits_from=4751), 0)
    assert asked.pages_asked == [(4751, 4800, 0)]
    assert bounds(seen(5000, exits_from=4751)) == (4751, 5000)
    assert [chosen(seen(5000, exits_from=4751), choice) for choice in (0, 4800, 9999)] == [4751, 4800, 5000]


def test_whoever_stands_at_the_end_stays_there_when_another_exit_comes() -> None:
    assert [chosen(seen(exits), NEWEST) for exits in (300, 301)] == [300, 301]
    assert chosen(seen(301), moved(seen(300), NEWEST, -1)) == 299
    assert moved(seen(300), 299, 10) == NEWEST
    assert moved(seen(300), 5, -10) == 1


def test_what_a_page_says_is_passed_on() -> None:
    asked = client(5000)
    asked.disk = "LATER"
    assert older_exits(asked, seen(5000), 100).wait
    asked.disk = "UNREADABLE"
    assert older_exits(asked, seen(5000), 100).problem == "the disk does not answer"


def test_the_journal_is_asked_only_while_the_list_is_open() -> None:
    asked, ui = client(5000), Ui(choice=100)
    builder = ViewBuilder(asked, ui)
    assert not builder.look(NOW_NS, TerminalLink(0.0, 0.0)).older.trades
    assert asked.pages_asked == []
    ui.dialog = "trades"
    assert 100 in builder.look(NOW_NS, TerminalLink(0.0, 0.0)).older.trades
