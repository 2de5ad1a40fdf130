"""Instruments as plain words, and where they and an option say different things."""

import pytest

from engine.cli import commands
from engine.cli.engine import words_for
from engine.cli.options import load_config
from engine.config import bundled
from engine.model.errors import ConfigError, InputError

SHIPPED = ["--config", str(bundled("config.toml"))]


@pytest.mark.parametrize(
    ("argv", "symbols"),
    [
        (["run", "--source", "binance", "BTCUSDT", "ETHUSDT"], ("BTCUSDT", "ETHUSDT")),
        (["run", "BTCUSDT", "--source", "binance", "ETHUSDT"], ("BTCUSDT", "ETHUSDT")),
        (["run", "BTCUSDT", "--headless", "ETHUSDT", "--set", "feed.source=binance"], ("BTCUSDT", "ETHUSDT")),
        (["engine", "--source", "smartapi", "NIFTY25NOV2525000CE"], ("NIFTY25NOV2525000CE",)),
        (["run", "--source", "smartapi", "Nifty 50", "NSE:SBIN"], ("Nifty 50", "NSE:SBIN")),
        (["run", "--source", "mock", "--set", "feed.symbols=[A, B]", "A", "B"], ("A", "B")),
        (["run", "--source", "mock", "--set", "feed.symbols=[A, B]"], ("A", "B")),
        (["run", "--source", "binance"], ()),
    ],
)
def test_instruments_are_plain_words(argv: list[str], symbols: tuple[str, ...]) -> None:
    _, args = commands.read([*argv, *SHIPPED], None)
    assert load_config(args).feed.symbols == symbols
    _, again = commands.read(["engine", "--quiet", *words_for(args)], None)
    assert load_config(again).feed.symbols == symbols


@pytest.mark.parametrize(
    ("argv", "line"),
    [
        (["run", "--source", "mock", "A", "--set", "feed.symbols=[B]"], "feed.symbols is [B] by --set, but [A] by the command line; allowed: one of them"),
        (["--set", "feed.symbols=[]", "run", "--source", "mock", "A"], "feed.symbols is [] by --set, but [A] by the command line; allowed: one of them"),
        (["run", "A"], "A: a replay has the instruments of its file; allowed: --source mock|binance|smartapi, or replay FILE"),
        (["engine", "--replay", "x.mqr", "--source", "mock", "A"], "A: a replay has the instruments of its file; allowed: --source mock|binance|smartapi, or replay FILE"),
    ],
)  # fmt: skip
def test_where_two_things_are_said_nothing_runs(argv: list[str], line: str) -> None:
    _, args = commands.read([*argv, *SHIPPED], None)
    with pytest.raises(InputError) as caught:
        load_config(args)
    assert caught.value.lines == (line,)


def test_a_word_that_is_no_instrument_is_named() -> None:
    _, args = commands.read(["run", "--source", "mock", "A,B", *SHIPPED], None)
    with pytest.raises(ConfigError, match=r'^the command line: feed.symbols = \["A,B"\]: must be a list'):
        load_config(args)


def test_a_wrong_option_is_no_instrument(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        commands.read(["run", "--source", "mock", "A", "--nonsense"], None)
    assert "unknown option --nonsense" in capsys.readouterr().err


@pytest.mark.parametrize(
    "argv", [["--callback-mode", "run"], ["run", "--callback-mode"], ["replay", "x.mqr", "--callback-mode"]]
)
def test_the_other_name_of_a_delivery(argv: list[str]) -> None:
    _, args = commands.read([*argv, *SHIPPED, "--set", "engine.delivery=polling"], None)
    assert load_config(args).engine.delivery == "callback"
    with pytest.raises(SystemExit):
        commands.read(["run", "--callback-mode", "--delivery", "polling"], None)
