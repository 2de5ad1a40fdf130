"""What `--set` says in a sweep: one key and the values that it is to take. Pure; opens nothing."""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final

from msgspec import Struct

from engine.config.judge import Draft, all_keys, judge_value, nearest_hint, rule_of, text_of
from engine.config.overrides import path_of, value_of
from engine.config.schema import Tables
from engine.model.errors import ConfigError

MOST_VALUES: Final = 10_000  # of one key

_NUMBER: Final = r"-?(?:\d+(?:\.\d+)?|\.\d+)"
_RANGE: Final = re.compile(rf"({_NUMBER})\.\.({_NUMBER})(?:/({_NUMBER}))?", re.ASCII)
_SECTIONS: Final = ("strategy.", "risk.", "capital.", "charges.", "paper.")
_MINUTES: Final = re.compile(r"session\.\w+_minutes", re.ASCII)


class Axis(Struct, frozen=True):
    """A key that varies: its values as the configuration has them, and as `--set` takes them."""

    key: str
    texts: tuple[str, ...]
    values: tuple[object, ...]


class Wanted(Struct, frozen=True):
    """What all `--set` of a sweep say: keys of one value (`fixed`, as they were given), and those that vary."""

    fixed: tuple[str, ...]
    axes: tuple[Axis, ...]


def wanted(overrides: Sequence[str], tables: Tables) -> Wanted:
    """Read every `--set`; the later of two for one key holds. Raises ConfigError with a line for every problem."""
    latest: dict[str, str] = {}
    problems: list[str] = []
    for override in overrides:
        name, equals, text = override.partition("=")
        path = path_of(name)
        if not equals or "." not in path:
            problems.append(f"--set {override:.200}: must be section.key=values{nearest_hint(path, all_keys(tables))}")
        latest.pop(path, None)
        latest[path] = text.strip()
    fixed: list[str] = []
    axes: list[Axis] = []
    for path, text in latest.items() if not problems else ():
        words = list(_values(path, text, problems))
        if len(words) <= 1:
            fixed.append(f"{path}={text}")
        elif axis := _axis(path, words, tables, problems):
            axes.append(axis)
    if problems:
        raise ConfigError(*problems)
    return Wanted(tuple(fixed), tuple(axes))


def _axis(path: str, words: Sequence[str], tables: Tables, problems: list[str]) -> Axis | None:
    """The axis of `path`; None where something speaks against it, which is added to `problems`."""
    rule = rule_of(path, tables)
    if rule is None:
        problems.append(f"--set {path:.200}: unknown key{nearest_hint(path, all_keys(tables))}")
        return None
    if not (path.startswith(_SECTIONS) or _MINUTES.fullmatch(path)):
        allowed = ", ".join(f"{section}*" for section in _SECTIONS)
        problems.append(f"--set {path}: cannot vary in a sweep; allowed: {allowed}, session.*_minutes")
        return None
    draft = Draft(tables, values={}, problems=[])
    values: dict[str, object] = {}
    for word in words:
        judge_value(path, rule, value_of(word, rule), draft)
        if path in draft.values:
            value = draft.values.pop(path)
            values.setdefault(text_of(path, value, tables), value)
    problems.extend(f"--set: {line}" for line in draft.problems)
    return Axis(path, tuple(values), tuple(values.values())) if not draft.problems else None


def _values(path: str, text: str, problems: list[str]) -> Iterator[str]:
    """The values that `text` stands for, each as a `--set` of one would take it."""
    for word in split(text):
        found = _RANGE.fullmatch(word)
        if found is None:
            yield word
            continue
        low, high, step = Decimal(found[1]), Decimal(found[2]), Decimal(found[3] or 1)
        if step <= 0 or high < low:
            problems.append(f"--set {path}={word}: a range rises, by a step above nought")
        elif (high - low) / step >= MOST_VALUES:
            problems.append(f"--set {path}={word}: more than {MOST_VALUES:,} values")
        else:
            yield from (f"{low + step * place:f}" for place in range(int((high - low) / step) + 1))


def split(text: str) -> list[str]:
    """`text` at its commas, but not within brackets or quotes."""
    words, word, depth, quote = [], "", 0, ""
    for sign in text:
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign in "[{":
            depth += 1
        elif sign in "]}":
            depth -= 1
        if sign == "," and not depth and not quote:
            words.append(word.strip())
            word = ""
        else:
            word += sign
    return [*words, word.strip()]


def varied(axes: Sequence[Axis], places: Sequence[int]) -> Mapping[str, object]:
    """The values of a set by their keys; `places` are those of its values on each of `axes`."""
    return {axis.key: axis.values[place] for axis, place in zip(axes, places, strict=True)}
