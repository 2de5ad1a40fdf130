"""The tests' own order: no test module is imported, each lies where its product lies, and the project's folder is named once."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support.paths import ROOT

TESTS = ROOT / "tests"
FILES = sorted(TESTS.rglob("*.py"))
OF_NO_FOLDER = {"bench", "end_to_end", "fuzz", "golden", "simulation", "simulator", "soak", "support"}


@cache
def parsed(path: Path) -> ast.Module:
    """The file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(tree: ast.AST) -> Iterator[str]:
    """Every name that is imported, with its module's name before it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_of_a_test_module(name: str) -> bool:
    first, *parts = name.split(".")
    return first == "tests" and any(part.startswith("test_") for part in parts)


def is_well_placed(path: Path) -> bool:
    """Whether a test module lies in a folder of the product, or in one of those that stand for no folder."""
    folder = path.parent.relative_to(TESTS)
    return folder.parts[:1] == () or folder.parts[0] in OF_NO_FOLDER or any((ROOT / folder).glob("*.py"))


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("from tests.engine.test_https import served", True),
        ("from tests.engine import test_https", True),
        ("import tests.engine.test_https as other", True),
        ("def late():\n    from tests.engine.test_https import served", True),
        ("from tests.support.paths import ROOT", False),
        ("from tests.support.waiting import until", False),
        ("import pytest", False),
    ],
)
def test_an_import_of_a_test_module_is_seen(line: str, found: bool) -> None:
    assert any(map(is_of_a_test_module, imported(ast.parse(line)))) is found


def test_no_module_imports_a_test_module() -> None:
    names = {path: [*imported(parsed(path))] for path in FILES}
    assert not {str(path): name for path in FILES for name in names[path] if is_of_a_test_module(name)}


def test_every_test_module_lies_where_its_product_lies() -> None:
    modules = [path for path in FILES if path.name.startswith("test_")]
    assert len(modules) > 100
    assert [str(path) for path in modules if not is_well_placed(path)] == []
    assert is_well_placed(TESTS / "engine" / "trading" / "test_any.py")
    assert not is_well_placed(TESTS / "engine" / "nowhere" / "test_any.py")


def test_only_one_module_says_where_the_project_lies() -> None:
    def names_itself(path: Path) -> bool:
        return any(isinstance(node, ast.Name) and node.id == "__file__" for node in ast.walk(parsed(path)))

    assert [str(path.relative_to(TESTS)) for path in FILES if names_itself(path)] == ["support/paths.py"]
