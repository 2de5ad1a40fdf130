"""Who said a key is remembered, also where it equals the default; of several the one of greatest force holds."""

import re
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.assembly import load
from engine.config import Config, Layer, bundled, describe, explained, stated
from engine.config.document import read_document
from engine.config.judge import rule_of
from engine.config.origins import FORCES, Claim, Force, Origins
from engine.config.schema import tables_with
from engine.model.errors import ConfigError
from engine.venues.registry import sections

SHIPPED = bundled("config.toml")
TEXT = SHIPPED.read_text(encoding="utf-8")
TABLES = tables_with(sections())
DOCUMENT = read_document(SHIPPED)
DEFAULTS = describe(load(SHIPPED))
_PERSONS = {"file", "--set", "option"}
# What a recording or a market states of the configuration itself: the default, and another value.
_STATED = {
    "session.zone": ("Asia/Kolkata", "UTC"),
    "session.start": ("09:15", "09:16"),
    "session.end": ("15:30", "15:29"),
    "session.start_buffer_minutes": ("5", "6"),
    "session.end_buffer_minutes": ("20", "21"),
    "session.no_trade_start_minutes": ("5", "4"),
    "session.no_trade_end_minutes": ("10", "9"),
}

forces = st.sampled_from(FORCES[1:])
said = st.lists(st.tuples(forces, st.sampled_from(["75", "35"])), max_size=8)


@given(said)
def test_the_greatest_force_holds_whatever_the_order_and_whatever_equals_the_default(
    layers: list[tuple[Force, str]],
) -> None:
    origins = Origins({"instrument.lot_size": "75"})
    for force, text in layers:
        origins = origins.claiming({"instrument.lot_size": Claim(force, force, text)})
    last = dict(layers)  # the later of two of one force
    strongest = max(last, key=FORCES.index, default="default")
    holds = origins.of("instrument.lot_size")[0]
    assert (holds.force, holds.text) == (strongest, last.get(strongest, "75"))
    assert origins.said("instrument.lot_size") == bool(_PERSONS & last.keys())
    assert origins.said_now("instrument.lot_size") == bool({"--set", "option"} & last.keys())
    lost = [text for force, text in last.items() if text != holds.text]
    assert len(list(origins.overruled())) == len(lost)


@given(said, said)
def test_an_instrument_s_own_table_goes_before_the_general_one(
    own: list[tuple[Force, str]], general: list[tuple[Force, str]]
) -> None:
    origins = Origins({"instrument.lot_size": "75"})
    for key, layers in (("instruments.A.lot_size", own), ("instrument.lot_size", general)):
        for force, text in layers:
            origins = origins.claiming({key: Claim(force, force, text)})
    order = [("own", force) for force in reversed(FORCES) if force in dict(own) and force in _PERSONS]
    order += [("general", force) for force in reversed(FORCES) if force in dict(general) and force in _PERSONS]
    order += [("own", "fact")] if "fact" in dict(own) else []
    order += [("general", "default")]
    assert [each.force for each in origins.of("instruments.A.lot_size")] == [force for _, force in order]


@pytest.mark.parametrize("key", list(DEFAULTS))
def test_every_key_that_is_set_to_its_default_was_said(key: str) -> None:
    config = load(SHIPPED, [f"{key}={DEFAULTS[key]}"])
    assert [each for each in DEFAULTS if config.origins.said(each)] == [key]
    assert config == load(SHIPPED)
    assert explained(config, key) == (
        f"{key} = {DEFAULTS[key]}, by --set",
        f"  {DEFAULTS[key]} by the default: weaker than --set",
    )


@pytest.mark.parametrize("key", list(_STATED))
def test_what_is_stated_of_a_session_holds_unless_a_person_said_otherwise(key: str, tmp_path: Path) -> None:
    usual, other = _STATED[key]
    rule = rule_of(key, TABLES)
    assert rule is not None
    path = tmp_path / "config.toml"
    for fact, file, override, option in product((None, usual, other), repeat=4):
        name, quote = key.partition(".")[2], '"' if '"' in _line(key) else ""
        text = TEXT if file is None else TEXT.replace(_line(key), f"{name} = {quote}{file}{quote}")
        # One more value of the section is a person's, so that the section was not just copied.
        path.write_text(
            text if file is None else text.replace("holidays = []", "holidays = [2025-10-02]"), encoding="utf-8"
        )
        others = [Layer("option", "--option", [f"{key}={option}"])] if option else []
        config = load(path, [f"{key}={override}"] if override else [], others)
        if fact:
            config = stated(config, {key: rule.parse(int(fact) if fact.isdecimal() else fact)}, "the market")
        assert describe(config)[key] == next(filter(None, (option, override, file, fact, usual)))
        assert describe(config)[key] == config.origins.of(key)[0].text


def _default(section: str, name: str) -> object:
    table: Any = DOCUMENT
    for part in section.split("."):
        table = table[part]
    return table[name]


def _line(key: str) -> str:
    name, default = key.partition(".")[2], _STATED[key][0]
    return next(line for line in TEXT.splitlines() if line.startswith(f"{name} = ") and default in line)


def _of(*sections: str, without: tuple[str, ...] = ()) -> set[str]:
    return {f"{section}.{key}" for section in sections for key in TABLES[section]} - set(without)


def _without(section: str, text: str = TEXT) -> str:
    """What came with a program that did not have `section` yet."""
    return re.sub(rf"(?ms)^\[{section}\]\n.*?(?=^\[|\Z)", "", text)


def _keys(keys: list[str]) -> str:
    """A file that holds these keys at their defaults."""
    lines = []
    for section, rules in TABLES.items():
        said_here = [name for name in rules if f"{section}.{name}" in keys]
        lines += [f"[{section}]"] if said_here else []
        lines += [f"{name} = {rules[name].toml(rules[name].parse(_default(section, name)))}" for name in said_here]
    return "\n".join(lines)


_HALF = len(DEFAULTS) // 2


def _first(number: int) -> set[str]:
    """That many keys, and what the instrument's own stand for."""
    keys = {*list(DEFAULTS)[:number]}
    return keys | {"instruments.NIFTY.lot_size"} if "instrument.lot_size" in keys else keys


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # A file of a few keys: what stands in it was said, also where it is the default and where a section is whole.
        ("", set()),
        ("[session]\n[risk]\n", set()),
        ('[session]\nend = "15:30"\n', {"session.end"}),
        ('[session]\nend = "15:29"\n', {"session.end"}),
        ("[capital]\ninitial_capital = 100000\n", {"capital.initial_capital"}),
        (_keys([*_of("session", "journal")]), _of("session", "journal")),
        ("[instrument]\nlot_size = 75\n", {"instrument.lot_size", "instruments.NIFTY.lot_size"}),
        ("[instruments.NIFTY]\nlot_size = 75\n", {"instruments.NIFTY.lot_size"}),
        (_keys(list(DEFAULTS)[:_HALF]), _first(_HALF)),
        # A copy of what came, with this program or an older one: a section in which nothing differs was copied.
        (_keys(list(DEFAULTS)[: _HALF + 1]), set()),
        (TEXT, set()),
        (_without("operator"), set()),
        (_without("session"), set()),
        (TEXT.replace('unprotected = "warn"\n', ""), set()),
        (TEXT.replace('unprotected = "warn"\n', "").replace("base_sl_points = 15", "base_sl_points = 14"), _of("risk", without=("risk.unprotected",))),
        (TEXT.replace("keep_runs = 20", "keep_runs = 30"), _of("replay")),
        (_without("operator", TEXT.replace('delivery = "callback"', 'delivery = "polling"')), _of("engine")),
        (TEXT.replace("lot_size = 75", "lot_size = 35"), _of("instrument") | {"instruments.NIFTY.lot_size"}),
        (TEXT + "[instruments.NIFTY]\nlot_size = 75\n", {"instruments.NIFTY.lot_size"}),
    ],
)  # fmt: skip
def test_what_a_file_says(tmp_path: Path, text: str, expected: set[str]) -> None:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    origins = load(path).origins
    assert {key for key in (*DEFAULTS, "instruments.NIFTY.lot_size") if origins.said(key)} == expected


def test_one_key_is_a_file_and_said_also_where_it_is_the_default(tmp_path: Path) -> None:
    path, shipped = tmp_path / "config.toml", load(SHIPPED)
    for key in DEFAULTS:
        path.write_text(_keys([key]), encoding="utf-8")
        config = load(path)
        assert [each for each in DEFAULTS if config.origins.said_of(each)] == [key]
        assert config == shipped
        assert explained(config, key)[0] == f"{key} = {DEFAULTS[key]}, by {path}"


def test_why_a_value_that_equals_the_default_counts_as_said_is_told(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text(TEXT.replace("start_buffer_minutes = 5", "start_buffer_minutes = 6"), encoding="utf-8")
    config = load(path)
    changed = "differs in start_buffer_minutes from the one that came"
    assert explained(config, "session.end")[0] == f"session.end = 15:30, by {path} (whose [session] {changed})"
    assert explained(config, "session.start_buffer_minutes")[0] == f"session.start_buffer_minutes = 6, by {path}"


def test_the_later_of_two_for_one_key_holds_and_an_option_over_both() -> None:
    overrides = ["engine.delivery=callback", "engine.delivery=polling"]
    assert load(SHIPPED, overrides).engine.delivery == "polling"
    option = Layer("option", "--delivery", ["engine.delivery=queued"])
    config = load(SHIPPED, overrides, [option])
    assert config.engine.delivery == "queued"
    assert list(config.origins.overruled()) == ["engine.delivery is queued by --delivery, not polling by --set"]


def test_a_key_that_is_not_known_is_not_explained() -> None:
    config: Config = load(SHIPPED)
    with pytest.raises(ConfigError, match=r"session.zon: unknown key; did you mean session.zone\?"):
        explained(config, "session.zon")
