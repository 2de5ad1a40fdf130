"""What a person may say of a file of others, over what the file says of itself. Reads nothing."""

import re
from typing import Final, Literal

from msgspec import Struct

from engine.recording.stamps import TimeFormat

SYMBOL: Final = re.compile(rb"[A-Za-z0-9_.: &/|^-]{1,80}")
SYMBOL_ALLOWED: Final = "1 to 80 of A-Z a-z 0-9 _ . : & / | ^ - and space"

PriceOf = Literal["", "bid", "ask", "mid"]


class CsvLayout(Struct, frozen=True, kw_only=True):
    """How a file of others is to be read; what is left out is found out from the file, or asked for.

    `columns` names each column in the file's order (any unknown name for one that is ignored), or only those that are
    meant, as `role=name` or `role=number`. Stamps without an offset are in `zone` (a profile's or the header's own unless
    `zone_said`); `date` belongs to stamps that are times of a day, `at` to
    those that are dates; prices are divided by `price_divisor`; `shift_ns` is
    added to every stamp. `has_header` None: by the look of the first rows. `candles`: a row is four ticks.
    """

    columns: tuple[str, ...] = ()
    time_format: TimeFormat = "auto"
    date: str = ""
    at: str = ""
    zone: str = "Asia/Kolkata"
    zone_said: bool = False
    price_divisor: int = 1
    has_header: bool | None = None
    symbol: str = ""
    symbol_said: bool = False  # by a person for this file; else it is the configuration's
    profile: str = ""
    delimiter: Literal["", "comma", "semicolon", "tab", "pipe"] = ""
    dates: Literal["", "dmy", "mdy", "ymd"] = ""
    decimal: Literal["", "point", "comma"] = ""
    shift_ns: int = 0
    member: str = ""
    candles: bool = False
    price: PriceOf = ""
