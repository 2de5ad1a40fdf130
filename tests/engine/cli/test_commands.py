"""The commands as files: each declares its own arguments, is listed, and until it is carried out costs nothing."""

import subprocess
import sys
from pathlib import Path

import pytest

import engine.cli
from engine.cli import commands
from engine.model.errors import EXIT_BAD_INPUT, EXIT_WELL

CLI = Path(engine.cli.__file__).parent
FILES = {file for file, _ in commands._COMMANDS.values()}
HEAVY = (
    "holidays",
    "engine.assembly",
    "engine.runtime",
    "engine.recording",
    "engine.link",
    "sqlite3",
    "tomli",
    "tomlkit",
)
CARRIED = """import sys
from engine.cli import main
status = main(sys.argv[2:])
print(status, *[name for name in sys.argv[1].split(",") if name in sys.modules])"""

# An engine carries these only where it cannot do without: two megabytes, and a tenth of its start.
DISPENSABLE = ("typing_extensions", "inspect", "ast", "shutil", "tempfile", "csv", "bz2", "random", "email")
ENGINE = """import sys
import engine.__main__
sys.argv[1:] = ["engine", "--nonsense"]
engine.__main__.main()
import engine.cli.engine, engine.cli.running, engine.assembly, engine.serving.process, engine.venues.angelone.login
from engine.stream import handshake
handshake._import_library()
print(*sys.modules)"""


def test_an_engine_s_process_carries_nothing_that_it_can_do_without() -> None:
    done = subprocess.run([sys.executable, "-c", ENGINE], capture_output=True, text=True, check=True, timeout=60)
    assert {"engine.runtime.engine", "msgspec"} <= {*done.stdout.split()}
    assert {*done.stdout.split()}.isdisjoint(DISPENSABLE)


def test_every_command_is_a_file_and_every_such_file_is_listed() -> None:
    declaring = {path.stem for path in CLI.glob("*.py") if "\ndef arguments(" in path.read_text(encoding="utf-8")}
    assert declaring == FILES
    assert len(FILES) == len(commands._COMMANDS)


@pytest.mark.parametrize("name", commands._COMMANDS)
def test_a_command_s_help_and_a_wrong_word_carry_no_engine(name: str) -> None:
    for word, status in (("--help", EXIT_WELL), ("--nonsense", EXIT_BAD_INPUT)):
        whole = [sys.executable, "-c", CARRIED, ",".join(HEAVY), name, word]
        done = subprocess.run(whole, capture_output=True, text=True, timeout=90, check=True)
        assert done.stdout.splitlines()[-1] == str(status)
        assert f"usage: myquant-tui {name} " in done.stdout or "--nonsense" in done.stderr or "required" in done.stderr


@pytest.mark.parametrize("words", [["config", "show"], ["check-config"], ["--headless", "--quiet"]])
def test_what_changes_a_file_is_carried_by_nothing_else(words: list[str], tmp_path: Path) -> None:
    whole = [sys.executable, "-c", CARRIED, "tomlkit", *words]
    where = {"cwd": tmp_path, "env": {"PYTHONPATH": str(CLI.parents[1]), "HOME": str(tmp_path)}}
    done = subprocess.run(whole, capture_output=True, text=True, timeout=90, check=True, **where)
    assert done.stdout.splitlines()[-1] == "0"


def test_what_is_said_before_and_behind_a_command_holds_together() -> None:
    argv = ["--set", "a.b=1", "--quiet", "replay", "x.mqr", "--set", "c.d=2", "--speed", "max"]
    _, args = commands.read(argv, None)
    assert (args.overrides, args.more_overrides) == (["a.b=1"], ["c.d=2"])
    assert (args.quiet, args.json, args.speed, args.config) == (True, False, 0.0, None)
    assert commands.read([], None)[1].overrides == []  # nothing of it is left for the next
