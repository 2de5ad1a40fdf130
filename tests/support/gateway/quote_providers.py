"""A provider of quotes that a test moves: each price another, counted, held back or refused at will."""

import asyncio

from engine.gateway.quotes.answers import BadSymbolError, ProviderFailedError, SourcedQuote, symbol_of
from engine.model.clock import VirtualClock
from engine.text.sanitize import CleanText


class MovedProvider:
    """Answers with the number of the call as price, once `gate` is open; `failing` says why it does not."""

    source = CleanText("moved")
    cache_name = "moved"

    def __init__(self, clock: VirtualClock) -> None:
        self.asked: list[str] = []
        self.failing = ""
        self.gate = asyncio.Event()
        self.gate.set()
        self._clock = clock

    def symbol(self, text: str) -> CleanText:
        return symbol_of(text)

    async def fetch(self, symbol: CleanText) -> SourcedQuote:
        self.asked.append(symbol)
        number = len(self.asked)
        await self.gate.wait()
        if self.failing == "unknown":
            raise BadSymbolError(f"symbol {symbol}: nobody knows it")
        if self.failing:
            raise ProviderFailedError(f"moved: {self.failing}")
        now_ms = self._clock.wall_ns() // 1_000_000
        return SourcedQuote(symbol, CleanText(f"{number}.50"), self.source, now_ms, now_ms)

    def close(self) -> None:
        self.failing = "closed"
