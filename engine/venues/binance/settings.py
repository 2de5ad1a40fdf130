"""What stands in [binance]. Holds no default."""

from typing import Annotated, Literal

from msgspec import Struct

from engine.config.rules import Address, Choice, Flag

TradeStream = Literal["trade", "aggTrade"]


class BinanceConfig(Struct, frozen=True):
    """Binance's public market data."""

    stream_url: Annotated[str, Address("ws")]
    trades: Annotated[TradeStream, Choice("trade", "aggTrade")]
    book: Annotated[bool, Flag()]
