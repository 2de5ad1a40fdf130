"""What a market states of the session, as far as persons have left it open. Knows no recording and no file."""

from collections.abc import Callable
from datetime import time
from typing import Final

from engine.markets.market import MARKETS

_BUFFERS: Final = (
    *("session.start_buffer_minutes", "session.end_buffer_minutes"),
    *("session.no_trade_start_minutes", "session.no_trade_end_minutes"),
)
_WHOLE_DAY: Final = (time(), time(23, 59, 59))


def market_facts(name: str, said: Callable[[str], bool], start: time, end: time) -> dict[str, object]:
    """What the market `name` states, by key. `said` tells whether a person said a key; `start` and `end` are what stands there.

    Hours that a person said make a session with an end of a market that has none, but for those of a whole day: whoever
    says them means no end. A market without an end has no use for minutes around it.
    """
    market = MARKETS[name]
    hours_said = said("session.start") or said("session.end")
    first = start if said("session.start") else market.start
    last = end if said("session.end") else market.end
    whole_day = (first, last.replace(microsecond=0)) == _WHOLE_DAY
    facts: dict[str, object] = {"session.zone": market.zone, "session.start": market.start, "session.end": market.end}
    facts["session.daily"] = not whole_day and (market.daily or hours_said)
    if not market.daily:
        facts |= dict.fromkeys(_BUFFERS, 0)
    return facts
