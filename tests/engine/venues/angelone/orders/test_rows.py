"""What is read out of the broker's rows, in every spelling that was seen."""

import pytest
from msgspec.structs import replace

from engine.execution.order_dialect import Reply
from engine.model.order_reports import FillReport, NetReport, OrderReport, RoundFailed, RoundRead
from engine.text.sanitize import CleanText, clean
from engine.venues.angelone.orders.dialect import SmartApiOrders
from engine.venues.angelone.orders.stamps import stamp_ms
from tests.support.broker_answers import CALL, ORDER, POSITION, PUT, TRADE, TRADED, no, yes

DIALECT = SmartApiOrders(TRADED)
NOW_MS = stamp_ms("20-Oct-2020 13:12:00")
WITHOUT = "without"


def read(orders: Reply, trades: Reply, positions: Reply, dialect: SmartApiOrders = DIALECT) -> RoundRead | RoundFailed:
    reading = dialect.begin_round(3, 2, NOW_MS)
    for reply in (orders, trades, positions):
        if (meaning := reading.take(reply, NOW_MS + 90)) is not None:
            assert isinstance(meaning.answer, RoundRead | RoundFailed)
            return meaning.answer
    raise AssertionError("a round has three parts")


def row(kind: dict[str, object], **other: object) -> dict[str, object]:
    return {name: value for name, value in {**kind, **other}.items() if value != WITHOUT}


def order(**other: object) -> OrderReport:
    told = read(yes([row(ORDER, **other)]), yes(None), yes(None))
    assert isinstance(told, RoundRead), told
    return told.orders[0]


def failure(orders: object = None, trades: object = None, positions: object = None) -> str:
    told = read(yes(orders), yes(trades), yes(positions))
    assert isinstance(told, RoundFailed), told
    return told.reason


# ── Orders ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_order_of_ours() -> None:
    assert order() == OrderReport(
        broker_id=CleanText("200910000000111"),
        unique_id=CleanText("34reqfachdfih"),
        tag=CleanText("L9FAB00700007E"),
        instrument=1,
        symbol=CleanText("NIFTY06OCT2622100PE"),
        side="BUY",
        quantity=65,
        filled=0,
        limit=10235,
        average=0,
        state="working",
        said=CleanText("open"),
        at_ms=stamp_ms("20-Oct-2020 13:10:59"),
    )


def test_numbers_may_be_text_or_numbers_or_not_be_there() -> None:
    numbers = {"price": 102.35, "quantity": 65.0, "averageprice": 102.3, "filledshares": 65, "orderid": 200910000000111}
    assert order(**numbers, symboltoken=40672) == order(averageprice="102.3", filledshares="65")
    assert order(filledshares="", averageprice=None, text=None, ordertag=None, uniqueorderid=WITHOUT).unique_id == ""


@pytest.mark.parametrize(
    ("orderstatus", "status", "state", "said"),
    [
        ("open", "open", "working", "open"),
        ("trigger pending", "modified", "working", "trigger pending"),
        ("", "complete", "complete", "complete"),
        (None, "rejected", "rejected", "rejected"),
        ("Executed", "", "complete", "Executed"),
        ("cancelled", "open", "cancelled", "cancelled"),
        ("AMO CANCELLED", "", "cancelled", "AMO CANCELLED"),
        *(
            (word, "complete", "working", word)
            for word in (
                "open pending",
                "put order req received",
                "validation pending",
                "modified",
                "modify pending",
                "modify validation pending",
                "not modified",
                "cancel pending",
                "not cancelled",
                "after market order req received",
                "something new",
            )
        ),
        ("", "", "working", ""),
    ],
)
def test_the_state_is_the_first_word_and_an_unknown_one_works(
    orderstatus: str | None, status: str, state: str, said: str
) -> None:
    told = order(orderstatus=orderstatus, status=status)
    assert (told.state, told.said) == (state, said)


def test_a_rejected_order_tells_why_and_of_which_family() -> None:
    words = "Order price is beyond the Limit Price Protection range. Please increase the limit price above <98.05>"
    told = order(orderstatus="rejected", text=words, filledshares="0")
    assert (told.reason, told.family, told.bound, told.above) == (words, "price", 9805, True)
    told = order(orderstatus="cancelled", text="Order cancelled at the end of the day")
    assert (told.reason, told.family) == ("Order cancelled at the end of the day", "other")
    assert order(text="freeze").reason == ""  # as long as it works, nobody has refused it


def test_a_cancelled_order_may_be_filled_in_part() -> None:
    told = order(orderstatus="cancelled", filledshares="30", averageprice="102.316666")
    assert (told.state, told.filled, told.average) == ("cancelled", 30, 10232)


def test_an_order_that_is_not_of_the_run_is_counted_in_its_exchanges_units() -> None:
    other = order(tradingsymbol="EURINR26OCTFUT", symboltoken="99", exchange="CDS", price="90.0025", variety="STOPLOSS")
    assert (other.instrument, other.symbol, other.limit, other.variety) == (
        -1,
        "EURINR26OCTFUT",
        900_025_000,
        "STOPLOSS",
    )


def test_an_order_is_found_by_its_token_where_its_name_is_another() -> None:
    told = order(tradingsymbol="NIFTY 06OCT26 22100 PE", symboltoken="40672")
    assert (told.instrument, told.symbol) == (1, "NIFTY06OCT2622100PE")


def test_what_the_broker_says_is_clean() -> None:
    told = order(orderstatus="rejected\x1b[2J", ordertag="a\u202eb", text="x\n\x07")
    assert all(text.isprintable() for text in (told.said, told.tag, told.reason))


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"quantity": "many"}, "order book: row 2: 'many' is no number"),
        ({"quantity": None}, "order book: row 2: 'None' is no number"),
        ({"quantity": "0.5"}, "order book: row 2: '0.5' is no quantity"),
        ({"orderid": ""}, "order book: row 2: an order without a number"),
        ({"orderid": "a b"}, "order book: row 2: 'a b' is no identity"),
        ({"symboltoken": "40671"}, f"order book: row 2: NIFTY06OCT2622100PE has the token of {CALL.symbol}"),
        ({"transactiontype": "HOLD"}, "'HOLD' - at `$.transactiontype`"),
        ({"tradingsymbol": WITHOUT}, "`tradingsymbol`"),
        ({"price": {"a": 1}}, "got `object` - at `$.price`"),
    ],
)
def test_a_row_that_does_not_fit_fails_the_round_in_a_line(other: dict[str, object], says: str) -> None:
    told = failure([row(ORDER), row(ORDER, **other)])
    assert told.startswith("order book: ")
    assert told.endswith(says)


# ── Trades ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def fills(trades: list[dict[str, object]], orders: list[dict[str, object]] | None = None) -> tuple[FillReport, ...]:
    told = read(yes(orders), yes(trades), yes(None))
    assert isinstance(told, RoundRead), told
    return told.fills


def test_a_fill() -> None:
    assert fills([row(TRADE)]) == (
        FillReport(
            fill_id=CleanText("50005750"),
            broker_id=CleanText("200910000000111"),
            instrument=1,
            symbol=CleanText("NIFTY06OCT2622100PE"),
            side="BUY",
            quantity=65,
            price=10230,
            at_ms=stamp_ms("20-Oct-2020 13:11:02"),
        ),
    )


def test_a_fill_is_of_the_instrument_of_its_order() -> None:
    name = {"tradingsymbol": "NIFTY 06OCT26 22100 PE"}
    named = [row(ORDER, symboltoken="40672", **name)]
    assert fills([row(TRADE, **name)])[0].instrument == -1
    joined = fills([row(TRADE, orderid=200910000000111, **name)], named)[0]
    assert (joined.instrument, joined.symbol) == (1, "NIFTY06OCT2622100PE")


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"fillid": ""}, "trade book: row 1: a trade without a number"),
        ({"fillsize": "x"}, "trade book: row 1: 'x' is no number"),
        ({"fillprice": None}, "trade book: row 1: 'None' is no number"),
        ({"tradingsymbol": CALL.symbol}, "trade book: row 1: trade 50005750 is not of the instrument of its order"),
    ],
)
def test_a_trade_that_does_not_fit_fails_the_round(other: dict[str, object], says: str) -> None:
    assert failure([row(ORDER)], [row(TRADE, **other)]) == says


# ── Positions ───────────────────────────────────────────────────────────────────────────────────────────────────────


def nets(*positions: dict[str, object]) -> tuple[NetReport, ...]:
    told = read(yes(None), yes(None), yes(list(positions)))
    assert isinstance(told, RoundRead), told
    return told.net


def test_the_products_of_a_symbol_are_added_up() -> None:
    held = nets(
        row(POSITION),
        row(POSITION, producttype="CARRYFORWARD", netqty="-130", cfbuyqty="0", cfsellqty="130"),
        row(POSITION, tradingsymbol="GOLD26DECFUT", exchange="MCX", symboltoken="4711", netqty="0", cfbuyqty=WITHOUT),
    )
    assert held == (
        NetReport(1, CleanText("NIFTY06OCT2622100PE"), -65, -130, -130, CleanText("NFO"), CleanText("40672")),
        NetReport(-1, CleanText("GOLD26DECFUT"), 0, 0, 0, CleanText("MCX"), CleanText("4711")),
    )


def test_blanks_stand_within_numbers() -> None:
    assert nets(row(POSITION, netqty="- 65", cfsellqty=" 65 ", cfbuyqty=""))[0].net == -65


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"netqty": ""}, "positions: '' is no number"),
        ({"netqty": "12.5"}, "positions: '12.5' is no quantity"),
        ({"symboltoken": "40671"}, f"positions: {PUT.symbol} has the token of {CALL.symbol}"),
        ({"producttype": WITHOUT}, "`producttype` - at `$[0]`"),
    ],
)
def test_a_position_that_does_not_fit_fails_the_round(other: dict[str, object], says: str) -> None:
    told = failure(None, None, [row(POSITION, **other)])
    assert told.startswith("positions: ")
    assert told.endswith(says)


# ── Rounds ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_round_asks_for_the_three_and_says_when_it_began_and_ended() -> None:
    reading = DIALECT.begin_round(9, 4, 1_000)
    paths = [reading.wire.path.rpartition("/")[2]]
    for reply, now_ms in ((yes([row(ORDER)]), 1_100), (no("AB1014", "Trade not found"), 1_200)):
        assert reading.take(reply, now_ms) is None
        paths.append(reading.wire.path.rpartition("/")[2])
    meaning = reading.take(yes([row(POSITION)]), 1_300)
    assert meaning is not None
    told = meaning.answer
    assert paths == ["getOrderBook", "getTradeBook", "getPosition"]
    assert isinstance(told, RoundRead)
    assert (told.number, told.begun_ms, told.ended_ms, told.generation) == (9, 1_000, 1_300, 4)
    assert (len(told.orders), len(told.fills), len(told.net)) == (1, 0, 1)


@pytest.mark.parametrize("bad", range(3))
def test_one_bad_answer_of_the_three_ends_the_round(bad: int) -> None:
    reading = DIALECT.begin_round(9, 4, 1_000)
    for step in range(bad):
        assert reading.take(yes([row((ORDER, TRADE)[step])]), 1_100) is None
    meaning = reading.take(no("AB2001", "Internal Error"), 1_200)
    assert meaning is not None
    name = ("order book", "trade book", "positions")[bad]
    assert meaning.answer == RoundFailed(9, clean(f"{name}: AB2001 Internal Error"))


def test_what_was_taken_off_the_list_does_not_stand_before_what_is_on_it() -> None:
    again = SmartApiOrders(TRADED)
    again.relist((CALL, replace(PUT, removed=True), PUT))
    reading = again.begin_round(1, 1, 0)
    reading.take(yes([row(ORDER, symboltoken="40672")]), 1)
    reading.take(yes(None), 1)
    meaning = reading.take(yes(None), 1)
    assert meaning is not None
    assert isinstance(meaning.answer, RoundRead)
    assert meaning.answer.orders[0].instrument == 2


def test_a_list_that_comes_again_as_it_was_is_not_read_anew_and_one_that_has_changed_is() -> None:
    dialect = SmartApiOrders(TRADED)

    def told(price: str) -> RoundRead:
        found = read(yes([row(ORDER, price=price)]), yes([row(TRADE)]), yes([row(POSITION)]), dialect)
        assert isinstance(found, RoundRead)
        return found

    first, again, other = told("102.35"), told("102.35"), told("99.5")
    assert again.orders is first.orders
    assert again.fills is first.fills
    assert again.net is first.net
    assert (other.orders[0].limit, other.fills, other.net) == (9950, first.fills, first.net)
