"""What people, other brokers and the exchange call an instrument, each taken for the same entry of the list."""

import json
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.errors import InputError
from engine.venues.angelone.instruments.listed import MONTHS, date_text
from engine.venues.angelone.instruments.lookup import Instruments
from engine.venues.angelone.instruments.parse import ParseCounts, read_list
from engine.venues.angelone.instruments.query import When, readings
from engine.venues.angelone.instruments.store import write_store
from tests.support.venues.instrument_list import option, row, rows

TODAY = date(2025, 11, 20)
CALL = "NIFTY25NOV2525000CE"
MORE = (
    row("99926017", "India VIX", "INDIA VIX", "", "0.000000", "1", "AMXIDX", "NSE", "0.000000"),
    option(50001, "SENSEX", "27NOV2025", 85000, "CE", 20, 1001, "BFO"),
    option(50002, "NIFTYNXT50", "25NOV2025", 65000, "CE", 25, 601),
    option(50003, "BANKNIFTY", "30DEC2025", 58000, "CE", 35, 601),
    row("50004", "GOLD28NOV25125000CE", "GOLD", "28NOV2025", "12500000.000000", "1", "OPTFUT", "MCX", "50.000000"),
)


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instruments]:
    path = tmp_path_factory.mktemp("list") / "list.sqlite"
    write_store(path, read_list(BytesIO(json.dumps([*rows(600), *MORE]).encode()), ParseCounts()), {})
    with Instruments(path) as instruments:
        yield instruments


ONE = {
    CALL: [
        *("NIFTY25NOV2525000CE", "nifty25nov2525000ce", "NIFTY25NOV25000CE", "NIFTY25N2525000CE", "NIFTY251125C25000"),
        *(
            "NSE:NIFTY25NOV25000CE",
            "NFO:NIFTY25N2525000CE",
            "OPTIDXNIFTY25-11-2025CE25000.00",
            "NIFTY 25000 CE 25NOV2025",
        ),
        *(
            "NIFTY 25 NOV 25000 CE",
            "nifty 25 nov 25 25000 ce",
            "NIFTY 25,000 CE 25 November 2025",
            "Nifty 50 25NOV 25000CE",
        ),
        *("NIFTY 25000 CE 2025-11-25", "NIFTY NOV 25000 CE", "NIFTY WEEKLY 25000 CE", "NIFTY NOV2025 25000 CE NFO"),
    ],
    "NIFTY30DEC2525000CE": [
        "NIFTY25DEC25000CE",
        "NIFTY MONTHLY DEC 25000 CE",
        "NIFTY 30 DEC 25000 CE",
        "NIFTY 30 DEC 25000 CALL",
    ],
    "NIFTY02DEC2525000CE": ["NIFTY25D0225000CE", "NSE:NIFTY25D0225000CE", "NIFTY 2 DEC 25000 CE"],
    "NIFTY27JAN2625000PE": [
        "NIFTY26JAN25000PE",
        "NIFTY2612725000PE",
        "NIFTY 27 JAN 25000 PE",
        "NIFTY JAN 25000 PE",
        "NIFTY 27 JAN PUT 25000",
        "NIFTY-27JAN2026-25000-P",
    ],
    "NIFTY25NOV25FUT": [
        "NIFTY25NOVFUT",
        "NIFTY FUT",
        "NIFTY-FUT",
        "NIFTY NOV FUTURE",
        "NSE:NIFTY25NOVFUT",
        "NIFTY NOV FUT",
        "FUTIDXNIFTY25-11-2025XX0.00",
    ],
    "BANKNIFTY25NOV2558000PE": ["BANK NIFTY 58000 PE", "NSE_FO|40900", "BANKNIFTY 25 NOV", "NIFTY BANK 25 NOV"],
    "SENSEX27NOV2585000CE": ["SENSEX 85,000 CE", "BSE:SENSEX25NOV85000CE", "BFO:SENSEX25N2785000CE"],
    "GOLD28NOV25125000CE": ["GOLD 1,25,000 CE", "GOLD 125,000 CE", "MCX:GOLD25NOV125000CE"],
    "NIFTYNXT5025NOV2565000CE": ["NIFTYNXT50 65000 CE", "NIFTYNXT5025NOV65000CE", "NIFTY NEXT 50 65000 CE"],
    "NIFTY": ["NSE_INDEX|Nifty 50", "Nifty 50", "nifty"],
    "NIFTY50": ["NSE:NIFTY50-INDEX", "NIFTY50"],
    "BANKNIFTY": ["Bank Nifty", "Nifty Bank", "BANKNIFTY"],
    "INDIAVIX": ["India VIX", "INDIAVIX", "NSE:INDIAVIX-INDEX"],
    "RELIANCE-EQ": ["RELIANCE", "NSE:RELIANCE-EQ", "NSE:RELIANCE", "NSE_EQ|2885"],
    "RELIANCE": ["BSE:RELIANCE", "RELIANCE.BSE"],
    "M&M-EQ": ["M&M", "NSE:M&M"],
}


@pytest.mark.parametrize(("symbol", "spelled"), [(symbol, one) for symbol, each in ONE.items() for one in each])
def test_one_instrument_however_it_is_spelled(listed: Instruments, symbol: str, spelled: str) -> None:
    assert listed.instrument(spelled, TODAY).symbol == symbol
    if "." not in spelled:
        token = listed.instrument(spelled, TODAY).token
        assert listed.find(spelled, TODAY)[0].token == token


@pytest.mark.parametrize(
    ("spelled", "words"),
    [
        ("NIFTY25N1125000CE", "expired on 11NOV2025; near: NIFTY25NOV2525000CE"),
        ("NIFTY25OCT25000CE", "expired in OCT2025; near: NIFTY25NOV2525000CE"),
        ("NIFTY 18 NOV 25000 CE", "expired on 18NOV2025; near: "),
        ("NSE:NIFTY11NOV2525000CE", "expired on 11NOV2025"),
        ("BANKNIFTY 28 NOV", "is not listed; near: BANKNIFTY25NOV2558000PE, BANKNIFTY30DEC2558000CE"),
        ("NIFTY 25010 CE", "is not listed; near: NIFTY25NOV2525000CE"),
        ("NSE_FO|1", "is not listed"),
        ("NSE_EQ|INE002A01018", "is an ISIN, and the list has none: say its symbol"),
        ("CRUDE OIL FUT", "expired on 19NOV2025"),
    ],
)
def test_what_has_expired_is_said_to_have_expired(listed: Instruments, spelled: str, words: str) -> None:
    assert listed.find(spelled, TODAY) == []
    assert words in listed.why_not(spelled, TODAY)
    with pytest.raises(InputError, match="instrument ") as caught:
        listed.instrument(spelled, TODAY)
    assert words in str(caught.value)


@pytest.mark.parametrize("spelled", ["NIFTY 25000 CE", "NIFTY25000CE", "NIFTY DEC 25000 CE", "NIFTY MONTHLY 25000 CE"])
def test_what_may_mean_several_is_found_but_not_subscribed(listed: Instruments, spelled: str) -> None:
    assert len(listed.find(spelled, TODAY)) > 1
    with pytest.raises(InputError, match=r"may mean NIFTY.*25000CE, .*; say which one"):
        listed.instrument(spelled, TODAY)


_DAYS = st.dates(date(2021, 1, 1), date(2049, 12, 31))
_STRIKES = st.integers(100, 200_000)


@given(
    _DAYS,
    _STRIKES,
    st.sampled_from(["NIFTY", "BANKNIFTY", "M&M", "BAJAJ-AUTO", "NIFTYNXT50"]),
    st.sampled_from(["CE", "PE"]),
)
def test_every_form_says_name_day_strike_and_kind(day: date, strike: int, name: str, kind: str) -> None:
    year, month, text = day.year % 100, MONTHS[day.month - 1], date_text(day)
    figure = "123456789OND"[day.month - 1]
    whole = (
        f"{name}{text[:5]}{year}{strike}{kind}",
        f"{name}{year}{figure}{day.day:02d}{strike}{kind}",
        f"{name}{year}{day.month:02d}{day.day:02d}{kind[0]}{strike}",
    )
    for symbol in whole:
        said = [(one.name, one.kind, one.strike, one.when and one.when.exact(TODAY)) for one in readings(symbol)]
        assert (name, kind, Decimal(strike), day) in said
    monthly = [one for one in readings(f"{name}{year}{month}{strike}{kind}") if one.when and one.when.monthly]
    assert [
        (one.name, one.strike, one.when and (one.when.year, one.when.month)) for one in monthly if one.name == name
    ] == [(name, Decimal(strike), (day.year, day.month))]


@given(st.text(st.sampled_from("NIFTY0123456789COEPFUTNOVDEC:|-., "), max_size=40))
def test_no_spelling_whatever_breaks_it(listed: Instruments, text: str) -> None:
    for ask in (listed.find, listed.instrument):
        try:
            ask(text, TODAY)  # type: ignore[operator]
        except InputError as error:
            told = error.lines
        else:
            told = ("",)
        assert len(told) == 1
    assert listed.why_not(text, TODAY).startswith("instrument ")


@given(_DAYS, st.integers(-180, 180))
def test_a_day_without_its_year_is_the_nearest_one(today: date, off: int) -> None:
    day = today + timedelta(days=off)
    assert When(0, day.month, day.day).exact(today) == day or (day.month, day.day) == (2, 29)
    assert When(0, day.month, day.day).is_over(today) == (off < 0)


def test_an_index_is_only_watched(listed: Instruments) -> None:
    assert listed.instrument("India VIX", TODAY).watch_only is True
    assert not listed.instrument(CALL, TODAY).watch_only
    assert not listed.instrument("RELIANCE", TODAY).watch_only
