"""Files of the package that are written out for other programs: what each is called on the command line, and where it lies."""

from pathlib import Path
from typing import Final

_FOLDER = Path(__file__).parent / "files"
FILES: Final[dict[str, str]] = {}  # option without "--print-": name in the folder


def text_of(name: str) -> str:
    """What is in it."""
    return (_FOLDER / FILES[name]).read_text(encoding="utf-8")
