import os
import stat
from pathlib import Path

import pytest

from engine.gateway.http.token import TOKEN_FILE, token_in
from engine.model.errors import UserError
from engine.text.redaction import redact


def test_it_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "state" / "new"
    token = token_in(folder)
    path = folder / TOKEN_FILE
    assert len(token) >= 40
    assert token_in(folder) == token == path.read_text(encoding="ascii").strip()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert token_in(tmp_path / "other") != token
    assert redact(f"Authorization: Bearer {token}") == "Authorization: Bearer ***"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_one_that_others_may_read_is_refused(tmp_path: Path, mode: int) -> None:
    token_in(tmp_path)
    os.chmod(tmp_path / TOKEN_FILE, mode)
    with pytest.raises(UserError, match="others may"):
        token_in(tmp_path)


@pytest.mark.parametrize("content", [b"", b"short\n", b"two words " * 6, b"\xff" * 40, b"x" * 300])
def test_what_is_no_token_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / TOKEN_FILE
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(UserError, match="no token"):
        token_in(tmp_path)


def test_what_leads_nowhere_is_neither_followed_nor_replaced(tmp_path: Path) -> None:
    (tmp_path / TOKEN_FILE).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UserError):
        token_in(tmp_path)
    assert not (tmp_path / "elsewhere").exists()
