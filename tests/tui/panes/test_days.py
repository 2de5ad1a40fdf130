"""The list of days and the trades of one, by their lines and keys."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine import DayPage, DayResult, DayStatistics, DayTrade
from tests.support.screens.hands import Hands
from tests.support.screens.snapshots import CALL, OPEN_MS, SNAPSHOT, view
from tui.frame.screen import frame
from tui.panes import days
from tui.text.glyphs import ASCII
from tui.text.rows import plain, width_of
from tui.view.model import Ui

ZONE = "Asia/Kolkata"
TODAY = replace(SNAPSHOT.account.day, date="2026-11-30")
SEEN = replace(SNAPSHOT, account=replace(SNAPSHOT.account, day=TODAY))


def made(day: int, net: int, cumulative: int) -> DayResult:
    statistics = DayStatistics(
        date=f"2026-11-{day}", positions=4, won=3, exits=6, net=Decimal(net), costs=Decimal(120), drawdown=Decimal(900)
    )
    return DayResult("paper", statistics, ZONE, Decimal(cumulative), Decimal(900))


PAGE = DayPage("", "2026-11-30", 0, "HERE", tuple(made(day, day * 100, day * 1000) for day in range(20, 28)))
SOLD = DayTrade(
    "paper", CALL, 7, OPEN_MS, OPEN_MS + 60_000, 75, 15_600, 15_700, Decimal(75), Decimal(20), Decimal(55), "Stop Loss", 0
)  # fmt: skip
HELD = replace(SOLD, number=0, exit_ms=None, net=Decimal(0), reason="open", left=75)
OF_DAY = DayPage("2026-11-27", "2026-11-30", 0, "HERE", trades=(SOLD, HELD), total=2)


def shown(width: int = 80, height: int = 20, page: DayPage | None = PAGE, **ui: object) -> list[str]:
    drawn = days.rows(view(SEEN, ui=Ui(dialog="days", **ui), past=page), width, height)  # type: ignore[arg-type]
    return plain(drawn).split("\n")


def test_each_day_is_a_line_and_today_is_the_screen_s_own() -> None:
    lines = shown(choice=99)
    assert lines[0].startswith("  cumulative ")
    assert lines[1].split() == ["DATE", "NET", "COSTS", "POS", "WON", "DRAWDOWN", "CUMULATIVE"]
    assert lines[2].split() == ["2026-11-20", "+2,000.00", "120.00", "4", "3/4", "75%", "900.00", "+20,000.00"]
    assert lines[-1].startswith("▶ 2026-11-30")
    assert days.title(view(SEEN, past=PAGE)).startswith("DAYS 9")


def test_what_the_journal_has_of_today_is_not_shown_beside_the_screen_s() -> None:
    page = replace(PAGE, days=(*PAGE.days, replace(made(27, 1, 1), statistics=replace(TODAY, net=Decimal(1)))))
    assert [line.split()[0] for line in shown(page=page)].count("2026-11-30") + sum(
        line.startswith("▶ 2026-11-30") for line in shown(page=page, choice=99)
    ) in {1, 2}
    assert len(days.rows(view(SEEN, ui=Ui(dialog="days"), past=page), 80, 30)) == 2 + 9


@pytest.mark.parametrize(("width", "height"), [(52, 9), (40, 5), (30, 2)])
def test_on_a_small_screen_the_chosen_day_is_there(width: int, height: int) -> None:
    lines = shown(width, height, choice=3)
    assert len(lines) <= height
    assert any(line.startswith("▶ 2026-11-23") for line in lines)


@pytest.mark.parametrize("width", range(38, 100))
def test_a_column_is_there_whole_or_not_at_all(width: int) -> None:
    whole = {word for line in shown(200, 20) for word in line.split()}
    assert {word for line in shown(width, 20)[1:] for word in line.split()} <= whole


def test_what_is_missing_is_told() -> None:
    assert "loading" in shown(page=DayPage("", "", 0, "LATER"))[-1]
    assert (
        "the disk does not answer"
        in shown(page=DayPage("", "", 0, "UNREADABLE", reason="the disk does not answer"))[-1]
    )
    assert (
        "not all: journal-2026-10.db is missing"
        in shown(page=replace(PAGE, problems=("journal-2026-10.db is missing",)))[-1]
    )


def test_the_trades_of_a_day_say_what_was_still_open() -> None:
    drawn = view(SEEN, ui=Ui(dialog="day", day="2026-11-27"), past=OF_DAY)
    head, sold, held = plain(days.rows_of_day(drawn, 100, 10)).split("\n")
    assert head.split() == ["SYMBOL", "IN", "OUT", "QTY", "ENTRY", "EXIT", "NET", "REASON"]
    assert sold.endswith("+55.00  Stop Loss")
    assert held.split()[-2:] == ["-", "open"]
    assert days.title_of_day(drawn) == "TRADES OF 2026-11-27  1  net +55.00"


@pytest.mark.parametrize(("rows", "page"), [(days.rows, PAGE), (days.rows_of_day, OF_DAY)])
def test_the_chosen_row_is_one_bar_from_edge_to_edge(rows, page) -> None:
    for line in rows(view(SEEN, ui=Ui(dialog="days", choice=1), past=page), 80, 20):
        styles = {style for _, style in line}
        assert (styles == {"select"}) == line[0][0].startswith("▶")
        assert styles != {"select"} or width_of(line) == 80


@pytest.mark.parametrize("dialog", ["days", "day"])
def test_in_ascii_it_is_ascii(dialog: str) -> None:
    page = PAGE if dialog == "days" else OF_DAY
    for past in (page, replace(page, state="LATER"), None):
        drawn = frame(view(SEEN, ui=Ui(dialog=dialog, day="2026-11-27"), glyphs=ASCII, past=past), 60, 15)  # type: ignore[arg-type]
        assert plain(drawn).isascii()


class Hand(Hands):
    """Hands before a screen that has what the client answers."""

    def press(self, key: str, at_ms: int, **how: bool) -> "Hand":
        asked = self.ui.day if self.ui.dialog == "day" else ""
        past = self.client.day_page(asked, "2026-11-30", 0) if self.ui.dialog in {"days", "day"} else None
        self._seen = view(self.client.snapshot, ui=self.ui, attachment=self.client.attachment, past=past)
        super().press(key, at_ms, **how)
        return self


def test_enter_opens_the_chosen_day_and_escape_goes_back() -> None:
    hands = Hand(SEEN)
    hands.client.days = {"": PAGE, "2026-11-27": OF_DAY}
    hands.press("D", 0).press("up", 10).press("enter", 20)
    assert (hands.ui.dialog, hands.ui.day) == ("day", "2026-11-27")
    hands.press("up", 30).press("up", 40)
    assert hands.ui.choice == 0
    hands.press("escape", 50)
    assert hands.ui.dialog == "days"
    hands.press("home", 60).press("enter", 70)
    assert hands.ui.day == "2026-11-20"
    hands.press("q", 80)
    assert hands.ui.dialog == ""


def test_enter_on_today_opens_the_list_of_trades() -> None:
    hands = Hand(SEEN)
    hands.client.days = {"": PAGE}
    hands.press("D", 0).press("enter", 10)
    assert hands.ui.dialog == "trades"
