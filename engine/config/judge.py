"""Holds a document against the rules: parsed values on one side, a line for every problem on the other. Knows no file."""

import re
from collections.abc import Collection, Iterator, Mapping

from msgspec import Struct

from engine.config.document import Document, show
from engine.config.rules import NAME, NAME_WORDS, Rule
from engine.config.schema import INSTRUMENTS, MAY_LACK, OVERRIDABLE, Tables

# Beyond this many unknown names, finding the nearest known one for each would take longer than reading helps.
MAX_HINTS = 200
# How alike two names are (of 1) that may be one: as far as that, and where it is a slip of the finger.
_NEAR, _SLIP = 0.6, 0.8


class Draft(Struct):
    """A configuration in the making: parsed values by "section.key", and the lines that speak against it.

    `tables` holds what it is judged by; `named` the keys that were judged, well or not, in their order.
    """

    tables: Tables
    values: dict[str, object] = {}
    problems: list[str] = []
    named: dict[str, None] = {}


class Stray(Struct, frozen=True):
    """A name that no rule knows; `table` is "" at the top of the document."""

    table: str
    key: str
    value: object


def judge_document(document: Document, draft: Draft, must_hold: Mapping[str, str] | None = None) -> None:
    """Add to `draft` what `document` says; a misspelt name gives one line, not another one for the name it should be.

    A document says what differs. Where it `must_hold` every key, a missing one is a problem as well (not a section that
    may be lacking whole): these are the default texts by "section.key" that its line names.
    """
    tables = draft.tables
    known = {path.partition(".")[0] for path in tables} | {INSTRUMENTS}
    strays = [Stray("", key, value) for key, value in document.items() if key not in known]
    missing: list[str] = []
    for path, rules in tables.items():
        _judge_table(document, path, rules, draft, strays, missing)
    _judge_instruments(document.get(INSTRUMENTS, {}), draft, strays, missing)
    for path in [path for path in missing if path in tables]:
        line = _headless(path, tables[path], strays)
        if line:
            missing.remove(path)
            draft.problems.append(line)
    for number, stray in enumerate(strays):
        hint = _hint(stray, missing, tables) if number < MAX_HINTS else ""
        draft.problems.append(f"{_label(stray)}: unknown {'key' if _is_key(stray) else 'section'}{hint}")
    if must_hold is not None:
        draft.problems.extend(_missing(path, tables, must_hold) for path in missing if path not in MAY_LACK)


def judge_value(path: str, rule: Rule, value: object, draft: Draft) -> None:
    """Add the parsed `value` of the key `path` to `draft`, or the line that says what is allowed instead."""
    draft.named[path] = None
    try:
        draft.values[path] = rule.parse(value)
    except ValueError as error:
        draft.values.pop(path, None)
        draft.problems.append(f"{path} = {show(value)}: must be {error}")


def rule_of(path: str, tables: Tables) -> Rule | None:
    """Return the rule of the key `path`, such as "session.zone" or "instruments.NAME.lot_size"; None for an unknown one."""
    table, _, key = path.rpartition(".")
    if table.startswith(INSTRUMENTS + "."):
        return OVERRIDABLE.get(key) if re.fullmatch(NAME, table.removeprefix(INSTRUMENTS + ".")) else None
    return tables.get(table, {}).get(key)


def text_of(path: str, value: object, tables: Tables) -> str:
    """Return the parsed `value` of the known key `path` as an override would write it."""
    rule = rule_of(path, tables)
    return rule.text(value) if rule else str(value)


def nearest_hint(word: str, names: Collection[str], form: str = "{}") -> str:
    """Return which of `names` was probably meant by `word`, as the end of a line; `form` says how a name is written."""
    close = _nearest(word, names)
    if close:
        return f"; did you mean {form.format(close)}?"
    return f"; the nearest is {form.format(_nearest(word, names, 0.0))}"


def all_keys(tables: Tables) -> list[str]:
    """Return every key as "section.key"."""
    return [f"{path}.{key}" for path, rules in tables.items() for key in rules]


def elsewhere_hint(key: str, table: str, tables: Tables) -> str:
    """Return in which other sections `key` is known, as the end of a line; "" for none."""
    homes = [f"[{path}]" for path, rules in tables.items() if key in rules and path != table]
    return f"; it belongs in {' or '.join(homes)}" if homes else ""


def _judge_table(
    document: Document, path: str, rules: Mapping[str, Rule], draft: Draft, strays: list[Stray], missing: list[str]
) -> None:
    parent, _, name = path.rpartition(".")
    outer = document.get(parent) if parent else document
    if not isinstance(outer, dict):
        return  # said of the table around it
    if name not in outer:
        missing.append(path)
        return
    table = outer[name]
    if isinstance(table, dict) and table and all(f"{path}.{key}" in draft.tables for key in table):
        missing.append(path)  # it is there only because [logging.levels] implies [logging]
        return
    if not isinstance(table, dict):
        draft.problems.append(f"{path} = {show(table)}: must be a section [{path}]")
        return
    for key, value in table.items():
        if key in rules:
            judge_value(f"{path}.{key}", rules[key], value, draft)
        elif f"{path}.{key}" not in draft.tables:
            strays.append(Stray(path, key, value))
    missing.extend(f"{path}.{key}" for key in rules if key not in table)


def _judge_instruments(tables: object, draft: Draft, strays: list[Stray], missing: list[str]) -> None:
    if not isinstance(tables, dict):
        draft.problems.append(f"{INSTRUMENTS} = {show(tables)}: must hold sections [{INSTRUMENTS}.NAME]")
        return
    if "instrument" in missing and not all(isinstance(table, dict) for table in tables.values()):
        strays.append(Stray("", INSTRUMENTS, tables))
        return
    for name, table in tables.items():
        path = f"{INSTRUMENTS}.{name:.100}"
        if not isinstance(table, dict):
            draft.problems.append(f"{path} = {show(table)}: must be a section [{INSTRUMENTS}.NAME]")
        elif not re.fullmatch(NAME, name):
            draft.problems.append(f"[{path}]: the instrument's name must be {NAME_WORDS}")
        else:
            _judge_instrument(path, table, draft, strays)


def _judge_instrument(path: str, table: Document, draft: Draft, strays: list[Stray]) -> None:
    for key, value in table.items():
        if key in OVERRIDABLE:
            judge_value(f"{path}.{key}", OVERRIDABLE[key], value, draft)
        else:
            strays.append(Stray(path, key, value))


def _is_key(stray: Stray) -> bool:
    return bool(stray.table) or not isinstance(stray.value, dict)


def _label(stray: Stray) -> str:
    name = stray.key[:100]
    if stray.table:
        return f"{stray.table}.{name}"
    return name if _is_key(stray) else f"[{name}]"


def _headless(path: str, rules: Mapping[str, Rule], strays: list[Stray]) -> str:
    """The line for a section whose keys are all there, but not its header; those keys are taken off `strays`."""
    for home in dict.fromkeys(stray.table for stray in strays):
        lost = [stray for stray in strays if stray.table == home and _is_key(stray) and stray.key in rules]
        if len(lost) == len(rules):
            for stray in lost:
                strays.remove(stray)
            return (
                f"[{path}]: missing section header; its keys stand {f'in [{home}]' if home else 'before any section'}"
            )
    return ""


def _hint(stray: Stray, missing: list[str], tables: Tables) -> str:
    """Which known name `stray` stands for; a missing one that it stands for is taken off `missing`."""
    if not _is_key(stray):
        for path in tables:
            if path.endswith(f".{stray.key}"):
                return f"; did you mean [{path}]?"
        close = _take(stray, {path: path for path in missing if path in tables}, missing)
        return f"; did you mean [{close}]?" if close else nearest_hint(stray.key, [*tables, INSTRUMENTS], "[{}]")
    absent = {path.rpartition(".")[2]: path for path in missing if path.rpartition(".")[0] == stray.table != ""}
    close = _take(stray, absent, missing, _SLIP)
    if close:
        return f"; did you mean {close}?"
    if stray.table == "instrument" and isinstance(stray.value, dict):
        return f"; did you mean [{INSTRUMENTS}.{stray.key:.80}]?"
    home = elsewhere_hint(stray.key, stray.table, tables)
    if home:
        moved = [path for path in missing if path.rpartition(".")[2] == stray.key]
        missing[:] = [path for path in missing if moved != [path]]
        return home
    close = _take(stray, absent, missing)
    if close:
        return f"; did you mean {close}?"
    if stray.table:
        return nearest_hint(
            stray.key, OVERRIDABLE if stray.table.startswith(INSTRUMENTS + ".") else tables[stray.table]
        )
    return nearest_hint(stray.key, all_keys(tables))


def _take(stray: Stray, absent: Mapping[str, str], missing: list[str], at_least: float = _NEAR) -> str:
    """Return which name in `absent` was probably meant by `stray` and take its path off `missing`; "" for none."""
    # A stray dot makes a table of a name: fast.ema for fast_ema. So what hangs on such a table is read with it.
    for spelling in reversed(list(_spellings(stray.key, stray.value))):
        close = _nearest(spelling, absent, at_least)
        if close:
            missing.remove(absent[close])
            return close
    return ""


def _spellings(name: str, value: object) -> Iterator[str]:
    yield name
    for _ in range(4):
        if not isinstance(value, dict) or len(value) != 1:
            return
        [(word, value)] = value.items()
        name = f"{name}.{word}"
        yield name


def _missing(path: str, tables: Tables, defaults: Mapping[str, str]) -> str:
    if path in tables:
        first, *others = tables[path]
        return f"[{path}]: missing section, with the key {first}" + (f" and {len(others)} more" if others else "")
    rule = rule_of(path, tables)
    return f"{path}: missing; " + (
        f"default is {defaults[path]}" if path in defaults else f"must be {rule and rule.allowed}"
    )


def _nearest(word: str, names: Collection[str], at_least: float = _NEAR) -> str:
    if not names:
        return ""
    from difflib import get_close_matches  # noqa: PLC0415 - only a wrong configuration needs it

    return next(iter(get_close_matches(word[:100], names, 1, at_least)), "")
