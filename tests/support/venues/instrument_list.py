"""A list of instruments as the exchange prints it, from a generator: as long as wanted, with the rows that tests look for."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

EXPIRIES = ("18NOV2025", "25NOV2025", "02DEC2025", "30DEC2025", "27JAN2026")
_NOISE = ("RELIANCE", "TCS", "INFY", "HDFCBANK", "SBIN", "ITC", "LT", "AXISBANK", "M&M", "TATASTEEL")


def row(
    token: str,
    symbol: str,
    name: str,
    expiry: str,
    strike: str,
    lot: str,
    sort: str,
    segment: str,
    tick: str,
    **more: str,
) -> dict[str, object]:
    numbers = {"token": token, "symbol": symbol, "name": name, "expiry": expiry, "strike": strike, "lotsize": lot}
    return {**numbers, "instrumenttype": sort, "exch_seg": segment, "tick_size": tick, **more}


def option(
    token: int, name: str, expiry: str, rupees: int, kind: str, lot: int = 75, freeze: int = 1801, segment: str = "NFO"
) -> dict[str, object]:
    symbol = f"{name}{expiry[:5]}{expiry[7:]}{rupees}{kind}"
    sort = "OPTIDX" if name in {"NIFTY", "BANKNIFTY", "SENSEX"} else "OPTSTK"
    more = {"freeze_qty": str(freeze), "is_cas_enabled": "false"}
    return row(str(token), symbol, name, expiry, f"{rupees * 100}.000000", str(lot), sort, segment, "5.000000", **more)


SPECIAL = (
    row("99926000", "Nifty 50", "NIFTY", "", "0.000000", "1", "AMXIDX", "NSE", "0.000000"),
    row("99926009", "Nifty Bank", "BANKNIFTY", "", "0.000000", "1", "AMXIDX", "NSE", "0.000000"),
    row("99919000", "SENSEX", "SENSEX", "", "0.000000", "1", "AMXIDX", "BSE", "0.000000"),
    row("2885", "RELIANCE-EQ", "RELIANCE", "", "-1.000000", "1", "", "NSE", "10.000000"),
    row("500325", "RELIANCE", "RELIANCE", "", "-1.000000", "1", "", "BSE", "5.000000"),
    row("2031", "M&M-EQ", "M&M", "", "-1.000000", "1", "", "NSE", "10.000000"),
    row("11", "718GS2033-GS", "718GS2033", "", "-1.000000", "100", "", "NSE", "1.000000"),  # a bond: not ours
    row(
        "36001",
        "NIFTY25NOV25FUT",
        "NIFTY",
        "25NOV2025",
        "-1.000000",
        "75",
        "FUTIDX",
        "NFO",
        "10.000000",
        freeze_qty="1801",
    ),
    row("455001", "CRUDEOIL19NOV25FUT", "CRUDEOIL", "19NOV2025", "-1.000000", "100", "FUTCOM", "MCX", "100.000000"),
    row("1029", "USDINR25NOV8325CE", "USDINR", "26NOV2025", "832500000.000000", "1", "OPTCUR", "CDS", "0.250000"),
    row("1030", "USDINR25NOVFUT", "USDINR", "26NOV2025", "-1.000000", "1", "FUTCUR", "CDS", "25000.000000"),
    row("77", "JEERA20NOV25", "JEERA", "20NOV2025", "-1.000000", "3", "FUTCOM", "NCDEX", "500.000000"),  # not ours
    row("1", "ODDNAME", "ODDNAME", 'x"} ,{"', "-1.000000", "1", "", "BSE", "5.000000"),  # brackets within a text
    option(40900, "BANKNIFTY", "25NOV2025", 58000, "PE", 35, 601),
)


def rows(count: int) -> Iterator[dict[str, object]]:
    """`count` rows: the special ones, NIFTY options around 25,000 for every expiry, then shares' options without end."""
    return islice(_all_rows(), count)


def _all_rows() -> Iterator[dict[str, object]]:
    yield from SPECIAL
    token = 40_000
    for expiry in EXPIRIES:
        for strike in range(24_000, 26_050, 50):
            for kind in ("CE", "PE"):
                token += 1
                yield option(token, "NIFTY", expiry, strike, kind)
    while True:
        for name in _NOISE:
            for kind in ("CE", "PE"):
                token += 1
                yield option(token, name, EXPIRIES[token % 5], 100 + token % 9000, kind, 500, 20_001)


def write_list(path: Path, count: int) -> Path:
    """The list as one line of JSON, streamed."""
    with path.open("w", encoding="utf-8") as file:
        for number, one in enumerate(rows(count)):
            file.write("[" if number == 0 else ",")
            json.dump(one, file, separators=(",", ":"))
        file.write("]")
    return path


def text_of(count: int) -> str:
    """The list as one text, without a blank."""
    return json.dumps(list(rows(count)), separators=(",", ":"))
