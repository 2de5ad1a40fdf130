"""What must be well before orders go to a real broker, as it was found: a line a check, and the account they would be of. Plain data."""

from typing import Final, Literal

from msgspec import Struct

from engine.text.redaction import MASK
from engine.text.sanitize import CleanText

CheckName = Literal[
    "session",
    "clock",
    "instrument",
    "funds",
    "order socket",
    "truth",
    "journal",
    "forward test",
    "IP",
]
CHECKS: Final[
    tuple[CheckName, ...]
] = (  # in the order in which they are made: what changes something at the broker last
    "session",
    "clock",
    "instrument",
    "funds",
    "order socket",
    "truth",
    "journal",
    "forward test",
    "IP",
)


class Check(Struct, frozen=True):
    """One check: what was found where it is `ok`, else why it is not."""

    name: CheckName
    ok: bool
    text: CleanText


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
