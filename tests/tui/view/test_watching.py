"""What is typed to change the list of instruments, and what it means."""

import pytest

from engine import Unwatch, Watch
from tui.view.watching import command_of


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("add BTCUSDT ETHUSDT BTCUSDT", Watch(("BTCUSDT", "ETHUSDT"))),
        ("watch add 'Nifty 50' --watch-only", Watch(("Nifty 50",), watch_only=True)),
        ("remove NSE:SBIN", Unwatch(("NSE:SBIN",))),
    ],
)
def test_it_means_one_command(text: str, command: Watch | Unwatch) -> None:
    assert command_of(text) == command


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "type add SYMBOL"),
        ("add", "type add SYMBOL"),
        ("drop X", "type add SYMBOL"),
        ("remove X --watch-only", "type add SYMBOL"),
        ("add X --later", "the one option is --watch-only"),
        ("add 'X", "a quotation mark is open"),
    ],
)
def test_what_it_cannot_mean_is_told(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        command_of(text)
