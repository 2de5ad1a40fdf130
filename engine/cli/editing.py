"""A configuration in the operator's own editor: on a copy, which takes the file's place once it is well and is never lost."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from engine.cli.output import warn
from engine.model.errors import ConfigError, InputError, UserError, reason
from engine.text.sanitize import clean

_USUAL: Final = ("sensible-editor", "nano", "vim", "vi")


def edit(path: Path) -> None:
    """Let the operator change the configuration at `path`, there or not yet; raises UserError where that came to nothing."""
    from engine.config.document import read_text
    from engine.config.starting_file import starting_file
    from engine.outside.files import rewrite

    editor = _editor()
    before = read_text(path) if os.path.lexists(path) else None
    start = starting_file() if before is None else before
    draft = path.with_name(f"{path.stem}.draft{path.suffix}")
    _begin(draft, start, path)
    try:
        text = _edited(editor, draft, path)
        if text != start:
            rewrite(path, text.encode(), None if before is None else before.encode())
    except UserError as problem:
        kept = f"{path} is as it was; the edit is kept in {draft}, `myquant-tui config edit` takes it up"
        raise type(problem)(*problem.lines, *([kept] if _holds_other(draft, start) else [])) from None
    draft.unlink()
    print(clean(f"{path}: {'nothing changed' if text == start else 'well, written'}"))


def _editor() -> list[str]:
    """The words that start the operator's editor; raises InputError where there is none."""
    for variable in ("VISUAL", "EDITOR"):
        if said := os.environ.get(variable, "").strip():
            try:
                return shlex.split(said)
            except ValueError as error:
                raise InputError(f"${variable}: {reason(error)}; allowed: the words of a command") from None
    found = next(filter(None, map(shutil.which, _USUAL)), None)
    if found is None:
        raise InputError("no editor; allowed: EDITOR=… myquant-tui config edit")
    return [found]


def _begin(draft: Path, text: str, path: Path) -> None:
    """Make the draft, or take up one that was left; raises UserError where another's stands there."""
    from engine.outside.files import refuse_existing, rewrite
    from engine.outside.trust import doubt_of_file

    if not os.path.lexists(draft):
        rewrite(draft, text.encode(), None)
        return
    refuse_existing(draft, force=True)
    if doubt := doubt_of_file(draft):
        raise InputError(f"{draft}: {doubt}; it is not taken up: remove it")
    newer = path.exists() and path.stat().st_mtime_ns > draft.stat().st_mtime_ns
    warn(f"{draft}: taken up where it was left{f'; {path} was changed since' if newer else ''}")


def _holds_other(draft: Path, text: str) -> bool:
    """Whether the draft is there and not as it was begun, in which case it goes."""
    with suppress(OSError):
        if draft.read_bytes() != text.encode():
            return True
        draft.unlink()
    return False


def _edited(editor: list[str], draft: Path, path: Path) -> str:
    """What the draft holds once it is well; raises UserError where the operator leaves it as it is, or cannot be asked."""
    from engine.assembly.configuration import judged
    from engine.config.document import document_in, read_text

    while True:
        _open(editor, draft)
        try:
            text = read_text(draft)
            judged(document_in(text, path), path)
        except ConfigError as problem:
            if not (sys.stdin.isatty() and sys.stderr.isatty()):
                raise
            if not _again(problem):
                raise ConfigError from None  # whose lines have been told
        else:
            return text


def _open(editor: list[str], draft: Path) -> None:
    """Wait for the editor; raises InputError where it cannot be started, or says that it failed."""
    before = signal.signal(
        signal.SIGINT, lambda *_: None
    )  # Ctrl-C is the editor's, which begins with the usual answer to it
    try:
        status = subprocess.run([*editor, str(draft)], check=False).returncode  # noqa: S603 - the operator's own words
    except OSError as error:
        raise InputError(f"{editor[0]}: {reason(error)}; allowed: EDITOR=… myquant-tui config edit") from None
    finally:
        signal.signal(signal.SIGINT, before)
    if status:
        raise InputError(f"{editor[0]} ended with status {status}")


def _again(problem: ConfigError) -> bool:
    """Tell what is wrong, and ask whether to go on editing."""
    for line in problem.lines:
        warn(line)
    print("e: edit again, k: keep it for later, and the file as it is [e] ", end="", file=sys.stderr, flush=True)
    try:
        said = sys.stdin.readline()
    except KeyboardInterrupt:
        return False
    return bool(said) and not said.strip().lower().startswith("k")
