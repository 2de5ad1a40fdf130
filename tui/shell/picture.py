"""Saves what is on the screen: as text and as SVG, private files beside each other. Draws nothing itself."""

import os
from datetime import UTC, datetime
from pathlib import Path


def save(folder: Path, text: str, svg: str) -> Path:
    """Write `text` and `svg` into new files in `folder`; the path of the text. Raises OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    stamp = f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}"
    path = folder / f"myquant-{stamp}.txt"
    for target, content in ((path, text), (path.with_suffix(".svg"), svg)):
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(content)
        except OSError:
            target.unlink()  # half a picture is none
            raise
    return path
