"""The configuration of a run: the program's own sections and those of all venues. Judges nothing itself."""

from collections.abc import Sequence
from pathlib import Path

from engine.config import Config, Layer
from engine.config import load as load_with
from engine.config.document import Document
from engine.config.load import compose
from engine.venues.registry import sections


def load(
    path: Path | None = None,
    overrides: Sequence[str] = (),
    others: Sequence[Layer] = (),
    *,
    complete: bool = False,
) -> Config:
    """Return the configuration at `path` (None: where `find_config` finds one) under `overrides` ("section.key=value", of `--set`) and `others`.

    What the file does not hold has its default, unless it has to be `complete`. Raises ConfigError with one line for
    every problem.
    """
    return load_with(path, overrides, sections(), others, complete=complete)


def judged(document: Document, path: Path) -> Config:
    """Return the configuration that `document` would be in the file at `path`; raises ConfigError as `load` does."""
    return compose(document, str(path), (), sections())
