"""One key put into the text of a configuration file; comments, order and spelling of all else stay. Judges no value.

The only file that knows tomlkit, and nothing but the command that changes a file imports it.
"""

import re
from copy import deepcopy
from typing import Any

import tomlkit
from tomlkit.container import Container
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Comment, Item, Table, Whitespace

from engine.config.document import Document, parse_toml
from engine.config.schema import INSTRUMENTS


def parts_of(key: str) -> list[str]:
    """`logging.levels.feed` as the names of its tables and its own; an instrument's name may have dots in it."""
    table, _, name = key.rpartition(".")
    if table.startswith(INSTRUMENTS + "."):
        return [INSTRUMENTS, table.removeprefix(INSTRUMENTS + "."), name]
    return [*table.split("."), name] if table else [name]


def with_value(document: Document, key: str, value: object) -> Document:
    """Return `document` in which `key` is `value`; as it is where something else stands in the place of its section."""
    changed = deepcopy(document)
    *tables, name = parts_of(key)
    table: Any = changed
    for each in tables:
        table = table.setdefault(each, {})
        if not isinstance(table, dict):
            return changed
    table[name] = value
    return changed


def with_key(text: str, key: str, toml: str) -> str:
    """Return the TOML `text` in which `key` is `toml`, and nothing else is another; raises ValueError where that cannot be done."""
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    windows = "\r\n" in text
    plain = text.removeprefix(mark).replace("\r\n", "\n")
    wanted = with_value(parse_toml(plain), key, parse_toml(f"value = {toml}")["value"])
    try:
        changed = _changed(plain, key, toml)
    except (TOMLKitError, ValueError, TypeError, AttributeError, LookupError, RecursionError):
        raise ValueError("is written in a way that cannot be changed here") from None
    if parse_toml(changed) != wanted:
        raise ValueError("is written in a way that cannot be changed here without changing more")
    return mark + (changed.replace("\n", "\r\n") if windows else changed)


def _changed(text: str, key: str, toml: str) -> str:
    document = tomlkit.parse(text if not text or text.endswith("\n") else f"{text}\n")
    *tables, name = parts_of(key)
    table: Any = document
    behind = ""
    for number, each in enumerate(tables):
        if each not in table:
            made, before = tomlkit.table(is_super_table=number + 1 < len(tables)), table.as_string()
            behind = "\n" if before.endswith("\n\n") else ""  # one more empty line, where the last one is now before it
            made.trivia.indent = "\n" if before and not behind else ""
            table.append(each, made)
        table = table[each]
    item = tomlkit.value(toml)
    body = table.value if isinstance(table, Table) else None
    if name in table or body is None:
        table[name] = item
    else:
        _insert(body, name, item)
        if behind:
            body.add(tomlkit.nl())
    return tomlkit.dumps(document)


def _insert(section: Container, name: str, item: Item) -> None:
    """Put the key behind a comment that has it, else behind the last key and what is written close under that.

    What stands behind a blank line there belongs to the next section, whose ruler or heading it is.
    """
    body = section.body
    noted = re.compile(rf"#\s*{re.escape(name)}\s*=")
    place = next((at for at, (_, each) in enumerate(body) if _is_comment(each, noted)), -1) + 1
    if not place:
        keys = [at for at, (key, each) in enumerate(body) if key is not None and not isinstance(each, Table)]
        place = keys[-1] + 1 if keys else 0
        while place < len(body) and isinstance(body[place][1], Comment):
            place += 1
    item.trivia.trail = "\n"
    # tomlkit has no public name for a place that is not at the end; what comes of it is parsed and compared above.
    section._insert_at(place, tomlkit.key(name), item) if place < len(body) else section.append(name, item)  # noqa: SLF001


def _is_comment(item: Item | Whitespace, noted: re.Pattern[str]) -> bool:
    return isinstance(item, Comment) and bool(noted.match(item.trivia.comment))
