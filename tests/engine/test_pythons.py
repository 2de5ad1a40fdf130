"""No interpreter warns of this program, today's or a later one: what is on its way out is not used, what was opened is closed."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import BUNDLED, ROOT

PRODUCT = sorted(path for folder in ("engine", "tui") for path in (ROOT / folder).rglob("*.py"))
SOURCES = [*PRODUCT, *sorted((ROOT / "tests").rglob("*.py"))]
NUMBERED = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|WHERE|SET)\b.*\?\d", re.DOTALL)
# -X dev also tells of files, sockets and connections that nobody closed.
STRICT = (sys.executable, "-W", "error", "-X", "dev")


def sql_with_numbers(source: str) -> list[str]:
    """Every string in `source` that is SQL with a placeholder such as `?1`, which wants a mapping since Python 3.12."""
    texts = (node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant))
    return [text for text in texts if isinstance(text, str) and NUMBERED.search(text)]


def module_names() -> Iterator[str]:
    for path in PRODUCT:
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        if not name.endswith("__main__"):
            yield name


def strictly(*words: str, cwd: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    environment = {"PYTHONPATH": str(ROOT), "HOME": str(cwd), "LANG": "C.UTF-8"}
    options = {"cwd": cwd, "env": environment, "capture_output": True, "text": True, "timeout": 100}
    return subprocess.run([*STRICT, *words], check=False, **options)


def test_the_search_for_numbered_placeholders_finds_them() -> None:
    assert sql_with_numbers('X = ("SELECT tick FROM orders"\n " WHERE run = ?1")') == [
        "SELECT tick FROM orders WHERE run = ?1"
    ]
    assert sql_with_numbers('"SELECT 1 FROM orders WHERE run = ?"; "\\x1b[?1049h"') == []


def test_no_sql_has_numbered_placeholders() -> None:
    found = {path.name: sql_with_numbers(path.read_text(encoding="utf-8")) for path in PRODUCT}
    assert {name: texts for name, texts in found.items() if texts} == {}


def test_no_source_is_warned_of_when_it_is_compiled() -> None:
    for path in SOURCES:  # a module that was compiled before would not be warned of when it is imported
        compile(path.read_text(encoding="utf-8"), path, "exec")


def test_no_module_is_warned_of_when_it_is_imported() -> None:
    names = list(module_names())
    assert {"engine.journal", "engine.link", "tui.shell.app"} <= set(names)
    done = strictly("-c", "import importlib, sys; [importlib.import_module(name) for name in sys.argv[1:]]", *names)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
def test_a_whole_session_warns_of_nothing(tmp_path: Path) -> None:
    done = strictly("-m", "tui", "replay", str(BUNDLED), "--headless", "--quiet", "--state-dir", "state", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
