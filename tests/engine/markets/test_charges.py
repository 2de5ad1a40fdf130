"""The tables of charges: which one an instrument is charged by, from when a row counts, and what a wrong file is told."""

import re
from datetime import date

import pytest
import tomli

from engine.config import charge_tables
from engine.markets.charges import ChargeRow, read_tables, table_of
from engine.markets.market import MARKETS, market_of_segment
from engine.model.digest import blake2b

NSE, BSE, OTHER = "angelone-nse-options", "angelone-bse-options", "angelone-bse-other-options"


@pytest.mark.parametrize(
    ("symbol", "exchange", "market", "table"),
    [
        ("NIFTY25NOV2525000CE", "NFO", "NSE", NSE),
        ("BANKNIFTY26JAN58000PE", "NFO", "NSE", NSE),
        ("RELIANCE26JAN1500CE", "nfo", "NSE", NSE),
        ("NIFTY", "NFO", "NSE", NSE),  # the instrument that the configuration comes with
        ("NIFTY", "NFO", "", NSE),  # a recording of before instruments had markets
        ("NIFTY25NOVFUT", "NFO", "NSE", ""),
        ("RELIANCE", "NSE", "NSE", ""),  # a share, though it ends in CE
        ("SBIN-EQ", "NSE", "NSE", ""),
        ("SENSEX25N0485000CE", "BFO", "BSE", BSE),
        ("BANKEX25NOV62000PE", "BFO", "BSE", BSE),
        ("SENSEX5025NOV27000CE", "BFO", "BSE", OTHER),
        ("RELIANCE25NOV1500CE", "BFO", "BSE", OTHER),
        ("SENSEX25NOVFUT", "BFO", "BSE", ""),
        ("GOLD25DEC120000CE", "MCX", "MCX", ""),
        ("USDINR25NOV88CE", "CDS", "CDS", ""),
        ("BTCUSDT", "NFO", "24x7", ""),
        ("SPY", "US", "US", ""),
    ],
)
def test_which_table_an_instrument_is_charged_by(symbol: str, exchange: str, market: str, table: str) -> None:
    assert table_of(symbol, exchange, market, charge_tables()) == table


def test_every_shipped_table_is_of_a_known_market_and_each_row_has_a_source() -> None:
    for table in charge_tables().values():
        assert table.market in MARKETS
        assert market_of_segment(table.exchange) == table.market
        for row in table.rows:
            assert row.source
            assert set(row.unsure) <= set(ChargeRow.__struct_fields__)
            assert (row.brokerage, row.gst) == (20, 18)


def test_rows_that_recordings_were_made_under_stay_as_they_are() -> None:
    """Whoever changes one raises RULES_REVISION; a new row goes behind them, and changes this."""
    rows = [(name, row) for name, table in charge_tables().items() for row in table.rows]
    text = "\n".join(
        f"{name} {' '.join(str(getattr(row, rate)) for rate in ChargeRow.__struct_fields__[:8])}" for name, row in rows
    )
    assert (len(rows), blake2b(text.encode(), digest_size=8).hexdigest()) == (8, "153f6c37da4b9c4f")


def test_a_row_counts_from_its_date_until_the_next_one() -> None:
    table = charge_tables()[NSE]
    dates = [table.on(date.fromisoformat(day)).valid_from.isoformat() for day in ("2020-01-01", "2024-03-31", "2024-04-01", "2026-03-31", "2026-04-01", "2099-01-01")]  # fmt: skip
    assert dates == ["2023-04-01", "2023-04-01", "2024-04-01", "2024-10-01", "2026-04-01", "2026-04-01"]
    assert table.doubt(date(2024, 9, 30)) == "of 2024-04-01: exchange and ipft not certain"
    assert table.doubt(date(2027, 3, 31)) == ""


ROW = """
[[t.rows]]
from = 2024-10-01
brokerage = 20
stt = 0.1
exchange = 0.03
ipft = 0
sebi = 0
stamp = 0
gst = 18
source = "x"
"""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("stt = 0.1", "stt = -0.1"), "t: a rate below nought"),
        (("stt = 0.1\n", ""), "missing required field `stt`"),
        (("gst = 18", "gst = 18\nvat = 1"), "unknown field `vat`"),
        (("from = 2024-10-01", 'from = "soon"'), "Invalid"),
        ((ROW, ROW + ROW), "do not rise by their dates"),
    ],
)
def test_a_file_that_is_wrong_is_told_what_is_wrong(change: tuple[str, str], words: str) -> None:
    text = 't.market = "NSE"\nt.exchange = "NFO"\nt.underlyings = [""]\nt.checked = 2026-11-30\n' + ROW
    assert read_tables(tomli.loads(text))
    with pytest.raises(ValueError, match=re.escape(words)):
        read_tables(tomli.loads(text.replace(*change)))
