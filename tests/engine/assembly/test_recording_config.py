"""What a recording's header says of the configuration it was made under."""

import pytest

from engine.assembly.recording_config import header_of
from engine.config import describe
from tests.support.builders import config, nifty


@pytest.mark.parametrize(
    ("source", "strangers"),
    [("replay", {"binance", "smartapi"}), ("mock", {"binance", "smartapi"}), ("smartapi", {"binance"})],
)
def test_it_leaves_out_the_exchanges_that_the_run_was_not_on(source: str, strangers: set[str]) -> None:
    cfg = config(f"feed.source={source}")
    recorded = header_of(cfg, "run", (nifty(),)).config
    left_out = {key.partition(".")[0] for key in describe(cfg).keys() - recorded.keys()}
    assert strangers <= left_out <= set(cfg.venues) - {source, "mock"}
    assert recorded.items() <= describe(cfg).items()
