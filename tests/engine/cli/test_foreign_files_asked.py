"""What a file of others leaves open is asked in one line, exit 2, nothing traded; the option that the line names answers it."""

import pytest

from tests.support.processes.command_home import Home
from tests.support.processes.fork_server import Answer

pytestmark = pytest.mark.slow

TIMES = [f"09:{15 + n // 30:02d}:{n % 30 * 2:02d}" for n in range(300)]
PRICES = [f"{150 + n % 9 + n * 0.05:.2f}" for n in range(300)]
OTHERS = [f"{24_000 + n % 9 + n * 0.05:.2f}" for n in range(300)]


def rows(row: str) -> str:
    """`{t}` is the time, `{p}` the price of one instrument, `{q}` the same of now one and now another, `{c}` which."""
    return "".join(
        row.format(t=time, p=PRICES[n], q=(PRICES if n % 2 else OTHERS)[n], c="AB"[n % 2], n=n) + "\n"
        for n, time in enumerate(TIMES)
    )


# A file → what is asked, and the words of that line that answer it.
ASKED = {
    "unknown": ("timestamp,code_of,price\n" + rows("2025-11-18 {t},{c}1,{q}"), ["--columns", "symbol=code_of"]),
    "unknown_one": ("timestamp,code_of,price\n" + rows("2025-11-18 {t},{c}1,{q}"), ["--columns", "-=code_of"]),
    "tabs": ("timestamp\tprice\n" + rows("2025-11-18 {t}\t{p}0"), ["--decimal", "point"]),
    "zones": ("Date (UTC),Time (IST),price\n" + rows("2025-11-18,{t},{p}"), ["--zone", "Asia/Kolkata"]),
    "zone": ("timestamp,tz,price\n" + rows("2025-11-18 {t},CST,{p}"), ["--zone", "America/New_York"]),
    "midnight": (
        "date,time,price\n"
        + "".join(
            f"2025-11-18,{22 + n // 60 if n < 120 else n // 60 - 2:02d}:{n % 60:02d}:00,{p}\n"
            for n, p in enumerate(PRICES)
        ),
        ["--columns", "-=date", "--date", "2025-11-18"],
    ),
    "twelve": (
        "timestamp,price\n"
        + "".join(f"2025-11-18 {(9 + n // 60 - 1) % 12 + 1:02d}:{n % 60:02d}:00,{p}\n" for n, p in enumerate(PRICES)),
        [],
    ),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = Home(tmp_path_factory.mktemp("asked"))
    for name, (text, _) in ASKED.items():
        (home.cwd / f"{name}.csv").write_text(text)
    return home


@pytest.fixture(scope="module")
def answers(home: Home) -> dict[str, list[Answer]]:
    commands = []
    for name, (_, words) in ASKED.items():
        plain = ("import", f"{name}.csv", "--dry-run")
        commands += [plain, (*plain, *words)]
    found = home.run_all(commands)
    return {name: found[2 * place : 2 * place + 2] for place, name in enumerate(ASKED)}


@pytest.mark.parametrize("name", ASKED)
def test_it_is_asked_in_one_line_that_names_the_answer(answers: dict[str, list[Answer]], name: str) -> None:
    asked, answered = answers[name]
    words = ASKED[name][1]
    assert (asked.status, asked.out, len(asked.lines)) == (2, "", 1)
    assert f"{name}.csv: " in asked.err
    for option, value in zip(words[::2], words[1::2], strict=True):
        assert f"{option} {value}" in asked.err
    if words:
        assert answered.status == 0, answered.err
        assert "300 rows" in answered.out


def test_rows_of_two_instruments_are_two_wherever_a_column_tells_them_apart(home: Home) -> None:
    names = ("instrument_token", "pair", "exchange", "isin", "name")
    for name in names:
        (home.cwd / f"{name}.csv").write_text(f"timestamp,{name},price\n" + rows("2025-11-18 {t},{c}X,{q}"))
    for answer in home.run_all([("import", f"{name}.csv", "--dry-run") for name in names]):
        assert "2 symbols" in answer.out
        assert " AX 24000.0 " in answer.out
        assert " BX 151.05 " in answer.out
