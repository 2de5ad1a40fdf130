"""A configuration that says all that live orders need, and an account: what tests of arming and going live begin with."""

from engine.config import Config
from engine.model.preflight import TradingAccount
from engine.text.sanitize import CleanText
from tests.support.builders import config

SAID = {
    "live.enabled": "true",
    "live.max_order_value": "20000",
    "live.max_lots": "1",
    "live.max_open_positions": "2",
    "live.max_orders_per_day": "300",
    "live.symbols": "[NIFTY29DEC2625000CE]",
    "live.forward_days": "5",
    "risk.max_daily_loss": "3000",
    "operator.on_loss": "keep",
    "feed.source": "smartapi",
    "feed.symbols": "[NIFTY29DEC2625000CE]",
}
ACCOUNT = TradingAccount("A123456", CleanText("A1***6"), "mark of theirs")


def live_config(**changed: str) -> Config:
    """Under it live orders are allowed, unless by what is `changed` (`risk__max_daily_loss="0"`)."""
    said = SAID | {key.replace("__", "."): value for key, value in changed.items()}
    return config(*(f"{key}={value}" for key, value in said.items()))
