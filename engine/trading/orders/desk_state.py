"""The deciding state of a desk as one text, and back: what each part lists as its own. Knows no order.

A part names its attributes and their types in `KEPT`, in the order in which they are to be set. What came in the same order
gives the same text on every machine.
"""

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from engine.model.state import Fields, Stateful, dump, load


class Kept(Protocol):
    """A part of which the attributes in `KEPT` decide."""

    @property
    def KEPT(self) -> Mapping[str, Any]:  # noqa: N802 - a constant of the class
        """The attributes that decide, and their types."""


class Parts(msgspec.Struct, frozen=True):
    """The parts of a desk by name: those that name types of their own, and those of plain values."""

    typed: Mapping[str, Kept]
    plain: Mapping[str, Stateful]


def text_of(parts: Parts) -> str:
    """All that decides, as a text."""
    fields: Fields = {}
    for name, owner in parts.plain.items():
        dump(owner, f"{name}.", fields)
    typed = {
        name: {each: _in_order(getattr(owner, each)) for each in owner.KEPT} for name, owner in parts.typed.items()
    }
    return msgspec.json.encode([typed, fields]).decode()


def take_text(parts: Parts, text: str) -> None:
    """Have the parts as they were when `text` was made; raises ValueError for one that never was."""
    try:
        typed, fields = msgspec.json.decode(text, type=tuple[dict[str, dict[str, Any]], dict[str, Any]])
        for name, owner in parts.typed.items():
            for each, kind in owner.KEPT.items():
                setattr(owner, each, msgspec.convert(typed[name][each], kind, str_keys=True))
        for name, plain in parts.plain.items():
            load(plain, f"{name}.", fields)
    except (KeyError, TypeError, AttributeError, msgspec.DecodeError) as error:
        raise ValueError(f"orders: this state cannot be read: {type(error).__name__} {error}") from error


def _in_order(value: object) -> object:
    """A set has no order of its own."""
    return sorted(value) if isinstance(value, set) else value
