"""`--set section.key=value`: one key for one run. Knows no file."""

import re
from collections.abc import Sequence

from engine.config.document import parse_toml, show
from engine.config.judge import Draft, all_keys, elsewhere_hint, judge_value, nearest_hint, rule_of
from engine.config.rules import NAME, NAME_WORDS, Many, Rule
from engine.config.schema import INSTRUMENTS, OVERRIDABLE, Tables

_BARE_LIST = re.compile(r"""\[([^"'\[\]]*)\]""")


def judge_overrides(overrides: Sequence[str], draft: Draft) -> frozenset[str]:
    """Add what `overrides` say to `draft`, the later of two for one key; the paths of all keys they name."""
    latest: dict[str, tuple[Rule, object]] = {}
    for override in overrides:
        name, equals, text = override.partition("=")
        path = path_of(name)
        rule = rule_of(path, draft.tables)
        if not equals or "." not in path:
            draft.problems.append(_no_key(path, draft.tables))
        elif rule is None:
            draft.problems.append(f"{path:.200}: {_unknown(path, draft.tables)}")
        else:
            latest[path] = rule, value_of(text.strip(), rule)
    for path, (rule, value) in latest.items():
        judge_value(path, rule, value, draft)
    return frozenset(latest)


def path_of(text: str) -> str:
    """`text` with a quoted instrument name bare, as TOML would read it."""
    quoted = re.fullmatch(r"""\s*(instruments)\.(["'])(.*)\2\.(\w*)\s*""", text)
    return f"{quoted[1]}.{quoted[3]}.{quoted[4]}" if quoted else text.strip()


def _no_key(path: str, tables: Tables) -> str:
    """What to say of an override that names no section, or gives no value."""
    line = f"{show(path)}: must be section.key=value"
    if not path or path in tables:
        return line
    keys = all_keys(tables)
    same = [key for key in keys if key.rpartition(".")[2] == path]
    return line + (f"; did you mean {' or '.join(same)}?" if same else nearest_hint(path, keys))


def _unknown(path: str, tables: Tables) -> str:
    """What to say of a key that no rule knows."""
    table, _, key = path.rpartition(".")
    if table.startswith(INSTRUMENTS + "."):
        name = table.removeprefix(INSTRUMENTS + ".")
        named = re.fullmatch(NAME, name)
        return (
            f"unknown key{nearest_hint(key, OVERRIDABLE)}" if named else f"the instrument's name must be {NAME_WORDS}"
        )
    if table not in tables:
        return "unknown section" + nearest_hint(table, [*tables, f"{INSTRUMENTS}.NAME"])
    return "unknown key" + (elsewhere_hint(key, table, tables) or nearest_hint(key, tables[table]))


def value_of(text: str, rule: Rule | None) -> object:
    """`text` as a TOML value; as it stands where it is none, or where the rule wants text and takes it without quotes.

    So do the values of a list: what a recording has of its configuration is written so. As TOML the hours behind a date
    would be its offset from UTC.
    """
    if isinstance(rule, Many) and rule.each.bare and (bare := _BARE_LIST.fullmatch(text)):
        *words, last = (word.strip() for word in bare[1].split(","))
        return [*words, last] if last else words
    try:
        document = parse_toml(f"value = {text}")
    except ValueError:
        return text
    if len(document) != 1:  # a line break smuggled in another key
        return text
    value = document["value"]
    return value if isinstance(value, str) or rule is None or not rule.bare else text
