"""The page that shows what is served, as files and in a real browser."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from engine.gateway.http import docs
from engine.gateway.http.operations import OPERATIONS
from tests.support.gateway.service import served
from tests.support.processes.command_home import Home

CHROMIUM = shutil.which("chromium")
OPTIONS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--virtual-time-budget=8000",
)


def test_every_file_that_the_page_names_is_there_and_nothing_else_is_given() -> None:
    named = re.findall(rb'(?:src|href)="(?:/docs/)([^"]+)"', docs.PAGE)
    assert {name.decode() for name in named} == {*docs.FILES, "start.js"}
    for name in docs.FILES:
        path = docs.file_of(name)
        assert path is not None
        assert path.is_file()
    assert docs.file_of("index.html") is None
    assert docs.file_of("../swagger-ui.css") is None


def test_the_page_asks_nobody_else() -> None:
    assert b"//" not in docs.PAGE.replace(b"<!DOCTYPE html>", b"") + docs.START


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium")
def test_a_browser_shows_every_operation(tmp_path: Path) -> None:
    with served(Home(tmp_path)) as service:
        page = f"http://127.0.0.1:{service.port}/docs"
        whole = [str(CHROMIUM), *OPTIONS, f"--user-data-dir={tmp_path / 'browser'}", "--dump-dom", page]
        shown = subprocess.run(whole, capture_output=True, text=True, timeout=100, check=True).stdout
    for operation in OPERATIONS:
        assert operation.summary in shown
    assert "Failed to load" not in shown
    assert "violates the following Content Security Policy" not in shown
