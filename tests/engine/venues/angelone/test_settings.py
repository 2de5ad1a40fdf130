"""What stands in [smartapi] where nobody has changed it."""

from engine.config import describe
from tests.support.builders import config


def test_every_default_and_no_other_key() -> None:
    found = {key: text for key, text in describe(config()).items() if key.startswith("smartapi.")}
    assert found == {
        "smartapi.stream_url": "wss://smartapisocket.angelone.in/smart-stream",
        "smartapi.orders_url": "wss://tns.angelone.in/smart-order-update",
        "smartapi.rest_url": "https://apiconnect.angelone.in",
        "smartapi.master_url": "https://margincalculator.angelone.in/OpenAPI_File/files/OpenAPIScripMaster.json",
        "smartapi.mode": "quote",
        "smartapi.sequence": "auto",
        "smartapi.credentials_file": '""',
    }
