"""How many requests may still go to one exchange segment, so that closing never waits because of opening. Sends nothing.

The broker takes 9 a second, 500 a minute and 1,000 an hour, of placing, amending and cancelling together. We stay below
that with entries, and keep a reserve: what closing all may take. Exits and cancels go on to the broker's own limits.
"""

from collections import deque
from itertools import takewhile
from typing import Final, Literal, NamedTuple

from engine.model.order_views import BudgetView

Window = Literal["second", "minute", "hour", "day"]


class Limit(NamedTuple):
    """The most requests in `ms`, for entries and in all; `reserved`: entries leave the reserve of it."""

    window: Window
    ms: int
    entries: int
    broker: int
    reserved: bool


# A second is over before an exit has waited for it; its reserve are the two that entries leave.
LIMITS: Final = (
    Limit("second", 1_000, 7, 9, reserved=False),
    Limit("minute", 60_000, 400, 500, reserved=True),
    Limit("hour", 3_600_000, 800, 1_000, reserved=True),
)
ENTRIES_A_SECOND: Final = 2
_LONGEST: Final = LIMITS[-1]


class Wait(NamedTuple):
    """Which window is used up, and when it has room again; 0 = not by time alone."""

    window: Window
    until_ms: int


def reserve(slices: int, working: int) -> int:
    """The requests to keep for closing all, which takes `slices` orders, while `working` orders are to be amended or cancelled."""
    return 4 * slices + 2 * working + 10


class OrderBudget:
    """Requests of one exchange segment in sliding windows, and the orders of a day; times that fall back are taken as the newest."""

    STATE = ("requests", "entries", "orders")

    def __init__(self, orders_a_day: int) -> None:
        self._orders_a_day = orders_a_day
        self.requests: deque[int] = deque(maxlen=_LONGEST.broker)  # when each was sent, of an hour at most
        self.entries: deque[int] = deque(maxlen=ENTRIES_A_SECOND)
        self.orders = 0

    def start_day(self) -> None:
        """Begin the count of the day's orders anew; an hour goes on."""
        self.orders = 0

    def count(self, at_ms: int, *, entry: bool, order: bool) -> None:
        """Count a request that was sent, now or as a row of the journal says; `order`: it placed one."""
        requests = self.requests
        if requests:
            at_ms = max(at_ms, requests[-1])
            while requests and requests[0] <= at_ms - _LONGEST.ms:
                requests.popleft()
        requests.append(at_ms)
        if entry:
            self.entries.append(at_ms)
        self.orders += order

    def wait(self, now_ms: int, *, entry: bool, kept: int = 0) -> Wait | None:
        """Why a request cannot be sent now; None where it can.

        `entry`: it places or amends an entry, and has to leave `kept` requests (see `reserve`) in every window that is longer
        than a second. To cancel an entry is none.
        """
        self._follow(now_ms)
        left = max(kept, 1)
        if entry and self._orders_a_day - self.orders < left:
            return Wait("day", 0)
        for limit in LIMITS:
            most = limit.broker
            if entry:
                most = limit.entries - (left - 1 if limit.reserved else 0)
            if until_ms := _full_until_ms(self.requests, most, limit.ms, now_ms):
                return Wait(limit.window, max(until_ms, 0))
        if entry and (until_ms := _full_until_ms(self.entries, ENTRIES_A_SECOND, LIMITS[0].ms, now_ms)):
            return Wait("second", until_ms)
        return None

    def view(self, now_ms: int, kept: int) -> BudgetView:
        """What is used up now, beside what entries may use; `kept` is the reserve."""
        second, minute, hour = (self._used(now_ms - limit.ms) for limit in LIMITS)
        most = [limit.entries for limit in LIMITS]
        return BudgetView(second, most[0], minute, most[1], hour, most[2], self.orders, self._orders_a_day, kept)

    def _used(self, since_ms: int) -> int:
        """How many requests were sent after that moment."""
        return sum(1 for _ in takewhile(since_ms.__lt__, reversed(self.requests)))

    def _follow(self, now_ms: int) -> None:
        """Where the clock was set back, what was sent is taken as sent now, and not as still to come."""
        for stamps in (self.requests, self.entries):
            later = 0
            while stamps and stamps[-1] > now_ms:
                stamps.pop()
                later += 1
            stamps.extend([now_ms] * later)


def _full_until_ms(stamps: deque[int], most: int, window_ms: int, now_ms: int) -> int:
    """When less than `most` of `stamps` lie within the window again; 0 where that is so now, -1 where it never is."""
    if most <= 0:
        return -1
    if len(stamps) < most or stamps[-most] <= now_ms - window_ms:
        return 0
    return stamps[-most] + window_ms
