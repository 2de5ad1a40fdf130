"""The way from a file and a few overrides to a Config, or to every problem at once."""

from collections.abc import Mapping, Sequence
from datetime import time
from pathlib import Path

from msgspec import Struct

from engine.config.bundled import bundled, find_config
from engine.config.contradictions import contradictions, symbols
from engine.config.document import Document, read_document
from engine.config.judge import Draft, all_keys, judge_document, text_of
from engine.config.market_facts import market_facts
from engine.config.origins import FORCES, Claim, Force, Origins
from engine.config.overrides import judge_overrides
from engine.config.schema import (
    INSTRUMENTS,
    OVERRIDABLE,
    Config,
    InstrumentConfig,
    Sections,
    Tables,
    is_section,
    tables_with,
)
from engine.model.errors import ConfigError

MAX_LINES = 200


class Layer(Struct, frozen=True):
    """Overrides ("section.key=value") by whoever gave them: with what force, and what a line calls him."""

    force: Force
    by: str
    overrides: Sequence[str]


def load(
    path: Path | None,
    overrides: Sequence[str],
    venues: Sections,
    others: Sequence[Layer] = (),
    *,
    complete: bool = False,
) -> Config:
    """Return the configuration at `path` (None: where `find_config` finds one) under `overrides` (of `--set`) and `others`.

    `venues` are the sections that stand in it beside the program's own. A key that the file does not hold has its
    default, unless it has to be `complete`. Raises ConfigError with one line for every problem.
    """
    path = find_config(path)
    return compose(read_document(path), str(path), overrides, venues, others, complete=complete)


def compose(
    document: Document,
    place: str,
    overrides: Sequence[str],
    venues: Sections,
    others: Sequence[Layer] = (),
    *,
    complete: bool = False,
) -> Config:
    """Return the configuration in `document`, called `place` in the lines of the ConfigError that this raises."""
    tables = tables_with(venues)
    shipped = _shipped(tables)
    usual = {key: text_of(key, value, tables) for key, value in shipped.items()}
    written = Draft(tables, values=shipped)
    judge_document(document, written, must_hold=usual if complete else None)
    origins = Origins(usual).claiming(_said_in_file(written, place, usual))
    lines = [f"{place}: {line}" for line in written.problems]
    values, overridden = written.values, frozenset[str]()
    for layer in sorted((Layer("--set", "--set", overrides), *others), key=lambda each: FORCES.index(each.force)):
        named = Draft(tables, values=values)
        keys = judge_overrides(layer.overrides, named)
        lines += [f"{layer.by}: {line}" for line in named.problems]
        said = {key: Claim(layer.force, layer.by, text_of(key, values[key], tables)) for key in keys if key in values}
        origins = origins.claiming(said)
        overridden |= keys
    origins = _by_market(values, origins, tables, usual)
    lines += [
        f"{place if overridden.isdisjoint(keys) else '--set'}: {line}" for keys, line in contradictions(values, tables)
    ]
    if len(lines) > MAX_LINES:
        lines[MAX_LINES:] = [f"{place}: and {len(lines) - MAX_LINES} more problems"]
    if lines:
        raise ConfigError(*lines)
    return _build(values, venues, origins)


def _by_market(values: dict[str, object], origins: Origins, tables: Tables, usual: Mapping[str, str]) -> Origins:
    """Put into `values` what the market of [instrument] states of the session and nobody has said."""
    name, start, end = (values.get(key) for key in ("instrument.market", "session.start", "session.end"))
    if not isinstance(name, str) or not isinstance(start, time) or not isinstance(end, time):
        return origins  # they have lines of their own
    facts = market_facts(name, origins.said, start, end)
    values.update({key: value for key, value in facts.items() if not origins.said(key)})
    texts = {key: text_of(key, value, tables) for key, value in facts.items()}
    return origins.claiming(
        {key: Claim("fact", f"the market {name}", text) for key, text in texts.items() if usual.get(key) != text}
    )


def _said_in_file(written: Draft, place: str, usual: Mapping[str, str]) -> dict[str, Claim]:
    """What a person said in the file `place`: all that stands in it, also where it equals the default.

    A file that holds most of all keys was not typed but copied from the one that came with this program or an older one:
    of such a copy a section in which nothing differs was copied, not said. An [instruments.X] has never come with one.
    """
    texts = {key: text_of(key, written.values[key], written.tables) for key in written.named if key in written.values}
    if not _is_copy(written):
        return {key: Claim("file", place, text) for key, text in texts.items()}
    own: dict[str, list[str]] = {}
    for key, text in texts.items():
        if usual.get(key) != text:
            section, _, name = key.rpartition(".")
            own.setdefault(section, []).append(name)
    return {
        key: Claim("file", place if usual.get(key) != text else f"{place}{_not_as_it_came(key, own)}", text)
        for key, text in texts.items()
        if key.rpartition(".")[0] in own
    }


def _is_copy(written: Draft) -> bool:
    """Whether the file holds more than half of the keys that there are: whoever says what differs names a few."""
    keys = all_keys(written.tables)
    return 2 * len(written.named.keys() & set(keys)) > len(keys)


def _not_as_it_came(key: str, own: Mapping[str, Sequence[str]]) -> str:
    """Why what equals the default counts as said, for a line that names who said it."""
    section = key.rpartition(".")[0]
    first, *others = own[section]
    return (
        f" (whose [{section}] differs in {first}{f' and {len(others)} more' if others else ''} from the one that came)"
    )


def _shipped(tables: Tables) -> dict[str, object]:
    """Return the default of every key: what stands in the bundled file. Raises ConfigError when that is not well."""
    path = bundled("config.toml")
    draft = Draft(tables)
    judge_document(read_document(path), draft, must_hold={})
    if draft.problems:
        raise ConfigError(*(f"{path}: {line}" for line in draft.problems[:MAX_LINES]))
    return draft.values


def fill_up(plain: InstrumentConfig, symbol: str, values: Mapping[str, object]) -> InstrumentConfig:
    """Return the instrument `symbol`: `values` where they say something, else what `plain` says.

    The token is never taken over from another symbol: it would name the wrong instrument at the exchange.
    """
    fields: dict[str, object] = {key: values.get(key, getattr(plain, key)) for key in OVERRIDABLE}
    if symbol != plain.symbol:
        fields["token"] = values.get("token", "")
    return InstrumentConfig(symbol=symbol, **fields)  # type: ignore[arg-type]  # the rules made the types


def _build(values: Mapping[str, object], venues: Sections, origins: Origins) -> Config:
    sections = {name: _record(kind, name, values) for name, kind in Config.__annotations__.items() if is_section(kind)}
    plain: InstrumentConfig = sections["instrument"]  # type: ignore[assignment]  # likewise
    instruments: dict[str, InstrumentConfig] = {}
    for symbol in symbols(values):
        start = f"{INSTRUMENTS}.{symbol}."
        own = {key: values[start + key] for key in OVERRIDABLE if start + key in values}
        instruments[symbol] = fill_up(plain, symbol, own)
    of_venues = {name: _record(kind, name, values) for name, kind in venues.items()}
    return Config(instruments=instruments, venues=of_venues, origins=origins, **sections)  # type: ignore[arg-type]  # likewise


def _record(kind: type[Struct], path: str, values: Mapping[str, object]) -> Struct:
    fields: dict[str, object] = {}
    for name, hint in kind.__annotations__.items():
        inner = f"{path}.{name}"
        if is_section(hint):
            fields[name] = _record(hint, inner, values)
        elif inner in values:  # else it has a default of its own
            fields[name] = values[inner]
    return kind(**fields)
