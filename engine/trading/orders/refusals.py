"""What a refusal means: its words by family, what follows from the family for an entry and for an exit, and when to stop trying so fast.

Plain tables, for they are read by those who check them. Sends nothing.
"""

import re
from typing import Final, Literal, NamedTuple

from msgspec import Struct, field

from engine.model.order_reports import RefusalFamily
from engine.model.types import MAX_PRICE
from engine.text.sanitize import CleanText

ALARM_AT: Final = 3
SLOW_MS: Final = 5_000

# ── What the words say ──────────────────────────────────────────────────────────────────────────────────────────────

# The first that is found counts. "session" alone is the market's; one that has run out is ours.
_WORDS: Final[dict[RefusalFamily, str]] = {
    "price": r"limit price protection|permissible range|circuit limit|price band|price range|\blpp\b|far away from the ltp",
    "freeze": r"freeze",
    "lot": r"(?<![a-z])lot.*(multiple|size)|multiple.*(?<![a-z])lot",
    "funds": r"insufficient funds|margin",
    "product": r"\bmis\b.*(block|not allowed)|block.*\bmis\b|not allowed.*\bmis\b|square off block",
    "self_trade": r"self.?trade",
    "session": r"(session|\btoken).*(expired|invalid)|(expired|invalid).*(session|\btoken)",
    "closed": r"markets?\b.{0,20}\bclosed|session",
    "ip": r"unregistered ip|\bip \([0-9a-f.:]{2,45}\) is not allowed",
    "blocked": r"blocked",
    "not_found": r"order\b.{0,20}\bnot found|couldn.t find that .?order",
}
# A number behind "Permissible range of" is a distance; the price is behind "above" or "below".
_BOUND: Final = re.compile(r"\b(above|below)[\s<:]*(?:rs\.?|inr|₹)?[\s<:]*([0-9][0-9,]*)(?:\.([0-9]+))?", re.IGNORECASE)


_SQUARE_OFF: Final = re.compile(r"square.?off", re.IGNORECASE)


def is_square_off(words: str) -> bool:
    """Whether the broker says of an order that it closes intraday positions itself by it."""
    return _SQUARE_OFF.search(words) is not None


class RefusalWords(NamedTuple):
    """What the words of a refusal say: see `Refused` in `engine.model.order_reports`."""

    family: RefusalFamily
    bound: int = 0
    above: bool = False


def read_refusal(words: CleanText, price_scale: int) -> RefusalWords:
    """The family of a refusal, and the price (1/`price_scale` of a rupee) that its words name as the last one allowed."""
    family = _family_of(words)
    if family == "price" and (named := _BOUND.search(words)):
        above = named[1].lower() == "above"
        bound = _minor_units(named[2].replace(",", ""), named[3] or "", price_scale, above=above)
        if 0 < bound <= MAX_PRICE:
            return RefusalWords(family, bound, above)
    return RefusalWords(family)


def _family_of(words: str) -> RefusalFamily:
    for family, pattern in _WORDS.items():
        if re.search(pattern, words, re.IGNORECASE):
            return family
    return "other"


def _minor_units(rupees: str, behind: str, price_scale: int, *, above: bool) -> int:
    """Decimal digits as minor units, exactly; what is finer than one is rounded to where it is allowed."""
    value, parts = int(rupees + behind) * price_scale, int("1" + "0" * len(behind))
    return -(-value // parts) if above else value // parts


# ── What follows ────────────────────────────────────────────────────────────────────────────────────────────────────

Step = Literal[
    "drop",  # it is not sent again
    "resend",  # as it was, at the rung of then
    "reprice",  # within the bound that was learnt (`PriceBounds.learn`)
    "reslice",  # in slices of half the size
    "free_margin",  # a second working sell takes the margin: look for it, cancel it, send again
    "held_product",  # under the product that the position has
    "cancel_opposite",  # our own order on the other side is cancelled first, then send again
    "hold",  # the market is closed: now and then, until it is open
    "login",  # once; decided anew after one trusted round without it
    "read",  # the order is not where it was looked for: its details or a round decide
    "insist",  # a person has to act: tried again and again, so that it goes through once that is done
]


class Consequence(NamedTuple):
    """The next step of the leg; whether entries halt, a person is told at once, and the list of instruments is read again."""

    step: Step
    halt: bool = False
    escalate: bool = False
    reread: bool = False


# By family: of an entry, of an exit (a flat and a stop at the broker included).
CONSEQUENCES: Final[dict[RefusalFamily, tuple[Consequence, Consequence]]] = {
    "price": (Consequence("reprice"), Consequence("reprice")),
    "freeze": (Consequence("reslice", reread=True), Consequence("reslice", reread=True)),
    "lot": (
        Consequence("drop", halt=True, reread=True),
        Consequence("resend", halt=True, escalate=True, reread=True),
    ),
    "funds": (Consequence("drop", halt=True), Consequence("free_margin")),
    "product": (Consequence("drop", halt=True), Consequence("held_product", halt=True, escalate=True)),
    "self_trade": (Consequence("drop"), Consequence("cancel_opposite")),  # an exit never gives way to an entry
    "closed": (Consequence("drop"), Consequence("hold")),
    "ip": (Consequence("drop", halt=True, escalate=True), Consequence("insist", halt=True, escalate=True)),
    "session": (Consequence("login"), Consequence("login")),
    "blocked": (Consequence("drop", halt=True, escalate=True), Consequence("insist", halt=True, escalate=True)),
    "not_found": (Consequence("read"), Consequence("read")),
    "other": (Consequence("drop"), Consequence("resend")),
}


def consequence(family: RefusalFamily, *, entry: bool) -> Consequence:
    """What follows from a refusal of this family."""
    of_entry, of_exit = CONSEQUENCES[family]
    return of_entry if entry else of_exit


# What a person can do where no try of ours alone helps an exit; what is lacking here needs nobody.
REMEDIES: Final[dict[RefusalFamily, str]] = {
    "lot": "close it in the broker's own app, the list of instruments is wrong",
    "funds": "take back what works beside it, or close it in the broker's own app",
    "product": "close it in the broker's own app, under the product that it has",
    "ip": "register this machine's address at the broker, or close it in the broker's own app",
    "session": "see that the credentials hold, and that nobody else logs in with this client code",
    "blocked": "have the broker lift the block, or close it in its own app",
}


# ── How often ───────────────────────────────────────────────────────────────────────────────────────────────────────


INSISTS_MS: Final = 30_000
INSISTS_AT: Final = 12  # a minute of tries: what takes longer leaves the hour's requests to others


def insists_ms(times: int) -> int:
    """How long to wait where a person has to act, after so many refusals."""
    return SLOW_MS if times < INSISTS_AT else INSISTS_MS


class RefusalCount(Struct):
    """How often each family has refused one leg; `due_ms` is when it may be tried again, 0 = at once.

    That an order is accepted says nothing, for many are refused behind that: only what is filled ends the count.
    """

    times: dict[str, int] = field(default_factory=dict)
    due_ms: int = 0

    def refused(self, family: RefusalFamily, now_ms: int) -> bool:
        """Count a refusal; whether it is one that raises the alarm: the third of its family. From then on tries are 5 s apart."""
        times = self.times[family] = self.times.get(family, 0) + 1
        self.due_ms = now_ms + SLOW_MS if max(self.times.values()) >= ALARM_AT else 0
        return times == ALARM_AT

    def may_try(self, now_ms: int) -> bool:
        """Whether the next try may be sent."""
        return now_ms >= self.due_ms

    def filled(self) -> None:
        """The leg has moved on: begin anew."""
        self.times.clear()
        self.due_ms = 0
