"""Secrets end at the border: in every spelling, from any thread, and a PIN tears no holes into prices."""

import base64
import json
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.logs import LogBook
from engine.logs.lines import LINE_LIMIT
from engine.model.clock import SystemClock
from engine.text import redaction
from engine.text.redaction import MASK, hide, redact
from tests.support.builders import IST
from tests.support.paths import ROOT
from tests.support.waiting import PATIENCE_S

SECRETS = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=9, max_size=60)


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test hides its own secrets only."""
    monkeypatch.setattr(redaction, "_HIDDEN", redaction._Hidden())


@given(secret=SECRETS, before=st.binary(max_size=7), after=st.binary(max_size=7))
def test_no_spelling_of_a_secret_comes_through(secret: str, before: bytes, after: bytes) -> None:
    assume(secret.strip() and set(secret) - {"*"})
    redaction._HIDDEN = redaction._Hidden()
    hide(secret)
    spellings = {
        secret,
        quote(secret, safe=""),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
    }
    for spelling in spellings:
        assert redact(f"<{spelling}>") == f"<{MASK}>"
        assert spelling not in redact(spelling * 3)
    inside = base64.b64encode(before + secret.encode() + after).decode()
    whole = base64.b64encode(secret.encode()).decode().rstrip("=")
    # Of a secret within base64 at most the characters at its ends that it shares with its neighbours are left.
    shown = redact(inside)
    assert MASK in shown
    assert whole[4:-4] not in shown


def test_nothing_registered_is_nothing_changed_and_the_same_object() -> None:
    text = "NIFTY 1234"
    assert redact(text) is text


def test_a_secret_of_three_characters_is_not_hidden() -> None:
    hide("abc")
    assert redact("abc abcd") == "abc abcd"


@pytest.mark.parametrize(
    "text",
    [
        '{"password":"4821"}',
        "pin=4821&x=1",
        "wrong PIN 4821.",
        "4821",
        "password%3D4821%26",
        "%224821%22",
        '\\"4821\\"',
        "\\u00224821\\u0022",
        "pin:4821, totp",
        "line\\n4821",
    ],
)
def test_a_pin_is_hidden_where_it_is_a_number_of_its_own(text: str) -> None:
    hide("4821")
    assert redact(text) == text.replace("4821", MASK)


@pytest.mark.parametrize(
    "text", ["148210", "104.4821", "4821.50", "09:15:4821", "#4821", "1,4821", "4821:30", "A4821", "₹4821"]
)
def test_a_pin_tears_no_hole_into_another_number(text: str) -> None:
    hide("4821")
    assert redact(text) == text


@pytest.mark.parametrize("registered", [False, True])
def test_a_web_token_is_hidden_though_it_was_cut_or_nobody_registered_it(registered: bool) -> None:
    token = f"eyJ{'0123456789abcdef' * 20}.{'fedcba' * 40}.sign-_9"
    if registered:
        hide(token)
        hide("canary-9f3a-77")
    for length in range(4, len(token) + 1):
        assert redact(f'gone {token[:length]}… "{token}"') == f'gone {MASK}… "{MASK}"'


def test_a_registered_secret_that_begins_like_a_web_token_goes_whole() -> None:
    hide("eyJab+/cd==")
    assert redact("<eyJab+/cd==>") == f"<{MASK}>"


def test_of_two_secrets_that_begin_alike_both_go_whole() -> None:
    hide("AAAA-BBBB")
    hide("AAAA-BBBB-CCCC")
    assert redact("x AAAA-BBBB-CCCC y AAAA-BBBB z") == f"x {MASK} y {MASK} z"


def test_nothing_of_the_registry_shows_a_secret() -> None:
    hide("canary-9f3a-77")
    assert "canary" not in repr(redaction._HIDDEN)


def test_readers_and_writers_at_once() -> None:
    secrets = [f"secret-{number:05d}-x" for number in range(60)]
    hidden: list[str] = []
    leaks: list[str] = []
    over = threading.Event()

    def read() -> None:
        while not over.is_set():
            known = list(hidden)
            text = redact(" ".join(secrets))
            leaks.extend(secret for secret in known if secret in text)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for secret in secrets:
        hide(secret)
        hidden.append(secret)
    over.set()
    for reader in readers:
        reader.join(PATIENCE_S)
    assert leaks == []
    assert redact(" ".join(secrets)) == " ".join([MASK] * 60)


def test_no_log_line_holds_a_secret_traceback_and_cut_lines_included(tmp_path: Path) -> None:
    hide("canary-9f3a-77")
    book = LogBook(tmp_path, SystemClock(), IST)
    log = logging.getLogger("myquant.feed")
    log.info("token %s sent", "canary-9f3a-77")
    log.warning("%s%s", "x" * (LINE_LIMIT - 8), "canary-9f3a-77")  # the line's end falls into the secret
    try:
        raise ValueError("canary-9f3a-77")
    except ValueError as error:
        wrapped = RuntimeError("because of canary-9f3a-77")
        wrapped.__cause__ = error
        log.error("failed", exc_info=wrapped)
    log.error("%d", "canary-9f3a-77")  # a line that cannot be put together
    assert book.flush(PATIENCE_S)
    ring = "\n".join(line.text for line in book.lines_since(0, 1000))
    book.close()
    written = (tmp_path / "engine.log").read_text()
    for text in (ring, written):
        assert "canary" not in text
        assert text.count(MASK) >= 4
        assert "Traceback" in text


def test_the_command_s_own_error_lines_hold_no_secret(tmp_path: Path) -> None:
    """What `main` says goes through the same border, an internal error's text included."""
    program = (
        "import sys; from engine.cli import main; from engine.text.redaction import hide; from engine.model.errors import InputError\n"
        "m = sys.modules['engine.cli.main']\n"
        "hide('canary-9f3a-77')\n"
        "def fail(argv, screen): raise {}('seen: canary-9f3a-77')\n"
        "m._carry_out = fail\n"
        "raise SystemExit(m.main([]))"
    )
    for error, status in (("InputError", 2), ("RuntimeError", 70)):
        done = subprocess.run(
            [sys.executable, "-c", program.format(error)],
            check=False,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            cwd=tmp_path,
        )
        assert done.returncode == status
        assert done.stdout == ""
        assert MASK in done.stderr
        assert "canary" not in done.stderr
