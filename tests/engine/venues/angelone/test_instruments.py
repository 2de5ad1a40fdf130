"""The exchange's list, looked up: what a person types, what the trader is given, what is refused with near names."""

from collections.abc import Iterator
from datetime import date
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.errors import InputError
from engine.model.types import MAX_QUANTITY
from engine.text.sanitize import clean
from engine.venues.angelone.instruments.listed import EXCHANGES
from engine.venues.angelone.instruments.lookup import Instruments
from engine.venues.angelone.instruments.parse import ParseCounts, read_list
from engine.venues.angelone.instruments.store import write_store
from engine.venues.angelone.wire import EXCHANGE_TYPES
from tests.support.venues.instrument_list import text_of

TODAY = date(2025, 11, 20)
COUNT = 600


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instruments]:
    path = tmp_path_factory.mktemp("list") / "list.sqlite"
    write_store(path, read_list(BytesIO(text_of(COUNT).encode()), ParseCounts()), {})
    with Instruments(path) as instruments:
        yield instruments


def found(listed: Instruments, words: str, limit: int = 20) -> list[str]:
    return [one.symbol for one in listed.find(words, TODAY, limit)]


def test_nearest_expiry_first_and_never_an_expired_one(listed: Instruments) -> None:
    symbols = found(listed, "NIFTY 25000 CE")
    assert symbols == ["NIFTY25NOV2525000CE", "NIFTY02DEC2525000CE", "NIFTY30DEC2525000CE", "NIFTY27JAN2625000CE"]
    on_the_day = [one.symbol for one in listed.find("NIFTY 25000 CE", date(2025, 11, 18))]
    assert on_the_day[0] == "NIFTY18NOV2525000CE"


@pytest.mark.parametrize(
    ("words", "symbols"),
    [
        ("NIFTY 25000 CE 25NOV2025", ["NIFTY25NOV2525000CE"]),
        ("nifty pe 25nov25 24050", ["NIFTY25NOV2524050PE"]),
        ("NIFTY 2025-12-02 25000 CE", ["NIFTY02DEC2525000CE"]),
        ("NIFTY25NOV2525000CE", ["NIFTY25NOV2525000CE"]),
        ("NIFTY FUT", ["NIFTY25NOV25FUT"]),
        ("Nifty 50", ["Nifty 50"]),
        ("USDINR 83.25 CE", ["USDINR25NOV8325CE"]),
        ("SENSEX", ["SENSEX"]),
        ("CRUDEOIL MCX", ["CRUDEOIL19NOV25FUT"]),
        ("NIFTY 25010 CE", []),
        ("NIFTY 25000.001 CE", []),
        ("BANKNIFTY 18NOV2025", []),
        ("NOSUCH", []),
    ],
)
def test_what_a_person_types(listed: Instruments, words: str, symbols: list[str]) -> None:
    day = date(2025, 11, 19)  # crude oil still lives
    assert [one.symbol for one in listed.find(words, day)] == symbols


def test_a_share_comes_before_its_options_and_the_nse_before_the_bse(listed: Instruments) -> None:
    assert found(listed, "RELIANCE", 2) == ["RELIANCE-EQ", "RELIANCE"]
    assert len(found(listed, "RELIANCE", 7)) == 7
    assert found(listed, "RELIANCE BSE") == ["RELIANCE"]


def test_the_beginning_of_a_name_is_enough(listed: Instruments) -> None:
    assert found(listed, "BANKNI") == ["Nifty Bank", "BANKNIFTY25NOV2558000PE"]
    assert found(listed, "NIFTY25NOV2525") != []


@pytest.mark.parametrize("words", ["NIFTY 25K", "NIFTY CE PE", "NIFTY 25000 24000", "", "NIFTY 1e5"])
def test_words_that_mean_nothing_are_refused_by_name(listed: Instruments, words: str) -> None:
    with pytest.raises(InputError, match="allowed: NAME"):
        listed.find(words, TODAY)


@given(words=st.lists(st.text(st.characters(), max_size=12), max_size=4))
def test_no_words_whatever_break_it(listed: Instruments, words: list[str]) -> None:
    try:
        listed.find(words, TODAY)
    except InputError as error:
        lines = error.lines
    else:
        lines = ("",)
    assert lines == (clean(lines[0], 1000),)


def test_an_instrument_as_the_trader_counts_in_it(listed: Instruments) -> None:
    option = listed.instrument("nifty25nov2525000ce", TODAY)
    assert (option.symbol, option.exchange, option.price_scale) == ("NIFTY25NOV2525000CE", "NFO", 100)
    assert (option.tick_size, option.lot_size, option.freeze_quantity) == (5, 75, 1800)  # the list prints 1801
    assert option.token.isdecimal()
    currency = listed.instrument("USDINR25NOV8325CE", TODAY)
    assert (currency.exchange, currency.price_scale, currency.tick_size) == ("CDS", 10**7, 25_000)
    assert listed.instrument("USDINR25NOVFUT", TODAY).tick_size == 25_000  # whichever way the list counts it
    assert listed.instrument("NIFTY", TODAY).symbol == "NIFTY"  # a name without the blank of "Nifty 50"
    assert listed.instrument("NIFTY", TODAY).token == "99926000"
    assert listed.instrument("SENSEX", TODAY).exchange == "BSE"
    share = listed.instrument("RELIANCE", TODAY)
    assert (share.symbol, share.exchange, share.lot_size, share.freeze_quantity) == (
        "RELIANCE-EQ",
        "NSE",
        1,
        MAX_QUANTITY,
    )
    assert listed.instrument("RELIANCE.BSE", TODAY).token == "500325"
    assert listed.instrument("CRUDEOIL19NOV25FUT", date(2025, 11, 19)).lot_size == 100


def test_a_symbol_spelled_another_way_is_found_by_what_it_says(listed: Instruments) -> None:
    """USDINR25NOV8325CE is how the list spells what others call USDINR26NOV2583.25CE."""
    assert listed.instrument("USDINR26NOV2583.25CE", TODAY).symbol == "USDINR25NOV8325CE"


@pytest.mark.parametrize(
    ("symbol", "words"),
    [
        ("NIFTY18NOV2525000CE", "expired on 18NOV2025; near: NIFTY25NOV2525000CE, NIFTY25NOV25"),
        ("NIFTY11NOV2525000CE", "expired on 11NOV2025; near: NIFTY25NOV2525000CE"),  # no longer in the list at all
        ("NIFTY02DEC2525010CE", "is not listed; near: NIFTY02DEC2525000CE, NIFTY02DEC2525050CE"),
        ("NIFTY26NOV2525000CE", "is not listed; near: NIFTY25NOV2525000CE"),
        ("RELAINCE", "is not listed; near: RELIANCE-EQ"),
        ("CRUDEOIL19NOV25FUT", "expired on 19NOV2025"),
        ("ZZZZZZ", "is not listed"),
        ("\x1b[31m", "is not listed"),
        ("RELIANCE.MCX", "is not listed"),
    ],
)
def test_an_expired_or_unknown_one_is_refused_with_near_names(listed: Instruments, symbol: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        listed.instrument(symbol, TODAY)
    (line,) = caught.value.lines
    assert words in line
    assert line.count(",") <= 2
    assert line.isprintable()


def test_the_exchanges_are_the_stream_s_own() -> None:
    assert set(EXCHANGES) <= set(EXCHANGE_TYPES)
