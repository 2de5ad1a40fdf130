"""A start loads what the screen uses, and nothing that it does not; an engine's process keeps its own ways."""

import subprocess
import sys

from tests.support.paths import ROOT

START = """
import gc, sys
from tui.shell.show import TerminalScreen
from tui.shell.tuning import hasten, settle
before = gc.isenabled()
hasten()
during = gc.isenabled()
TerminalScreen().load()
left = [name for name in sys.argv[1].split(",") if name in sys.modules]
import ssl
import tui.shell.app
app = tui.shell.app.MyQuant
settle()
print(before, during, gc.isenabled(), ssl.OPENSSL_VERSION != "", app.ENABLE_COMMAND_PALETTE, *left)
"""
NEVER_USED = (
    "ssl",
    "_ssl",
    "textual.fuzzy",
    "textual.widgets._button",
    "textual.widgets._directory_tree",
    "textual.widgets._input",
    "textual.widgets._option_list",
    "textual.widgets._tree",
)


def test_a_start_loads_nothing_that_the_screen_never_uses() -> None:
    """No TLS in the loop, which others can still have, none of the widgets of Textual's own palette, and no collection meanwhile."""
    whole = [sys.executable, "-W", "error", "-c", START, ",".join(NEVER_USED)]
    done = subprocess.run(whole, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["True", "False", "True", "True", "False"]
