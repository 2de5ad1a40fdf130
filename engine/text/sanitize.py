"""Where text from outside ends being dangerous: control characters, escape sequences, bidi tricks, lines without end.

The rule: text from outside is made `CleanText` once, by whoever brings it in (a reader, a decoder, what answers for the
disk or a server), and plain data carries it as such, so that mypy refuses a raw `str` there. `clean` is for one text,
`cleaned` for whatever was decoded. Who raises a `UserError` or a `WireError`, or writes to a logger, need not clean
anything: those do it themselves, for each line as a whole. `CleanText("…")` names words of our own.
`tests/engine/text/test_clean_at_entries.py` lists the entries.
"""

from decimal import Decimal
from functools import cache
from operator import is_not
from types import EllipsisType, NoneType
from typing import Any, Literal, NewType, TypeVar, cast, get_args, get_origin, get_type_hints

from msgspec import Struct
from msgspec.structs import replace

CleanText = NewType("CleanText", str)

_LIMIT = 500
_BAD = "\N{REPLACEMENT CHARACTER}"
_SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"  # not printable to Python
_NO_TEXT = frozenset({bool, int, float, Decimal, NoneType, EllipsisType})
_T = TypeVar("_T")


def clean(text: str, limit: int = _LIMIT) -> CleanText:
    """`text` with every control, bidi and invisible character replaced, cut to `limit` characters."""
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    if not text.isprintable():  # controls, bidi, invisible ones, lone surrogates, what Unicode does not know
        text = "".join(each if each.isprintable() or each in _SPACES else _BAD for each in text)
    return CleanText(text)


def cleaned(data: _T, limit: int = _LIMIT) -> _T:
    """`data` that was decoded (structs, lists, tuples, dicts) with every text in it clean; what is clean stays the same object."""
    found: Any = data
    if isinstance(found, str):
        found = clean(found, limit)
    elif isinstance(found, Struct):
        changed = {}
        for name in _texts_in(type(found)):
            part = getattr(found, name)
            if not _is_harmless(part, limit) and (other := cleaned(part, limit)) is not part:
                changed[name] = other
        found = replace(found, **changed) if changed else found
    elif isinstance(found, dict):
        keys, parts = cleaned([*found], limit), cleaned([*found.values()], limit)
        if any(map(is_not, (*keys, *parts), (*found, *found.values()))):
            found = dict(zip(keys, parts, strict=True))
    elif isinstance(found, list | tuple):
        parts = [part if _is_harmless(part, limit) else cleaned(part, limit) for part in found]
        if any(map(is_not, parts, found)):
            found = type(found)(parts)
    return cast(_T, found)


def _is_harmless(part: object, limit: int) -> bool:
    """Whether nothing is to be done, for the parts that are most: numbers, short printable texts, numbers by name."""
    if isinstance(part, str):
        return len(part) <= limit and part.isprintable()
    if isinstance(part, dict) and _NO_TEXT.issuperset(map(type, part.values())):
        return _is_harmless("".join(part), limit)
    return type(part) in _NO_TEXT


@cache
def _texts_in(kind: type[Struct]) -> tuple[str, ...]:
    """The fields of a struct in which there can be text that is not one of a few known words."""
    return tuple(name for name, hint in get_type_hints(kind).items() if _holds_text(hint))


def _holds_text(hint: Any) -> bool:
    if get_origin(hint) is Literal or hint in _NO_TEXT:
        return False
    if isinstance(hint, type) and issubclass(hint, Struct):
        return bool(_texts_in(hint))
    parts = get_args(hint)
    return any(map(_holds_text, parts)) if parts else True
