"""What must be well before orders go to a real broker: pure judges of what was found, one a check. Asks nobody.

What a running engine can judge by itself stands in `engine.presentation.readiness`.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from msgspec import Struct

from engine.config import Config
from engine.model.order_reports import OrderReport, RoundRead
from engine.model.preflight import (
    AddressFound,
    Check,
    ClockFound,
    ForwardFound,
    FundsFound,
    ListedFound,
    RoundsFound,
    SessionFound,
    SocketFound,
)
from engine.presentation.readiness import MOST_CLOCK_S, not_well, well
from engine.trading.orders.rounds import doubt, sort
from engine.trading.orders.tags import parse

TOKEN_BEYOND_END_S: Final = 30 * 60
LEAST_FORWARD_HOURS: Final = 2.0
_MOST_NAMED: Final = 3


class Preflight(Struct, frozen=True):
    """All checks that were made, in their order; `at_ns` is UTC."""

    checks: tuple[Check, ...] = ()
    at_ns: int = 0

    @property
    def well(self) -> bool:
        """Whether none of them failed."""
        return all(each.ok for each in self.checks)

    @property
    def failed(self) -> tuple[Check, ...]:
        """Those that refuse."""
        return tuple(each for each in self.checks if not each.ok)

    def with_check(self, check: Check) -> "Preflight":
        """These and the newest of its name."""
        kept = tuple(each for each in self.checks if each.name != check.name)
        return Preflight((*kept, check), self.at_ns)


def largest_loss(config: Config) -> Decimal:
    """What all positions together may cost: bought options are never worth less than nothing."""
    return config.live.max_order_value * config.live.max_open_positions


def session(found: SessionFound, exchanges: Collection[str], until_ns: int) -> Check:
    """The account's own login, which outlasts the session and may trade on `exchanges`."""
    if found.problem:
        return not_well("session", found.problem)
    if not found.ours:
        return not_well("session", "it is another client's")
    if not found.expires_s:
        return not_well("session", "its token does not say until when it holds")
    holds = datetime.fromtimestamp(found.expires_s, UTC)
    if found.expires_s * 10**9 < until_ns + TOKEN_BEYOND_END_S * 10**9:
        return not_well("session", f"its token ends at {holds:%H:%M} UTC, less than half an hour behind the session")
    if missing := [each for each in exchanges if each not in found.exchanges]:
        may = ", ".join(found.exchanges) or "nowhere"
        return not_well("session", f"may not trade on {', '.join(missing)}, but on {may}")
    return well("session", f"holds until {holds:%Y-%m-%d %H:%M} UTC, may trade on {', '.join(sorted(exchanges))}")


def clock(found: ClockFound) -> Check:
    """Ours against the broker's."""
    if found.problem or found.ahead_s is None:
        return not_well("clock", found.problem or "the broker does not tell the time")
    words = f"{abs(found.ahead_s):.1f} s {'ahead of' if found.ahead_s > 0 else 'behind'} the broker's"
    if abs(found.ahead_s) > MOST_CLOCK_S:
        return not_well("clock", f"{words}; at most {MOST_CLOCK_S:g} s are allowed: set it by NTP")
    return well("clock", words)


def instruments(found: Sequence[ListedFound], today: date) -> Check:
    """What may be traded stands in today's list, alive and with all that an order needs."""
    for each in found:
        if why := _unlisted(each, today):
            return not_well("instrument", f"{each.symbol}: {why}")
    if not found:
        return not_well("instrument", "nothing is to be traded")
    told = (f"{each.symbol} {_sizes(each)}" for each in found[:_MOST_NAMED])
    more = f" and {len(found) - _MOST_NAMED} more" if len(found) > _MOST_NAMED else ""
    return well("instrument", "; ".join(told) + more)


def funds(found: FundsFound, needed: Decimal) -> Check:
    """Enough for the largest loss, by the figure that counts (`net`), and an answer of what one lot takes."""
    if found.problem:
        return not_well("funds", found.problem)
    if found.net is None or found.net < needed:
        there = "nothing that can be read" if found.net is None else f"{found.net:.2f}"
        return not_well("funds", f"{there} is there, {needed:.2f} may be needed")
    if found.margin is None:
        return not_well("funds", f"what one lot of {found.symbol} takes was not told")
    return well(
        "funds", f"{found.net:.2f} is there, {needed:.2f} may be needed; one lot of {found.symbol} {found.margin:.2f}"
    )


def order_socket(found: SocketFound) -> Check:
    """It greets, with AB00."""
    if found.problem or not found.greeted:
        return not_well("order socket", found.problem or "it did not say that we are connected")
    return well("order socket", "AB00")


def truth(found: RoundsFound, salts: Collection[str] = ()) -> Check:
    """Two rounds that can be believed, with nothing in them that was not ours: of journals with these `salts`, today's."""
    if found.problem:
        return not_well("truth", found.problem)
    before = None
    for read in found.rounds:
        if why := doubt(read, sort(read, ()), (), read.generation, before):
            return not_well("truth", f"round {read.number} is not believed: {why}")
        before = read
    if before is None or len(found.rounds) < 2:
        return not_well("truth", f"{len(found.rounds)} of two rounds were read")
    if foreign := list(_foreign(before, salts)):
        return not_well("truth", f"not ours: {'; '.join(foreign[:_MOST_NAMED])}")
    return well("truth", f"two rounds agree: {len(before.orders)} orders, nothing foreign")


def forward_test(found: ForwardFound) -> Check:
    """The rules have traded on paper of late, and a replay of that decides the same."""
    if found.problem:
        return not_well("forward test", found.problem)
    told = f"{found.file}, {found.hours:.1f} h"
    if found.outcome != "same":
        return not_well("forward test", f"{told}: {found.outcome}")
    return well("forward test", f"{told}: SAME AS RECORDED")


def address(found: AddressFound) -> Check:
    """The broker takes orders from this address: it looked for the order, and did not find it."""
    if found.family == "not_found":
        return well("IP", "orders are taken from this address")
    if found.family == "ip":
        return not_well("IP", f"{found.text}: register this machine's address at the broker")
    return not_well("IP", f"not known whether orders are taken from this address: {found.text or 'no plain answer'}")


def _unlisted(found: ListedFound, today: date) -> str:
    """Why an instrument cannot be traded; "" where it can."""
    known = found.instrument
    if found.problem:
        return found.problem
    if known is None:
        return "is not listed"
    if not found.fresh:
        return "today's list could not be had"
    if found.expiry is not None and found.expiry < today:
        return f"expired on {found.expiry}"
    if known.watch_only is True:
        return "is only watched"
    if min(known.lot_size, known.tick_size, known.freeze_quantity) <= 0 or not known.token:
        return "the list has no lot, tick, freeze quantity or token"
    return ""


def _sizes(found: ListedFound) -> str:
    known = found.instrument
    assert known is not None
    tick = Decimal(known.tick_size) / known.price_scale
    expires = f", until {found.expiry}" if found.expiry else ""
    return f"lot {known.quantity_text(known.lot_size)}, tick {tick.normalize():f}, freeze {known.quantity_text(known.freeze_quantity)}{expires}"


def _foreign(read: RoundRead, salts: Collection[str]) -> Iterable[str]:
    """What stands at the broker that no order of ours explains: orders that work, and what is held beyond our own trades."""
    tags = {each.broker_id: parse(each.tag) for each in read.orders}
    ours = {identity for identity, tag in tags.items() if tag is not None and tag.salt in salts}
    working: list[OrderReport] = [
        each for each in read.orders if each.state == "working" and each.broker_id not in ours
    ]
    yield from (f"a working order, {each.side} {each.quantity} {each.symbol}" for each in working)
    made: Counter[str] = Counter()
    for fill in read.fills:
        if fill.broker_id in ours:
            made[fill.symbol] += fill.quantity if fill.side == "BUY" else -fill.quantity
    yield from (f"{each.net} {each.symbol}" for each in read.net if each.net != made[each.symbol])
