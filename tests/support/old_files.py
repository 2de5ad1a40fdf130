"""Where the files of an older program lie, and under which rules one of them was made."""

from tests.support.paths import ROOT

GOLDEN = ROOT / "tests" / "golden"
KILLED = GOLDEN / "killed_paper"
# Every indicator and filter.
FILTERS = (
    *("strategy.use_macd=true", "strategy.use_vwap=true", "strategy.use_rsi_filter=true", "strategy.use_atr=true"),
    *("strategy.use_bollinger_bands=true", "strategy.use_htf_trend=true", "strategy.noise_filter_enabled=true"),
    "risk.jump_percent=20",
)
