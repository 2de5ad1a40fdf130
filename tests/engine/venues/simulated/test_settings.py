"""What stands in [mock] where nobody has changed it."""

from engine.config import describe
from tests.support.builders import config


def test_every_default_and_no_other_key() -> None:
    found = {key: text for key, text in describe(config()).items() if key.startswith("mock.")}
    assert found == {"mock.seed": "1", "mock.date": "2025-10-03", "mock.begin": "09:15", "mock.speed": "10"}
