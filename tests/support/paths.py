"""Where the project lies, and where recorded sessions may lie beside it."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
assert (ROOT / "pyproject.toml").is_file(), f"{ROOT} is not the project's folder: this file has moved"
SHARED = ROOT.parent / "shared" / "data"
BUNDLED = ROOT / "recordings" / "nifty-synthetic.mqr"
