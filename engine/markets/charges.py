"""What contract notes charge: dated tables by market and broker, and which of them an instrument is charged by. Opens no file."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal

import msgspec
from msgspec import Struct

_FUTURE = re.compile(r"FUT$", re.ASCII | re.IGNORECASE)
_BUDGET = (4, 1)  # rates of a year begin on 1 April


class ChargeRow(Struct, frozen=True, rename={"valid_from": "from"}, forbid_unknown_fields=True):
    """Rates from `valid_from` on: brokerage in the currency for an executed order, the others in percent.

    `unsure` names those that no primary source was found for.
    """

    valid_from: date
    brokerage: Decimal
    stt: Decimal
    exchange: Decimal
    ipft: Decimal
    sebi: Decimal
    stamp: Decimal
    gst: Decimal
    source: str
    unsure: tuple[str, ...] = ()


class ChargeTable(Struct, frozen=True, forbid_unknown_fields=True):
    """The options of one exchange at one broker; `underlyings` are what their symbols begin with ("": whatever no other table has).

    `checked` is when somebody last looked whether there is a newer row.
    """

    market: str
    exchange: str
    underlyings: tuple[str, ...]
    checked: date
    rows: tuple[ChargeRow, ...]

    def on(self, day: date) -> ChargeRow:
        """The row that counts on `day`; before the first one, the first."""
        return next((row for row in reversed(self.rows) if row.valid_from <= day), self.rows[0])

    def doubt(self, day: date) -> str:
        """Why its rates of `day` may be others; empty where they are known."""
        row = self.on(day)
        if day < row.valid_from:
            return f"begins on {row.valid_from}: those rates are taken for {day}"
        if day >= _next_budget(self.checked):
            return f"was last checked on {self.checked}: rates of {day} may be others"
        return f"of {row.valid_from}: {' and '.join(row.unsure)} not certain" if row.unsure else ""


ChargeTables = Mapping[str, ChargeTable]


def read_tables(document: object) -> ChargeTables:
    """The tables in a parsed charges.toml; raises ValueError that names what is wrong."""
    try:
        tables = msgspec.convert(document, dict[str, ChargeTable])
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None
    for name, table in tables.items():
        dates = [row.valid_from for row in table.rows]
        if not dates or dates != sorted(set(dates)):
            raise ValueError(f"{name}: has no rows, or they do not rise by their dates")
        if any(getattr(row, rate) < 0 for row in table.rows for rate in ChargeRow.__struct_fields__[1:8]):
            raise ValueError(f"{name}: a rate below nought")
    return tables


def table_of(symbol: str, exchange: str, market: str, tables: ChargeTables) -> str:
    """Name of the table that an instrument is charged by; empty where there is none.

    In a segment of derivatives all but a future counts as an option, so that a name which stands for one does.
    """
    if _FUTURE.search(symbol):
        return ""
    found, longest = "", -1
    for name, table in tables.items():
        if table.exchange != exchange.upper() or market not in {"", table.market}:
            continue
        for underlying in table.underlyings:
            if symbol.upper().startswith(underlying) and len(underlying) > longest:
                found, longest = name, len(underlying)
    return found


def _next_budget(after: date) -> date:
    """The first day behind `after` from which rates of another year may hold."""
    this_year = date(after.year, *_BUDGET)
    return this_year if after < this_year else date(after.year + 1, *_BUDGET)
