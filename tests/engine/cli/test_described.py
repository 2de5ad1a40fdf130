"""The manual page and the completion of words: made of what the commands declare, and readable for who reads them."""

import shutil
import subprocess
from pathlib import Path

import pytest

import engine.cli
from engine.cli.commands import whole_parser
from engine.cli.man import manual_page
from engine.cli.parser import Parser
from tests.support.processes.command_home import Home

PAGE = Path(engine.cli.__file__).parent / "myquant-tui.1"


def options(parser: Parser) -> set[str]:
    """The long options that `parser` and all below it declare."""
    return {name for each in (parser, *parser.below()) for action in each.declared() for name in action.option_strings}


def test_the_page_that_is_installed_is_that_of_these_commands() -> None:
    assert PAGE.read_text(encoding="ascii") == manual_page(), "make man"


def test_every_command_and_option_is_on_the_page() -> None:
    page, parser = manual_page().replace("\\-", "-"), whole_parser()
    assert [name for name in parser.commands() if f".SS {name}" not in page] == []
    assert [name for name in options(parser) if name not in page and name != "-h"] == []


@pytest.mark.parametrize(
    "name", ["alert", "baseline", "log-level", "orders", "report", "serve", "sweep", "systemd-unit", "validate"]
)
def test_the_help_of_what_is_set_up_once_has_examples(name: str) -> None:
    assert f"examples:\n  myquant-tui {name}" in whole_parser().commands()[name].format_help()


def test_the_page_is_one_that_is_understood() -> None:
    troff = shutil.which("groff")
    if troff is None:
        pytest.skip("there is no groff on this machine")
    done = subprocess.run([troff, "-man", "-ww", "-Tutf8", str(PAGE)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "emergency flat of a running engine" in done.stdout


def completed(script: str, *words: str) -> list[str]:
    """What bash offers for the last of `words`."""
    line = " ".join(f"'{word}'" for word in words)
    asks = f'COMP_WORDS=({line}); COMP_CWORD={len(words) - 1}; _shtab_myquant_tui; echo "${{COMPREPLY[@]}}"'
    done = subprocess.run(["bash", "-c", f"{script}\n{asks}"], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_bash_completes_commands_options_and_choices(tmp_path: Path) -> None:
    script = Home(tmp_path).run("completion", "bash").out
    assert completed(script, "myquant-tui", "repl") == ["replay"]
    assert completed(script, "myquant-tui", "run", "--sou") == ["--source"]
    assert set(completed(script, "myquant-tui", "run", "--source", "")) >= {"mock", "binance", "smartapi"}
    assert completed(script, "myquant-tui", "instruments", "fi") == ["find"]


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_the_other_shells_are_told_every_command_and_option(tmp_path: Path, shell: str) -> None:
    home, parser = Home(tmp_path), whole_parser()
    script = home.run("completion", shell).out
    assert [name for name in parser.commands() if name not in script] == []
    assert [name for name in options(parser) if name.removeprefix("--").removeprefix("-") not in script] == []
    if found := shutil.which(shell):
        subprocess.run([found, "-n", "/dev/stdin"], input=script, text=True, check=True)


def test_another_shell_is_refused(tmp_path: Path) -> None:
    refused = Home(tmp_path).run("completion", "tcsh")
    assert (refused.status, refused.out, len(refused.lines)) == (2, "", 1)
    assert "allowed: bash, zsh, fish" in refused.err
