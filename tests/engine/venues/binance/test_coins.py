"""What is subscribed at Binance: coins however they are written, never an index of India; an unknown one is refused with the nearest."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.assembly import load
from engine.config import bundled
from engine.model.errors import InputError
from engine.venues.binance.coins import check_coins, coin_name, is_coin_like, rest_url, wanted_coins
from engine.venues.binance.supply import open_binance
from engine.venues.supply import LiveSupply
from tests.support.builders import config
from tests.support.http_server import HttpRequest, HttpServer, answer

LISTED = ["BTCUSDT", "ETHUSDT", "BNBUSDT", "ETHBTC", *(f"C{number}USDT" for number in range(200))]


class Exchange:
    """Names its coins, or whatever `body` says."""

    def __init__(self) -> None:
        self.body = json.dumps([{"symbol": name, "price": "1.0"} for name in LISTED])

    def __call__(self, asked: HttpRequest) -> bytes:
        assert asked.path == "/api/v3/ticker/price"
        return answer(200, self.body)


@pytest.fixture
def exchange() -> Iterator[tuple[Exchange, HttpServer]]:
    told = Exchange()
    with HttpServer(told) as server:
        yield told, server


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CACHE_HOME": str(tmp_path)}


@pytest.mark.parametrize(
    "text", ["BTCUSDT", "btcusdt", "BTC/USDT", "btc-usdt", "BTC_USDT", "BINANCE:BTCUSDT", "Btc / Usdt"]
)
def test_a_coin_however_it_is_written(text: str) -> None:
    assert coin_name(text) == "BTCUSDT"
    assert is_coin_like(text)


@pytest.mark.parametrize(
    ("overrides", "wanted"),
    [
        ((), "BTCUSDT"),
        (("instrument.symbol=BANKNIFTY",), "BANKNIFTY"),  # said for this very run
        (("instrument.symbol=ETHUSDT",), "ETHUSDT"),
        (('feed.symbols=["eth/usdt"]',), "ETHUSDT"),
    ],
)
def test_what_is_subscribed(overrides: tuple[str, ...], wanted: str) -> None:
    opened = open_binance(config("feed.source=binance", "binance.stream_url=ws://127.0.0.1:1", *overrides), {})
    assert isinstance(opened.source, LiveSupply)
    assert [each.symbol for each in opened.source.instruments] == [wanted]
    told = ("feed.symbols names no coin, so it is BTCUSDT: NIFTY of [instrument] is none",)
    assert opened.told == (() if overrides else told)


def test_a_file_s_index_of_india_is_no_coin(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(
        bundled("config.toml").read_text(encoding="utf-8").replace('symbol = "NIFTY"', 'symbol = "BANKNIFTY"')
    )
    assert wanted_coins(load(path))[0] == ("BTCUSDT",)


def test_one_coin_spelled_twice_is_refused() -> None:
    with pytest.raises(InputError, match="BTC/USDT and btcusdt are one coin"):
        open_binance(config('feed.symbols=["BTC/USDT", "btcusdt"]', "binance.stream_url=ws://127.0.0.1:1"), {})


def test_an_own_table_is_found_by_either_spelling() -> None:
    for table in ("BTCUSDT", "btcusdt"):
        said = (
            f"instruments.{table}.price_scale=100",
            f"instruments.{table}.lot_size=0.001",
            'feed.symbols=["btcusdt"]',
        )
        opened = open_binance(config("binance.stream_url=ws://127.0.0.1:1", *said), {})
        (coin,) = opened.source.instruments
        assert (coin.symbol, coin.price_scale, coin.quantity_scale) == ("BTCUSDT", 100, 1000)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("BTCUSTD", "did you mean BTCUSDT"),
        ("NIFTY", "is not traded by the exchange"),
        ("BTC", "did you mean BTCUSDT"),
        ("ETH", "ETHUSDT or ETHBTC"),
    ],
)
def test_an_unknown_coin_is_refused_with_the_nearest(
    exchange: tuple[Exchange, HttpServer], home: dict[str, str], name: str, hint: str
) -> None:
    with pytest.raises(InputError) as caught:
        check_coins(["BTCUSDT", name], exchange[1].url, home)
    assert len(caught.value.lines) == 1
    assert hint in caught.value.lines[0]


def test_known_coins_are_asked_for_once(
    exchange: tuple[Exchange, HttpServer], home: dict[str, str], tmp_path: Path
) -> None:
    _, server = exchange
    for _ in range(3):
        assert check_coins(["BTCUSDT", "C7USDT"], server.url, home) == ""
    assert len(server.requests) == 1
    kept = tmp_path / "myquant-tui/binance-coins.txt"
    assert kept.stat().st_mode & 0o777 == 0o600
    assert os.listdir(kept.parent) == [kept.name]


@pytest.mark.parametrize(
    "body",
    ["", "<html>", "[]", "{}", '[{"symbol": 5}]', json.dumps([{"symbol": "BTCUSDT"}] * 5000), json.dumps([{"pair": name} for name in LISTED]),
     json.dumps([{"symbol": name} for name in LISTED[:110]])],
)  # fmt: skip
def test_a_list_that_cannot_be_leaves_what_is_known(
    exchange: tuple[Exchange, HttpServer], home: dict[str, str], tmp_path: Path, body: str
) -> None:
    told, server = exchange
    assert check_coins(["BTCUSDT"], server.url, home) == ""
    kept = (tmp_path / "myquant-tui/binance-coins.txt").read_bytes()
    told.body = body
    warning = check_coins(["NEWUSDT"], server.url, home)
    assert "could not be asked" in warning or "is not taken" in warning
    assert (tmp_path / "myquant-tui/binance-coins.txt").read_bytes() == kept


def test_an_exchange_that_is_not_there_stops_no_start(home: dict[str, str]) -> None:
    with HttpServer(lambda _: b"") as gone:
        url = gone.url
    assert "could not be asked" in check_coins(["BTCUSDT"], url, home)


def test_only_a_known_exchange_is_asked() -> None:
    assert rest_url(config()) == "https://data-api.binance.vision"
    assert rest_url(config("binance.stream_url=ws://127.0.0.1:9")) == ""
    assert rest_url(config("binance.stream_url=wss://proxy.example.com")) == ""
    assert check_coins(["NIFTY"], "", {}) == ""


def test_a_coin_may_be_only_watched_and_is_counted_as_finely_as_ever() -> None:
    said = ("instruments.BTCUSDT.watch_only=true", 'feed.symbols=["BTC/USDT", "ETHUSDT"]')
    opened = open_binance(config("binance.stream_url=ws://127.0.0.1:1", *said), {})
    bitcoin, ether = opened.source.instruments
    assert (bitcoin.watch_only, bool(ether.watch_only)) == (True, False)
    assert bitcoin.price_scale == ether.price_scale
