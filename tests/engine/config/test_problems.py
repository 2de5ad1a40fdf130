"""What is said of a configuration that is wrong: one line for each problem, all of them at once."""

import os
import re
from itertools import pairwise
from pathlib import Path

import pytest

from engine.assembly import load
from engine.config import bundled
from engine.config.document import parse_toml
from engine.config.judge import Draft, judge_document
from engine.config.schema import tables_with
from engine.model.errors import ConfigError
from engine.venues.registry import SOURCES, sections
from tests.support.thorough import every

SHIPPED = bundled("config.toml").read_text(encoding="utf-8")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def problems(content: str | bytes, *, complete: bool = False) -> tuple[str, ...]:
    """The lines about a ./config.toml that holds `content`; none when it is well."""
    Path("config.toml").write_bytes(content.encode() if isinstance(content, str) else content)
    try:
        load(Path("config.toml"), complete=complete)
    except ConfigError as error:
        return error.lines
    return ()


def with_line(old: str, new: str) -> str:
    assert SHIPPED.count(f"\n{old}\n") == 1, old
    return SHIPPED.replace(f"\n{old}\n", f"\n{new}\n")


VALUES = [
    ("base_sl_points = 15", "base_sl_points = -3", "risk.base_sl_points = -3: must be a number from 0.01 to 1000000"),
    ("fast_ema = 18", "fast_ema = 18.0", "strategy.fast_ema = 18.0: must be a whole number from 1 to 10000"),
    ("fast_ema = 18", "fast_ema = true", "strategy.fast_ema = true: must be a whole number from 1 to 10000"),
    ("fast_ema = 18", 'fast_ema = "18"', 'strategy.fast_ema = "18": must be a whole number from 1 to 10000'),
    ("fast_ema = 18", "fast_ema = 0", "strategy.fast_ema = 0: must be a whole number from 1 to 10000"),
    ("fast_ema = 18", "fast_ema = {a = 1}", "strategy.fast_ema = a table: must be a whole number from 1 to 10000"),
    ("gst_percent = 18", "gst_percent = true", "risk.gst_percent = true: must be a number from 0 to 100"),
    ("gst_percent = 18", "gst_percent = nan", "risk.gst_percent = NaN: must be a number from 0 to 100"),
    ("gst_percent = 18", "gst_percent = -inf", "risk.gst_percent = -Infinity: must be a number from 0 to 100"),
    ("gst_percent = 18", "gst_percent = 1e99999999999999999999", "risk.gst_percent = Infinity: must be a number from 0 to 100"),
    ("gst_percent = 18", "gst_percent = 1e-11", "risk.gst_percent = 1E-11: must be a number from 0 to 100 with at most 10 decimals"),
    ("gst_percent = 18", "gst_percent = 0x" + "f" * 90, "risk.gst_percent = a whole number of 360 bits: must be a number from 0 to 100"),
    ("use_macd = false", "use_macd = 0", "strategy.use_macd = 0: must be true or false"),
    ("max_position_value_percent = 30", "max_position_value_percent = 0.0", "risk.max_position_value_percent = 0.0: must be a number above 0 and up to 100"),
    ('delivery = "callback"', 'delivery = "calback"', 'engine.delivery = "calback": must be one of polling, queued, callback'),
    ('source = "replay"', 'source = ""', f'feed.source = "": must be one of {", ".join(SOURCES)}'),
    ('start = "09:15"', 'start = "9:15"', 'session.start = "9:15": must be a time of day such as "09:15" or "09:15:00"'),
    ('start = "09:15"', 'start = "24:00"', 'session.start = "24:00": must be a time of day such as "09:15" or "09:15:00"'),
    ('start = "09:15"', "start = 09:15:00.5", 'session.start = 09:15:00.500000: must be a time of day such as "09:15" or "09:15:00"'),
    ('zone = "Asia/Kolkata"', 'zone = "Asia/Kolkatta"', 'session.zone = "Asia/Kolkatta": must be a time zone in the form "Area/City", such as "Asia/Kolkata" or "America/New_York", or "UTC"'),
    ('zone = "Asia/Kolkata"', 'zone = "Asia"', 'session.zone = "Asia": must be a time zone in the form "Area/City", such as "Asia/Kolkata" or "America/New_York", or "UTC"'),
    ('zone = "Asia/Kolkata"', 'zone = "../etc/passwd"', 'session.zone = "../etc/passwd": must be a time zone in the form "Area/City", such as "Asia/Kolkata" or "America/New_York", or "UTC"'),
    ('date = "2025-10-03"', 'date = "2025-02-29"', 'mock.date = "2025-02-29": must be a date such as "2025-10-03", from 1990 to 2100'),
    ('date = "2025-10-03"', "date = 2025-10-03T09:15:00", 'mock.date = 2025-10-03T09:15:00: must be a date such as "2025-10-03", from 1990 to 2100'),
    ("holidays = []", 'holidays = ["2025-10-02", "soon"]', 'session.holidays = ["2025-10-02", "soon"]: must be a list of 0 to 1000 values, each a date such as "2025-10-03", from 1990 to 2100'),
    ("tp_points = [5, 12, 20, 30]", "tp_points = 5", "risk.tp_points = 5: must be a list of 1 to 16 values, each a number from 0.01 to 1000000"),
    ("tp_points = [5, 12, 20, 30]", "tp_points = []", "risk.tp_points = []: must be a list of 1 to 16 values, each a number from 0.01 to 1000000"),
    ('speed = "max"', 'speed = "fast"', 'replay.speed = "fast": must be "max" or a number from 0.25 to 1000'),
    ('speed = "max"', "speed = 0.2", 'replay.speed = 0.2: must be "max" or a number from 0.25 to 1000'),
    ('symbol = "NIFTY"', 'symbol = ""', "instrument.symbol = \"\": must be a name of 1 to 80 letters, digits, '_', '.' or '-'"),
    ('symbol = "NIFTY"', r'symbol = "N\u001b[2J\u202e"', "instrument.symbol = \"N�[2J�\": must be a name of 1 to 80 letters, digits, '_', '.' or '-'"),
    ('directory = ""', r'directory = "a\u0000b"', 'recording.directory = "a�b": must be printable text of at most 1000 characters'),
    ("price_scale = 100", "price_scale = 20", "instrument.price_scale = 20: must be 1, 10, 100 or another power of ten up to 100000000"),
    ("reserve_kb = 256", "reserve_kb = " + "1" * 70, "journal.reserve_kb = " + "1" * 70 + ": must be a whole number from 0 to 1048576"),
    ("reserve_kb = 256", f"reserve_kb = [{'[1],' * 60}]", f"journal.reserve_kb = {('[' + '[1], ' * 20)[:79]}…: must be a whole number from 0 to 1048576"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line"), VALUES)
def test_a_wrong_value_is_named_with_what_is_allowed(here: Path, old: str, new: str, line: str) -> None:
    assert problems(with_line(old, new)) == (f"config.toml: {line}",)


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("fast_ema = 18", "fast_emma = 18", "strategy.fast_emma: unknown key; did you mean fast_ema?"),
        ("fast_ema = 18", "fast.ema = 18", "strategy.fast: unknown key; did you mean fast_ema?"),
        ("fast_ema = 18", "fast_ema = 18\nema_filter = 1", "strategy.ema_filter: unknown key; did you mean use_rsi_filter?"),
        ("fast_ema = 18", "fast_ema = 18\nbase_sl_points = 1", "strategy.base_sl_points: unknown key; it belongs in [risk]"),
        ("fast_ema = 18", 'fast_ema = 18\n"a\\u001b[2J" = 1', "strategy.a�[2J: unknown key; the nearest is use_atr"),
        ("[feed]", "[fed]", "[fed]: unknown section; did you mean [feed]?"),
        ("[logging]", "[loging]", "[loging]: unknown section; did you mean [logging]?"),
        ("[logging.levels]", "[logging_levels]", "[logging_levels]: unknown section; did you mean [logging.levels]?"),
        ("[risk]", "", "[risk]: missing section header; its keys stand in [strategy]"),
        ("[session]", "", "[session]: missing section header; its keys stand before any section"),
        ("[instrument]", "[instruments]", "[instruments]: unknown section; did you mean [instrument]?"),
        ("[feed]", "[instrument.SPY]\n[feed]", "instrument.SPY: unknown key; did you mean [instruments.SPY]?"),
        ("[feed]", "[instruments.SPY]\nlot_sise = 1\n[feed]", "instruments.SPY.lot_sise: unknown key; did you mean lot_size?"),
        ("[feed]", "[instruments.SPY]\nlot_size = 0\n[feed]", "instruments.SPY.lot_size = 0: must be a number above 0 and up to 1000000"),
        ("[feed]", "[instruments.'A B']\n[feed]", "[instruments.A B]: the instrument's name must be 1 to 80 letters, digits, '_', '.' or '-'"),
        ("[feed]", "[instruments]\nlot_size = 1\n[feed]", "instruments.lot_size = 1: must be a section [instruments.NAME]"),
    ],
)  # fmt: skip
def test_a_wrong_name_gives_one_line_with_the_nearest(here: Path, old: str, new: str, line: str) -> None:
    for complete in (False, True):
        assert problems(with_line(old, new), complete=complete) == (f"config.toml: {line}",)


@pytest.mark.parametrize(
    ("old", "line"),
    [
        ("macd_fast = 12", "strategy.macd_fast: missing; default is 12"),
        ('directory = ""', 'recording.directory: missing; default is ""'),
    ],
)
def test_a_missing_key_has_its_default_and_is_a_problem_only_where_the_file_has_to_be_whole(
    here: Path, old: str, line: str
) -> None:
    assert problems(with_line(old, "")) == ()
    assert problems(with_line(old, ""), complete=True) == (f"config.toml: {line}",)


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("[strategy]\nfast_emma = 9", "strategy.fast_emma: unknown key; did you mean fast_ema?"),
        ("[strategy]\nfast.ema = 9", "strategy.fast: unknown key; did you mean fast_ema?"),
        ("[strategy]\nbase_sl_points = 9", "strategy.base_sl_points: unknown key; it belongs in [risk]"),
        ("[operator]\nsilence_s = 9", "operator.silence_s: unknown key; it belongs in [feed] or [replay]"),
        ("[stategy]\nfast_ema = 9", "[stategy]: unknown section; did you mean [strategy]?"),
        ("[levels]\nfeed = 'debug'", "[levels]: unknown section; did you mean [logging.levels]?"),
        ("fast_ema = 9", "fast_ema: unknown key; it belongs in [strategy]"),
        ("[instruments]\nlot_size = 9", "[instruments]: unknown section; did you mean [instrument]?"),
        ("[instruments.SPY]\nlot_sise = 9", "instruments.SPY.lot_sise: unknown key; did you mean lot_size?"),
        ("[strategy]\nslow_ema = 9", "strategy.fast_ema = 18, strategy.slow_ema = 9: fast_ema must be below slow_ema"),
        ("[strategy]\nslow_ema = '9'", 'strategy.slow_ema = "9": must be a whole number from 1 to 10000'),
    ],
)
def test_what_is_wrong_in_a_file_of_a_few_keys_is_one_line(here: Path, content: str, line: str) -> None:
    assert problems(content) == (f"config.toml: {line}",)


def test_every_problem_is_told_at_once(here: Path) -> None:
    content = (
        with_line("fast_ema = 18", "fast_emma = 18").replace("\nmacd_signal = 9\n", "\n").replace("= 15\n", "= -3\n")
    )
    content = content.replace("[feed]", "[gui]\nfont = 1\n[feed]").replace("rsi_overbought = 70", "rsi_overbought = 30")
    assert problems(content, complete=True) == (
        "config.toml: risk.base_sl_points = -3: must be a number from 0.01 to 1000000",
        "config.toml: [gui]: unknown section; the nearest is [engine]",
        "config.toml: strategy.fast_emma: unknown key; did you mean fast_ema?",
        "config.toml: strategy.macd_signal: missing; default is 9",
        "config.toml: strategy.rsi_oversold = 30, strategy.rsi_overbought = 30: rsi_oversold must be below rsi_overbought",
    )


def test_an_empty_file_is_well_and_lacks_every_section_of_a_whole_one(here: Path) -> None:
    assert problems("") == ()
    found = problems("", complete=True)
    assert found[0] == "config.toml: [session]: missing section, with the key zone and 10 more"
    assert "config.toml: [capital]: missing section, with the key initial_capital" in found
    assert len(found) == 17 + len(sections())
    assert not any(name in line for line in found for name in ("[adaptive]", "[serve]", "[cache]"))
    half = problems("[cache]\nl1_size = 5", complete=True)
    assert "config.toml: cache.l1_ttl_s: missing; default is 60" in half


def test_what_should_be_a_section_must_be_one(here: Path) -> None:
    found = problems(f"feed = 5\ninstruments = 6\nzone = 1\nuse_at = 2\n{SHIPPED.replace('[feed]', '[source]')}")
    assert found == (
        "config.toml: feed = 5: must be a section [feed]",
        "config.toml: instruments = 6: must hold sections [instruments.NAME]",
        "config.toml: zone: unknown key; it belongs in [session]",
        "config.toml: use_at: unknown key; the nearest is strategy.use_atr",
        "config.toml: [source]: unknown section; the nearest is [journal]",
    )


def test_a_flood_of_problems_ends(here: Path) -> None:
    found = problems(SHIPPED + "[rubbish]\n" + "".join(f"[rubbish{n}]\n" for n in range(300)))
    assert len(found) == 201
    assert found[-1] == "config.toml: and 101 more problems"


CONTRADICTIONS = [
    ({"slow_ema = 42": "slow_ema = 18"}, "strategy.fast_ema = 18, strategy.slow_ema = 18: fast_ema must be below slow_ema"),
    ({"macd_fast = 12": "macd_fast = 27"}, "strategy.macd_fast = 27, strategy.macd_slow = 26: macd_fast must be below macd_slow"),
    ({"rsi_oversold = 30": "rsi_oversold = 70.0"}, "strategy.rsi_oversold = 70, strategy.rsi_overbought = 70: rsi_oversold must be below rsi_overbought"),
    ({"tp_points = [5, 12, 20, 30]": "tp_points = [5, 12, 12, 30]"}, "risk.tp_points = [5, 12, 12, 30]: each level must be above the one before"),
    ({"tp_points = [5, 12, 20, 30]": "tp_points = [5, 12, 20]"}, "risk.tp_points = [5, 12, 20], risk.tp_percents = [0.4, 0.3, 0.2, 0.1]: there must be as many tp_percents as tp_points"),
    ({"tp_percents = [0.4, 0.3, 0.2, 0.1]": "tp_percents = [0.4, 0.3, 0.2, 0.0999999999]"}, "risk.tp_percents = [0.4, 0.3, 0.2, 0.0999999999]: together they must be exactly 1"),
    ({'end = "15:30"': 'end = "09:15:00"'}, "session.start = 09:15, session.end = 09:15: a session must not end when it starts"),
    ({'end = "15:30"': "end = 09:40:00"}, "session.daily = true, session.start = 09:15, session.end = 09:40, session.start_buffer_minutes = 5, session.no_trade_start_minutes = 5, session.end_buffer_minutes = 20, session.no_trade_end_minutes = 10: these leave no time for an entry"),
    ({"tick_size = 0.05": "tick_size = 0.005"}, "instrument.tick_size = 0.005, instrument.price_scale = 100: tick_size must be a multiple of 1/price_scale"),
    ({"lot_size = 75": "lot_size = 1800.5"}, "instrument.lot_size = 1800.5, instrument.freeze_quantity = 1800: lot_size must not be above freeze_quantity"),
    ({"slippage_points = 0": "slippage_points = 0.001"}, "risk.slippage_points = 0.001, instrument.price_scale = 100: slippage_points must be multiples of 1/price_scale"),
    ({"[feed]": "[instruments.SPY]\nlot_size = 2000\n[feed]"}, "instruments.SPY.lot_size = 2000, instrument.freeze_quantity = 1800: lot_size must not be above freeze_quantity"),
    ({"[feed]": "[instruments.SPY]\nprice_scale = 10\ntick_size = 0.1\n[feed]", "base_sl_points = 15": "base_sl_points = 15.25"}, "risk.base_sl_points = 15.25, instruments.SPY.price_scale = 10: base_sl_points must be multiples of 1/price_scale"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "line"), CONTRADICTIONS)
def test_keys_that_contradict_each_other(here: Path, changes: dict[str, str], line: str) -> None:
    content = SHIPPED
    for old, new in changes.items():
        content = content.replace(f"\n{old}\n", f"\n{new}\n")
    assert problems(content) == (f"config.toml: {line}",)


def test_the_closest_that_keys_may_come(here: Path) -> None:
    assert problems(with_line('end = "15:30"', 'end = "09:40:01"')) == ()
    assert problems(with_line("lot_size = 75", "lot_size = 1800")) == ()
    assert problems(with_line("slow_ema = 42", "slow_ema = 19")) == ()


def test_a_contradiction_is_only_looked_for_among_good_values(here: Path) -> None:
    found = problems(with_line("slow_ema = 42", 'slow_ema = "42"').replace("fast_ema = 18", "fast_ema = 9999"))
    assert found == ('config.toml: strategy.slow_ema = "42": must be a whole number from 1 to 10000',)


# ── Files that are no configuration at all ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("[session]\nzone == 1\n", "line 2, column 7: not TOML: Invalid value"),
        ("[session]\nzone = ", "line 2, column 8: not TOML: Invalid value"),
        ("[session]\n[session]\n", "line 2, column 9: not TOML: Cannot declare ('session',) twice"),
        ("x = " + "[" * 5000, "not TOML: too many brackets within brackets"),
        ("x = " + "9" * 5000, "not TOML: a number is too long"),
        ("[session]\n" + "a." * 51 + "a = 1", "line 2: not TOML: more than 50 dots"),
        (b"# caf\xe9\n", "not UTF-8 at byte 6; must be text in UTF-8"),
        (b"a = 1\n\0", "holds a NUL byte at byte 7; must be text in UTF-8"),
        (b"#" * (1 << 20) + b"\n", "larger than 1048576 bytes, which no configuration is"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_toml_gives_one_line(here: Path, content: str | bytes, line: str) -> None:
    assert problems(content) == (f"config.toml: {line}",)


def test_dots_in_a_comment_do_no_harm(here: Path) -> None:
    assert problems("# " + "." * 100 + "\n" + SHIPPED) == ()


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(here: Path) -> None:
    assert problems("\ufeff" + SHIPPED.replace("\n", "\r\n")) == ()


def test_what_is_no_readable_file_gives_one_line(here: Path) -> None:
    os.mkfifo("pipe")
    expected = {
        "absent": "No such file or directory",
        ".": "is a directory",
        "pipe": "not a regular file",
        "a\0b": "embedded null",
        "x" * 300: "File name too long",
    }
    for name, reason in expected.items():
        with pytest.raises(ConfigError) as caught:
            load(Path(name))
        assert len(caught.value.lines) == 1
        assert re.search(f": cannot be read: .*{reason}", caught.value.lines[0])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_read_permission_gives_one_line(here: Path) -> None:
    Path("config.toml").write_text(SHIPPED, encoding="utf-8")
    Path("config.toml").chmod(0)
    with pytest.raises(ConfigError, match=r"^config\.toml: cannot be read: Permission denied$"):
        load()


def test_without_the_defaults_a_missing_key_still_says_what_is_allowed() -> None:
    draft = Draft(tables_with(sections()))
    judge_document(parse_toml(with_line("macd_fast = 12", "")), draft, must_hold={})
    assert draft.problems == ["strategy.macd_fast: missing; must be a whole number from 1 to 10000"]


# ── Typing errors ───────────────────────────────────────────────────────────────────────────────────────────────────


def typos(name: str) -> set[str]:
    """Every deletion and transposition of a letter of `name`, one insertion and one substitution at each place."""
    letters = "qxzjkvw"
    made = {name[:i] + name[i + 1 :] for i in range(len(name))}
    made |= {name[:i] + b + a + name[i + 2 :] for i, (a, b) in enumerate(pairwise(name))}
    made |= {name[:i] + letters[(i + len(name)) % 7] + name[i:] for i in range(len(name) + 1)}
    made |= {name[:i] + letters[i % 7] + name[i + 1 :] for i in range(len(name))}
    return made - {name}


BARE = [line for line in SHIPPED.splitlines() if line and not line.startswith("#")]


@pytest.mark.slow
@pytest.mark.parametrize("number", range(len(BARE)))
def test_no_typing_error_of_one_letter_passes(number: int, tmp_path: Path) -> None:
    path, line = tmp_path / "config.toml", BARE[number]
    name = line[1:-1] if line.startswith("[") else line.split()[0]
    for typo in every(4, sorted(typos(name)), number):
        path.write_text("\n".join((*BARE[:number], line.replace(name, typo, 1), *BARE[number + 1 :])), encoding="utf-8")
        with pytest.raises(ConfigError) as caught:
            load(path)
        (said,) = caught.value.lines
        # A slip may also make a name that is there already (seed, speed), which TOML itself refuses.
        meant = (
            f"did you mean {name.rpartition('.')[2]}?",
            f"did you mean [{name}]?",
            "not TOML: Cannot overwrite a value",
        )
        assert said.endswith(meant)
