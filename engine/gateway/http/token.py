"""The token that opens what is held and what it is worth: a file of our own, made at the first start."""

import re
import secrets
import stat
from pathlib import Path
from typing import Final

from engine.model.errors import InputError, reason
from engine.outside.files import read_note, rewrite
from engine.outside.trust import doubt_of_file
from engine.text.redaction import hide

TOKEN_FILE: Final = "serve.token"  # noqa: S105 - where it lies, not what it is
_BYTES = 32
_FORM = re.compile(r"[A-Za-z0-9_-]{32,200}")


def token_in(folder: Path) -> str:
    """The token of `folder`, made where there is none; it appears in no log from now on. Raises UserError for one that others could know."""
    path = folder / TOKEN_FILE
    if not path.exists() and not path.is_symlink():
        rewrite(path, (secrets.token_urlsafe(_BYTES) + "\n").encode(), None)
    if doubt := doubt_of_file(path):
        raise InputError(f"{path}: {doubt}; remove it, and a new one is made")
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        token = read_note(path).strip()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {reason(error)}") from None
    if mode & 0o077:
        raise InputError(f"{path}: others may read it (mode {mode:03o}); remove it, and a new one is made")
    if not _FORM.fullmatch(token):
        raise InputError(
            f"{path}: holds no token (32 to 200 letters, digits, - and _); remove it, and a new one is made"
        )
    hide(token)
    return token
