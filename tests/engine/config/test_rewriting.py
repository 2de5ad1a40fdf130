"""One key is changed in a file, and every other line of it stays as a person wrote it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.config import bundled
from engine.config.document import parse_toml
from engine.config.rewriting import parts_of, with_key, with_value
from tests.support.thorough import examples

SHIPPED = bundled("config.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("before", "key", "toml", "after"),
    [
        ("", "risk.gst_percent", "17", "[risk]\ngst_percent = 17\n"),
        ("# mine\n", "risk.gst_percent", "17", "# mine\n\n[risk]\ngst_percent = 17\n"),
        ("[risk]\ngst_percent = 18 # GST\n", "risk.gst_percent", "17", "[risk]\ngst_percent = 17 # GST\n"),
        ("[risk]\n  gst_percent=18", "risk.gst_percent", "17", "[risk]\n  gst_percent=17\n"),
        ("[risk]\na = 1\n# of a\n\n# of feed\n[feed]\n", "risk.b", "2", "[risk]\na = 1\n# of a\nb = 2\n\n# of feed\n[feed]\n"),
        ("[risk]\n# A.\n# a = 1\n# B.\n# b = 1\n", "risk.a", "2", "[risk]\n# A.\n# a = 1\na = 2\n# B.\n# b = 1\n"),
        ("[risk]\n\n[feed]\n", "risk.a", "2", "[risk]\na = 2\n\n[feed]\n"),
        ("risk.a = 1\n", "risk.a", "2", "risk.a = 2\n"),
        ("risk = {a = 1, b = 2}\n", "risk.a", "2", "risk = {a = 2, b = 2}\n"),
        ("[a]\nx = 1\n\n[b]\n", "c.y", "[1, 2]", "[a]\nx = 1\n\n[b]\n\n[c]\ny = [1, 2]\n"),
        ("[logging]\nlevel = 'info'\n", "logging.levels.feed", '"debug"', "[logging]\nlevel = 'info'\n\n[logging.levels]\nfeed = \"debug\"\n"),
        ("[instruments.A]\nx = 1\n\n[z]\n", "instruments.B.C.x", "2", '[instruments.A]\nx = 1\n\n[instruments."B.C"]\nx = 2\n\n[z]\n'),
        ("[instruments.'B.C']\nx = 1\n", "instruments.B.C.x", "2", "[instruments.'B.C']\nx = 2\n"),
        ("\ufeff[risk]\r\na = 1\r\n", "risk.b", "2", "\ufeff[risk]\r\na = 1\r\nb = 2\r\n"),
        ("[session]\nend = 15:30\n", "session.start", '"09:20"', '[session]\nend = 15:30\nstart = "09:20"\n'),
    ],
)  # fmt: skip
def test_where_a_key_goes(before: str, key: str, toml: str, after: str) -> None:
    assert with_key(before, key, toml) == after


@pytest.mark.parametrize("text", ["risk = 1\n", "[[risk]]\na = 1\n"])
def test_what_cannot_be_changed_alone_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is written in a way that cannot be changed here"):
        with_key(text, "risk.a", "2")


def test_an_instrument_s_name_may_have_dots() -> None:
    assert parts_of("instruments.A.B.lot_size") == ["instruments", "A.B", "lot_size"]
    assert parts_of("logging.levels.feed") == ["logging", "levels", "feed"]
    assert parts_of("zone") == ["zone"]


sections = st.sampled_from(["a", "b", "b.c", "instruments.X", "instruments.Y"])
names = st.sampled_from(["k", "l", "m"])
values = st.sampled_from(["1", "2.50", '"x"', "[1, 2]", "true"])
lines = st.one_of(
    st.tuples(names, values, st.sampled_from(["", " # why", "  #"])).map(
        lambda said: f"{said[0]} = {said[1]}{said[2]}"
    ),
    st.sampled_from(["", "# text", "# k = 9", "#l=1", "# ── ruler ──", "  "]),
)


@st.composite
def files(draw: st.DrawFn) -> str:
    """Some sections with keys, comments and empty lines, as hands leave them."""
    parts = draw(st.lists(st.sampled_from(["# top", ""]), max_size=2))
    for section in draw(st.lists(sections, unique=True, max_size=4)):
        parts.append(f"[{section}]")
        seen = set()
        for line in draw(st.lists(lines, max_size=4)):
            name = line.partition(" = ")[0]
            if line.startswith(("#", " ")) or not line or name not in seen:
                parts.append(line)
                seen.add(name)
    return "\n".join(parts) + draw(st.sampled_from(["", "\n"]))


def stands_in(lines: list[str], others: list[str]) -> bool:
    """Whether all `lines` are among the others, in this order."""
    left = iter(others)
    return all(line in left for line in lines)


@settings(deadline=None, max_examples=examples(60))
@given(files(), sections, names, values)
def test_nothing_but_the_key_is_another(text: str, section: str, name: str, toml: str) -> None:
    key = f"{section}.{name}"
    after = with_key(text, key, toml)
    value = parse_toml(f"value = {toml}")["value"]
    assert parse_toml(after) == with_value(parse_toml(text), key, value)
    old, new = [line for line in text.split("\n") if line.strip()], after.split("\n")
    replaced = [number for number, line in enumerate(old) if line.startswith(f"{name} = ")]
    assert any(stands_in(old[:number] + old[number + 1 :], new) for number in replaced) or stands_in(old, new)


@pytest.mark.parametrize(
    "key", ["strategy.fast_ema", "session.end", "replay.speed", "risk.tp_points", "operator.on_loss"]
)
def test_a_whole_file_keeps_its_every_other_line(key: str) -> None:
    after = with_key(SHIPPED, key, "7").splitlines()
    before = SHIPPED.splitlines()
    assert [number for number, line in enumerate(before) if line != after[number]] == [
        after.index(f"{key.partition('.')[2]} = 7")
    ]
    assert len(after) == len(before)
