"""What is read out of the broker's rows, in every spelling that was seen."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from engine.execution.order_dialect import Reply
from engine.model.order_reports import FillReport, NetReport, OrderReport, RoundFailed, RoundRead
from engine.text.sanitize import CleanText, clean
from engine.venues.kite.orders.dialect import KiteOrders
from engine.venues.kite.orders.rows import stamp_ms
from tests.support.venues.kite_answers import (
    CALL,
    ORDER,
    ORDER_ID,
    POSITION,
    PUT,
    TRADE,
    TRADED,
    answer,
    no,
    positions,
    yes,
)

DIALECT = KiteOrders(TRADED)
NOW_MS = stamp_ms("2026-10-06 13:12:00")
WITHOUT = "without"


def read(orders: Reply, trades: Reply, held: Reply, dialect: KiteOrders = DIALECT) -> RoundRead | RoundFailed:
    reading = dialect.begin_round(3, 2, NOW_MS)
    for reply in (orders, trades, held):
        if (meaning := reading.take(reply, NOW_MS + 90)) is not None:
            assert isinstance(meaning.answer, RoundRead | RoundFailed)
            return meaning.answer
    raise AssertionError("a round has three parts")


def row(kind: dict[str, object], **other: object) -> dict[str, object]:
    return {name: value for name, value in {**kind, **other}.items() if value != WITHOUT}


def order(**other: object) -> OrderReport:
    told = read(yes([row(ORDER, **other)]), yes([]), positions())
    assert isinstance(told, RoundRead), told
    return told.orders[0]


def failure(orders: object = None, trades: object = None, held: object = None) -> str:
    told = read(yes(orders), yes(trades), yes(held))
    assert isinstance(told, RoundFailed), told
    return told.reason


# ── Orders ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_order_of_ours_has_one_number_for_life() -> None:
    assert order() == OrderReport(
        broker_id=CleanText(ORDER_ID),
        unique_id=CleanText(ORDER_ID),
        tag=CleanText("L9FAB00700007E"),
        instrument=1,
        symbol=PUT.symbol,
        side="BUY",
        quantity=65,
        filled=0,
        limit=10235,
        average=0,
        state="working",
        said=CleanText("OPEN"),
        at_ms=stamp_ms("2026-10-06 13:10:59"),
    )


def test_numbers_may_be_text_or_numbers_or_not_be_there() -> None:
    numbers = {"price": "102.35", "quantity": "65", "average_price": "102.3", "filled_quantity": 65.0}
    assert order(**numbers, order_id=int(ORDER_ID)) == order(average_price=102.3, filled_quantity=65)
    assert order(instrument_token=WITHOUT, price=None, average_price=WITHOUT, tag=None, variety=None).limit == 0


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("COMPLETE", "complete"),
        ("CANCELLED", "cancelled"),
        ("REJECTED", "rejected"),
        ("Complete", "complete"),
        (" CANCELLED ", "cancelled"),
        *(
            (word, "working")
            for word in (
                "OPEN",
                "OPEN PENDING",
                "VALIDATION PENDING",
                "PUT ORDER REQ RECEIVED",
                "MODIFY PENDING",
                "MODIFY VALIDATION PENDING",
                "CANCEL PENDING",
                "TRIGGER PENDING",
                "AMO REQ RECEIVED",
                "UPDATE",
                "MODIFIED",
                "SOMETHING NEW",
                "",
                None,
            )
        ),
    ],
)
def test_an_unknown_word_works_and_is_shown(status: str | None, state: str) -> None:
    told = order(status=status)
    assert (told.state, told.said) == (state, (status or "").strip())


def test_an_order_that_works_may_be_filled_in_part() -> None:
    told = order(status="UPDATE", filled_quantity=30, pending_quantity=35, average_price=102.316666)
    assert (told.state, told.filled, told.average) == ("working", 30, 10232)
    told = order(status="CANCELLED", filled_quantity=30, cancelled_quantity=35, average_price=102.3)
    assert (told.state, told.filled, told.average) == ("cancelled", 30, 10230)


def test_a_rejected_order_tells_why_and_of_which_family() -> None:
    words = "Insufficient funds. Required margin is 95417.84 but available margin is 74251.80."
    raw = "RMS:Margin Exceeds,Required:95417.84, Available:74251.80"
    told = order(status="REJECTED", status_message=words, status_message_raw=raw)
    assert (told.reason, told.family) == (words, "funds")
    told = order(status="REJECTED", status_message="Order rejected.", status_message_raw="17070 : LPP: below 98.05")
    assert (told.reason, told.family, told.bound, told.above) == ("Order rejected.", "price", 9805, False)
    told = order(status="REJECTED", status_message=None, status_message_raw=raw)
    assert (told.reason, told.family) == (raw, "funds")
    assert order(status_message="freeze").reason == ""  # as long as it works, nobody has refused it
    assert order(status="CANCELLED", status_message="RMS: auto square off").reason == "RMS: auto square off"


def test_an_order_that_is_not_of_the_run_is_counted_in_its_exchanges_units() -> None:
    foreign = {"tradingsymbol": "USDINR26OCTFUT", "instrument_token": 412675, "exchange": "CDS"}
    told = order(**foreign, price=72.0025, variety="amo")
    assert (told.instrument, told.symbol, told.limit, told.variety) == (-1, "USDINR26OCTFUT", 720_025_000, "amo")


def test_an_order_is_found_by_its_token_where_its_name_is_another() -> None:
    told = order(tradingsymbol="NIFTY26OCT22100PE", instrument_token="10412290")
    assert (told.instrument, told.symbol) == (1, PUT.symbol)


def test_what_the_broker_says_is_clean() -> None:
    told = order(status="REJECTED\x1b[2J", tag="a\u202eb")
    assert told.state == "working"
    rejected = order(status="REJECTED", status_message="x\n\x07")
    assert all(text.isprintable() for text in (told.said, told.tag, rejected.reason))


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"quantity": "many"}, "order book: row 2: 'many' is no number"),
        ({"quantity": None}, "order book: row 2: 'None' is no number"),
        ({"quantity": 0.5}, "order book: row 2: '0.5' is no quantity"),
        ({"quantity": 10**30}, "is no number"),
        ({"quantity": 10**16}, "is no quantity"),
        ({"price": 1e30}, "is no price"),
        ({"order_id": ""}, "order book: row 2: an order without a number"),
        ({"order_id": None}, "order book: row 2: an order without a number"),
        ({"order_id": "a b"}, "order book: row 2: 'a b' is no identity"),
        ({"order_id": WITHOUT}, "`order_id`"),
        ({"instrument_token": 10412034}, f"order book: row 2: {PUT.symbol} has the token of {CALL.symbol}"),
        ({"transaction_type": "HOLD"}, "'HOLD' - at `$.transaction_type`"),
        ({"tradingsymbol": WITHOUT}, "`tradingsymbol`"),
        ({"price": {"a": 1}}, "got `object` - at `$.price`"),
        ({"filled_quantity": True}, "got `bool` - at `$.filled_quantity`"),
    ],
)
def test_a_row_that_does_not_fit_fails_the_round_in_a_line(other: dict[str, object], says: str) -> None:
    told = failure([row(ORDER), row(ORDER, **other)])
    assert told.startswith("order book: ")
    assert told.endswith(says)


# ── Times ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def utc(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def test_a_stamp_is_of_india_and_the_first_that_is_one_counts() -> None:
    assert (
        stamp_ms("2021-05-31 09:18:57") == stamp_ms(None, "soon", "2021-05-31T09:18:57") == utc("2021-05-31T03:48:57")
    )
    assert order(exchange_update_timestamp=None, exchange_timestamp="").at_ms == stamp_ms("2026-10-06 13:10:58")


@pytest.mark.parametrize(
    "told", ["", None, "2021-02-31 09:18:57", "2021-05-31 25:18:57", "09:18:57", "31-05-2021 09:18:57"]
)
def test_what_is_no_stamp_is_none(told: str | None) -> None:
    assert stamp_ms(told) == 0


# ── Trades ──────────────────────────────────────────────────────────────────────────────────────────────────────────


def fills(trades: list[dict[str, object]], orders: list[dict[str, object]] | None = None) -> tuple[FillReport, ...]:
    told = read(yes(orders), yes(trades), positions())
    assert isinstance(told, RoundRead), told
    return told.fills


def test_a_fill() -> None:
    assert fills([row(TRADE)]) == (
        FillReport(
            fill_id=CleanText("50005750"),
            broker_id=CleanText(ORDER_ID),
            instrument=1,
            symbol=PUT.symbol,
            side="BUY",
            quantity=65,
            price=10230,
            at_ms=stamp_ms("2026-10-06 13:11:02"),
        ),
    )
    assert fills([row(TRADE, fill_timestamp=None)])[0].at_ms == stamp_ms("2026-10-06 13:11:02")


def test_a_fill_is_of_the_instrument_of_its_order() -> None:
    name = {"tradingsymbol": "NIFTY26OCT22100PE"}
    unnamed = row(TRADE, instrument_token=None, **name)
    assert fills([unnamed])[0].instrument == -1
    joined = fills([unnamed], [row(ORDER, **name)])[0]
    assert (joined.instrument, joined.symbol) == (1, PUT.symbol)


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"trade_id": ""}, "trade book: row 1: a trade without a number"),
        ({"order_id": None}, "trade book: row 1: a trade without a number"),
        ({"quantity": "x"}, "trade book: row 1: 'x' is no number"),
        ({"average_price": None}, "trade book: row 1: 'None' is no number"),
        (
            {"tradingsymbol": CALL.symbol, "instrument_token": None},
            "trade book: row 1: trade 50005750 is not of the instrument of its order",
        ),
    ],
)
def test_a_trade_that_does_not_fit_fails_the_round(other: dict[str, object], says: str) -> None:
    assert failure([row(ORDER)], [row(TRADE, **other)]) == says


# ── Positions ───────────────────────────────────────────────────────────────────────────────────────────────────────


def nets(*net: dict[str, object], day: tuple[dict[str, object], ...] = ()) -> tuple[NetReport, ...]:
    told = read(yes(None), yes(None), positions(*net, day=day))
    assert isinstance(told, RoundRead), told
    return told.net


def test_the_products_of_a_symbol_are_added_up_and_the_day_is_in_the_net() -> None:
    held = nets(
        row(POSITION),
        row(POSITION, product="NRML", quantity=-130, overnight_quantity=-130),
        row(POSITION, tradingsymbol="GOLD26DECFUT", exchange="MCX", instrument_token=4711, quantity=0),
        day=(row(POSITION), row(POSITION, quantity=9_999)),
    )
    assert held == (
        NetReport(1, PUT.symbol, -65, -130, -130, CleanText("NFO"), CleanText("10412290")),
        NetReport(-1, CleanText("GOLD26DECFUT"), 0, 0, 0, CleanText("MCX"), CleanText("4711")),
    )


def test_null_says_that_nothing_is_there() -> None:
    told = read(yes(None), yes(None), yes(None))
    assert isinstance(told, RoundRead)
    assert (told.orders, told.fills, told.net) == ((), (), ())
    assert isinstance(read(yes([]), yes([]), yes({"net": None, "day": None})), RoundRead)


@pytest.mark.parametrize(
    ("held", "says"),
    [
        ({"net": [row(POSITION, quantity="")]}, "positions: '' is no number"),
        ({"net": [row(POSITION, quantity=12.5)]}, "positions: '12.5' is no quantity"),
        (
            {"net": [row(POSITION, instrument_token=10412034)]},
            f"positions: {PUT.symbol} has the token of {CALL.symbol}",
        ),
        ({"net": [row(POSITION, product=WITHOUT)]}, "`product` - at `$.net[0]`"),
        ({"net": {}}, "got `object` - at `$.net`"),
        ({"day": []}, "missing required field `net`"),
        ([row(POSITION)], "got `array`"),
    ],
)
def test_positions_that_do_not_fit_fail_the_round(held: object, says: str) -> None:
    told = failure(None, None, held)
    assert told.startswith("positions: ")
    assert told.endswith(says)


# ── Rounds ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("bad", range(3))
def test_one_bad_answer_of_the_three_ends_the_round(bad: int) -> None:
    reading = DIALECT.begin_round(9, 4, 1_000)
    for step in range(bad):
        assert reading.take(yes([row((ORDER, TRADE)[step])]), 1_100) is None
    meaning = reading.take(no("NetworkException", "Gateway timed out.", 503), 1_200)
    assert meaning is not None
    name = ("order book", "trade book", "positions")[bad]
    assert meaning.answer == RoundFailed(9, clean(f"{name}: NetworkException Gateway timed out."))


def test_nothing_is_kept_of_a_list_that_was_cut() -> None:
    dialect = KiteOrders(TRADED)
    whole = yes([row(ORDER)])
    assert isinstance(read(replace(whole, body=whole.body[:-9]), yes([]), positions(), dialect), RoundFailed)
    assert isinstance(read(answer(b"[]"), yes([]), positions(), dialect), RoundFailed)
    told = read(whole, yes([]), positions(), dialect)
    assert isinstance(told, RoundRead)
    assert (told.number, told.begun_ms, told.ended_ms, told.generation) == (3, NOW_MS, NOW_MS + 90, 2)


def test_what_was_taken_off_the_list_does_not_stand_before_what_is_on_it() -> None:
    again = KiteOrders(TRADED)
    again.relist((CALL, replace(PUT, removed=True), PUT))
    told = read(yes([row(ORDER)]), yes([row(TRADE)]), positions(POSITION), again)
    assert isinstance(told, RoundRead)
    assert (told.orders[0].instrument, told.fills[0].instrument, told.net[0].instrument) == (2, 2, 2)


def test_a_list_that_comes_again_as_it_was_is_not_read_anew_and_one_that_has_changed_is() -> None:
    dialect = KiteOrders(TRADED)

    def told(price: float) -> RoundRead:
        found = read(yes([row(ORDER, price=price)]), yes([row(TRADE)]), positions(POSITION), dialect)
        assert isinstance(found, RoundRead)
        return found

    first, again, other = told(102.35), told(102.35), told(99.5)
    assert again.orders is first.orders
    assert again.fills is first.fills
    assert again.net is first.net
    assert (other.orders[0].limit, other.fills, other.net) == (9950, first.fills, first.net)
