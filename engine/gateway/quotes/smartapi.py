"""Quotes of Angel One: last prices of up to 50 instruments a call, one call a second. Knows neither cache nor stream.

The broker's limit is that of the account, and the engine's calls count too: a tenth of it is taken here. Nobody is logged
out: the broker ends all sessions of a client at once, the engine's with them.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from cachetools import TTLCache

from engine.config import Config, instrument_for
from engine.gateway.quotes.answers import (
    BadSymbolError,
    ProviderFailedError,
    QuoteRefusedError,
    SourcedQuote,
    symbol_of,
)
from engine.gateway.quotes.pacing import PacedCalls, Sleep
from engine.model.clock import Clock
from engine.model.errors import UserError
from engine.model.types import Instrument
from engine.text.sanitize import CleanText
from engine.venues.angelone.instruments.master import on_hand
from engine.venues.angelone.login import LoginError, LoginSession
from engine.venues.angelone.market_quotes import MOST_TOKENS, last_prices

PER_S: Final = 1
MOST_WAITING: Final = 200  # symbols at once: four calls
_HOPELESS_PAUSE_S = 300.0
_BROKEN_PAUSE_S = 60.0
_INSTRUMENTS_KEPT, _INSTRUMENTS_KEPT_S = 500, 3_600
_MS = 1_000_000
_IST = timedelta(hours=5, minutes=30)

FindInstrument = Callable[[str], Instrument]
_Outcome = SourcedQuote | QuoteRefusedError


class SmartApiQuotes:
    """The provider of real quotes of India's exchanges; those who want one at the same time share a call.

    `find` looks an instrument up, in a thread; it raises BadSymbolError, ProviderFailedError.
    """

    source = CleanText("smartapi")
    cache_name = "smartapi"

    def __init__(
        self, login: LoginSession, find: FindInstrument, clock: Clock, *, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._login = login
        self._find = find
        self._clock = clock
        self._calls = PacedCalls("smartapi", PER_S, 1, clock, sleep=sleep)
        self._instruments: TTLCache[str, Instrument] = TTLCache(
            _INSTRUMENTS_KEPT, _INSTRUMENTS_KEPT_S, lambda: clock.monotonic_ns() / 1e9
        )
        self._waiting: dict[CleanText, tuple[Instrument, asyncio.Future[_Outcome]]] = {}
        self._asking: asyncio.Task[None] | None = None

    def symbol(self, text: str) -> CleanText:
        """`text` in capitals; raises BadSymbolError."""
        return symbol_of(text)

    async def fetch(self, symbol: CleanText) -> SourcedQuote:
        """Ask the broker, with all others that wait; raises BadSymbolError, ProviderFailedError."""
        instrument = self._instruments.get(symbol)
        if instrument is None:
            instrument = self._instruments[symbol] = await self._calls.in_thread(lambda: self._find(symbol))
        if len(self._waiting) >= MOST_WAITING:
            raise ProviderFailedError("smartapi: too many quotes are asked for at once; try again")
        told: asyncio.Future[_Outcome] = asyncio.get_running_loop().create_future()
        _, told = self._waiting.setdefault(symbol, (instrument, told))
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask_for_all())
        outcome = await told
        if isinstance(outcome, SourcedQuote):
            return outcome
        raise type(outcome)(*outcome.lines)  # the same may be told to others

    def close(self) -> None:
        """End the call under way, make no other."""
        self._login.close()
        self._calls.close()
        if self._asking is not None:
            self._asking.cancel()

    async def _ask_for_all(self) -> None:
        """Ask until nobody waits any more."""
        while self._waiting:
            symbols = [*self._waiting]
            try:
                async with self._calls.turn():
                    symbols = [*self._waiting][:MOST_TOKENS]  # with those who came while we waited for our turn
                    outcomes = await self._asked({symbol: self._waiting[symbol][0] for symbol in symbols})
            except ProviderFailedError as error:
                outcomes = dict.fromkeys(symbols, error)
            except Exception as error:  # noqa: BLE001 - the mouth of a task: whoever waits for it must be told
                failed = self._calls.be_silent(_BROKEN_PAUSE_S, f"an error of ours: {type(error).__name__}")
                outcomes = dict.fromkeys(symbols, failed)
            for symbol, outcome in outcomes.items():
                _, told = self._waiting.pop(symbol)
                if not told.done():  # who waited may be gone
                    told.set_result(outcome)

    async def _asked(self, instruments: Mapping[CleanText, Instrument]) -> dict[CleanText, _Outcome]:
        try:
            prices = await self._calls.in_thread(lambda: last_prices(self._login, [*instruments.values()]))
        except LoginError as error:
            pause_s = error.retry_s or error.again_s or _HOPELESS_PAUSE_S
            raise self._calls.be_silent(pause_s, error.text) from None
        now_ms = self._clock.wall_ns() // _MS
        return {
            symbol: _outcome(symbol, prices.get((each.exchange, each.token)), now_ms)
            for symbol, each in instruments.items()
        }


def _outcome(symbol: CleanText, price: CleanText | None, now_ms: int) -> _Outcome:
    """The broker tells no time of a last price: it is of when it was asked for."""
    if price is None:
        return ProviderFailedError(f"smartapi: the broker tells no price of {symbol}")
    return SourcedQuote(symbol, price, SmartApiQuotes.source, now_ms, now_ms, currency=CleanText("INR"))


def finder(config: Config, environ: Mapping[str, str], clock: Clock) -> FindInstrument:
    """Looks instruments up in the configuration, else in the exchange's list as it lies on the disk: a service fetches none."""

    def find(symbol: str) -> Instrument:
        for said in config.instruments:
            if said.upper() == symbol and (known := instrument_for(config, said)).token:
                return known
        try:
            listed = on_hand(config, environ)
        except UserError as problem:
            raise ProviderFailedError(*(f"smartapi: {line}" for line in problem.lines)) from None
        with listed:
            try:
                return listed.instrument(symbol, (datetime.fromtimestamp(clock.wall_ns() / 1e9, UTC) + _IST).date())
            except UserError as problem:
                raise BadSymbolError(*(f"symbol {symbol}: {line}" for line in problem.lines)) from None

    return find
