"""What the layout of a file states of its market holds where no person says otherwise."""

from pathlib import Path

import pytest

from engine.assembly.open_source import open_file
from engine.assembly.recording_config import fit_to_recording, header_of
from engine.recording.csv_layout import CsvLayout
from tests.support.builders import config

TRADES = "".join(f"{n},67000.{n},0.001,67.000{n},17172000{n:02}123,True,True\n" for n in range(1, 6))
NAMED = "id,price,qty,quote_qty,time,is_buyer_maker\n1,67000.1,0.001,67.0001,1717200001123,true\n"
ROUND_THE_CLOCK = ("24x7", "UTC", "00:00", "23:59", False)
INDIAN = ("NSE", "Asia/Kolkata", "09:15", "15:30", True)


@pytest.mark.parametrize(
    ("text", "profile", "said", "expected"),
    [
        (TRADES, "binance-vision", (), ROUND_THE_CLOCK),
        (TRADES, "", (), ROUND_THE_CLOCK),  # they can be nothing else
        (NAMED, "binance-vision", (), ROUND_THE_CLOCK),
        (NAMED, "", (), INDIAN),
        (TRADES, "binance-vision", ("instrument.market=NSE",), INDIAN),
        (
            TRADES,
            "binance-vision",
            ("session.start=10:00", "session.end=12:00"),
            ("24x7", "UTC", "10:00", "12:00", True),
        ),
        ("1717200001123,67000.1,0.001\n", "", (), INDIAN),
    ],
)
def test_a_layout_of_a_market_round_the_clock_keeps_its_hours(tmp_path: Path, text, profile, said, expected):
    path, rules = tmp_path / "BTCUSDT.csv", config(*said)
    path.write_text(text)
    source = open_file(path, rules, CsvLayout(symbol="BTCUSDT", zone=rules.session.zone, profile=profile))
    fitted, instruments = fit_to_recording(rules, source)
    session = fitted.session
    found = (session.zone, f"{session.start:%H:%M}", f"{session.end:%H:%M}", session.daily)
    assert (instruments[0].market, *found) == expected
    assert list(header_of(fitted, source.name, source.instruments).markets) == [expected[0]]
