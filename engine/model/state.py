"""Deciding state as named plain values: to hash it, to compare it by name, to put it aside and take it back."""

from collections import deque
from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

from engine.model.digest import blake2b

Plain = int | float | str | bool | None | list[int]
Fields = dict[str, Plain]


class Stateful(Protocol):
    """An object whose deciding state is the attributes named in `STATE`."""

    @property
    def STATE(self) -> tuple[str, ...]:  # noqa: N802 - a constant of the class
        """The attributes that decide."""


def _later(owner: Stateful) -> Mapping[str, Plain]:
    """Names of state that came later than recordings do, with the values they begin with: `LATER` of the owner's class."""
    later: Mapping[str, Plain] = getattr(type(owner), "LATER", {})
    return later


def dump(owner: Stateful, prefix: str, into: Fields) -> None:
    """Add the state of `owner` to `into`, each name behind `prefix`; what came `LATER` only where it is not initial."""
    for name, initial in _later(owner).items():
        if getattr(owner, name) != initial:
            into[prefix + name] = getattr(owner, name)
    for name in owner.STATE:
        value = getattr(owner, name)
        if isinstance(value, Decimal):
            value = str(value)
        elif isinstance(value, deque):
            value = list(value)
        into[prefix + name] = value


def load(owner: Stateful, prefix: str, fields: Mapping[str, Plain]) -> None:
    """Set the state of `owner` from what `dump` wrote; a Decimal or deque attribute keeps its type."""
    for name, initial in _later(owner).items():
        setattr(owner, name, fields.get(prefix + name, initial))
    for name in owner.STATE:
        value: object = fields[prefix + name]
        now = getattr(owner, name)
        if isinstance(now, Decimal):
            value = Decimal(str(value))
        elif isinstance(now, deque):
            assert isinstance(value, list)
            value = deque(value, now.maxlen)
        setattr(owner, name, value)


def as_text(fields: Mapping[str, Plain]) -> dict[str, str]:
    """`fields` with each value as a text that tells every bit of it (`repr` of a float does)."""
    return {name: repr(value) for name, value in fields.items()}


def plain_of(texts: Mapping[str, str]) -> Fields:
    """The fields of which `as_text` made `texts`; raises ValueError for what it never writes."""
    from ast import literal_eval  # noqa: PLC0415 - only the replay of a recording that goes on from another one needs it

    fields: Fields = {}
    for name, text in texts.items():
        try:
            value = float(text) if text in {"nan", "inf", "-inf"} else literal_eval(text)
        except (SyntaxError, RecursionError, MemoryError) as error:
            raise ValueError(f"{name:.60} is {text:.60}") from error
        if not isinstance(value, int | float | str | bool | list | None):
            raise ValueError(f"{name:.60} is {text:.60}")  # noqa: TRY004 - what a file says, no caller's mistake
        fields[name] = value
    return fields


def state_hash(fields: Mapping[str, Plain]) -> str:
    """A 128-bit hash of `fields`: equal on every machine exactly when names and values are equal."""
    text = "\n".join(f"{name}={value!r}" for name, value in sorted(fields.items()))
    return blake2b(text.encode(), digest_size=16).hexdigest()
