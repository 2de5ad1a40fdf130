"""What stands in [smartapi]. Holds no default and no credentials."""

from typing import Annotated, Literal

from msgspec import Struct

from engine.config.rules import Address, Choice, Text

QuoteMode = Literal["ltp", "quote", "snap_quote"]
Numbering = Literal["auto", "chained", "rising"]


class SmartApiConfig(Struct, frozen=True):
    """Angel One SmartAPI: where it is and what is asked of it; credentials are never here."""

    stream_url: Annotated[str, Address("ws")]
    orders_url: Annotated[str, Address("ws")]
    rest_url: Annotated[str, Address("http")]
    master_url: Annotated[str, Address("http")]
    mode: Annotated[QuoteMode, Choice("ltp", "quote", "snap_quote")]
    sequence: Annotated[Numbering, Choice("auto", "chained", "rising")]
    credentials_file: Annotated[str, Text(1000)]
