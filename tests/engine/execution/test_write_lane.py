"""A lane of orders: rows before bytes, one request at a time, each once, and one outcome for each."""

import json

import pytest

from engine.execution.actions import SendRequest, WriteRow, lane_of
from engine.execution.order_dialect import NoAnswer
from engine.execution.write_lane import ENTRIES, EXITS, LaneRules
from engine.model.order_reports import Accepted, NotSent, Refused, Sent, SessionChanged, Unclear
from engine.model.order_requests import ReadRound, WithdrawOrder, WriteRequest
from engine.text.sanitize import CleanText
from tests.support.broker_answers import answer, no, yes
from tests.support.lane_harness import LaneHarness, amend, cancel, place

TAKEN = yes({"orderid": "200910000000111", "uniqueorderid": "34reqfachdfih"})
BUSY = answer(b"Too Many Requests", 429)
SLOW_DISK = CleanText("its rows did not reach the disk in time")
TOO_LATE = CleanText("it could not be sent in time")
NO_SESSION = CleanText("not logged in")


def accepted(order: int) -> Accepted:
    return Accepted(order, "place", CleanText("200910000000111"), CleanText("34reqfachdfih"))


# ── Rows first ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("rules", [ENTRIES, EXITS])
def test_a_new_order_goes_out_once_both_of_its_rows_are_on_the_disk(rules: LaneRules) -> None:
    bench = LaneHarness(rules)
    bench.wish(place(1))
    assert bench.written == 1  # its sending has not begun
    bench.sync()
    assert (bench.written, bench.sent, bench.news()) == (2, [], [])
    bench.sync()
    assert [json.loads(each.wire.body)["ordertag"] for each in bench.sent] == ["L9FAB0070001E"]
    assert bench.news() == [Sent(1, "place")]
    bench.answer(TAKEN)
    assert bench.news() == [accepted(1)]


@pytest.mark.parametrize("request_", [amend(1), cancel(1)])
@pytest.mark.parametrize("rules", [ENTRIES, EXITS])
def test_a_change_of_an_order_goes_out_once_its_row_is_on_the_disk(rules: LaneRules, request_: WriteRequest) -> None:
    bench = LaneHarness(rules)
    bench.wish(request_)
    assert bench.sent == []
    bench.sync()
    assert (len(bench.sent), bench.written) == (1, 1)
    assert bench.news() == [Sent(1, request_.request)]


def test_a_row_on_the_disk_before_the_wish_came_counts() -> None:
    bench = LaneHarness(ENTRIES)
    bench.sync(5)
    bench.wish(cancel(1))
    assert len(bench.sent) == 1


def test_an_entry_whose_rows_are_late_is_not_sent() -> None:
    bench = LaneHarness(ENTRIES)
    bench.wish(place(1))
    bench.later(500)
    assert bench.news() == []
    bench.later(1)
    assert bench.news() == [NotSent(1, "place", SLOW_DISK)]
    bench.sync()
    assert bench.sent == []


def test_the_time_for_rows_is_of_all_rows_together() -> None:
    bench = LaneHarness(ENTRIES)
    bench.wish(place(1))
    bench.later(300)
    bench.sync()
    bench.later(200)
    assert bench.news() == []
    bench.later(1)
    assert bench.news() == [NotSent(1, "place", SLOW_DISK)]


def test_a_row_of_the_sending_that_stands_behind_its_own_is_not_asked_for_and_no_time_counts_twice() -> None:
    bench = LaneHarness(ENTRIES)
    bench.lane.wish(place(1), 1, bench.now_ms, begun_row=2)
    assert bench.later(300) == []
    bench.lane.durable(1, bench.now_ms)
    assert bench.later(200) == []
    assert bench.news() == []
    bench.lane.durable(2, bench.now_ms)
    assert [type(each) for each in bench.step()] == [SendRequest]
    assert bench.news() == [Sent(1, "place")]


def test_time_that_passes_behind_another_request_is_not_the_disks() -> None:
    bench = LaneHarness(EXITS)
    bench.go(cancel(7))
    bench.wish(place(1, "EXIT"))
    bench.later(300)
    bench.sync()
    bench.later(1_000)
    bench.answer(TAKEN)  # the row of the sending is asked for now
    bench.later(200)
    assert len(bench.sent) == 1
    bench.sync()
    assert bench.news()[-1] == Sent(1, "place")


@pytest.mark.parametrize("synced", [0, 1])
def test_an_exit_whose_rows_are_late_goes_out_all_the_same_and_says_so(synced: int) -> None:
    bench = LaneHarness(EXITS)
    bench.wish(place(1, "EXIT"))
    bench.sync(synced)
    bench.later(500)
    assert bench.sent == []
    actions = bench.later(1)
    assert [type(each) for each in actions] == [WriteRow, SendRequest][synced:]  # it is written all the same
    assert bench.news() == [Sent(1, "place", durable=False)]
    bench.sync()
    assert len(bench.sent) == 1


def test_a_cancel_whose_row_is_late_goes_out_all_the_same() -> None:
    bench = LaneHarness(EXITS)
    bench.wish(cancel(1))
    bench.later(501)
    assert bench.news() == [Sent(1, "cancel", durable=False)]


def test_a_row_that_has_no_number_is_never_durable() -> None:
    bench = LaneHarness(ENTRIES)
    bench.lane.wish(cancel(1), 0, bench.now_ms)
    bench.sync(99)
    assert bench.sent == []
    bench.later(501)
    assert bench.news() == [NotSent(1, "cancel", SLOW_DISK)]


# ── One at a time, each once ────────────────────────────────────────────────────────────────────────────────────────


def test_one_request_is_under_way_and_the_next_follows_in_order() -> None:
    bench = LaneHarness(EXITS)
    for request in (cancel(1), amend(2, "EXIT"), cancel(3)):
        bench.wish(request)
    bench.sync()
    assert len(bench.sent) == 1
    bench.answer(no("AB1013", "Order not found"))
    bench.answer(TAKEN)
    bench.answer(NoAnswer(CleanText("reset"), sent=True))
    assert [json.loads(each.wire.body)["orderid"][-4:] for each in bench.sent] == ["0001", "0002", "0003"]
    told = [each for each in bench.news() if not isinstance(each, Sent)]
    assert [type(each) for each in told] == [Refused, Accepted, Unclear]


def test_a_request_that_is_not_answered_is_unclear_and_never_repeated() -> None:
    bench = LaneHarness(EXITS)
    bench.go(place(1, "EXIT"))
    bench.later(6_999)
    assert bench.news() == [Sent(1, "place")]
    bench.later(1)
    assert bench.news() == [Unclear(1, "place", CleanText("no answer in time"))]
    bench.answer(TAKEN)
    bench.later(60_000)
    assert (bench.news(), len(bench.sent), bench.lane.late) == ([], 1, 1)


def test_what_did_not_leave_is_told_as_such() -> None:
    bench = LaneHarness(ENTRIES)
    bench.go(place(1))
    bench.answer(NoAnswer(CleanText("refused"), sent=False))
    assert bench.news() == [Sent(1, "place"), NotSent(1, "place", CleanText("refused"))]


def test_the_same_intent_is_taken_once() -> None:
    bench = LaneHarness(ENTRIES)
    bench.go(place(2))
    bench.wish(place(2))
    bench.answer(TAKEN)
    bench.wish(place(2))
    bench.wish(place(1))
    bench.sync()
    assert (len(bench.sent), bench.lane.repeated) == (1, 3)
    bench.go(amend(2))
    bench.lane.wish(amend(2), bench.written, bench.now_ms)  # the very same row
    bench.answer(TAKEN)
    assert (len(bench.sent), bench.lane.repeated) == (2, 4)
    bench.go(amend(2))  # decided anew
    assert len(bench.sent) == 3


# ── Not wanted any more, or too late ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("synced", [0, 1])
def test_an_entry_that_is_withdrawn_before_its_bytes_go_never_goes(synced: int) -> None:
    bench = LaneHarness(ENTRIES)
    bench.wish(place(1))
    bench.wish(place(2))
    bench.sync(synced)
    bench.wish(WithdrawOrder(1, "", "ENTRY"))
    assert bench.news() == [NotSent(1, "place", CleanText("withdrawn"))]
    bench.sync()
    bench.sync()
    assert [json.loads(each.wire.body)["ordertag"] for each in bench.sent] == ["L9FAB0070002E"]


def test_an_entry_that_has_left_is_not_withdrawn_here() -> None:
    bench = LaneHarness(ENTRIES)
    bench.go(place(1))
    bench.wish(WithdrawOrder(1, "", "ENTRY"))
    bench.answer(TAKEN)
    assert bench.news() == [Sent(1, "place"), accepted(1)]


@pytest.mark.parametrize(("rules", "wait_ms"), [(ENTRIES, 1_000), (EXITS, 5_000)])
def test_what_waits_behind_a_silent_request_is_given_up_before_it_would_count_as_unknown(
    rules: LaneRules, wait_ms: int
) -> None:
    bench = LaneHarness(rules)
    bench.go(amend(1))
    bench.wish(amend(2))
    bench.sync()
    bench.later(wait_ms)
    assert bench.news() == [Sent(1, "modify")]
    bench.later(1)
    assert bench.news() == [NotSent(2, "modify", TOO_LATE)]


# ── What the broker wants ───────────────────────────────────────────────────────────────────────────────────────────


def pauses(rules: LaneRules, replies: int) -> list[int]:
    """How long the lane waits after each busy answer, in steps of 100 ms."""
    bench = LaneHarness(rules)
    bench.go(amend(1))
    found: list[int] = []
    for order in range(2, 2 + replies):
        bench.answer(BUSY)
        began_ms, sent = bench.now_ms, len(bench.sent)
        while len(bench.sent) == sent:
            bench.later(100)
            bench.wish(amend(order))
            bench.sync()
        found.append(bench.now_ms - began_ms)
    return found


def test_entries_wait_longer_and_longer_while_the_broker_goes_on() -> None:
    assert pauses(ENTRIES, 4) == [1_000, 2_000, 4_000, 4_000]


def test_exits_wait_for_what_the_broker_wants_and_no_longer() -> None:
    assert pauses(EXITS, 3) == [1_000, 1_000, 1_000]


def test_a_good_answer_ends_the_growing() -> None:
    bench = LaneHarness(ENTRIES)
    for reply, pause_ms in ((BUSY, 1_000), (TAKEN, 0), (BUSY, 1_000)):
        bench.go(amend(len(bench.sent) + 1))
        bench.answer(reply)
        bench.later(pause_ms)
    bench.go(amend(9))
    assert len(bench.sent) == 4


# ── Logins ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_session_that_is_over_is_told_once_and_entries_are_not_sent_without_one() -> None:
    bench = LaneHarness(ENTRIES)
    bench.go(place(1))
    bench.wish(place(2))
    bench.answer(no("AG8002", "Token Expired"))
    words = CleanText("AG8002 Token Expired")
    assert bench.news()[1:] == [
        Refused(1, "place", "session", words),
        SessionChanged(1, False, words),
        NotSent(2, "place", NO_SESSION),
    ]
    bench.lane.session(2, up=True)
    bench.go(place(3))
    assert bench.news() == [Sent(3, "place")]


def test_exits_wait_for_the_login_but_not_for_ever() -> None:
    bench = LaneHarness(EXITS)
    bench.lane.session(1, up=False)
    bench.wish(place(1, "EXIT"))
    bench.sync()
    bench.later(3_000)
    assert (bench.sent, bench.news()) == ([], [])
    bench.lane.session(2, up=True)
    bench.step()
    bench.sync()
    assert bench.news() == [Sent(1, "place")]
    bench.answer(TAKEN)
    bench.lane.session(2, up=False)
    bench.wish(place(2, "EXIT"))
    bench.later(5_001)
    assert bench.news()[1:] == [NotSent(2, "place", TOO_LATE)]


def test_an_answer_from_an_older_login_says_nothing_of_the_new_one() -> None:
    bench = LaneHarness(EXITS)
    bench.go(cancel(1))
    bench.lane.session(2, up=True)
    bench.answer(no("AB1010", "AMX Session Expired"))
    assert [type(each) for each in bench.news()] == [Sent, Unclear]
    bench.go(cancel(2))
    assert bench.news() == [Sent(2, "cancel")]


# ── Clocks ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_clock_that_is_set_back_lets_nothing_wait_for_longer() -> None:
    bench = LaneHarness(EXITS)
    bench.go(cancel(1))
    bench.later(6_000)
    bench.later(-3_600_000)
    bench.later(999)
    assert bench.news() == [Sent(1, "cancel")]
    bench.later(1)
    assert [type(each) for each in bench.news()] == [Unclear]


def test_whoever_waits_is_told_for_how_long() -> None:
    bench = LaneHarness(EXITS)
    assert bench.lane.wait_ms is None
    bench.wish(cancel(1))
    assert bench.lane.wait_ms == 501
    bench.later(501)
    assert bench.lane.wait_ms == 7_000
    bench.answer(BUSY)
    assert bench.lane.wait_ms is None
    bench.wish(cancel(2))
    bench.sync()
    assert bench.lane.wait_ms == 1_000


# ── Which lane ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_entries_do_not_stand_before_exits_and_cancels() -> None:
    assert lane_of(place(1)) == lane_of(amend(1)) == lane_of(WithdrawOrder(1, "", "ENTRY")) == "entries"
    assert lane_of(cancel(1)) == lane_of(WithdrawOrder(1, "", "EXIT")) == "exits"
    assert {lane_of(make(1, purpose)) for make in (place, amend) for purpose in ("EXIT", "FLAT", "NET")} == {"exits"}
    assert lane_of(ReadRound(1)) == "reads"
