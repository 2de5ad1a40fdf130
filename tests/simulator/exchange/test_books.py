"""The broker's lists are late, each by its own, and say in the end what is true."""

from hypothesis import given
from hypothesis import strategies as st

from tests.simulator.exchange import Delays
from tests.simulator.exchange.books import LaggedBook
from tests.support.exchange_harness import CALL, ExchangeHarness

changes = st.lists(st.tuples(st.integers(0, 500), st.integers(0, 3_000), st.integers(0, 5)), max_size=20)


@given(changes, st.lists(st.integers(0, 900), max_size=20))
def test_a_row_shows_its_changes_in_order_never_too_early_and_all_in_the_end(changes, waits):
    book = LaggedBook(lambda image: b"%d" % image)
    now_ms, told = 0, []
    for number, (wait_ms, lag_ms, key) in enumerate(changes):
        now_ms += wait_ms
        book.change(now_ms, lag_ms, key, number)
        told.append((now_ms, lag_ms, key, number))
    newest = -1
    for wait_ms in waits:
        now_ms += wait_ms
        shown = book.images(now_ms)
        assert book.body(now_ms) == b",".join(b"%d" % each for each in shown)
        assert max(shown, default=-1) >= newest
        newest = max(shown, default=-1)
        assert all(now_ms >= told[each][0] + told[each][1] for each in shown)
    end_ms = max(now_ms, book.settled_ms)
    assert book.body(end_ms) == b",".join(b"%d" % each for each in {key: number for _, _, key, number in told}.values())


def test_a_book_as_it_was_is_what_it_showed_then():
    book = LaggedBook(lambda image: image.encode())
    book.change(0, 100, 1, "a")
    book.change(10, 100, 2, "b")
    book.change(200, 0, 1, "A")
    assert book.body(150) == b"a,b"
    assert book.body(300) == b"A,b"
    assert book.rows(book.images(300, 150)) == b"a,b"
    assert book.rows(book.images(300, 195)) == b"a"
    assert book.rows(book.images(300, 250)) == b""


def test_each_list_has_its_own_delay():
    delays = Delays((0, 0), (0, 0), (0, 0), (1_500, 1_500), (3_500, 3_500), (6_500, 6_500), (0, 0), 0)
    client = ExchangeHarness(delays=delays)
    client.placed()
    seen = []
    for _ in range(7):
        seen.append("".join("." if client.rows(book) else "-" for book in ("order_book", "trade_book", "positions")))
    assert seen == ["---", "..-", "...", "...", "...", "...", "..."]
    assert client.exchange.at_rest


def test_at_rest_is_when_nothing_is_on_its_way_and_all_lists_are_true():
    client = ExchangeHarness(delays=Delays((0, 0), (20, 20), (30, 30), (0, 0), (700, 700), (0, 0), (0, 0), 0))
    assert client.exchange.at_rest
    orderid = client.placed(price=99)
    assert not client.exchange.at_rest
    client.after(50)
    assert client.exchange.at_rest
    client.exchange.set_book(client.now_ms, CALL.symbol, (), ((9_000, 65),))
    assert not client.exchange.at_rest
    client.after(700)
    assert client.exchange.at_rest
    assert client.rows("trade_book")[0]["orderid"] == orderid
