"""The shipped configuration: what it says, where it is found, and what is said of it."""

import re
import shutil
import subprocess
import sys
from datetime import date, time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.assembly import load
from engine.config import Config, bundled, changed, describe, find_config, instrument_for
from engine.config.rules import Number, Whole
from engine.config.schema import tables_with
from engine.model.errors import ConfigError
from engine.model.types import Instrument
from engine.venues.registry import sections
from engine.venues.simulated.settings import MockConfig

TABLES = tables_with(sections())
SHIPPED = bundled("config.toml")
LINES = SHIPPED.read_text(encoding="utf-8").splitlines()

DEFAULTS = {
    "session": "zone=Asia/Kolkata start=09:15 end=15:30 daily=true start_buffer_minutes=5 end_buffer_minutes=20 no_trade_start_minutes=5 no_trade_end_minutes=10 calendar=auto holidays=[] special=[]",
    "capital": "initial_capital=100000",
    "strategy": "use_ema_crossover=true fast_ema=18 slow_ema=42 use_macd=false macd_fast=12 macd_slow=26 macd_signal=9 use_vwap=false"
    " use_htf_trend=false htf_period=20 use_rsi_filter=false rsi_length=14 rsi_overbought=70 rsi_oversold=30"
    " use_bollinger_bands=false bollinger_length=20 bollinger_width=2 use_atr=false atr_length=14 consecutive_green_ticks=3"
    " green_ticks_after_stop_loss_enabled=true green_ticks_after_stop_loss=4 noise_filter_enabled=false"
    " noise_filter_percentage=0.0001 noise_filter_min_ticks=1 min_warmup_ticks=50 nan_streak_threshold=7 nan_recovery_threshold=3",
    "risk": "max_positions_per_day=100 max_position_value_percent=30 base_sl_points=15 tp_points=[5,12,20,30] tp_percents=[0.4,0.3,0.2,0.1]"
    " use_trail_stop=true trail_activation_points=5 trail_distance_points=5 slippage_points=0 slippage_points_exit=0"
    " commission_percent=0.03 commission_per_trade=0 stt_percent=0.025 exchange_charges_percent=0.003 gst_percent=18"
    " max_position_duration_minutes=0 emergency_exit_percent=0 emergency_window_s=60 max_daily_loss=0 max_backwards_ms=1000"
    " max_tick_gap_ms=5000 missed_ticks_before_stop=10 jump_percent=0 unprotected=warn",
    "charges": "model=contract_note table=auto",
    "paper": "fill=touch",
    "live": "enabled=false max_order_value=0 max_lots=0 max_open_positions=0 max_orders_per_day=0 symbols=[] forward_days=0"
    " on_engine_death=restart net_points=0 amends=false",
    "instrument": 'symbol=NIFTY token="" exchange=NFO market=NSE price_scale=100 lot_size=75 tick_size=0.05 freeze_quantity=1800 allow_negative=false',
    "engine": "delivery=callback poll_interval_ms=50 inbox_size=1000 handler_budget_ms=20 snapshot_interval_ms=50"
    " latency_every_tick=false switch_drain_ms=200",
    "feed": "source=replay symbols=[] stale_s=3 silence_s=7",
    "replay": "speed=max skip_silence=false silence_s=2 snapshot_ticks=5000 keep_runs=20",
    "recording": 'enabled=auto directory="" checkpoint_ticks=1000 flush_ms=1000 keep_days=0 budget_mb=0',
    "journal": "enabled=true reserve_kb=256",
    "logging": "level=info lines_per_s=50",
    "logging.levels": 'engine="" feed="" trader="" broker="" journal="" recording=""',
    "heartbeat": "heartbeat_log_s=30",
    "operator": "on_loss=keep flat_after_s=600 on_silence=hold silence_flat_s=30",
    "adaptive": "enabled=false hold_s=120",
    "alerts": "command=[] webhook_format=json bell=true notify=off trades=false per_hour=20",
    "serve": 'port=8000 socket="" binance=auto smartapi=auto warm=[]',
    "cache": "l1_size=500 l1_ttl_s=60 l2_ttl_s=300 redis_timeout_s=2 fallback_size=2000 fallback_ttl_s=300",
}


def written(tmp_path: Path, more: str) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(SHIPPED.read_text(encoding="utf-8") + more, encoding="utf-8")
    return path


def test_every_default_of_the_trading_rules_and_no_other_key() -> None:
    expected = {}
    for section, keys in DEFAULTS.items():
        for pair in keys.split():
            key, value = pair.split("=")
            expected[f"{section}.{key}"] = value.replace(",", ", ")
    of_venues = tuple(f"{name}." for name in sections())
    described = describe(load(SHIPPED))
    assert {key: text for key, text in described.items() if not key.startswith(of_venues)} == expected


def test_values_have_exact_types() -> None:
    config = load(SHIPPED, ["session.holidays=[2025-10-02, '2025-10-21']"])
    assert config.session.start == time(9, 15)
    assert config.session.holidays == (date(2025, 10, 2), date(2025, 10, 21))
    assert config.risk.tp_percents == (Decimal("0.4"), Decimal("0.3"), Decimal("0.2"), Decimal("0.1"))
    assert all(
        type(one) is Decimal
        for one in (config.capital.initial_capital, config.risk.base_sl_points, config.instrument.lot_size)
    )
    assert (config.replay.speed, config.venue(MockConfig).speed) == (0.0, 10.0)
    assert config.venue(MockConfig).date == date(2025, 10, 3)
    assert config.instruments == {}


def test_a_config_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        load(SHIPPED).risk.base_sl_points = Decimal(1)  # type: ignore[misc]


@pytest.mark.parametrize("number", [i for i, line in enumerate(LINES) if re.match(r"\w+ = ", line)])
def test_every_key_stands_under_a_line_that_gives_its_range(number: int) -> None:
    comment, line = LINES[number - 1], LINES[number]
    assert re.match(r"# \S.{10,}\.$", comment), line
    section = next(text[1:-1] for text in reversed(LINES[:number]) if text.startswith("["))
    rule = TABLES[section][line.split()[0]]
    if isinstance(rule, Whole | Number):
        given_range = re.fullmatch(r"a (?:whole )?number from (\S+) to (\S+)", rule.allowed)
        said = f"{given_range[1]}..{given_range[2]}" if given_range else rule.allowed.removeprefix("a number ")
        assert said in comment


def test_the_file_and_the_rules_stand_in_the_same_order() -> None:
    keys = [line.split()[0] for line in LINES if re.match(r"\w+ = ", line)]
    assert keys == [key for rules in TABLES.values() for key in rules]


def test_what_was_changed_is_named() -> None:
    config = load(SHIPPED, ["strategy.fast_ema=9", "risk.tp_points=[5, 12, 20, 31]", "risk.base_sl_points=15.0"])
    assert changed(config) == ("strategy.fast_ema", "risk.tp_points")
    assert describe(config)["strategy.fast_ema"] == "9"
    assert changed(load(SHIPPED)) == ()


def test_a_description_can_be_given_back_as_overrides(tmp_path: Path) -> None:
    path = written(tmp_path, '[instruments."A.B-C_1"]\nlot_size = 0.001\ntoken = "77"\n')
    config = load(
        path,
        [
            "recording.directory='\"odd\" \\ name'",
            "mock.speed=2.50",
            "session.end=15:29:30",
            "session.holidays=[2025-10-02]",
        ],
    )
    again = load(SHIPPED, [f"{key}={text}" for key, text in describe(config).items()])
    assert again == config


@given(st.text(st.characters(codec="utf-8"), max_size=30).filter(str.isprintable))
def test_any_printable_directory_can_be_given_back(directory: str) -> None:
    quoted = '"' + directory.replace("\\", "\\\\").replace('"', '\\"') + '"'
    config = load(SHIPPED, [f"recording.directory={quoted}"])
    assert config.recording.directory == directory
    assert load(SHIPPED, [f"recording.directory={describe(config)['recording.directory']}"]) == config


# ── Instruments ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_instrument_in_minor_units() -> None:
    assert instrument_for(load(SHIPPED), "NIFTY") == Instrument("NIFTY", "", "NFO", 100, 5, 75, 1800, 1, "NSE")


def test_an_own_table_goes_over_the_general_one(tmp_path: Path) -> None:
    config = load(
        written(tmp_path, "[instruments.BANKNIFTY]\nlot_size = 35\nfreeze_quantity = 600\n"),
        ["instrument.tick_size=0.1"],
    )
    assert config.instruments["BANKNIFTY"].symbol == "BANKNIFTY"
    assert instrument_for(config, "BANKNIFTY") == Instrument("BANKNIFTY", "", "NFO", 100, 10, 35, 600, 1, "NSE")
    assert instrument_for(config, "NIFTY") == Instrument("NIFTY", "", "NFO", 100, 10, 75, 1800, 1, "NSE")
    assert changed(config) == (
        "instrument.tick_size",
        "instruments.BANKNIFTY.lot_size",
        "instruments.BANKNIFTY.freeze_quantity",
    )


def test_a_token_is_never_lent_to_another_symbol() -> None:
    config = load(SHIPPED, ["instrument.token=26000", "instruments.NIFTY.lot_size=25", "instruments.SPY.exchange=ARCA"])
    assert instrument_for(config, "NIFTY").token == "26000"
    assert instrument_for(config, "SPY").token == ""
    assert instrument_for(config, "UNKNOWN").token == ""
    assert instrument_for(load(SHIPPED, ["instruments.SPY.token=5"]), "SPY").token == "5"


@pytest.mark.parametrize(
    ("lot", "scale", "units"), [("75", 1, 75), ("75.0", 1, 75), ("0.001", 1000, 1), ("0.25", 100, 25), ("100", 1, 100)]
)
def test_a_fraction_of_a_unit_sets_the_quantity_scale(lot: str, scale: int, units: int) -> None:
    instrument = instrument_for(load(SHIPPED, [f"instrument.lot_size={lot}"]), "NIFTY")
    assert (instrument.quantity_scale, instrument.lot_size, instrument.freeze_quantity) == (scale, units, 1800 * scale)


# ── Places ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory and a home that hold nothing yet."""
    (tmp_path / "home").mkdir()
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return tmp_path


def put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(SHIPPED, path)
    return path


def test_the_first_of_four_places_is_used(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_config(None) == SHIPPED
    in_home = put(elsewhere / "home/.config/myquant-tui/config.toml")
    assert find_config(None) == in_home
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")
    assert find_config(None) == in_home
    in_xdg = put(elsewhere / "xdg/myquant-tui/config.toml")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(elsewhere / "xdg"))
    assert find_config(None) == in_xdg
    put(elsewhere / "work/config.toml")
    assert find_config(None) == Path("config.toml")
    assert find_config(Path("other.toml")) == Path("other.toml")
    assert isinstance(load(), Config)


def test_a_file_that_is_there_but_unusable_is_not_passed_over(elsewhere: Path) -> None:
    (elsewhere / "work/config.toml").symlink_to("nowhere")
    with pytest.raises(ConfigError, match=r"^config\.toml: cannot be read: No such file or directory$"):
        load()


def test_an_installed_program_finds_its_files_without_a_source_tree(tmp_path: Path) -> None:
    package = Path(sys.modules["engine"].__path__[0])
    shutil.copytree(package, tmp_path / "engine", ignore=shutil.ignore_patterns("__pycache__", "bundled"))
    show = "from engine.config import *; from engine.model.errors import *\ntry: print(bundled('config.toml'))\nexcept ConfigError as e: print(e)"
    command = [sys.executable, "-c", show]

    def run() -> str:
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout.strip()

    assert run().startswith("config.toml: does not come with this installation")
    in_source = put(tmp_path / "config.toml")
    assert run() == str(in_source)
    in_wheel = put(tmp_path / "engine/bundled/config.toml")
    assert run() == str(in_wheel)


def test_a_file_that_never_comes_with_the_program_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"^other\.mqr: does not come with this installation"):
        bundled("other.mqr")


def test_loading_brings_in_nothing_heavy() -> None:
    heavy = "{'dataclasses', 'difflib', 'asyncio', 'socket', 'numpy', 'logging', 'importlib.resources', 'concurrent.futures'}"
    code = (
        "import sys, engine.config as c; from engine.venues.registry import sections;"
        f"c.load(c.bundled('config.toml'), (), sections()); print({heavy} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=SHIPPED.parent, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
