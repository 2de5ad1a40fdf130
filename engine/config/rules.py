"""What one configuration value may be, in code and in words. Knows no key and no file."""

import re
from abc import ABC, abstractmethod
from datetime import time
from decimal import Decimal
from typing import ClassVar

# Finer than any market counts; keeps every sum and product of configured numbers exact.
DECIMALS = 10
_HUGE = 10**30  # above every limit; a longer integer is not worth converting

NAME = r"[A-Za-z0-9_.-]{1,80}"
NAME_WORDS = "1 to 80 letters, digits, '_', '.' or '-'"
# Of a server: no label is empty or longer than a name server takes, which Python's own look-up answers with a UnicodeError.
HOST = r"(?![A-Za-z0-9.-]{201})[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*"
HOST_WORDS = "words of 1 to 63 letters, digits or '-', with a dot between two"


_NOT_BARE = re.compile(r"[\[\],\"']")  # what parts or ends the values of a list that is written without quotes


class Rule(ABC):
    """Turns a TOML value into the value the program uses, or refuses it.

    `allowed` finishes the sentence "must be …". Where `bare` is true, an override may leave out the quotes.
    """

    bare: ClassVar[bool] = False

    def __init__(self, allowed: str) -> None:
        self.allowed = allowed

    @abstractmethod
    def parse(self, value: object) -> object:
        """Return what the program uses for the TOML value `value`; raises ValueError saying what is allowed."""

    def text(self, value: object) -> str:
        """`value` (as parsed) as the text that an override would need to set it."""
        return canonical(value)

    def toml(self, value: object) -> str:
        """`value` (as parsed) as it would stand in a TOML file."""
        text = self.text(value)
        return _quoted(text) if self.bare and not text.startswith('"') else text

    def refusal(self, also: str = "") -> ValueError:
        """The error for a value that is not allowed."""
        return ValueError(self.allowed + also)


class Flag(Rule):
    """Yes or no."""

    def __init__(self) -> None:
        super().__init__("true or false")

    def parse(self, value: object) -> bool:
        """Return the truth value; raises ValueError."""
        if isinstance(value, bool):
            return value
        raise self.refusal()


class Whole(Rule):
    """A whole number, both ends included."""

    def __init__(self, low: int, high: int) -> None:
        super().__init__(f"a whole number from {low} to {high}")
        self._low, self._high = low, high

    def parse(self, value: object) -> int:
        """Return the number; raises ValueError, also for `5.0` and `true`."""
        if isinstance(value, int) and not isinstance(value, bool) and self._low <= value <= self._high:
            return value
        raise self.refusal()


class Power(Rule):
    """1, 10, 100 and so on."""

    def __init__(self, high: int) -> None:
        super().__init__(f"1, 10, 100 or another power of ten up to {high}")
        self._choices = tuple(10**n for n in range(len(str(high))))

    def parse(self, value: object) -> int:
        """Return the number; raises ValueError."""
        if isinstance(value, int) and not isinstance(value, bool) and value in self._choices:
            return value
        raise self.refusal()


class Number(Rule):
    """An exact decimal, both ends included; with `above`, the lower end is not."""

    def __init__(self, low: int | str, high: int | str, *, above: bool = False) -> None:
        super().__init__(f"a number above {low} and up to {high}" if above else f"a number from {low} to {high}")
        self._low, self._high, self._above = Decimal(low), Decimal(high), above

    def parse(self, value: object) -> Decimal:
        """Return the number; raises ValueError, also for nan and for more decimals than are kept exact."""
        if (
            isinstance(value, bool)
            or not isinstance(value, int | Decimal)
            or (type(value) is int and abs(value) > _HUGE)
        ):
            raise self.refusal()
        number = Decimal(value)
        if not number.is_finite() or not self._low <= number <= self._high or (self._above and number == self._low):
            raise self.refusal()
        if int(number.as_tuple().exponent) < -DECIMALS:
            raise self.refusal(f" with at most {DECIMALS} decimals")
        return number or Decimal(0)  # never -0


class Many(Rule):
    """A list in which every value follows the same rule."""

    def __init__(self, rule: Rule, low: int, high: int) -> None:
        super().__init__(f"a list of {low} to {high} values, each {rule.allowed}")
        self.each = rule
        self._low, self._high = low, high

    def parse(self, value: object) -> tuple[object, ...]:
        """Return the values in their order; raises ValueError."""
        if not isinstance(value, list) or not self._low <= len(value) <= self._high:
            raise self.refusal()
        try:
            return tuple(self.each.parse(one) for one in value)
        except ValueError as error:
            raise ValueError(f"a list of {self._low} to {self._high} values, each {error}") from None

    def toml(self, value: object) -> str:
        """A list in brackets, each value as it would stand alone."""
        assert isinstance(value, tuple)
        return f"[{', '.join(map(self.each.toml, value))}]"


class Choice(Rule):
    """One of a few words; the empty one is written `""`."""

    bare = True

    def __init__(self, *choices: str) -> None:
        super().__init__("one of " + ", ".join(choice or '""' for choice in choices))
        self._choices = choices

    def parse(self, value: object) -> str:
        """Return the word; raises ValueError."""
        if isinstance(value, str) and value in self._choices:
            return value
        raise self.refusal()


class Text(Rule):
    """Printable text of at most `limit` characters, the whole of which matches `pattern`: clean, for it is refused otherwise."""

    bare = True

    def __init__(self, limit: int, pattern: str = "", allowed: str = "") -> None:
        super().__init__(allowed or f"printable text of at most {limit} characters")
        self._limit, self._pattern = limit, pattern

    def parse(self, value: object) -> str:
        """Return the text; raises ValueError."""
        if not isinstance(value, str) or len(value) > self._limit or not value.isprintable():
            raise self.refusal()
        if self._pattern and re.fullmatch(self._pattern, value) is None:
            raise self.refusal()
        return value


class Address(Text):
    """Where a server is: encrypted, or on this very machine; never with a name or password in it."""

    def __init__(self, scheme: str) -> None:
        behind = r"(:[0-9]{1,5})?(/[A-Za-z0-9_.~/-]{0,400})?"
        words = f"{scheme}s://host[:port][/path], or {scheme}:// on 127.0.0.1; a host is {HOST_WORDS}"
        super().__init__(700, rf"({scheme}s://{HOST}|{scheme}://(127\.0\.0\.1|localhost)){behind}", words)


class Name(Text):
    """What an exchange calls something; may be empty where `optional`."""

    def __init__(self, *, optional: bool = False) -> None:
        words = f"a name of {NAME_WORDS}"
        super().__init__(80, f"({NAME})?" if optional else NAME, f'{words}, or ""' if optional else words)


class Speed(Rule):
    """How many times as fast as recorded; "max" becomes 0.0."""

    bare = True

    def __init__(self) -> None:
        super().__init__('"max" or a number from 0.25 to 1000')
        self._number = Number("0.25", 1000)

    def parse(self, value: object) -> float:
        """Return the factor, 0.0 for as fast as it goes; raises ValueError."""
        if value == "max":
            return 0.0
        try:
            if isinstance(value, str):
                value = Decimal(value) if re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,9})?", value) else value
            return float(self._number.parse(value))
        except ValueError:
            raise self.refusal() from None

    def text(self, value: object) -> str:
        """`max`, or the factor without trailing zeros."""
        return canonical(Decimal(str(value))) if value else "max"

    def toml(self, value: object) -> str:
        """A number, or the word in quotes."""
        return self.text(value) if value else super().toml(value)


def canonical(value: object) -> str:
    """`value` (as parsed) in one fixed spelling: numbers without trailing zeros, text without quotes where it can be."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal) and value.is_finite():
        text = f"{value:f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, time):
        return value.isoformat("seconds" if value.second else "minutes")
    if isinstance(value, tuple):
        words = [canonical(one) for one in value]
        if any(_NOT_BARE.search(word) for word in words):  # with one of them a list is TOML, and needs them all
            words = [_quoted(one) if isinstance(one, str) else word for one, word in zip(value, words, strict=True)]
        return "[" + ", ".join(words) + "]"
    if not isinstance(value, str):
        return str(value)
    if value and value == value.strip() and value[0] not in "\"'":
        return value
    return _quoted(value)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
