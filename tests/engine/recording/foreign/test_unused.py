"""An option that a file has no use for is told, one that it needs is not."""

from pathlib import Path

import pytest

from engine.model.types import Instrument
from engine.recording.csv_layout import CsvLayout
from engine.recording.foreign.reader import ForeignReader

FILES = {
    "moments": "timestamp,price\n2025-11-18 09:15:00,150.20\n",
    "symbols": "timestamp,price,symbol\n18/11/2025 09:15:00,150.20,NIFTY\n",
    "dates": "date,price\n2025-11-18,150.20\n",
    "times": "time,price\n09:15:00,150.20\n",
    "numbers": "timestamp,price\n05/11/2025 09:15:00,150.20\n",
    "epochs": "timestamp,price\n1763437500,150.20\n",
    "apart": "date,time,price\n2025-11-18,09:15:00,150.20\n",
}


@pytest.mark.parametrize(
    ("name", "said", "idle"),
    [
        ("moments", {"symbol": "A", "symbol_said": True}, ()),
        ("symbols", {"symbol": "A", "symbol_said": True}, ("symbol",)),
        ("symbols", {"symbol": "A"}, ()),
        ("times", {"date": "2025-11-18"}, ()),
        ("moments", {"date": "2025-11-18"}, ("date",)),
        ("epochs", {"date": "2025-11-18"}, ("date",)),
        ("dates", {"at": "15:30"}, ()),
        ("dates", {"at": "15:30", "date": "2025-11-18"}, ("date",)),
        ("apart", {"at": "15:30", "date": "2025-11-18"}, ("date", "at")),
        ("numbers", {"dates": "dmy"}, ()),
        ("moments", {"dates": "dmy"}, ("dates",)),
    ],
)
def test_what_is_said_in_vain_is_told(
    tmp_path: Path, name: str, said: dict[str, object], idle: tuple[str, ...]
) -> None:
    (tmp_path / "a.csv").write_text(FILES[name])
    told = ForeignReader(tmp_path / "a.csv", CsvLayout(**said), Instrument).told()  # type: ignore[arg-type]
    found = [line for line in told if "is without effect" in line]
    assert [line.split()[0] for line in found] == [f"--{each}" for each in idle]


def test_milliseconds_of_a_day_need_their_date(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("time,price\n33300000,150.20\n")
    layout = CsvLayout(time_format="ms-of-day", date="2025-11-18")
    assert not ForeignReader(tmp_path / "a.csv", layout, Instrument).told()
