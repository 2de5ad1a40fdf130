"""Facts that a recording or a market states of itself, joined with what persons said. Knows neither of them."""

from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from engine.config.judge import all_keys, nearest_hint, rule_of, text_of
from engine.config.origins import Claim
from engine.config.schema import Config, sections_of, tables_with
from engine.model.errors import ConfigError

# What a recording of before a key existed was made with, where that is not the key's default.
BEFORE_THE_KEY: Final[Mapping[str, str]] = {"charges.model": "percent", "paper.fill": "last"}


def stated(config: Config, facts: Mapping[str, object], by: str) -> Config:
    """Return `config` with the parsed `facts` by "section.key": each holds unless a person said that key.

    That `by` stated them is remembered either way.
    """
    tables = tables_with(sections_of(config))
    holds: dict[str, dict[str, object]] = {}
    for key, value in facts.items():
        if not config.origins.said(key):
            section, _, name = key.partition(".")
            holds.setdefault(section, {})[name] = value
    fitted = {section: replace(getattr(config, section), **values) for section, values in holds.items()}
    claims = {key: Claim("fact", by, text_of(key, value, tables)) for key, value in facts.items()}
    return replace(config, **fitted, origins=config.origins.claiming(claims))


def explained(config: Config, key: str) -> tuple[str, ...]:
    """Lines that say what `key` is and who said so, the one that holds first; raises ConfigError for an unknown key."""
    tables = tables_with(sections_of(config))
    if rule_of(key, tables) is None:
        raise ConfigError(f"{key}: unknown key{nearest_hint(key, all_keys(tables))}")
    holds, *others = config.origins.of(key)
    told = [f"{key} = {holds.text}, by {holds.by}"]
    told += [f"  {each.text} by {each.by}: weaker than {holds.by}" for each in others]
    return tuple(told)
