"""One row of the exchange's list as plain data, and the words of that list. Knows no file and no network."""

import re
from datetime import date
from functools import lru_cache
from typing import Literal

from msgspec import UNSET, Struct

from engine.model.types import MAX_QUANTITY, Instrument
from engine.text.sanitize import CleanText

Kind = Literal["IDX", "EQ", "FUT", "CE", "PE"]
KINDS: tuple[Kind, ...] = ("IDX", "EQ", "FUT", "CE", "PE")
OPTIONS = ("CE", "PE")

# Whoever says RELIANCE means the NSE's: first come first.
EXCHANGES = tuple(map(CleanText, ("NSE", "NFO", "MCX", "CDS", "BSE", "BFO")))
PAISE = 100
CURRENCY_SCALE = 10**7  # prices of the CDS segment
_DEFAULT_TICK = {PAISE: 5, CURRENCY_SCALE: 25_000}  # 0.05 and 0.0025 rupees, where the list says 0 (indices)

# Largest order of an index contract, where the list does not say; as of 2026.
_FREEZE = {"NIFTY": 1800, "BANKNIFTY": 600, "FINNIFTY": 1200, "MIDCPNIFTY": 2800, "NIFTYNXT50": 600}

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DATE = re.compile(r"([0-9]{1,2})([A-Z]{3})([0-9]{4}|[0-9]{2})")


class Listed(Struct, frozen=True, gc=False):
    """What the list says of one instrument; `strike` and `tick` in 1/`price_scale` of a rupee, 0 where there is none.

    `expiry` is None for indices and shares. `freeze` is the largest quantity of one order, 0 where the list is silent.
    """

    symbol: CleanText
    exchange: CleanText
    token: CleanText
    name: str
    kind: Kind
    expiry: date | None
    strike: int
    lot: int
    tick: int
    freeze: int

    @property
    def price_scale(self) -> int:
        """Minor units per rupee."""
        return scale_of(self.exchange)

    def instrument(self, symbol: CleanText | None = None) -> Instrument:
        """As the trader counts in it, called `symbol` (default: as it is listed)."""
        # Where the list is silent: shares have no such limit; of an unknown contract one lot passes everywhere.
        usual = MAX_QUANTITY if self.expiry is None else _FREEZE.get(self.name, self.lot)
        return Instrument(
            symbol=symbol or self.symbol,
            token=self.token,
            exchange=self.exchange,
            price_scale=self.price_scale,
            tick_size=self.tick or _DEFAULT_TICK[self.price_scale],
            lot_size=self.lot,
            freeze_quantity=max(self.freeze or usual, self.lot),
            watch_only=True if self.kind == "IDX" else UNSET,  # nobody can buy an index
        )


def scale_of(exchange: str) -> int:
    """Minor units per rupee of an exchange segment."""
    return CURRENCY_SCALE if exchange == "CDS" else PAISE


@lru_cache(maxsize=4096)
def read_date(text: str) -> date | None:
    """Read `25NOV2025`, `25NOV25` or `2025-11-25`; None for anything else."""
    found = _DATE.fullmatch(text)
    try:
        if not found:
            return date.fromisoformat(text) if len(text) == 10 else None
        year = int(found[3])
        return date(year if year > 99 else 2000 + year, MONTHS.index(found[2]) + 1, int(found[1]))
    except ValueError:
        return None


def date_text(day: date) -> str:
    """`25NOV2025`, as the list writes it, whatever the machine's language."""
    return f"{day.day:02d}{MONTHS[day.month - 1]}{day.year}"
