"""Each named layout as its maker publishes it: header, order, marks and stamps are those of the source, the numbers are our own."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.model.errors import InputError
from engine.model.types import Instrument, Tick
from engine.recording.csv_layout import CsvLayout
from engine.recording.foreign.profiles import PROFILES, profile_named
from engine.recording.foreign.reader import ForeignReader

_UDIFF = (
    "TradDt,BizDt,Sgmt,Src,FinInstrmTp,FinInstrmId,ISIN,TckrSymb,SctySrs,XpryDt,FininstrmActlXpryDt,StrkPric,OptnTp,FinInstrmNm,"
    "OpnPric,HghPric,LwPric,ClsPric,LastPric,PrvsClsgPric,UndrlygPric,SttlmPric,OpnIntrst,ChngInOpnIntrst,TtlTradgVol,TtlTrfVal,"
    "TtlNbOfTxsExctd,SsnId,NewBrdLotQty,Rmks,Rsvd1,Rsvd2,Rsvd3,Rsvd4\n"
)
_BHAVDATA = (
    "SYMBOL, SERIES, DATE1, PREV_CLOSE, OPEN_PRICE, HIGH_PRICE, LOW_PRICE, LAST_PRICE, CLOSE_PRICE, AVG_PRICE, TTL_TRD_QNTY, "
    "TURNOVER_LACS, NO_OF_TRADES, DELIV_QTY, DELIV_PER\n"
)

# Profile, what else must be said, its text, and of the first row: UTC, price in hundredths, quantity, symbol.
PUBLISHED: dict[str, tuple[str, dict[str, object], str, tuple[str, int, int, str]]] = {
    "Kite Connect 3, historical data": (
        "kite",
        {},
        "2025-11-18T09:15:00+0530,150.2,151,150,150.45,7500\n2025-11-18T09:16:00+0530,150.45,150.5,149,149.9,75\n",
        ("2025-11-18T03:45:00", 15045, 7500, "ticks"),
    ),
    "Upstox, historical candle data: the newest first": (
        "upstox",
        {},
        '"2025-11-18T15:15:00+05:30",150.2,151,150,150.45,7500,0\n"2025-11-18T14:45:00+05:30",150.3,150.5,149,149.9,75,0\n',
        ("2025-11-18T09:45:00", 15045, 7500, "ticks"),
    ),
    "Fyers v3, history": (
        "fyers",
        {},
        "1763437500,150.2,151.0,150.0,150.45,7500\n1763437560,150.4,150.5,149,149.9,75\n",
        ("2025-11-18T03:45:00", 15045, 7500, "ticks"),
    ),
    "Fyers v3, history with oi_flag": (
        "fyers",
        {},
        "1763437500,150.2,151.0,150.0,150.45,7500,5401650\n",
        ("2025-11-18T03:45:00", 15045, 7500, "ticks"),
    ),
    "breeze-connect, its answer written out": (
        "breeze",
        {},
        (
            "close,datetime,exchange_code,expiry_date,high,low,open,open_interest,product_type,right,stock_code,strike_price,volume\n"
            "150.45,2025-11-18 14:52:34,NFO,25-NOV-2025,150.5,150.2,150.2,514550,Options,Call,CNXBAN,40500,75\n"
        ),
        ("2025-11-18T09:22:34", 15045, 75, "CNXBAN 25-NOV-2025 40500 Call"),
    ),
    "GFDLNFO_TICK": (
        "gdfl",
        {},
        (
            "Ticker,Date,Time,LTP,BuyPrice,BuyQty,SellPrice,SellQty,LTQ,Open Interest\n"
            "NIFTY25NOV2526000CE.NFO,05/11/2025,09:15:01,1.4,1.35,69940,1.45,54730,75,256360\n"
        ),
        ("2025-11-05T03:45:01", 140, 75, "NIFTY25NOV2526000CE.NFO"),
    ),
    "GFDLNFO_BACKADJUSTED": (
        "gdfl",
        {},
        "Ticker,Date,Time,Open,High,Low,Close,Volume,Open Interest\nNIFTY-I.NFO,05/11/2025,09:15:59,150.2,151,150,150.45,75,3000\n",
        ("2025-11-05T03:45:59", 15045, 75, "NIFTY-I.NFO"),
    ),
    "TrueData, NSE_FUT_TICK": (
        "truedata",
        {},
        "20251118,09:15:01,150.45,75,256360,150.4,25,150.5,50\n",
        ("2025-11-18T03:45:01", 15045, 75, "ticks"),
    ),
    "TrueData, NSE_IDX_TICK": (
        "truedata",
        {},
        "20251118,09:07:41,26013.90,0,0\n",
        ("2025-11-18T03:37:41", 2601390, 0, "ticks"),
    ),
    "MetaTrader 5, bars: VOL is nought, TICKVOL no quantity": (
        "mt5",
        {"zone": "Etc/GMT-2"},
        (
            "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n"
            "2025.11.18\t01:00:00\t5300.25\t5363.98\t5300.25\t5315.43\t196\t0\t18\n"
        ),
        ("2025-11-17T23:00:00", 531543, 0, "ticks"),
    ),
    "MetaTrader 5, ticks: LAST and VOLUME empty": (
        "mt5",
        {"zone": "Etc/GMT-2", "price": "bid"},
        "<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\t<FLAGS>\n2025.11.18\t15:00:00.017\t150.45\t150.50\t\t\t6\n",
        ("2025-11-18T13:00:00.017", 15045, 0, "ticks"),
    ),
    "Dukascopy, candles in GMT": (
        "dukascopy",
        {},
        "Gmt time,Open,High,Low,Close,Volume\n03.11.2025 00:00:00.000,150.2,151,150,150.45,75\n",
        ("2025-11-03T00:00:00", 15045, 75, "ticks"),
    ),
    "Dukascopy, ticks in local time": (
        "dukascopy",
        {"price": "bid"},
        "Local time,Ask,Bid,AskVolume,BidVolume\n04.11.2025 01:00:05.962 GMT+0300,150.5,150.45,1,1\n",
        ("2025-11-03T22:00:05.962", 15045, 0, "ticks"),
    ),
    "Binance, spot trades since 2025": (
        "binance-vision",
        {},
        "51175358,150.45000000,2.00000000,300.90000000,1763437500010866,True,True\n",
        ("2025-11-18T03:45:00.010866", 15045, 2, "ticks"),
    ),
    "Binance, spot aggTrades since 2025": (
        "binance-vision",
        {},
        "4,150.45000000,2.00000000,51175358,51175359,1763437500010866,False,True\n",
        ("2025-11-18T03:45:00.010866", 15045, 2, "ticks"),
    ),
    "Binance, spot klines since 2025": (
        "binance-vision",
        {},
        "1763437500000000,150.20000000,151.00000000,150.00000000,150.45000000,75.00000000,1763437559999999,11283.75,13,40.0,6018.0,0\n",
        ("2025-11-18T03:45:00", 15045, 75, "ticks"),
    ),
    "Binance, trades of USD-M futures": (
        "binance-vision",
        {},
        "id,price,qty,quote_qty,time,is_buyer_maker\n28457,150.45,2,300.9,1763437500010,true\n",
        ("2025-11-18T03:45:00.010", 15045, 2, "ticks"),
    ),
    "Binance, trades of COIN-M futures before they had a header: the fourth is no product": (
        "binance-vision",
        {},
        "28457,9635.0,2,0.02075765,1591250192508,true\n",
        ("2020-06-04T05:56:32.508", 963500, 2, "ticks"),
    ),
    "Binance, aggTrades of futures": (
        "binance-vision",
        {},
        "agg_trade_id,price,quantity,first_trade_id,last_trade_id,transact_time,is_buyer_maker\n4,150.45,2,7,8,1763437500010,true\n",
        ("2025-11-18T03:45:00.010", 15045, 2, "ticks"),
    ),
    "Binance, aggTrades of futures without a header: their numbers look like seconds": (
        "binance-vision",
        {},
        "1862715434,26951.0,2,4130731517,4130731517,1696118404732,false\n1862715435,26950.9,1,4130731518,4130731518,1696118404758,true\n",
        ("2023-10-01T00:00:04.732", 2695100, 2, "ticks"),
    ),
    "NSE, cmDDMMMYYYYbhav": (
        "nse-bhavcopy",
        {},
        (
            "SYMBOL,SERIES,OPEN,HIGH,LOW,CLOSE,LAST,PREVCLOSE,TOTTRDQTY,TOTTRDVAL,TIMESTAMP,TOTALTRADES,ISIN,\n"
            "ABC,EQ,150.2,151,150,150.45,150.4,149,7500,1128375,18-NOV-2025,60,INE000A01001,\n"
        ),
        ("2025-11-18T10:00:00", 15045, 7500, "ABC EQ"),
    ),
    "NSE, foDDMMMYYYYbhav": (
        "nse-bhavcopy",
        {},
        (
            "INSTRUMENT,SYMBOL,EXPIRY_DT,STRIKE_PR,OPTION_TYP,OPEN,HIGH,LOW,CLOSE,SETTLE_PR,CONTRACTS,VAL_INLAKH,OPEN_INT,CHG_IN_OI,TIMESTAMP,\n"
            "OPTIDX,BANKNIFTY,26-Mar-2015,16700,CE,150.2,151,150,150.45,150.5,75,5,19600,25,02-MAR-2015,\n"
        ),
        ("2015-03-02T10:00:00", 15045, 75, "BANKNIFTY 26-Mar-2015 16700 CE"),
    ),
    "NSE, BhavCopy_NSE_CM": (
        "nse-bhavcopy",
        {},
        (
            f"{_UDIFF}2025-11-18,2025-11-18,CM,NSE,STK,101,INE000A01001,ABC,EQ,,,,,ABC LIMITED,150.20,151.00,150.00,150.45,150.40,149.00,,150.45,,,"
            "7500,1128375.00,60,F1,1,,,,,\n"
        ),
        ("2025-11-18T10:00:00", 15045, 7500, "ABC EQ"),
    ),
    "NSE, BhavCopy_NSE_FO": (
        "nse-bhavcopy",
        {},
        (
            f"{_UDIFF}2025-11-18,2025-11-18,FO,NSE,IDO,35089,,NIFTY,,2025-11-25,2025-11-25,26000.00,CE,NIFTY25NOV26000CE,150.20,151.00,150.00,150.45,"
            "150.40,149.00,26013.90,150.45,1102750,-75900,7500,1128375.00,60,F1,75,,,,,\n"
        ),
        ("2025-11-18T10:00:00", 15045, 7500, "NIFTY 2025-11-25 26000.00 CE"),
    ),
    "NSE, sec_bhavdata_full": (
        "nse-bhavcopy",
        {},
        (
            f"{_BHAVDATA}ABC, EQ, 18-Nov-2025, 149.00, 150.20, 151.00, 150.00, 150.40, 150.45, 150.44, 7500, 11.28, 60, 4000, 53.33\n"
            "XYZ, BE, 18-Nov-2025, 10.00, 10.10, 10.50, 9.90, 10.20, 10.25, 10.15, 5000, 0.51, 12,  -,  -\n"
        ),
        ("2025-11-18T10:00:00", 15045, 7500, "ABC EQ"),
    ),
    "histdata.com, ASCII minutes": (
        "histdata",
        {},
        "20251117 224500;150.200000;151.000000;150.000000;150.450000;0\n",
        ("2025-11-18T03:45:00", 15045, 0, "ticks"),
    ),
    "histdata.com, ASCII ticks": (
        "histdata",
        {"price": "bid"},
        "20251117 224500660,150.450000,150.500000,0\n",
        ("2025-11-18T03:45:00.660", 15045, 0, "ticks"),
    ),
    "histdata.com, MetaTrader minutes": (
        "histdata",
        {},
        "2025.11.17,22:45,150.200000,151.000000,150.000000,150.450000,0\n",
        ("2025-11-18T03:45:00", 15045, 0, "ticks"),
    ),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_it_is_read_as_it_is_published(tmp_path: Path, name: str) -> None:
    profile, said, text, first = PUBLISHED[name]
    path = tmp_path / "ticks.csv"
    path.write_text(text)
    reader = ForeignReader(path, CsvLayout(profile=profile, zone_said="zone" in said, **said), Instrument)  # type: ignore[arg-type]
    rows = list(reader.rows())
    assert len(rows) == text.count("\n") - bool(reader.form.begin)
    assert all(isinstance(row, Tick) for row in rows), rows
    tick = rows[0]
    assert isinstance(tick, Tick)
    at_ns = round(datetime.fromisoformat(first[0]).replace(tzinfo=UTC).timestamp() * 10**6) * 1000
    assert (tick.recv_wall_ns, tick.price, tick.quantity) == (at_ns, *first[1:3])
    assert reader.instruments[tick.instrument].symbol == first[3]


def test_every_profile_has_a_published_layout_here() -> None:
    assert {profile for profile, _, _, _ in PUBLISHED.values()} == set(PROFILES)


def test_a_name_that_is_none_is_answered_with_those_that_are() -> None:
    assert profile_named("") is None
    with pytest.raises(InputError, match="allowed: kite, upstox, fyers"):
        profile_named("zerodha")
