"""The judges of what must be well before real orders: what passes, and the reason of what does not."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from engine.model.order_reports import FillReport, NetReport, OrderReport, RoundRead
from engine.model.preflight import (
    AddressFound,
    Check,
    ClockFound,
    ForwardFound,
    FundsFound,
    JournalFound,
    ListedFound,
    RoundsFound,
    SessionFound,
    SocketFound,
)
from engine.model.types import Instrument
from engine.presentation import readiness
from engine.serving import preflight
from engine.serving.preflight import Preflight, largest_loss
from engine.text.sanitize import CleanText
from tests.support.live_config import live_config

TODAY = date(2026, 12, 1)
END_NS = 1_796_118_000 * 10**9
CALL = CleanText("NIFTY29DEC2625000CE")
OPTION = Instrument(CALL, CleanText("40671"), lot_size=65, watch_only=False)
LISTED = ListedFound(CALL, OPTION, date(2026, 12, 29), fresh=True)
SESSION = SessionFound(ours=True, exchanges=(CleanText("NSE"), CleanText("NFO")), expires_s=END_NS // 10**9 + 1800)
FUNDS = FundsFound(Decimal(40_000), CALL, Decimal("6500.5"))
TAG = CleanText("L9B0A0010001E")


def order(tag: str = "", state: Any = "complete", filled: int = 65, number: str = "1") -> OrderReport:
    identity = CleanText(number)
    return OrderReport(
        identity, identity, CleanText(tag), 0, CALL, "BUY", 65, filled, 100, 100, state, CleanText(state), 0
    )


def fill(number: str = "1", quantity: int = 65) -> FillReport:
    return FillReport(CleanText(f"f{number}"), CleanText(number), 0, CALL, "BUY", quantity, 100, 0)


def read(number: int, orders: Any = (), fills: Any = (), net: Any = ()) -> RoundRead:
    return RoundRead(number, 0, 0, 1, tuple(orders), tuple(fills), tuple(net))


def twice(**rows: Any) -> RoundsFound:
    return RoundsFound((read(1, **rows), read(2, **rows)))


WELL = [
    preflight.session(SESSION, {"NFO"}, END_NS),
    preflight.clock(ClockFound(-2.0)),
    readiness.tick_clock(2000),
    preflight.instruments([LISTED], TODAY),
    preflight.instruments([replace(LISTED, expiry=TODAY)], TODAY),
    readiness.tick_age(CALL, 2.9),
    preflight.funds(FUNDS, Decimal(40_000)),
    preflight.order_socket(SocketFound(greeted=True)),
    preflight.truth(twice()),
    preflight.truth(twice(orders=[order(TAG)], fills=[fill()], net=[NetReport(0, CALL, 65, 0)]), {TAG[3:5]}),
    preflight.truth(twice(orders=[order(state="rejected", filled=0)])),
    preflight.truth(twice(net=[NetReport(0, CALL, 0, 0)])),
    readiness.unknown_orders(0),
    readiness.journal(JournalFound(free_mb=500)),
    readiness.journal(JournalFound(durable=True, free_mb=500)),
    preflight.forward_test(ForwardFound(CleanText("paper-X.mqr"), 2.0, CleanText("same"))),
    preflight.address(AddressFound("not_found", CleanText("AB1007 Order not found"))),
]
NOT_WELL = [
    (preflight.session(SessionFound(problem=CleanText("login: AB1050")), {"NFO"}, END_NS), "login: AB1050"),
    (preflight.session(replace(SESSION, ours=False), {"NFO"}, END_NS), "another client's"),
    (preflight.session(replace(SESSION, expires_s=0), {"NFO"}, END_NS), "does not say until when"),
    (preflight.session(replace(SESSION, expires_s=SESSION.expires_s - 1), {"NFO"}, END_NS), "less than half an hour"),
    (preflight.session(SESSION, {"MCX"}, END_NS), "may not trade on MCX, but on NSE, NFO"),
    (preflight.session(replace(SESSION, exchanges=()), {"NFO"}, END_NS), "but on nowhere"),
    (preflight.clock(ClockFound(2.1)), "2.1 s ahead of the broker's; at most 2 s"),
    (preflight.clock(ClockFound()), "does not tell the time"),
    (preflight.clock(ClockFound(0.0, CleanText("no such host"))), "no such host"),
    (readiness.tick_clock(-2001), "2.0 s behind the ticks"),
    (preflight.instruments([], TODAY), "nothing is to be traded"),
    (preflight.instruments([replace(LISTED, instrument=None)], TODAY), f"{CALL}: is not listed"),
    (preflight.instruments([LISTED, replace(LISTED, fresh=False)], TODAY), "today's list could not be had"),
    (preflight.instruments([replace(LISTED, expiry=date(2026, 11, 30))], TODAY), "expired on 2026-11-30"),
    (preflight.instruments([replace(LISTED, problem=CleanText("may mean two"))], TODAY), "may mean two"),
    (preflight.instruments([replace(LISTED, instrument=replace(OPTION, watch_only=True))], TODAY), "only watched"),
    (preflight.instruments([replace(LISTED, instrument=replace(OPTION, freeze_quantity=0))], TODAY), "freeze quantity"),
    (readiness.tick_age(CALL, None), f"{CALL}: no tick"),
    (readiness.tick_age(CALL, 3.0), "no tick for 3.0 s"),
    (preflight.funds(FUNDS, Decimal("40000.01")), "40000.00 is there, 40000.01 may be needed"),
    (preflight.funds(replace(FUNDS, net=None), Decimal(1)), "nothing that can be read"),
    (preflight.funds(replace(FUNDS, margin=None), Decimal(1)), f"what one lot of {CALL} takes was not told"),
    (preflight.funds(FundsFound(problem=CleanText("AB2001")), Decimal(1)), "AB2001"),
    (preflight.order_socket(SocketFound()), "did not say that we are connected"),
    (preflight.order_socket(SocketFound(problem=CleanText("401"))), "401"),
    (preflight.truth(RoundsFound()), "0 of two rounds"),
    (preflight.truth(RoundsFound((read(1),))), "1 of two rounds"),
    (preflight.truth(RoundsFound(problem=CleanText("order book: AB2001"))), "order book: AB2001"),
    (preflight.truth(twice(net=[NetReport(0, CALL, 65, 0)])), "is not 0 carried over with its trades"),
    (preflight.truth(twice(net=[NetReport(0, CALL, 65, 65)])), f"not ours: 65 {CALL}"),
    (preflight.truth(twice(orders=[order(state="working", filled=0)])), "not ours: a working order, BUY 65"),
    (
        preflight.truth(twice(orders=[order(TAG)], fills=[fill()], net=[NetReport(0, CALL, 65, 0)]), {"ZZ"}),
        f"not ours: 65 {CALL}",  # by this program, from another journal
    ),
    (
        preflight.truth(twice(orders=[order()], fills=[fill()], net=[NetReport(0, CALL, 65, 0)])),
        f"not ours: 65 {CALL}",
    ),
    (
        preflight.truth(
            RoundsFound((read(1, [order(TAG)], [fill()], [NetReport(0, CALL, 65, 0)]), read(2, [order(TAG)])))
        ),
        "round 2 is not believed: the trade book has lost a trade",
    ),
    (readiness.unknown_orders(2), "2 orders UNKNOWN"),
    (readiness.journal(JournalFound(CleanText("row 5: broken chain"), free_mb=900)), "broken chain"),
    (readiness.journal(JournalFound(durable=False, free_mb=900)), "no row of it has reached the disk"),
    (readiness.journal(JournalFound(free_mb=499)), "499 MB are free, 500 are needed"),
    (preflight.forward_test(ForwardFound(problem=CleanText("no paper recording"))), "no paper recording"),
    (
        preflight.forward_test(ForwardFound(CleanText("p.mqr"), 2.5, CleanText("different: tick 5"))),
        "p.mqr, 2.5 h: different: tick 5",
    ),
    (preflight.address(AddressFound("ip", CleanText("AG7002 no"))), "AG7002 no: register this machine's address"),
    (preflight.address(AddressFound("", CleanText("timed out"))), "not known whether"),
    (preflight.address(AddressFound("session", CleanText("AG8001"))), "not known whether"),
    (preflight.address(AddressFound()), "no plain answer"),
]


@pytest.mark.parametrize("check", WELL)
def test_what_is_well_passes(check: Check) -> None:
    assert check.ok, check.text


@pytest.mark.parametrize(("check", "why"), NOT_WELL)
def test_what_is_not_refuses_with_its_reason(check: Check, why: str) -> None:
    assert not check.ok
    assert why in check.text


def test_the_list_of_checks_is_well_only_whole_and_keeps_the_newest_of_a_name() -> None:
    listed = Preflight().with_check(WELL[0]).with_check(NOT_WELL[6][0])
    assert not listed.well
    assert listed.failed == (NOT_WELL[6][0],)
    assert listed.with_check(WELL[1]).checks == (WELL[0], WELL[1])
    assert listed.with_check(WELL[1]).well


def test_the_largest_loss_is_what_all_positions_together_cost() -> None:
    assert largest_loss(live_config()) == Decimal(40_000)
