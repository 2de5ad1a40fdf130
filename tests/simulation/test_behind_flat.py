"""What comes in behind the proof that we are out."""

from engine.model.events import FlatChanged
from tests.simulation.stage import LOT, NIFTY, Stage


def out_with_a_lost_entry() -> Stage:
    """A flat is proven while an entry never arrived, as far as three rounds tell."""
    stage = Stage("at place 1: place lost").buy(1)
    stage.begin_flat("key")
    stage.go(30_000)
    assert (stage.flat, stage.states()) == ("FLAT", ["NOT_PLACED"])
    return stage


def is_bought_after_all(stage: Stage) -> None:
    """The entry was at the exchange all the time, and is filled."""
    order = next(iter(stage.blotter.orders.values()))
    del stage.exchange.counters.placed[order.tag]  # it is the one that was lost
    stage.exchange.call(
        stage.now_ms,
        "place",
        {
            "variety": "NORMAL", "tradingsymbol": NIFTY, "symboltoken": "40001", "transactiontype": "BUY", "exchange": "NFO",
            "ordertype": "LIMIT", "producttype": "INTRADAY", "duration": "DAY", "price": "105", "quantity": str(LOT),
            "ordertag": order.tag,
        },
    )  # fmt: skip


def test_what_is_filled_behind_the_proof_is_closed_and_proven_anew() -> None:
    stage = out_with_a_lost_entry()
    is_bought_after_all(stage)
    stage.go(15_000)
    assert len(stage.exchange.fills) == 2
    assert (stage.flat, stage.held) == ("FLAT", (0, 0))
    assert [event.state for event in stage.told if isinstance(event, FlatChanged)].count("FLAT") == 2
    assert stage.trader.state.gate.locked == "flat: key"


def test_behind_an_unlock_it_is_a_position_like_any_other_and_entries_are_locked() -> None:
    stage = out_with_a_lost_entry()
    stage.unlock()
    is_bought_after_all(stage)
    stage.go(32_000)
    assert (stage.flat, stage.held) == ("NORMAL", (1, 1))
    assert "after all" in stage.trader.state.gate.locked
    stage.sell(1).go(6_000)
    assert stage.held == (0, 0)
