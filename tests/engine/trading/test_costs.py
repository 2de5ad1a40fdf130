"""Costs by kind: five worked contract notes, the row of the session's date, and that what is told is what was booked."""

import csv
from collections import Counter
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.config import charge_tables
from engine.model.broker_events import Filled
from engine.model.events import FillBooked, InstrumentWarned
from engine.model.types import Fill, Instrument, Trade
from engine.text.sanitize import CleanText
from engine.trading.costs import CostBook, Kinds, NoteCosts, PercentCosts, add_up, total
from engine.trading.portfolio import Portfolio
from engine.trading.positions import Levels
from engine.trading.risk import Sizing
from tests.support.brokers import LateBroker
from tests.support.builders import EAGER, config, ms
from tests.support.shared_data import shared
from tests.support.thorough import examples
from tests.support.trader_harness import TraderHarness

NSE, BSE = "angelone-nse-options", "angelone-bse-options"
TODAY = "2026-11-30"
NIFTY = Instrument(CleanText("NIFTY26DEC26000CE"), lot_size=65, freeze_quantity=1800, market="NSE")
SENSEX = Instrument(CleanText("SENSEX26DEC85000PE"), exchange=CleanText("BFO"), lot_size=20, freeze_quantity=1000, market="BSE")  # fmt: skip


class Account(Portfolio):
    """An account that adds up what its fills cost by kind."""

    def __init__(self, *instruments: Instrument, cash: int = 10_000_000, model: str = "contract_note") -> None:
        rules = config(f"charges.model={model}")
        levels = tuple(Levels.of(rules.risk, each) for each in instruments)
        super().__init__(instruments, levels, CostBook(rules, instruments).by_instrument, Decimal(cash))
        self.kinds: Kinds = {}

    def book(self, fill: Fill, before: int = 0) -> Trade | None:
        """Book `fill`, after so much of its order; the exit."""
        charged = self.charge(fill, before)
        add_up(self.kinds, charged)
        if fill.side == "SELL":
            return self.sell(fill, "test", charged)
        self.buy(fill, fill.price, charged)
        return None


def costs_of(trade: Trade | None) -> Decimal:
    assert trade is not None
    return trade.costs


def fill(number: int, side: str, quantity: int, rupees: str, index: int = 0, day: str = TODAY) -> Fill:
    return Fill(number, index, side, quantity, int(Decimal(rupees) * 100), ms("10:00:00", day))


def paisa(kinds: Kinds) -> dict[str, str]:
    return {kind: f"{amount:.2f}" for kind, amount in kinds.items()}


# ── Five contract notes ─────────────────────────────────────────────────────────────────────────────────────────────


def test_the_note_of_one_lot_bought_and_sold() -> None:
    note = Account(NIFTY)
    note.book(fill(1, "BUY", 65, "100"))
    costs = costs_of(note.book(fill(2, "SELL", 65, "105")))
    assert note.kinds == {  # of 6,500 bought and 6,825 sold
        "brokerage": Decimal(40),
        "exchange": Decimal(13325) * Decimal("0.0003503"),
        "IPFT": Decimal(13325) * Decimal("0.000005"),
        "SEBI": Decimal(13325) * Decimal("0.000001"),
        "GST": (40 + Decimal(13325) * Decimal("0.0003563")) * Decimal("0.18"),
        "stamp": Decimal(6500) * Decimal("0.00003"),
        "STT": Decimal(6825) * Decimal("0.0015"),
    }
    assert costs == note.costs_paid == total(note.kinds) == Decimal("63.23478305")
    assert note.cash == 10_000_000 + 325 - costs


def test_the_note_of_an_entry_that_is_sold_in_parts() -> None:
    note = Account(NIFTY)
    note.book(fill(1, "BUY", 650, "100"))
    bought = note.costs_paid
    assert bought == Decimal(20) * Decimal("1.18") + 65_000 * (Decimal("0.0003563") * Decimal("1.18") + Decimal("0.00003"))  # fmt: skip
    parts = [(260, "105"), (195, "112"), (130, "120"), (65, "96")]
    costs = [costs_of(note.book(fill(n, "SELL", quantity, price))) for n, (quantity, price) in enumerate(parts, 2)]
    sold = [quantity * int(price) for quantity, price in parts]
    own = [Decimal("23.6") + worth * (Decimal("0.0003563") * Decimal("1.18") + Decimal("0.0015")) for worth in sold]
    assert [part - mine for part, mine in zip(costs, own, strict=True)] == [bought * q / 650 for q, _ in parts]
    assert paisa(note.kinds) == {
        "brokerage": "100.00",
        "exchange": "47.63",
        "IPFT": "0.68",
        "SEBI": "0.14",
        "GST": "26.72",
        "stamp": "1.95",
        "STT": "106.47",
    }
    assert sum(costs) == note.costs_paid


def test_the_note_of_an_order_beyond_the_freeze_quantity_has_an_order_for_each_slice() -> None:
    """27 lots of 65 are the most of one order: 3,900 are cut into three, however its fills come."""
    at_once, in_parts = Account(NIFTY), Account(NIFTY)
    at_once.book(fill(1, "BUY", 3900, "100"))
    before, brokerage = 0, []
    for part in (1000, 700, 100, 2000, 100):
        in_parts.book(fill(1, "BUY", part, "100"), before)
        brokerage.append(in_parts.kinds["brokerage"])
        before += part
    assert brokerage == [20, 20, 40, 60, 60]
    assert paisa(at_once.kinds) == {
        "brokerage": "60.00",
        "exchange": "136.62",
        "IPFT": "1.95",
        "SEBI": "0.39",
        "GST": "35.81",
        "stamp": "11.70",
    }
    assert at_once.kinds == in_parts.kinds
    assert at_once.exit_costs(0, 10_000, ms("11:00:00", TODAY)) == 60 * Decimal("1.18") + 390_000 * (
        Decimal("0.0003563") * Decimal("1.18") + Decimal("0.0015")
    )


@pytest.mark.parametrize(
    ("day", "whole", "stt"), [("2025-10-01", "13588.34", "5407.47"), ("2026-10-01", "16292.07", "8111.21")]
)
def test_the_note_of_a_day_of_148_orders(day: str, whole: str, stt: str) -> None:
    """The trades of a recorded session, by the rates of its own day and by those of a year later."""
    with shared("golden/default_20251001.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    note = NoteCosts(charge_tables()[NSE])
    kinds: Kinds = {}
    bought: Counter[tuple[str, str]] = Counter()
    for row in rows:
        bought[row["entry_time"], row["entry_price"]] += int(row["quantity"])
        worth = Decimal(row["exit_price"]) * int(row["quantity"])
        add_up(kinds, note.of(worth, 1, ms("10:00:00", day), selling=True))
    for (_, price), quantity in bought.items():
        add_up(kinds, note.of(Decimal(price) * quantity, 1, ms("10:00:00", day), selling=False))
    assert sum(Decimal(row["gross_pnl"]) for row in rows) == 46_920
    assert (f"{total(kinds):.2f}", f"{kinds['STT']:.2f}") == (whole, stt)
    assert paisa(kinds) | {"STT": stt} == {
        "brokerage": "2960.00",
        "exchange": "3772.04",
        "IPFT": "53.84",
        "SEBI": "10.77",
        "GST": "1223.40",
        "stamp": "160.82",
        "STT": stt,
    }


def test_the_note_of_a_lot_at_bse() -> None:
    note = Account(NIFTY, SENSEX)
    note.book(fill(1, "BUY", 20, "400", index=1))
    note.book(fill(2, "SELL", 20, "380", index=1))
    assert note.kinds == {
        "brokerage": Decimal(40),
        "exchange": Decimal(15600) * Decimal("0.000325"),
        "IPFT": Decimal(0),
        "SEBI": Decimal("0.0156"),
        "GST": (40 + Decimal("5.07") + Decimal("0.0156")) * Decimal("0.18"),
        "stamp": Decimal("0.24"),
        "STT": Decimal("11.4"),
    }


# ── By which rates ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("day", "at", "stt"),
    [
        ("2024-09-30", "15:29:59", "0.000625"),
        ("2024-10-01", "00:00:00", "0.001"),
        ("2026-03-31", "23:59:59", "0.001"),
        ("2026-04-01", "09:15:00", "0.0015"),
        ("2001-01-01", "10:00:00", "0.000625"),
    ],
)
def test_the_row_that_is_valid_on_the_date_counts(day: str, at: str, stt: str) -> None:
    kinds = NoteCosts(charge_tables()[NSE]).of(Decimal(1000), 1, ms(at, day), selling=True)
    assert kinds["STT"] == 1000 * Decimal(stt)


def listed(symbol: str, exchange: str, market: str) -> Instrument:
    return Instrument(CleanText(symbol), exchange=CleanText(exchange), market=market)


def test_instruments_of_one_run_may_be_charged_otherwise_and_each_doubt_is_told_once() -> None:
    coins = (listed("BTCUSDT", "NFO", "24x7"), listed("ETHUSDT", "NFO", "24x7"))
    charged = CostBook(config(), (NIFTY, *coins, SENSEX))
    assert [type(each) for each in charged.by_instrument] == [NoteCosts, PercentCosts, PercentCosts, NoteCosts]
    day = date(2026, 11, 30)
    assert charged.said(day) == f"{NSE} 2026-04-01 + percent + {BSE} 2026-04-01"
    assert list(charged.doubts(day)) == [(1, "charges: no table for its market, and 1 more: by percent, as in [risk]")]
    late = [text for _, text in charged.doubts(date(2027, 4, 1))]
    assert late[0] == f"charges: {NSE} was last checked on 2026-11-30: rates of 2027-04-01 may be others"
    assert len(late) == 3
    early = [text for _, text in charged.doubts(date(2020, 1, 1))]
    assert early[0] == f"charges: {NSE} begins on 2023-04-01: those rates are taken for 2020-01-01"


def test_a_named_table_is_for_every_option_and_one_that_is_not_there_is_told() -> None:
    named = CostBook(config(f"charges.table={BSE}"), (NIFTY, listed("NIFTY26DECFUT", "NFO", "NSE")))
    assert named.said(date(2026, 1, 1)) == f"{BSE} 2024-10-01 + percent"
    unknown = CostBook(config("charges.table=nobody"), (NIFTY,))
    (told,) = (text for _, text in unknown.doubts(date(2026, 1, 1)))
    assert told.startswith("charges: no table 'nobody' for 2026-01-01, auto takes its place (angelone-nse-options, ")
    assert unknown.said(date(2026, 1, 1)) == f"{NSE} 2024-10-01"


def test_percent_asks_no_table_and_doubts_nothing() -> None:
    charged = CostBook(config("charges.model=percent"), (NIFTY,))
    assert (charged.said(date(2026, 1, 1)), list(charged.doubts(date(2000, 1, 1)))) == ("percent", [])


# ── What is booked ──────────────────────────────────────────────────────────────────────────────────────────────────

DAYS = ("2024-09-30", "2024-10-01", "2026-03-31", "2026-04-01")


@settings(max_examples=examples(40))
@given(
    st.sampled_from(("contract_note", "percent")),
    st.lists(
        st.tuples(st.sampled_from(("BUY", "SELL")), st.integers(1, 90), st.integers(5, 90_000), st.booleans()),
        max_size=25,
    ),
)
def test_the_kinds_of_all_fills_are_the_costs_that_cash_paid(
    model: str, orders: list[tuple[str, int, int, bool]]
) -> None:
    account = Account(NIFTY, model=model)
    spent, day, realised = 0, 0, Decimal(0)
    for number, (side, lots, price, next_day) in enumerate(orders):
        if next_day and day < len(DAYS) - 1:
            day += 1
            account.start_day()
        one = Fill(number, 0, side, lots * 65, price, ms("12:00:00", DAYS[day]))
        if (trade := account.book(one)) is not None:
            realised += trade.net_pnl
        spent += (1 if side == "BUY" else -1) * one.quantity * price
        assert account.costs_paid == total(account.kinds)
        assert account.cash == 10_000_000 - Decimal(spent) / 100 - account.costs_paid
    assert account.realised == realised


@settings(max_examples=examples(40))
@given(st.integers(1_000, 10**8), st.integers(5, 500_000))
def test_the_size_is_the_largest_whose_turnover_and_note_cash_pays(rupees: int, price: int) -> None:
    costs = NoteCosts(charge_tables()[NSE])
    at_ms = ms("10:00:00", TODAY)
    risk = config("risk.max_position_value_percent=100").risk
    lots, rest = divmod(Sizing(risk).quantity(Decimal(rupees), price, NIFTY, costs, at_ms), 65)

    def fits(count: int) -> bool:
        one = Fill(1, 0, "BUY", count * 65, price, at_ms)
        account = Account(NIFTY, cash=rupees)
        account.book(one)
        return account.cash >= 0

    assert rest == 0
    assert lots == 0 or fits(lots)
    assert not fits(lots + 1)


def test_an_order_pays_its_brokerage_once_however_its_fills_come_and_each_fill_tells_its_costs() -> None:
    broker = LateBroker(1)
    harness = TraderHarness(*EAGER, broker=broker).prices(99, 100)
    (order,) = harness.orders
    half = order.quantity // 2
    parts = [Fill(order.number, 0, "BUY", part, order.price, harness.now_ms) for part in (half, order.quantity - half)]
    harness.answer(*(Filled(part) for part in parts))
    first, second = harness.events_of(FillBooked)
    assert (first.costs["brokerage"], second.costs["brokerage"]) == (20, 0)
    paid = total(first.costs) + total(second.costs)
    account = harness.trader.state.portfolio
    assert Decimal(second.cash) == 100_000 - order.quantity * 100 - paid == account.cash


def test_a_doubt_is_told_once_in_a_run_on_the_day_it_comes_up() -> None:
    harness = TraderHarness(*EAGER).at("10:00:00", "2027-03-31").prices(99, 98)
    assert harness.events_of(InstrumentWarned) == []
    for day in ("2027-04-01", "2027-04-02"):
        harness.at("10:00:00", day).prices(99, 98)
    told = [event.text for event in harness.events_of(InstrumentWarned)]
    assert told[0].endswith("was last checked on 2026-11-30: rates of 2027-04-01 may be others")
