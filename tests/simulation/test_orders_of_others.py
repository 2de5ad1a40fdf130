"""Somebody puts an order on at the app: nothing is entered until a person has looked, once an order; a flat is never proven over it."""

from tests.simulation.stage import LOT, NIFTY, Stage


def with_their_order(stage: Stage, price: str = "50") -> Stage:
    """It waits in the book, far below the market."""
    stage.exchange.call(
        stage.now_ms,
        "place",
        {
            "variety": "NORMAL", "tradingsymbol": NIFTY, "symboltoken": "40001", "transactiontype": "BUY", "exchange": "NFO",
            "ordertype": "LIMIT", "producttype": "INTRADAY", "duration": "DAY", "price": price, "quantity": str(LOT), "ordertag": f"APP{price}",
        },
    )  # fmt: skip
    return stage.go(6_000)


def test_entries_are_locked_until_a_person_has_looked() -> None:
    stage = with_their_order(Stage().buy(1))
    assert stage.trader.state.gate.locked == f"somebody else has an order to buy {LOT} {NIFTY}"
    stage.unlock()
    stage.go(20_000)
    assert stage.objection(1) == ""
    with_their_order(stage, "60")
    assert stage.trader.state.gate.locked


def test_exits_go_out_beside_it() -> None:
    stage = with_their_order(Stage().buy(2))
    assert stage.sell(2).go(6_000).held == (0, 0)


def test_a_flat_closes_what_is_held_and_is_not_proven_while_it_works() -> None:
    stage = with_their_order(Stage().buy(2))
    stage.begin_flat("key")
    stage.go(20_000)
    assert stage.held == (0, 0)
    assert stage.trader.state.flat.shown == "ESCALATED"
    assert [each.endswith("works") for each in stage.desk.flat.unresolved] == [True]


def test_an_order_of_ours_that_has_lost_its_tag_is_none_of_theirs() -> None:
    stage = Stage("at place 1: place untagged").buy(1).go(8_000)
    assert "somebody else" not in stage.trader.state.gate.locked
    assert stage.held == (1, 1)
