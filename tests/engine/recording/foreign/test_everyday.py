"""What files of brokers, vendors, platforms and spreadsheets look like: each is read as its maker meant it."""

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from engine.model.errors import InputError
from engine.model.types import FLAG_HAS_BOOK, PRICE_MISSING, PRICE_NAN, Instrument, Tick
from engine.recording.csv_layout import CsvLayout
from engine.recording.foreign.reader import ForeignReader

IST = timezone(timedelta(hours=5, minutes=30))


def at(hour: int, minute: int = 0, second: float = 0, *, day: int = 18) -> int:
    moment = datetime(2025, 11, day, hour, minute, tzinfo=IST)
    return int(moment.timestamp()) * 10**9 + round(second * 1000) * 10**6


def opened(path: Path, text: str | bytes, **layout: object) -> ForeignReader:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return ForeignReader(path, CsvLayout(**layout), Instrument)  # type: ignore[arg-type]


def read(path: Path, text: str | bytes, **layout: object) -> list[tuple[int, int, int]]:
    found = list(opened(path, text, **layout).rows())
    assert all(isinstance(each, Tick) for each in found), found
    return [(each.recv_wall_ns, each.price, each.quantity) for each in found if isinstance(each, Tick)]


# Name of a layout → its text, what must be said of it, and its first tick.
EVERYDAY: dict[str, tuple[str, dict[str, object], tuple[int, int, int]]] = {
    "Kite, from pandas": (
        "date,open,high,low,close,volume,oi\n2025-11-18 09:15:00+05:30,150.2,151.0,150.0,150.45,7500,100\n",
        {},
        (at(9, 15), 15045, 7500),
    ),
    "Fyers": (
        "1763437500,150.2,151,150,150.45,7500\n1763437560,150.4,150.5,149,149.9,75\n",
        {},
        (at(9, 15), 15045, 7500),
    ),
    "GDFL, minutes": (
        "Ticker,Date,Time,Open,High,Low,Close,Volume,Open Interest\nNIFTY-I.NFO,18/11/2025,09:15:59,150.2,151,150,150.45,75,3000\n",
        {},
        (at(9, 15, 59), 15045, 75),
    ),
    "TrueData, an answer": (
        "timestamp,ltp,volume,oi,bid,bidqty,ask,askqty\n2025-11-18T09:15:01,150.45,75,1000,150.4,75,150.5,150\n",
        {},
        (at(9, 15, 1), 15045, 75),
    ),
    "Dukascopy, candles": (
        "Gmt time,Open,High,Low,Close,Volume\n18.11.2025 03:45:00.000,150.2,151,150,150.45,75\n",
        {},
        (at(9, 15), 15045, 75),
    ),
    "Dukascopy, ticks": (
        "Local time,Ask,Bid,AskVolume,BidVolume\n18.11.2025 09:15:00.250 GMT+0530,150.5,150.4,75,75\n",
        {"price": "bid"},
        (at(9, 15, 0.25), 15040, 0),
    ),
    "Binance, trades with a header": (
        "id,price,qty,quote_qty,time,is_buyer_maker\n7,90120.1,2,180240.2,1763437500000,true\n",
        {},
        (at(9, 15), 9012010, 2),
    ),
    "NSE, its site": (
        (
            '\ufeff"Date ","series ","OPEN ","HIGH ","LOW ","PREV. CLOSE ","ltp ","close ","VOLUME "\n'
            '"18-Nov-2025","EQ","1,500.20","1,510.00","1,500.00","1,490.00","1,504.40","1,504.50","7,500"\n'
        ),
        {"at": "15:30"},
        (at(15, 30), 150440, 7500),
    ),
    "Sierra Chart": (
        (
            "Date, Time, Open, High, Low, Last, Volume, NumberOfTrades, BidVolume, AskVolume\n"
            "2025/11/18, 09:15:00.250, 150.20, 151.00, 150.00, 150.45, 75, 3, 30, 45\n"
        ),
        {},
        (at(9, 15, 0.25), 15045, 75),
    ),
    "TradingView": (
        "time,open,high,low,close,Volume\n1763437500,150.2,151,150,150.45,7500\n",
        {},
        (at(9, 15), 15045, 7500),
    ),
    "yfinance": (
        "Datetime,Open,High,Low,Close,Adj Close,Volume\n2025-11-18 09:15:00+05:30,150.2,151,150,150.4499969482422,150.4499969482422,7500\n",
        {},
        (at(9, 15), 15045, 7500),
    ),
    "yfinance, three rows of header": (
        "Price,Close,High,Low,Open,Volume\nTicker,^NSEI,^NSEI,^NSEI,^NSEI,^NSEI\nDatetime,,,,,\n2025-11-18 03:45:00+00:00,150.45,151,150,150.2,0\n",
        {},
        (at(9, 15), 15045, 0),
    ),
    "a spreadsheet's": (
        "sep=;\r\nDatum;Zeit;Kurs\r\n18.11.2025;09:15:00;1.150,45\r\n",
        {"columns": ("date=Datum", "time=Zeit", "price=Kurs")},
        (at(9, 15), 115045, 0),
    ),
    "pandas, with its index": (
        ",timestamp,price,volume\n0,2025-11-18 09:15:00,150.45,75.0\n1,2025-11-18 09:15:01,150.45,75.0\n",
        {},
        (at(9, 15), 15045, 75),
    ),
    "a tool's ticks": (
        (
            "exchange_timestamp,last_trade_time,instrument_token,last_price,last_traded_quantity,volume_traded\n"
            "2025-11-18 09:15:01,2025-11-18 09:15:00,256265,150.45,75,75000\n"
        ),
        {},
        (at(9, 15, 1), 15045, 75),
    ),
    "minutes of a day": (
        "Time,LTP,LTQ\n09:15:00.250,150.45,75\n",
        {"date": "2025-11-18"},
        (at(9, 15, 0.25), 15045, 75),
    ),
    "a title above": (
        "NIFTY 18 Nov 2025\nexported by hand\n\nTime|Trade Price|Qty\n18-Nov-2025 09:15:00 AM|150.45|75\n",
        {},
        (at(9, 15), 15045, 75),
    ),
    "rows that end in a delimiter": ("time,price,volume\n2025-11-18 09:15:00,150.45,75,\n", {}, (at(9, 15), 15045, 75)),
    "a line twice as long": ("time,price,volume\r\r\n2025-11-18 09:15:00,150.45,75\r\r\n", {}, (at(9, 15), 15045, 75)),
    "Windows text": (
        b"Uhrzeit;W\xe4hrung;price\n2025-11-18 09:15:00;\x80;150,45\n",
        {"columns": ("time=1",)},
        (at(9, 15), 15045, 0),
    ),  # type: ignore[dict-item]
    "stamps that are five and a half hours late": (
        "time,price\n1763457300,150.45\n",
        {"shift_ns": -19_800 * 10**9},
        (at(9, 15), 15045, 0),
    ),
}


@pytest.mark.parametrize("name", EVERYDAY)
def test_it_is_read_as_it_was_meant(path: Path, name: str) -> None:
    text, layout, first = EVERYDAY[name]
    assert read(path, text, **layout)[0] == first


def test_a_symbol_that_names_many_contracts_is_told_apart_by_what_does(path: Path) -> None:
    rows = "".join(
        f"2025-11-18 09:15:0{n},NIFTY,2025-11-25,{right},26000,150.45\n"
        for n, right in enumerate(("Call", "Put", "Call"))
    )
    found = opened(path, "datetime,stock_code,expiry_date,right,strike_price,close\n" + rows)
    assert [each.symbol for each in found.instruments] == [
        "NIFTY 2025-11-25 Call 26000",
        "NIFTY 2025-11-25 Put 26000",
    ] or [each.symbol for each in found.instruments] == ["NIFTY 2025-11-25 26000 Call", "NIFTY 2025-11-25 26000 Put"]
    assert [each.instrument for each in found.rows() if isinstance(each, Tick)] == [0, 1, 0]


QUESTIONS = {
    "which number is the day": (
        "date,price\n05/11/2025 09:15:00,9\n12/11/2025 09:15:00,9\n",
        "say --dates dmy or --dates mdy",
    ),
    "both orders in one file": (
        "date,price\n18/11/2025 09:15:00,9\n11/19/2025 09:15:00,9\n",
        "say --dates dmy or --dates mdy",
    ),
    "two digits of a year": ("date,price\n18/11/25 09:15:00,9\n", "say --dates dmy or --dates ymd"),
    "thousands or decimals": ("time;price\n2025-11-18 09:15:00;1,234\n", "say --decimal point or --decimal comma"),
    "the same with a point": ("time;price\n2025-11-18 09:15:00;1.234\n", "say --decimal"),
    "no date": ("time,price\n09:15:00,9\n", "say --date YYYY-MM-DD"),
    "no time": ("date,price\n2025-11-18,9\n", "say at which time with --at"),
    "quotes without a price": ("time,bid,ask\n2025-11-18 09:15:00,9,10\n", "say --price bid, ask or mid"),
    "quotes without a header": ("2025-11-18 09:15:00,9.05,9.10\n", "--columns"),
    "four numbers": ("2025-11-18 09:15:00,9,1,2,3\n", "--columns"),
    "two prices": (
        "time,ltp,last\n2025-11-18 09:15:00,9,10\n",
        "'ltp' and 'last' are both the price; allowed: one of them, say --columns price=…",
    ),
    "two times": ("time,timestamp,price\n2025-11-18 09:15:00,2025-11-18 09:15:01,9\n", "are both the time"),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_what_a_file_leaves_open_is_asked_in_one_line(path: Path, name: str) -> None:
    text, question = QUESTIONS[name]
    with pytest.raises(InputError) as asked:
        read(path, text)
    assert question in str(asked.value)
    assert "\n" not in str(asked.value)


def test_the_day_is_proved_by_any_row_of_the_file(path: Path) -> None:
    rows = "".join(f"05/11/2025 09:{n // 60 % 60:02d}:{n % 60:02d},9\n" for n in range(3000))
    assert read(path, "date,price\n" + rows + "13/11/2025 09:15:00,9\n")[0][0] == at(9, 0, day=5)
    assert (
        read(path, "date,price\n" + rows + "11/13/2025 09:15:00,9\n")[0][0]
        == int(datetime(2025, 5, 11, 9, tzinfo=IST).timestamp()) * 10**9
    )
    assert (
        read(path, "date,price\n" + rows, dates="mdy")[0][0]
        == int(datetime(2025, 5, 11, 9, tzinfo=IST).timestamp()) * 10**9
    )


def test_the_decimal_mark_is_proved_by_any_row_of_the_file(path: Path) -> None:
    rows = "".join(f"2025-11-18 09:{n // 60 % 60:02d}:{n % 60:02d};1.234\n" for n in range(3000))
    assert read(path, "time;price\n" + rows + "2025-11-18 10:00:00;1.234,5\n")[0][1] == 123400
    assert read(path, "time;price\n" + rows + "2025-11-18 10:00:00;1.25\n")[-1][1] == 1250


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("cell", ["24.350", "24,350"])
def test_thousands_or_decimals_is_asked_whatever_stands_between_columns(path: Path, delimiter: str, cell: str) -> None:
    text = f'time{delimiter}price\n2025-11-18 09:15:00{delimiter}"{cell}"\n'
    if (delimiter, cell) == (",", "24.350"):  # who writes decimals with a comma puts no comma between columns
        assert read(path, text) == [(at(9, 15), 2435, 0)]
        return
    with pytest.raises(InputError, match=f"whether '{cell}' has thousands or decimals .* say --decimal point or"):
        read(path, text)
    assert read(path, text, decimal="comma" if cell[2] == "." else "point") == [(at(9, 15), 2_435_000, 0)]
    assert read(path, text, decimal="point" if cell[2] == "." else "comma") == [(at(9, 15), 2435, 0)]


def test_a_layout_that_is_named_has_the_mark_of_its_maker(path: Path) -> None:
    text = "<DATE>\t<TIME>\t<LAST>\n2025.11.18\t09:15:00\t151.250\n"
    with pytest.raises(InputError, match="--decimal"):
        read(path, text)
    assert read(path, text, profile="mt5") == [(at(9, 15), 15125, 0)]
    with pytest.raises(InputError, match="--decimal"):
        read(path, text.replace("\t", ";"), profile="mt5")  # a spreadsheet's, of a country that may write points so


def test_cells_without_a_price_are_bad_ticks_and_no_end(path: Path) -> None:
    text = "time,price,volume\n" + "".join(
        f"2025-11-18 09:15:0{n},{cell},75\n" for n, cell in enumerate(["9", "", "nan", "null", "-1", "N/A", " "])
    )
    assert [price for _, price, _ in read(path, text)] == [
        900,
        PRICE_MISSING,
        PRICE_NAN,
        PRICE_MISSING,
        -100,
        PRICE_MISSING,
        PRICE_MISSING,
    ]


def test_cells_without_a_quantity_are_told_once(path: Path) -> None:
    found = opened(
        path, "time,price,volume\n2025-11-18 09:15:00,9,75\n2025-11-18 09:15:01,9,\n2025-11-18 09:15:02,9,-1\n"
    )
    for _ in range(2):
        assert [each.quantity for each in found.rows() if isinstance(each, Tick)] == [75, 0, 0]
    assert found.told() == ("2 rows have no quantity; it was taken as 0, first row 3",)


def test_a_column_of_symbols_that_is_always_empty_is_none(path: Path) -> None:
    rows = [f"2025-11-18 09:15:{n % 60:02d},9,75," for n in range(700)]
    text = "time,price,volume,symbol\n" + "\n".join(rows) + "\n"
    assert [each.symbol for each in opened(path, text, symbol="NIFTY").instruments] == ["NIFTY"]
    late = opened(path, text + "2025-11-18 09:16:00,9,75,LATE\n", symbol="NIFTY")
    assert [each.symbol for each in late.instruments] == ["LATE"]
    assert sum(not isinstance(each, Tick) for each in late.rows()) == 700


def test_bid_and_ask_are_kept(path: Path) -> None:
    (tick,) = opened(path, "time,ltp,bid,ask\n2025-11-18 09:15:00,150.45,150.40,150.50\n").rows()
    assert isinstance(tick, Tick)
    assert (tick.bid, tick.ask, tick.flags & FLAG_HAS_BOOK) == (15040, 15050, FLAG_HAS_BOOK)
    middle = read(path, "time,bid,ask\n2025-11-18 09:15:00,150.40,150.50\n", price="mid")
    assert middle == [(at(9, 15), 15045, 0)]


def test_finer_prices_and_quantities_than_the_instrument_s_are_kept(path: Path) -> None:
    text = "time,price,volume\n" + "".join(f"2025-11-18 09:15:{n:02d},1.3{n:02d}67,0.00{n + 10}\n" for n in range(40))
    found = opened(path, text)
    (instrument,) = found.instruments
    assert (instrument.price_scale, instrument.tick_size, instrument.quantity_scale) == (100_000, 1, 10**8)
    assert [each.price for each in found.rows() if isinstance(each, Tick)] == [130067 + 100 * n for n in range(40)]
    some = opened(path, "time,price\n" + "2025-11-18 09:15:00,150.45\n" * 30 + "2025-11-18 09:15:00,150.474\n")
    assert [each.price for each in some.rows() if isinstance(each, Tick)][-1] == 15045
    assert some.told() == (
        "1 prices lie between two ticks of the instrument and were rounded to the nearest, first row 32",
    )


@pytest.mark.parametrize("price", ["0.00001230", "-0.001", "0.0249"])
def test_a_price_of_which_rounding_leaves_nothing_is_none(path: Path, price: str) -> None:
    found = opened(
        path, f"time,price\n2025-11-18 09:15:00,{price}\n2025-11-18 09:15:01,0.00\n2025-11-18 09:15:02,0.03\n"
    )
    bad, *ticks = found.rows()
    assert not isinstance(bad, Tick)
    assert bad.text.startswith(
        f"row 2, column 'price': '{price}' is not a price (nothing is left of it in ticks of 0.05;"
    )
    assert [each.price for each in ticks if isinstance(each, Tick)] == [0, 3]
