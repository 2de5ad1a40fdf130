"""The two lines at the top of a run whose orders go out."""

from decimal import Decimal

import pytest
from msgspec.structs import replace

from engine import FlatLeg, FlatView
from tests.support.screens.live_snapshots import BUDGET, STANDING, busy, in_trouble, live
from tests.support.screens.snapshots import CALL, NOW_NS, SECOND, SNAPSHOT, paper, view
from tui.frame import dialogs, flatplan, header, screen
from tui.text.rows import plain, width_of
from tui.view.model import Ui


def bar(seen, width: int) -> str:
    line = header.bar(view(seen), width)
    assert width_of(line) <= width
    return plain([line])


def styles(line) -> dict[str, str]:
    return {words.strip(): style for words, style in line if words.strip()}


def test_the_rule_meter_and_what_may_be_lost_stand_before_the_session() -> None:
    whole = "ORD 1/7 s 12/400 m 148/300 day reserve 22  loss left 7,766.00"
    assert bar(live(), 120).startswith(whole + "  ━")
    assert bar(live(), 120).endswith("15:30  3h47m left")
    assert bar(live(), 80).startswith(whole + "  ━")
    assert bar(live(), 80).endswith("15:30")
    assert bar(live(), 60) == "ORD 1/7 s 12/400 m 148/300 day reserve 22  left 7,766.00"
    assert bar(live(), 40) == "ORD 148/300 day  loss left 7,766.00"


def test_what_is_used_up_is_loud() -> None:
    spent = live(live=replace(STANDING, budget=replace(BUDGET, day=285, minute=330)))
    shown = styles(header.bar(view(spent), 120))
    assert (shown["285/300"], shown["330/400"], shown["1/7"]) == ("alert", "warn", "")
    lost = live(account=replace(SNAPSHOT.account, loss_left=Decimal(-3)))
    assert styles(header.bar(view(lost), 120))["-3.00"] == "alert"


def test_before_anything_is_known_of_orders_the_session_stands_alone() -> None:
    seen = live(live=None, account=SNAPSHOT.account)
    assert bar(seen, 80).startswith("09:15")
    assert bar(paper(), 80).startswith("09:15")


@pytest.mark.parametrize("width", range(4, 200, 7))
def test_no_width_cuts_a_figure(width: int) -> None:
    shown = bar(live(), width)
    for part in ("1/7", "12/400", "148/300"):
        assert part in shown or part.split("/")[0] + "/" not in shown


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize(("mode", "word"), [("live", "LIVE ****3456"), ("live-sim", "LIVE-SIM ****3456")])
def test_the_badge_has_the_account_at_every_usual_width(width: int, mode: str, word: str) -> None:
    line = header.status(view(live(trade_mode=mode)), width)
    assert styles(line)[word] == mode


@pytest.mark.parametrize(("width", "height"), [(120, 40), (80, 24), (60, 15)])
@pytest.mark.parametrize("mode", ["live", "live-sim"])
def test_the_screen_is_framed_in_the_colour_of_its_mode(width: int, height: int, mode: str) -> None:
    lines = screen.frame(view(live(trade_mode=mode)), width, height)
    edges = {style for line in lines for _, style in line if style.startswith("edge_")}
    assert edges == {f"edge_{mode}"}
    assert sum(any(style == f"edge_{mode}" for _, style in line) for line in lines) >= 3


def plan(seen, width: int = 76) -> str:
    return plain(flatplan.rows(view(seen, ui=Ui(dialog="flat", plan_until_ns=1 << 60)), width, 22))


def test_the_plan_of_a_flat_says_whose_money_it_is_and_what_it_does_to_others() -> None:
    assert " LIVE ****3456   REAL ORDERS" in plan(live())
    assert " LIVE-SIM ****3456   broker is simulated" in plan(live(trade_mode="live-sim"))
    assert "no order to cancel" in plan(live())
    told = plan(in_trouble(live=replace(in_trouble().live, working=2, unknown=1)))
    assert "2 orders to cancel first" in told
    assert "1 of these UNKNOWN: what it may still fill is waited for" in told
    assert "EXTERNAL NIFTY25NOV25900PE +75: SELL 75 too" in told
    assert "up to 10 s" in told


@pytest.mark.parametrize(("width", "height"), [(120, 40), (80, 24), (60, 15)])
def test_a_book_that_disagrees_is_seen_at_every_size(width: int, height: int) -> None:
    lines = screen.frame(view(in_trouble()), width, height)
    assert any("MISMATCH" in words and style == "alert" for line in lines for words, style in line)
    titles = [style for line in lines for words, style in line if "2 POSITION" in words and "MISMATCH" in words]
    assert set(titles) == {"alert"}
    old = screen.frame(view(in_trouble(), now_ns=NOW_NS + 5 * SECOND), width, height)
    assert not any("MISMATCH" in words and style == "alert" for line in old for words, style in line)
    assert "EXTERNAL" in plain(screen.frame(view(in_trouble(positions=(), live=replace(STANDING, foreign=in_trouble().live.foreign))), width, height))  # fmt: skip


def test_a_position_says_who_watches_its_stop() -> None:
    assert "stop by BOT" in plain(screen.frame(view(live()), 200, 50))
    assert "stop by" not in plain(screen.frame(view(paper()), 200, 50))
    assert CALL.symbol in plain(screen.frame(view(live()), 200, 50))


def dialog(seen, name: str, width: int = 80, height: int = 24) -> str:
    return plain(dialogs.overlay(view(seen, ui=Ui(dialog=name, instrument=0)), width, height))


def test_the_plan_of_a_flat_says_from_which_price_its_limits_go_on() -> None:
    quoted = replace(SNAPSHOT.quotes[0], bid=15_695, ask=15_705)
    assert "SELL 150  LIMIT from bid 156.95" in plan(live(quotes=(quoted, SNAPSHOT.quotes[1])))
    assert "SELL 150  LIMIT from last 157.01" in plan(live())


def test_who_leaves_is_told_of_orders_that_work() -> None:
    assert "3 orders not over: at the broker until somebody takes them back" in dialog(busy(), "quit", 100)
    assert "not over" not in dialog(live(), "quit")
    assert "not over" not in dialog(busy(trade_mode="replay"), "quit")


def test_a_position_in_full_says_what_the_broker_holds_of_it() -> None:
    assert "MISMATCH 150/75  stop by BOT" in dialog(in_trouble(), "position")
    assert "stop by BOT" in dialog(live(), "position")
    assert "stop by" not in dialog(paper(), "position")


def test_where_orders_go_out_no_simulated_fill_is_spoken_of() -> None:
    account = replace(SNAPSHOT.account, charged_by="angelone", fill="touch", fills_at_last=2)
    assert "costs note, fills" in plain(screen.frame(view(paper(account=account)), 160, 40))
    shown = plain(screen.frame(view(live(account=account)), 160, 40))
    assert "costs note" in shown
    assert "fills" not in shown


def test_a_flat_that_runs_says_what_is_left_by_the_newest_reading() -> None:
    seen = busy(flat=FlatView("CLOSING", "key", 1, (FlatLeg(0, 150, 0, 15_701, "REJ LPP → 71.40"),), ()))
    told = plain(flatplan.rows(view(replace(seen, live=replace(seen.live, unresolved=("NIFTY25NOV25900CE 150",))), ui=Ui(dialog="flat")), 76, 22))  # fmt: skip
    assert "left by the newest reading: NIFTY25NOV25900CE 150" in told
    assert "REJ LPP → 71.40" in told
