"""At which price an order is sent: the newest quote there is, one that is asked for until it comes, and what refusals teach."""

from engine.model.order_reports import Quoted
from engine.model.order_requests import Purpose, ReadQuote
from engine.model.types import Instrument, Side
from engine.text.sanitize import CleanText
from engine.trading.orders.live_order import LiveOrder
from engine.trading.orders.price_ladder import QUOTE_MS, Quote, Start
from engine.trading.orders.pricing import QUOTE_WAIT_MS, Pricing
from engine.trading.orders.wishes import Wish

OPTION = Instrument(CleanText("NIFTY06OCT2625000CE"), CleanText("40001"), tick_size=5, lot_size=65)
NOW_MS = 1_000_000
OLD_MS = NOW_MS - QUOTE_MS - 1


def wish(purpose: Purpose = "EXIT", side: Side = "SELL") -> Wish:
    return Wish(1, 0, side, purpose, 65, 10_000, "a reason", NOW_MS)


def pricing(shown: Quote) -> Pricing:
    return Pricing([OPTION], lambda _: shown)


def asked_at(found: Pricing, wanted: Wish, until_ms: int) -> list[int]:
    """When a quote is asked for, where its ladder is looked at every 250 ms."""
    times = []
    for after_ms in range(0, until_ms, 250):
        found.start(wanted, NOW_MS + after_ms)
        times += [after_ms for _ in found.asks(NOW_MS + after_ms)]
    return times


def test_a_ladder_begins_at_what_the_feed_shows_and_asks_for_nothing() -> None:
    found = pricing(Quote(NOW_MS, 10_000, 10_010, 10_005))
    assert found.start(wish(), NOW_MS) == Start(10_000)
    assert found.start(wish("ENTRY", "BUY"), NOW_MS) == Start(10_010)
    assert found.asks(NOW_MS) == []


def test_a_quote_that_was_asked_for_counts_while_the_feed_shows_nothing_newer() -> None:
    shown = [Quote(OLD_MS, 10_000, 10_010, 10_005)]
    found = Pricing([OPTION], lambda _: shown[0])
    assert found.start(wish(), NOW_MS) is None
    assert found.asks(NOW_MS) == [ReadQuote(0)]
    found.quoted(Quoted(0, NOW_MS, 9_000, 9_010, 9_005), NOW_MS)
    assert found.start(wish(), NOW_MS) == Start(9_000)
    shown[0] = Quote(NOW_MS + 1, 8_000, 8_010, 8_005)
    assert found.start(wish(), NOW_MS + 1) == Start(8_000)


def test_the_circuit_of_a_quote_is_kept() -> None:
    found = pricing(Quote(0))
    found.quoted(Quoted(0, NOW_MS, 9_000, 9_010, 9_005, lower=8_995, upper=11_000), NOW_MS)
    found.quoted(Quoted(0, NOW_MS, 9_000, 9_010, 9_005), NOW_MS)
    assert found.limit(wish(), Start(9_000), 5, NOW_MS) == 8_995


def test_a_quote_is_asked_for_again_while_none_comes() -> None:
    found = pricing(Quote(OLD_MS, 10_000, 10_010, 10_005))
    assert asked_at(found, wish("ENTRY", "BUY"), 5_000) == [0, QUOTE_WAIT_MS, 2 * QUOTE_WAIT_MS, 3 * QUOTE_WAIT_MS]


def test_two_that_lack_the_same_quote_ask_for_it_once() -> None:
    found = pricing(Quote(0))
    assert found.start(wish(), NOW_MS) is None
    assert found.start(wish("FLAT"), NOW_MS) is None
    assert found.asks(NOW_MS) == [ReadQuote(0)]
    assert found.asks(NOW_MS + QUOTE_WAIT_MS) == []


def test_an_exit_goes_blind_after_a_while_and_an_entry_never_does() -> None:
    found = pricing(Quote(OLD_MS, 10_000, 10_010, 10_005))
    sold, bought = wish(), wish("ENTRY", "BUY")
    for after_ms in (0, QUOTE_WAIT_MS - 1):
        assert found.start(sold, NOW_MS + after_ms) is None
    assert found.start(bought, NOW_MS) is None
    assert found.start(sold, NOW_MS + QUOTE_WAIT_MS) == Start(10_005, blind=True)
    assert found.start(bought, NOW_MS + 10 * QUOTE_WAIT_MS) is None


def test_an_exit_that_was_told_a_price_waits_anew_once_that_is_old() -> None:
    found = pricing(Quote(OLD_MS, 10_000, 10_010, 10_005))
    sold = wish()
    assert found.start(sold, NOW_MS) is None
    found.quoted(Quoted(0, NOW_MS, 9_000, 9_010, 9_005), NOW_MS)
    assert found.start(sold, NOW_MS + QUOTE_MS) == Start(9_000)
    assert found.start(sold, NOW_MS + QUOTE_MS + 1) is None
    assert found.start(sold, NOW_MS + QUOTE_MS + 1 + QUOTE_WAIT_MS) == Start(9_005, blind=True)


def test_trades_bound_the_limit_and_a_refusal_does_it_better() -> None:
    found = pricing(Quote(NOW_MS, 10_000, 10_010, 10_005))
    sold = wish()
    found.traded(0, 12_000, NOW_MS)
    assert found.limit(sold, Start(10_000), 5, NOW_MS) == 8_000
    refused = LiveOrder(1, "L1E", 0, "SELL", 65, "EXIT", "a reason", 10_000, 8_000, NOW_MS)
    refused.family, refused.bound, refused.above = "price", 8_500, True
    found.learn(sold, refused, 8_000, NOW_MS)
    assert sold.keenest == 0
    assert found.limit(sold, Start(10_000), 5, NOW_MS) == 8_505


def test_a_refusal_without_a_number_halves_the_way_to_the_market() -> None:
    found = pricing(Quote(NOW_MS, 10_000, 10_010, 10_005))
    sold = wish()
    found.learn(sold, LiveOrder(1, "L1E", 0, "SELL", 65, "EXIT", "a reason", 10_000, 8_000, NOW_MS), 8_000, NOW_MS)
    assert found.limit(sold, Start(10_000), 5, NOW_MS) == 9_000
