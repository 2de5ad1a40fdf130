"""What stands in [binance] where nobody has changed it."""

from engine.config import describe
from tests.support.builders import config


def test_every_default_and_no_other_key() -> None:
    found = {key: text for key, text in describe(config()).items() if key.startswith("binance.")}
    assert found == {
        "binance.stream_url": "wss://data-stream.binance.vision",
        "binance.trades": "trade",
        "binance.book": "true",
    }
