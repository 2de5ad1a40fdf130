"""`--set section.key=value`, and whatever else a person or a broken file may come up with."""

import re
from collections.abc import Sequence
from datetime import date, time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.assembly import load
from engine.config import Config, bundled
from engine.config.document import parse_toml
from engine.config.judge import Draft, rule_of, text_of
from engine.config.overrides import judge_overrides
from engine.config.rules import Address, Choice, Flag, Many, Number, Power, Rule, Speed, Text, Whole
from engine.config.schema import OVERRIDABLE, tables_with
from engine.config.time_rules import Day, SpecialDay, SpecialDayRule, TimeOfDay, Zone
from engine.model.errors import ConfigError
from engine.venues.registry import sections
from tests.support.thorough import examples

TABLES = tables_with(sections())
SHIPPED = bundled("config.toml")
TEXT = SHIPPED.read_text(encoding="utf-8")
SYMBOL_WORDS = "a symbol of 1 to 80 letters, digits, blanks, '_', '.', '&', ':', '|', '/' or '-'"


def value(config: Config, path: str) -> object:
    first, *inner = path.split(".")
    found: object = config.venues[first] if first in config.venues else getattr(config, first)
    for name in inner:
        found = getattr(found, name)
    return found


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("session.start=09:20", time(9, 20)),
        ("session.start=09:20:30", time(9, 20, 30)),
        ('session.start="09:20"', time(9, 20)),
        ("session.zone=America/New_York", "America/New_York"),
        ("session.holidays=[2025-10-02]", (date(2025, 10, 2),)),
        ("session.holidays=[2025-10-02, '2025-10-21',]", (date(2025, 10, 2), date(2025, 10, 21))),
        ("session.special=[2026-11-08 18:00-19:00,]", (SpecialDay(date(2026, 11, 8), time(18), time(19)),)),
        ('session.special=["2026-11-08 18:00-19:00"]', (SpecialDay(date(2026, 11, 8), time(18), time(19)),)),
        ("feed.symbols=[NIFTY 50, BTC/USDT]", ("NIFTY 50", "BTC/USDT")),
        ("feed.symbols=[ ]", ()),
        ("engine.delivery=queued", "queued"),
        (" engine.delivery = 'queued' ", "queued"),
        ("risk.tp_points=[5, 12, 20, 31.5]", (Decimal(5), Decimal(12), Decimal(20), Decimal("31.5"))),
        ("risk.gst_percent=-0.0", Decimal(0)),
        ("capital.initial_capital=1_000_000", Decimal(1000000)),
        ("strategy.use_macd=true", True),
        ("mock.date=2024-02-29", date(2024, 2, 29)),
        ("mock.speed=max", 0.0),
        ("replay.speed=2.5", 2.5),
        ('replay.speed="1000"', 1000.0),
        ("instrument.token=26000", "26000"),
        ("instrument.token=", ""),
        ("instrument.symbol=NIFTY.25-10_CE", "NIFTY.25-10_CE"),
        ("recording.directory=/data/a b#c=d", "/data/a b#c=d"),
        ("logging.levels.engine=debug", "debug"),
    ],
)
def test_an_override_is_read_as_its_key_wants_it(override: str, expected: object) -> None:
    config = load(SHIPPED, [override])
    found = value(config, override.partition("=")[0].strip())
    assert found == expected
    assert type(found) is type(expected)


def test_the_later_of_two_wins() -> None:
    assert load(SHIPPED, ["strategy.fast_ema=9", "strategy.fast_ema=x", "strategy.fast_ema=10"]).strategy.fast_ema == 10


@pytest.mark.parametrize("name", ["SPY", "A.B", '"A.B"', "'A.B'", "1-2_3"])
def test_an_instrument_is_overridden_by_name(name: str) -> None:
    config = load(SHIPPED, [f"instruments.{name}.lot_size=1"])
    assert config.instruments[name.strip("\"'")].lot_size == 1


@pytest.mark.parametrize(
    ("override", "line"),
    [
        ("strategy.fast_emma=9", "strategy.fast_emma: unknown key; did you mean fast_ema?"),
        ("risk.fast_ema=9", "risk.fast_ema: unknown key; it belongs in [strategy]"),
        ("stratgy.fast_ema=9", "stratgy.fast_ema: unknown section; did you mean strategy?"),
        ("fast_ema=9", '"fast_ema": must be section.key=value; did you mean strategy.fast_ema?'),
        ("speed=9", '"speed": must be section.key=value; did you mean replay.speed or mock.speed?'),
        ("strategy.fast_ema", '"strategy.fast_ema": must be section.key=value; did you mean strategy.fast_ema?'),
        ("strategy=1", '"strategy": must be section.key=value'),
        ("", '"": must be section.key=value'),
        ("strategy.fast_ema=", 'strategy.fast_ema = "": must be a whole number from 1 to 10000'),
        ("strategy.fast_ema=nine", 'strategy.fast_ema = "nine": must be a whole number from 1 to 10000'),
        ("strategy.fast_ema=9\nslow_ema=3", 'strategy.fast_ema = "9�slow_ema=3": must be a whole number from 1 to 10000'),
        ("strategy.use_macd=True", 'strategy.use_macd = "True": must be true or false'),
        ("feed.symbols=[A,,B]", f'feed.symbols = ["A", "", "B"]: must be a list of 0 to 1000 values, each {SYMBOL_WORDS}'),
        ("feed.symbols=A", f'feed.symbols = "A": must be a list of 0 to 1000 values, each {SYMBOL_WORDS}'),
        ("session.start=9", 'session.start = "9": must be a time of day such as "09:15" or "09:15:00"'),
        ("instruments.SPY.lot_sise=9", "instruments.SPY.lot_sise: unknown key; did you mean lot_size?"),
        ("instruments.A B.lot_size=9", "instruments.A B.lot_size: the instrument's name must be 1 to 80 letters, digits, '_', '.' or '-'"),
        ("instruments.SPY.lot_size=-1", "instruments.SPY.lot_size = -1: must be a number above 0 and up to 1000000"),
        ("logging.levels.engin=debug", "logging.levels.engin: unknown key; did you mean engine?"),
        ("strategy.fast_ema=50", "strategy.fast_ema = 50, strategy.slow_ema = 42: fast_ema must be below slow_ema"),
        ("instruments.SPY.tick_size=0.001", "instruments.SPY.tick_size = 0.001, instrument.price_scale = 100: tick_size must be a multiple of 1/price_scale"),
    ],
)  # fmt: skip
def test_a_wrong_override_gives_one_line(override: str, line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(SHIPPED, [override])
    assert caught.value.lines == (f"--set: {line}",)


def test_problems_of_file_and_overrides_come_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("config.toml").write_text(TEXT.replace("fast_ema = 18", "fast_ema = 0"), encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(None, ["engine.delivery=quick", "strategy.fast_ema=99", "slow_emma=1"])
    assert caught.value.lines == (
        "config.toml: strategy.fast_ema = 0: must be a whole number from 1 to 10000",
        '--set: "slow_emma": must be section.key=value; did you mean strategy.slow_ema?',
        '--set: engine.delivery = "quick": must be one of polling, queued, callback',
        "--set: strategy.fast_ema = 99, strategy.slow_ema = 42: fast_ema must be below slow_ema",
    )


# ── Anything at all ─────────────────────────────────────────────────────────────────────────────────────────────────

KEYS = [f"{section}.{key}" for section, rules in TABLES.items() for key in rules]
SCALARS = st.one_of(
    st.integers().map(str),
    st.integers(0, 3000).map(str),
    st.floats().map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=3).map(str),
    st.booleans().map(lambda flag: str(flag).lower()),
    st.dates().map(str),
    st.times().map(str),
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.text(st.characters(codec="utf-8", exclude_characters="'", exclude_categories=["Cc"]), max_size=20).map(lambda text: f"'{text}'"),
    st.sampled_from(["'09:15'", "'max'", "'auto'", "'Asia/Kolkata'", "'2025-10-03'", "{}", "{a = 1}", "''", "1e400", "-0.0"]),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4).map(lambda texts: f"[{', '.join(texts)}]"), max_leaves=6
)


def problems(path: Path, overrides: Sequence[str] = ()) -> tuple[str, ...]:
    """What is said of them, each of it one line that a terminal can show; none when all is well."""
    try:
        load(path, overrides)
    except ConfigError as error:
        lines = error.lines
    else:
        return ()
    assert lines
    for line in lines:
        assert len(line) < 600
        assert not any(letter < " " or "\x7f" <= letter < "\xa0" for letter in line), line
    return lines


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("config") / "config.toml"


@pytest.mark.slow
@settings(deadline=None, max_examples=examples(300))
@given(st.sampled_from(KEYS), VALUES)
def test_a_random_value_loads_or_is_refused_by_its_key(path: Path, key: str, text: str) -> None:
    section, _, name = key.rpartition(".")
    head, header, body = TEXT.partition(f"\n[{section}]\n")
    path.write_text(
        head + header + re.sub(rf"(?m)^{name} = .*$", lambda _: f"{name} = {text}", body, count=1), encoding="utf-8"
    )
    assert all(key in line for line in problems(path))
    assert all(key in line for line in problems(SHIPPED, [f"{key}={text}"]))


@settings(deadline=None, max_examples=examples(150))
@given(
    st.lists(
        st.one_of(
            st.text(max_size=40),
            st.tuples(st.sampled_from([*KEYS, "instruments.A.lot_size"]), st.text(max_size=20)).map("=".join),
        ),
        max_size=4,
    )
)
def test_random_overrides_are_well_or_refused(overrides: list[str]) -> None:
    assert all(line.startswith("--set: ") for line in problems(SHIPPED, overrides))


@settings(deadline=None, max_examples=examples(150))
@given(st.integers(0, len(TEXT.encode())), st.integers(0, 40), st.binary(max_size=12))
def test_a_damaged_file_is_well_or_refused(path: Path, place: int, length: int, junk: bytes) -> None:
    content = TEXT.encode()
    path.write_bytes(content[:place] + junk + content[place + length :])
    assert all(line.startswith(f"{path}: ") for line in problems(path))


def raw_of(rule: Rule) -> st.SearchStrategy[object]:
    """What `rule` may take, or now and then may not."""
    match rule:
        case Flag():
            return st.booleans()
        case Whole() | Power():
            return st.integers(0, 10**9)
        case Speed():
            return st.just("max") | st.decimals("0.25", 1000, places=3)
        case Number():
            return st.decimals(0, 10**12) | st.decimals(0, 100, places=10) | st.integers(0, 10**12).map(Decimal)
        case Many():
            return st.lists(raw_of(rule.each), max_size=4)
        case Choice():
            return st.sampled_from(rule._choices)
        case Day():
            return st.dates(date(1990, 1, 1), date(2100, 12, 31))
        case TimeOfDay():
            return st.times().map(lambda at: at.replace(microsecond=0))
        case SpecialDayRule():
            hours = st.times().map(lambda at: f"{at:%H:%M}") | st.times().map(lambda at: f"{at:%H:%M:%S}")
            return st.dates(date(1990, 1, 1)).map(str) | st.builds(
                "{} {}-{}".format, st.dates(date(1990, 1, 1)), hours, hours
            )
        case Zone():
            return st.sampled_from(["UTC", "Asia/Kolkata", "America/Argentina/Buenos_Aires", "Etc/GMT+5"])
        case Address():
            return st.sampled_from(
                ["https://a.b/c.json", "wss://a-b.in:443/x", "http://localhost:1", "ws://127.0.0.1:80/"]
            )
        case Text():
            text = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=30)
            return st.from_regex(rule._pattern, fullmatch=True) if rule._pattern else text
    raise AssertionError(f"no values of {type(rule).__name__} are tried")


@settings(deadline=None, max_examples=examples(600))
@given(st.data())
def test_what_describes_a_value_is_read_as_that_value(data: st.DataObject) -> None:
    key = data.draw(st.sampled_from([*KEYS, *(f"instruments.A.{name}" for name in OVERRIDABLE)]))
    rule = rule_of(key, TABLES)
    assert rule is not None
    try:
        parsed = rule.parse(data.draw(raw_of(rule)))
    except ValueError:
        return
    draft = Draft(TABLES)
    judge_overrides([f"{key}={text_of(key, parsed, TABLES)}"], draft)
    assert (draft.values, draft.problems) == ({key: parsed}, [])
    assert rule.parse(parse_toml(f"value = {rule.toml(parsed)}")["value"]) == parsed


@pytest.mark.parametrize("scheme", ["http", "ws"])
def test_the_host_of_an_address_is_one_that_can_be_looked_up(scheme: str) -> None:
    rule = Address(scheme)
    for host in ("a.b", "127.0.0.1", "x" * 63 + ".in", "a-1.co.in:8443"):
        assert rule.parse(f"{scheme}s://{host}/l.json")
    for host in ("a..b", ".in", "in.", ".", "x" * 64 + ".in", ".".join(["a" * 50] * 4), ":443", "a..b:443"):
        with pytest.raises(ValueError, match="a host is words of 1 to 63 letters"):
            rule.parse(f"{scheme}s://{host}/l.json")
    with pytest.raises(ValueError, match=r"on 127\.0\.0\.1"):
        rule.parse(f"{scheme}://a.b")
