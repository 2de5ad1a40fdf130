"""Takes the README's picture of a report: the bundled session's page in a browser. `python -m tests.support.take_report_picture FOLDER`."""

import subprocess
import sys
import tempfile
from pathlib import Path

from engine.config import bundled
from tests.support.browser import Browser

_WIDE, _HIGH = 1180, 1330


def take(folder: Path) -> Path:
    """Take it; where it is."""
    with tempfile.TemporaryDirectory() as scratch:
        page = Path(scratch, "report.html")
        words = ("report", bundled("nifty-synthetic.mqr"), "--replay", "--out", page)
        subprocess.run((sys.executable, "-m", "engine", *map(str, words)), check=True, stdout=subprocess.DEVNULL)
        with Browser(Path(scratch)) as browser:
            browser.open(page, _WIDE, _HIGH)
            browser.value("document.querySelector('header p').remove()")  # where the session lies on this machine
            return browser.picture(folder / "report.png")


if __name__ == "__main__":
    print(take(Path(sys.argv[1])))
