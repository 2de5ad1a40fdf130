"""The command `config`: a file begins, is shown and changed as a person wants it, and never becomes one that is not well."""

import json
import os
import pty
import stat
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from engine.assembly.recording_config import header_of
from engine.cli.main import main
from engine.config import bundled
from engine.recording.writer import RecordingWriter
from tests.support.builders import config, nifty
from tests.support.processes.command_home import Home
from tests.support.waiting import PATIENCE_S


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where the user's configuration would be: in a home and a working directory that hold nothing yet."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "home"))
    mask = os.umask(0o077)
    yield tmp_path / "home" / "myquant-tui" / "config.toml"
    os.umask(mask)


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> "Said":
    return Said(capsys)


class Said:
    """Carries `config …` out in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: str | Path) -> tuple[int, list[str], list[str]]:
        status = main(["config", *map(str, words)])
        found = self._capsys.readouterr()
        return status, found.out.splitlines(), [line.removeprefix("myquant-tui: ") for line in found.err.splitlines()]


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


# ── init ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_file_begins_private_and_is_never_overwritten_unsaid(user: Path, said: Said) -> None:
    assert said("init") == (0, [f"{user}: written; `myquant-tui config edit` opens it"], [])
    assert (mode(user), mode(user.parent)) == (0o600, 0o700)
    user.write_text("[feed]\n")
    user.chmod(0o640)
    assert said("init") == (2, [], [f"{user}: exists already; allowed: a new name, or --force"])
    assert user.read_text() == "[feed]\n"
    assert said("init", "--force")[0] == 0
    assert (user.read_text().startswith("# Configuration of myquant-tui"), mode(user)) == (True, 0o640)


def test_the_file_may_be_named_in_front_of_every_word(user: Path) -> None:
    for number, words in enumerate((["--config", "x.toml", "config", "set"], ["config", "--config", "x.toml", "set"])):
        assert main([*words, "mock.seed", str(number)]) == 0
        assert Path("x.toml").read_text().endswith(f"[mock]\nseed = {number}\n")


def test_a_file_of_which_another_goes_before_is_told(user: Path, said: Said) -> None:
    assert said("init", "config.toml")[0] == 0
    status, _, warned = said("init")
    assert (status, warned) == (0, ["here config.toml goes before it"])


# ── set ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_key_is_set_where_a_run_looks_for_it(user: Path, said: Said) -> None:
    assert said("set", "strategy.fast_ema", "9") == (0, [f"{user}: strategy.fast_ema = 9"], [])
    assert user.read_text().endswith("\n[strategy]\nfast_ema = 9\n")
    assert (mode(user), mode(user.parent)) == (0o600, 0o700)
    Path("config.toml").write_text("[strategy]\nfast_ema = 7 # mine\n")
    Path("config.toml").chmod(0o644)
    assert said("set", "strategy.fast_ema=8") == (0, ["config.toml: strategy.fast_ema = 8"], [])
    assert (Path("config.toml").read_text(), mode(Path("config.toml"))) == ("[strategy]\nfast_ema = 8 # mine\n", 0o644)
    assert said("set", "--config", "other.toml", "session.end", "15:00")[0] == 0
    assert Path("other.toml").read_text().endswith('[session]\nend = "15:00"\n')
    assert "fast_ema = 9" in user.read_text()


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("risk.base_sl_points", "-3"), "config.toml: risk.base_sl_points = -3: must be a number from 0.01 to 1000000"),
        (("strategy.fast_emma", "9"), "config.toml: strategy.fast_emma: unknown key; did you mean fast_ema?"),
        (("fast_ema", "9"), "config.toml: fast_ema: unknown key; it belongs in [strategy]"),
        (("stategy.fast_ema", "9"), "config.toml: [stategy]: unknown section; did you mean [strategy]?"),
        (("strategy.fast_ema=50",), "config.toml: strategy.fast_ema = 50, strategy.slow_ema = 42: fast_ema must be below slow_ema"),
        (("strategy", "9"), "config.toml: strategy = 9: must be a section [strategy]"),
        (("strategy", "{}"), "strategy: is no key; allowed: config set section.key value"),
        (("strategy.fast_ema",), "strategy.fast_ema: no value; allowed: config set section.key value"),
        (("instruments.A B.lot_size", "9"), "config.toml: [instruments.A B]: the instrument's name must be 1 to 80 letters, digits, '_', '.' or '-'"),
    ],
)  # fmt: skip
def test_what_would_not_be_well_is_refused_in_the_words_of_the_check(
    user: Path, said: Said, words: tuple[str, ...], line: str
) -> None:
    path = Path("config.toml")
    path.write_text("# mine\n[feed]\n")
    assert said("set", *words) == (2, [], [line])
    assert path.read_text() == "# mine\n[feed]\n"
    assert [each.name for each in Path.cwd().iterdir()] == ["config.toml"]


def test_a_file_that_is_not_well_is_not_changed_to_another_such(user: Path, said: Said) -> None:
    Path("config.toml").write_text("[strategy]\nfast_ema = 0\n[nonsense]\n")
    assert said("set", "strategy.fast_ema", "9") == (
        2,
        [],
        ["config.toml: [nonsense]: unknown section; the nearest is [instruments]"],
    )
    Path("config.toml").write_text("[strategy]\nfast_ema = 0\n")
    assert said("set", "strategy.fast_ema", "9")[0] == 0


def test_the_file_that_comes_with_the_program_is_never_written_to(
    user: Path, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = bundled("config.toml")
    before = shipped.read_bytes()
    Path("link.toml").symlink_to(shipped)
    for path in (shipped, Path("link.toml")):
        line = f"{path}: comes with the program and is never written to; allowed: --config with a file of your own"
        assert said("set", "--config", path, "strategy.fast_ema", "9") == (2, [], [line])
        assert said("init", path, "--force") == (2, [], [line])
        assert said("edit", "--config", path) == (2, [], [line])
    monkeypatch.chdir(shipped.parent)
    status, _, lines = said("set", "strategy.fast_ema", "9")
    assert (status, lines) == (2, [f"{line.replace(str(path), 'config.toml')}, or another directory"])
    assert shipped.read_bytes() == before


# ── show ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_holds_is_shown_as_a_whole_file(user: Path, said: Said) -> None:
    said("set", "instruments.A.B.lot_size", "3")
    said("set", "session.special", "[2026-11-08 18:00-19:00]")
    status, lines, _ = said("show")
    assert status == 0
    Path("whole.toml").write_text("\n".join(lines))
    assert said("show", "--config", "whole.toml")[1] == lines
    assert main(["check-config", "--complete", "--config", "whole.toml"]) == 0


def test_who_said_it_is_shown(user: Path, said: Said, tmp_path: Path) -> None:
    said("set", "session.start", "09:00")
    path = tmp_path / "x.mqr"
    made = config("session.end=23:30")
    with RecordingWriter(path, header_of(made, "run", (nifty(made),))):
        pass
    words = ("show", "--origin", "--section", "session", "--set", "session.end_buffer_minutes=20")
    assert said(*words, "--recording", path)[1] == [
        "[session]",
        'zone = "Asia/Kolkata"       # recording',
        f'start = "09:00"             # file {user}',
        'end = "23:30"               # recording',
        "daily = true                # recording",
        "start_buffer_minutes = 5    # default",
        "end_buffer_minutes = 20     # --set",
        "no_trade_start_minutes = 5  # default",
        "no_trade_end_minutes = 10   # default",
        'calendar = "auto"           # default',
        "holidays = []               # default",
        "special = []                # default",
    ]
    of_market = said(*words, "--set", "instrument.market=MCX")[1]
    assert 'end = "23:30"               # market MCX' in of_market
    _, (line,), _ = said("show", "--json", "--section", "feed", "--source", "mock")
    assert json.loads(line)["feed.source"] == {"value": "mock", "by": "--source"}
    assert said("show", "--section", "sesion") == (2, [], ["--section sesion: unknown section; did you mean session?"])


# ── edit ────────────────────────────────────────────────────────────────────────────────────────────────────────────

FIRST_WRONG = """import pathlib, sys
path = pathlib.Path(sys.argv[1])
text = path.read_text()
path.write_text(text.replace("= -1", "= 7") if "= -1" in text else text + "[mock]\\nseed = -1\\n")
"""


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An editor that writes a value that is not well, and mends it when it is opened again."""
    (tmp_path / "editor.py").write_text(FIRST_WRONG)
    said = f"'{sys.executable}' '{tmp_path / 'editor.py'}'"
    monkeypatch.setenv("EDITOR", said)
    monkeypatch.delenv("VISUAL", raising=False)
    return said


def test_an_edit_that_is_not_well_is_kept_does_nothing_and_is_taken_up(user: Path, said: Said, editor: str) -> None:
    path, draft = Path("config.toml"), Path("config.draft.toml")
    path.write_text("# mine\n")
    path.chmod(0o644)
    status, _, lines = said("edit")
    assert status == 2
    assert lines == [
        "config.toml: mock.seed = -1: must be a whole number from 0 to 9223372036854775807",
        "config.toml is as it was; the edit is kept in config.draft.toml, `myquant-tui config edit` takes it up",
    ]
    assert (path.read_text(), draft.read_text()) == ("# mine\n", "# mine\n[mock]\nseed = -1\n")
    assert mode(draft) == 0o600
    assert said("edit") == (0, ["config.toml: well, written"], [f"{draft}: taken up where it was left"])
    assert (path.read_text(), mode(path)) == ("# mine\n[mock]\nseed = 7\n", 0o644)
    assert not draft.exists()


@pytest.mark.parametrize(
    ("words", "status", "line"),
    [
        ("true", 0, ""),
        ("false", 2, "false ended with status 1"),
        ("/nowhere/ed -w", 2, "/nowhere/ed: No such file or directory; allowed: EDITOR=… myquant-tui config edit"),
        ("'", 2, "$VISUAL: No closing quotation; allowed: the words of a command"),
    ],
)
def test_an_editor_that_changes_nothing_leaves_nothing(
    user: Path, said: Said, monkeypatch: pytest.MonkeyPatch, words: str, status: int, line: str
) -> None:
    monkeypatch.setenv("VISUAL", words)
    found = said("edit")
    assert (found[0], found[2]) == (status, [line] if line else [])
    assert not user.exists()
    assert list(user.parent.glob("*")) == []


def test_a_file_that_was_changed_during_the_edit_is_left_and_the_edit_kept(
    user: Path, said: Said, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path("config.toml")
    path.write_text("# mine\n")
    (tmp_path / "editor.sh").write_text('echo "# theirs" > config.toml; echo "# ours" > "$1"\n')
    monkeypatch.setenv("VISUAL", f"sh '{tmp_path / 'editor.sh'}'")
    status, _, lines = said("edit")
    assert (status, lines[0]) == (2, "config.toml: was changed meanwhile by somebody else, and is left as it is")
    assert (path.read_text(), Path("config.draft.toml").read_text()) == ("# theirs\n", "# ours\n")


@pytest.mark.parametrize(("typed", "status"), [("e", 0), ("", 0), ("k", 2)])
def test_who_can_be_asked_edits_again_or_keeps_it(tmp_path: Path, editor: str, typed: str, status: int) -> None:
    home = Home(tmp_path)
    home.environment["EDITOR"] = editor
    terminal, end = pty.openpty()
    with home.start("config", "edit", "--config", "c.toml", stdin=end, stdout=end, stderr=end) as process:
        os.close(end)
        seen = b""
        while b"[e] " not in seen:
            seen += os.read(terminal, 4096)
        os.write(terminal, f"{typed}\n".encode())
        assert process.wait(PATIENCE_S) == status
    with suppress(OSError):  # which ends what is said on a terminal
        while said := os.read(terminal, 4096):
            seen += said
    os.close(terminal)
    assert seen.decode().count("mock.seed = -1: must be a whole number") == 1
    assert ("the edit is kept in c.draft.toml" in seen.decode()) == bool(status)
    found = {each.name for each in home.cwd.iterdir()}
    assert found == ({"c.toml"} if not status else {"c.draft.toml"})
