"""The documents for those who work on this program name nothing that is not there: files, classes and methods, targets, links."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.support.paths import ROOT

DOCUMENTS = ("ARCHITECTURE.md", "CONTRIBUTING.md", "GLOSSARY.md", "README.md", "tests/golden/README.md")
ROOTS = (ROOT, ROOT / "engine", ROOT / "tui", ROOT / "tests", ROOT / "tests" / "golden")
FILE = re.compile(r"(?P<path>[\w./-]+\.py)(?::(?P<name>\w+(?:\.\w+)?))?")
FOLDER = re.compile(r"[a-z]\w*(?:/\w+)*/")
METHOD = re.compile(r"[A-Z]\w*[a-z]\w*\.\w+")


def quoted(document: str) -> list[str]:
    """What stands between backticks, blocks of commands left out."""
    text = re.sub(r"(?ms)^```.*?^```$", "", (ROOT / document).read_text(encoding="utf-8"))
    return re.findall(r"`([^`\n]+)`", text)


def members(body: ast.AST) -> Iterator[str]:
    """What is defined, declared, or set on `self` anywhere in `body`."""
    for node in ast.walk(body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield node.target.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


@cache
def names_in(path: Path) -> frozenset[str]:
    """Functions and classes at the top of the file, and their members as `Class.member`."""
    found: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{member}" for member in members(node)}
    return frozenset(found)


@cache
def names_of_product() -> frozenset[str]:
    paths = [path for folder in ("engine", "tui") for path in (ROOT / folder).rglob("*.py")]
    return frozenset().union(*map(names_in, paths))


def is_there(token: str) -> bool:
    """Whether what `token` names is there; of what it does not look like, nothing is asked."""
    if named := FILE.fullmatch(token):
        path = named["path"]
        files = [root / path for root in ROOTS if (root / path).is_file()]
        if "/" not in path and not named["name"]:  # such as each venue has one
            return bool(files) or any((ROOT / "engine").rglob(path))
        return any(named["name"] is None or named["name"] in names_in(path) for path in files)
    if FOLDER.fullmatch(token):
        return any((root / token).is_dir() for root in ROOTS)
    return METHOD.fullmatch(token) is None or token in names_of_product()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_and_name_is_there(document: str) -> None:
    assert [token for token in quoted(document) if not is_there(token)] == []


def test_what_is_not_there_is_found() -> None:
    assert is_there("trading/trader.py:Trader.on_tick")
    assert is_there("Turn.lock")
    assert is_there("runtime/")
    for wrong in ("trading/nothing.py", "trading/trader.py:Trader.on_nothing", "Trader.on_nothing", "nowhere/"):
        assert not is_there(wrong)


def test_the_walks_are_checked() -> None:
    named = [found["name"] for token in quoted("ARCHITECTURE.md") if (found := FILE.fullmatch(token))]
    assert sum(name is not None for name in named) > 40


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_target_and_every_link_is_there(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"(?m)^([a-z0-9-]+):", makefile))
    assert set(re.findall(r"`make ([a-z0-9-]+)", text)) <= targets
    links = re.findall(r"\]\(([^)#]+)\)", text)
    assert [link for link in links if "://" not in link and not (ROOT / document).parent.joinpath(link).exists()] == []
