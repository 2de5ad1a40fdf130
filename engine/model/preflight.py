"""What must be well before orders go to a real broker, as it was found: a line a check, and the account they would be of. Plain data."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from engine.model.order_reports import RefusalFamily, RoundRead
from engine.model.types import Instrument
from engine.text.redaction import MASK
from engine.text.sanitize import CleanText

CheckName = Literal[
    "instrument", "session", "clock", "funds", "order socket", "truth", "journal", "forward test", "IP", "entries"
]


class Check(Struct, frozen=True):
    """One check: what was found where it is `ok`, else why it is not."""

    name: CheckName
    ok: bool
    text: CleanText


def verdict(checks: Iterable[Check]) -> str:
    """`READY`, or `NOT READY: truth: …` with each that failed."""
    failed = [f"{each.name}: {each.text}" for each in checks if not each.ok]
    return f"NOT READY: {'; '.join(failed)}" if failed else "READY"


class TradingAccount(Struct, frozen=True):
    """Whose orders they would be: the client `code`, which is shown `masked`, and a `mark` that only the same credentials make."""

    code: str
    masked: CleanText
    mark: str

    def __repr__(self) -> str:
        return f"TradingAccount({self.masked})"

    def __rich_repr__(self) -> list[tuple[str, str]]:
        """The same for a debugger that would list the fields."""
        return [("code", MASK)]

    def ends_with(self, typed: str) -> bool:
        """Whether `typed` is the last four characters of the code, in small or capital letters."""
        return len(typed) == min(4, len(self.code)) and self.code.upper().endswith(typed.upper())


class SessionFound(Struct, frozen=True):
    """A login: whether it is this account's, where it may trade (names of exchanges), until when (UTC s; 0: it does not say)."""

    ours: bool = False
    exchanges: tuple[CleanText, ...] = ()
    expires_s: int = 0
    problem: CleanText = CleanText("")


class ClockFound(Struct, frozen=True):
    """How far our clock is ahead of the broker's (s; None: that does not tell)."""

    ahead_s: float | None = None
    problem: CleanText = CleanText("")


class ListedFound(Struct, frozen=True):
    """What the exchange's list says of a symbol; `fresh`: it is today's list, `expiry` None: it has none."""

    symbol: CleanText
    instrument: Instrument | None = None
    expiry: date | None = None
    fresh: bool = False
    problem: CleanText = CleanText("")


class FundsFound(Struct, frozen=True):
    """What may be spent, in rupees, and what one lot of `symbol` takes of it (None: it was not told)."""

    net: Decimal | None = None
    symbol: CleanText = CleanText("")
    margin: Decimal | None = None
    problem: CleanText = CleanText("")


class SocketFound(Struct, frozen=True):
    """Whether the socket for order updates said that we are connected."""

    greeted: bool = False
    problem: CleanText = CleanText("")


class RoundsFound(Struct, frozen=True):
    """The rounds that were read one after the other, of order book, trade book and positions."""

    rounds: tuple[RoundRead, ...] = ()
    problem: CleanText = CleanText("")


class JournalFound(Struct, frozen=True):
    """What is wrong with the journal ("": nothing, or there is none yet), whether a row was seen durable (None: nobody tried), room on its disk."""

    problem: CleanText = CleanText("")
    durable: bool | None = None
    free_mb: int = 0


class ForwardFound(Struct, frozen=True):
    """The paper recording that counts, how long it is and how a replay of it came out; without one `problem` says why none does."""

    file: CleanText = CleanText("")
    hours: float = 0.0
    outcome: CleanText = CleanText("")
    problem: CleanText = CleanText("")


class AddressFound(Struct, frozen=True):
    """What the broker made of the cancel of an order that cannot exist: of which family its no was ("": no plain no), in its words."""

    family: RefusalFamily | Literal[""] = ""
    text: CleanText = CleanText("")
