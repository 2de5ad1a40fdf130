"""How often a provider is asked: so many times a second, not while it wants silence, by few threads. Knows no provider's format."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

from engine.gateway.quotes.answers import ProviderFailedError
from engine.model.clock import Clock

LONGEST_WAIT_S = 2.0  # for one's turn: whoever would wait longer is told at once
_NS = 1_000_000_000
_T = TypeVar("_T")
_log = logging.getLogger("myquant.gateway")
Sleep = Callable[[float], Awaitable[object]]


class TokenBucket:
    """Lets `per_s` calls a second pass, `burst` of them at once; by the monotonic clock, which is handed in."""

    def __init__(self, per_s: float, burst: int) -> None:
        self._gap_ns = round(_NS / per_s)
        self._most_ns = (burst - 1) * self._gap_ns
        self._next_ns = -(1 << 62)  # when the next call would pass without a burst

    def reserve_s(self, now_ns: int, longest_s: float) -> float | None:
        """How long to wait for one's turn, which is taken; None where that were longer than `longest_s`, and nothing is taken."""
        wait_ns = max(self._next_ns - self._most_ns - now_ns, 0)
        if wait_ns > longest_s * _NS:
            return None
        self._next_ns = max(self._next_ns, now_ns) + self._gap_ns
        return wait_ns / _NS


class PacedCalls:
    """Blocking calls to one provider, one at a time, in a thread of their own."""

    def __init__(self, name: str, per_s: float, burst: int, clock: Clock, *, sleep: Sleep = asyncio.sleep) -> None:
        self._name = name
        self._bucket = TokenBucket(per_s, burst)
        self._clock = clock
        self._sleep = sleep
        self._turn = asyncio.Lock()  # held by whoever's call is under way
        self._silent_until_ns = 0
        self._why = ""
        self._is_well = True
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"quotes-{name}")

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Within: a call may be made, and nobody else makes one; raises ProviderFailedError where none may."""
        self._refuse_in_silence()  # which costs nobody a turn
        wait_s = self._bucket.reserve_s(self._clock.monotonic_ns(), LONGEST_WAIT_S)
        if wait_s is None:
            raise ProviderFailedError(f"{self._name}: too many quotes are asked for at once; try again")
        if wait_s > 0:
            await self._sleep(wait_s)
        async with self._turn:
            self._refuse_in_silence()  # the call before may have brought it about
            yield
            if not self._is_well:
                self._is_well = True
                _log.info("%s answers again", self._name)

    async def in_thread(self, call: Callable[[], _T]) -> _T:
        """What `call` returns, which may block; raises what it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    def be_silent(self, pause_s: float, why: str) -> ProviderFailedError:
        """Ask nothing for `pause_s`; the error that says `why`, to be raised. The first after an answer is told."""
        until_ns = self._clock.monotonic_ns() + round(pause_s * _NS)
        if until_ns > self._silent_until_ns:
            self._silent_until_ns, self._why = until_ns, why
        if self._is_well:
            self._is_well = False
            _log.warning("%s gives no quotes: %s", self._name, why)
        return ProviderFailedError(f"{self._name}: {why}")

    def close(self) -> None:
        """Make no further call; the one under way must be ended by who made it."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _refuse_in_silence(self) -> None:
        left_s = (self._silent_until_ns - self._clock.monotonic_ns()) / _NS
        if left_s > 0:
            raise ProviderFailedError(f"{self._name}: {self._why}; not asked again for {left_s:.0f} s")
