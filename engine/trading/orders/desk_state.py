"""The deciding state of a desk as one text, and back: what each part lists as its own. Knows no order.

A part names its attributes and their types in `KEPT`, in the order in which they are to be set. What came in the same order
gives the same text on every machine.
"""

from collections.abc import Mapping
from typing import Any, Final, Protocol

import msgspec

from engine.model.digest import blake2b
from engine.model.state import Fields, Stateful, dump, load

_PLAIN: Final = "limits"  # under which the parts of plain values stand: what may be sent, and at which price


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
    return msgspec.json.encode({name: msgspec.Raw(text) for name, text in _texts(parts).items()}).decode()


def digests_of(parts: Parts) -> dict[str, str]:
    """A digest of what decides of each typed part, and one of all plain ones: equal where the texts are."""
    return {name: blake2b(text, digest_size=16).hexdigest() for name, text in _texts(parts).items()}


def _texts(parts: Parts) -> dict[str, bytes]:
    texts = {
        name: msgspec.json.encode({each: _in_order(getattr(owner, each)) for each in owner.KEPT})
        for name, owner in parts.typed.items()
    }
    fields: Fields = {}
    for name, plain in parts.plain.items():
        dump(plain, f"{name}.", fields)
    return texts | {_PLAIN: msgspec.json.encode(fields)}


def take_text(parts: Parts, text: str) -> None:
    """Have the parts as they were when `text` was made; raises ValueError for one that never was."""
    try:
        typed = msgspec.json.decode(text, type=dict[str, dict[str, Any]])
        fields = typed[_PLAIN]
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
