"""Layouts that brokers and vendors publish, by name: what their columns are where the header does not tell, and in which zone they count.

Each stands here by what its maker has published, or by files of it in public repositories; the comments say which.
"""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Final, Literal

from msgspec import Struct

from engine.model.errors import InputError
from engine.recording.foreign.vocabulary import Role


class Profile(Struct, frozen=True):
    """A published layout: `columns` are those of a file without a header, by how many there are; `names` go before the vocabulary.

    Of several that have as many columns the first is meant whose `time` holds moments.
    `names` are plain names; `-` is a column that is ignored. `at` is the time of a layout that has dates only, `market`
    whose hours all that is published in it keeps, where that is one.
    """

    name: str
    what: str
    columns: tuple[tuple[str, ...], ...] = ()
    names: dict[str, Role | Literal["-"]] = {}
    zone: str = ""
    dates: Literal["", "dmy", "mdy", "ymd"] = ""
    at: str = ""
    market: str = ""
    fits: Callable[[list[bytes]], bool] | None = None  # whether a row without a header can be nothing else


def _is_binance_trade(row: list[bytes]) -> bool:
    """Whether a row is a trade of Binance: number, price, quantity, their product, time, one or two truth values."""
    try:
        price, quantity, product = (Decimal(row[place].decode("ascii")) for place in (1, 2, 3))
    except (InvalidOperation, UnicodeDecodeError):
        return False
    truths = all(cell.lower() in {b"true", b"false"} for cell in row[5:])
    close = abs(price * quantity - product) <= max(Decimal("0.00000002"), abs(product) * Decimal("0.0001"))
    return truths and row[0].isdigit() and row[4].isdigit() and close


_CANDLE: Final = ("time", "open", "high", "low", "close", "volume")

PROFILES: Final[dict[str, Profile]] = {
    profile.name: profile
    for profile in (
        # Kite Connect 3, historical candle data: arrays of these, the open interest only where it is asked for.
        Profile(
            "kite",
            "Zerodha Kite, historical candles: date, open, high, low, close, volume, oi",
            (_CANDLE, (*_CANDLE, "-")),
        ),
        # Upstox developer API, historical candle data (V2, V3): always seven, the newest first, stamps with their offset.
        Profile(
            "upstox",
            "Upstox, historical candles: timestamp, open, high, low, close, volume, oi",
            ((*_CANDLE, "-"),),
        ),
        # Fyers API v3, history: a seventh with `oi_flag`; epoch seconds, those of a day are its midnight in UTC.
        Profile(
            "fyers",
            "Fyers, history: epoch, open, high, low, close, volume, with or without oi",
            (_CANDLE, (*_CANDLE, "-")),
        ),
        # breeze-connect, get_historical_data_v2: objects, so that a file has names, in whatever order.
        Profile("breeze", "ICICI Breeze, historical data: datetime, stock_code, expiry_date, right, strike_price, …"),
        # Archives GFDLNFO_TICK and GFDLNFO_BACKADJUSTED; the header is there, with `OpenInterest` or `Open Interest`.
        Profile(
            "gdfl",
            "Global Datafeeds, ticks and minutes: Ticker, Date DD/MM/YYYY, Time, LTP, BuyPrice, …, LTQ",
            (
                ("symbol", "date", "time", "price", "bid", "-", "ask", "-", "volume", "-"),
                ("symbol", "date", "time", "open", "high", "low", "close", "volume", "-"),
            ),
            dates="dmy",
        ),
        # Archives NSE_…_TICK: nine columns, of an index five, the last two of them nought; never a header.
        Profile(
            "truedata",
            "TrueData, ticks: YYYYMMDD, HH:MM:SS, LTP, volume, open interest, bid, quantity, ask, quantity",
            (
                ("date", "time", "price", "volume", "-", "bid", "-", "ask", "-"),
                ("date", "time", "price", "volume", "-"),
            ),
        ),
        # "Export" of the window "Symbols": the header is there. TICKVOL counts changes of the price, VOL is what was traded,
        # often nought; of quotes alone LAST and VOLUME are empty. Stamps are those of the broker's server, which no file names.
        Profile(
            "mt5", "MetaTrader 5, export of ticks or bars: <DATE>, <TIME>, <BID>, … in the server's time: say --zone"
        ),
        # Historical data feed: "Gmt time", or "Local time" with GMT+0300 behind each stamp; ticks have the ask first.
        Profile("dukascopy", "Dukascopy, ticks or candles: Gmt time DD.MM.YYYY, …", zone="UTC", dates="dmy"),
        # binance-public-data: no header in spot files, in those of futures since August 2022; spot counts microseconds since
        # 2025, all else milliseconds. Seven columns are trades of spot (the product, time, two truth values) or aggTrades of
        # futures (first and last number, time, one): both numbers may look like seconds, so the latter are tried first.
        Profile(
            "binance-vision",
            "data.binance.vision: trades, aggTrades and klines of spot and futures, with and without a header",
            (
                ("-", "price", "volume", "-", "-", "time", "-"),
                ("-", "price", "volume", "-", "time", "-", "-"),
                ("-", "price", "volume", "-", "time", "-"),
                ("-", "price", "volume", "-", "-", "time", "-", "-"),
                (*_CANDLE, *"------"),
            ),
            zone="UTC",
            market="24x7",
            fits=_is_binance_trade,
        ),
        # NSE's archives: cmDDMMMYYYYbhav and fo…bhav up to July 2024, BhavCopy_NSE_CM and _FO since, sec_bhavdata_full (a
        # blank before each name and value but the first, "-" for what was not delivered).
        Profile(
            "nse-bhavcopy",
            "NSE bhavcopy (UDiFF, the older ones, sec_bhavdata_full): a row a day, its close at 15:30",
            names={"last": "-", "lastprice": "-", "lastpric": "-", "timestamp": "date", "date1": "date", "bizdt": "-"},
            at="15:30",
        ),
        # histdata.com, data specifications: ASCII minutes, ASCII ticks, MetaTrader minutes.
        Profile(
            "histdata",
            "histdata.com, minutes and ticks: YYYYMMDD HHMMSS, open, high, low, close, volume in EST without summer time",
            (_CANDLE, ("time", "bid", "ask", "-"), ("date", "time", "open", "high", "low", "close", "volume")),
            zone="Etc/GMT+5",
        ),
    )
}


def profile_named(name: str) -> Profile | None:
    """The profile of this name, None for none; raises InputError."""
    if not name:
        return None
    if name not in PROFILES:
        raise InputError(f"--as: '{name:.40}' is no layout that is known; allowed: {', '.join(PROFILES)}")
    return PROFILES[name]
