"""Credentials: where they are found, what is refused, and that no value is ever said."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import Config
from engine.model.errors import ConfigError
from engine.text import redaction
from engine.text.redaction import MASK, redact
from engine.venues.angelone.credentials import Credentials, find_credentials, look_for_credentials, masked
from engine.venues.angelone.one_time_password import one_time_password
from engine.venues.supply import NoCredentials
from tests.support.builders import config

GOOD = {
    "client_code": "A123456",
    "pin": "7391",
    "api_key": "canaryKey+/9",
    "totp_secret": "CANARYJBSWY3DPEHPK3PXPAA",
}


@pytest.fixture(autouse=True)
def _own_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_HIDDEN", redaction._Hidden())


def environment(**changes: str | None) -> dict[str, str]:
    values = {**GOOD, **changes}
    return {f"MYQUANT_SMARTAPI_{key.upper()}": value for key, value in values.items() if value is not None}


def write(folder: Path, values: dict[str, str] | None = None, *, mode: int = 0o600, text: str | None = None) -> Path:
    path = folder / "myquant-tui" / "credentials.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ["[smartapi]", *(f'{key} = "{value}"' for key, value in (GOOD if values is None else values).items())]
    path.write_text("\n".join(lines) if text is None else text)
    path.chmod(mode)
    return path


def with_file(path: Path) -> Config:
    return config(f"smartapi.credentials_file={path}")


def refusal(environ: dict[str, str], cfg: Config | None = None) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        find_credentials(cfg or config(), environ)
    text = str(caught.value)
    for value in GOOD.values():
        assert value not in text
    return caught.value.lines


def test_from_the_environment_alone_and_hidden_from_then_on(tmp_path: Path) -> None:
    write(tmp_path, mode=0o666)  # never opened: nothing is missing
    found = find_credentials(config(), {**environment(), "XDG_CONFIG_HOME": str(tmp_path)})
    assert found == Credentials(**GOOD)
    for value in GOOD.values():
        assert redact(f"<{value}>") == f"<{MASK}>"


def test_from_the_file_and_the_environment_goes_first(tmp_path: Path) -> None:
    write(tmp_path)
    environ = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert find_credentials(config(), environ) == Credentials(**GOOD)
    environ["MYQUANT_SMARTAPI_PIN"] = "0042"
    assert find_credentials(config(), environ) == Credentials(**{**GOOD, "pin": "0042"})
    sources = {item.key: item.source for item in look_for_credentials(config(), environ).items}
    assert sources["pin"] == "environment MYQUANT_SMARTAPI_PIN"
    assert sources["api_key"].endswith("credentials.toml, api_key")


def test_a_configured_file_is_the_only_one(tmp_path: Path) -> None:
    write(tmp_path, mode=0o644)
    mine = write(tmp_path / "mine", mode=0o400)
    found = find_credentials(with_file(mine), {"XDG_CONFIG_HOME": str(tmp_path)})
    assert found == Credentials(**GOOD)


def test_nothing_anywhere_is_missing_and_names_both_places(tmp_path: Path) -> None:
    environ = {"XDG_CONFIG_HOME": str(tmp_path), "MYQUANT_SMARTAPI_PIN": ""}
    found = find_credentials(config(), environ)
    assert isinstance(found, NoCredentials)
    assert str(tmp_path) in found.lines[0]
    assert all(key.upper() in found.lines[1] for key in GOOD)


def test_a_part_of_them_is_an_error_that_names_the_rest(tmp_path: Path) -> None:
    lines = refusal({**environment(pin=None, api_key=None), "XDG_CONFIG_HOME": str(tmp_path)})
    assert len(lines) == 1
    assert "MYQUANT_SMARTAPI_PIN" in lines[0]
    assert "MYQUANT_SMARTAPI_API_KEY" in lines[0]
    assert "CLIENT_CODE" not in lines[0]


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("pin", "739", "4 digits"),
        ("pin", "7391\n", "control"),
        ("pin", "٧٣٩١", "4 digits"),
        ("api_key", "two words", "without spaces"),
        ("api_key", "abc\r\nX-Evil: 1", "control"),
        ("totp_secret", "CANARY0189CANARY", "base32"),
        ("totp_secret", "CANARYCA", "base32"),
        ("totp_secret", "CANARYCANARYCANAR", "missing or too many"),
        ("client_code", "A-1", "letters and digits"),
    ],
)
def test_a_malformed_one_is_refused_by_name_and_rule(key: str, value: str, words: str) -> None:
    (line,) = refusal(environment(**{key: value}))
    assert f"MYQUANT_SMARTAPI_{key.upper()}" in line
    assert words in line
    assert value not in line


def test_every_problem_at_once(tmp_path: Path) -> None:
    write(tmp_path, {"pin": "12", "api_key": "canary", "pincode": "7391"})
    lines = refusal({"MYQUANT_SMARTAPI_TOTP_SECRET": "no base32!", "XDG_CONFIG_HOME": str(tmp_path)})
    assert len(lines) == 4
    for word in (
        "'pincode' is not known",
        "TOTP_SECRET",
        "pin: must be 4 digits",
        "missing: MYQUANT_SMARTAPI_CLIENT_CODE",
    ):
        assert any(word in line for line in lines), word


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o700, 0o644, 0o4600])
def test_a_file_that_others_could_use_is_refused_with_the_way_to_mend_it(tmp_path: Path, mode: int) -> None:
    path = write(tmp_path, mode=mode)
    (line, *_) = refusal({"XDG_CONFIG_HOME": str(tmp_path)})
    assert f"chmod 600 {path}" in line
    assert f"{mode:04o}" in line


def test_a_link_a_pipe_a_folder_and_a_huge_file_are_refused(tmp_path: Path) -> None:
    real = write(tmp_path / "real")
    link = tmp_path / "link.toml"
    link.symlink_to(real)
    assert "symbolic link" in refusal({}, with_file(link))[0]
    os.mkfifo(tmp_path / "pipe.toml", 0o600)
    assert "not a regular file" in refusal({}, with_file(tmp_path / "pipe.toml"))[0]
    assert "not a regular file" in refusal({}, with_file(tmp_path))[0]
    huge = write(tmp_path / "huge", text="#" * 70_000)
    assert "larger than" in refusal({}, with_file(huge))[0]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_another_user_s_file_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path)
    os.chown(path, 12345, -1)
    assert "belongs to another user" in refusal({"XDG_CONFIG_HOME": str(tmp_path)})[0]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[smartapi]\npin = 7391x", "line 2: not TOML"),
        ('[smartapi]\npin = "7391', "not TOML"),
        ("\x00", "not TOML"),
        ('pin = "7391"', "no table [smartapi]"),
        ("smartapi = 4", "no table [smartapi]"),
        ("[smartapi]\npin = 7391", "must be text in quotes"),
        ("[[[[" * 2000, "not TOML"),
        ('[smartapi]\n"CANARYJBSWY3DPEHPK3PXPAA" = 1', "one key is not known"),
    ],
)
def test_a_damaged_file_is_one_line_without_its_content(tmp_path: Path, text: str, words: str) -> None:
    write(tmp_path, text=text)
    lines = refusal({"XDG_CONFIG_HOME": str(tmp_path)})
    assert any(words in line for line in lines)


@given(blob=st.binary(max_size=300))
def test_no_file_whatever_is_anything_but_a_clear_refusal(
    blob: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(blob)
    path.chmod(0o600)
    assert refusal({}, with_file(path))


def test_a_secret_in_groups_and_small_letters_is_understood() -> None:
    found = find_credentials(config(), environment(totp_secret="cana ryjb swy3-dpeh pk3p xpaa"))
    assert isinstance(found, Credentials)
    assert found.totp_secret == GOOD["totp_secret"]
    assert redact("cana ryjb swy3-dpeh pk3p xpaa") == MASK


def test_a_forgotten_placeholder_does_not_tear_holes_into_the_error() -> None:
    (line,) = refusal(environment(api_key="totp_secret "))
    assert redact(line) == line


def test_nothing_secret_in_any_picture_of_them() -> None:
    found = Credentials(**GOOD)
    pictures = [repr(found), str(found), f"{found!r}", str(found.__rich_repr__())]
    for picture in pictures:
        for value in GOOD.values():
            assert value not in picture
    assert masked("A123456") == "A1***6"
    assert masked("A12") == MASK


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", min_size=1, max_size=140), st.integers(0, 2**33))
def test_what_the_check_takes_a_login_can_be_made_with(secret: str, at_s: int) -> None:
    search = look_for_credentials(config(), environment(totp_secret=secret) | {"XDG_CONFIG_HOME": "/nowhere"})
    if search.credentials is not None:
        assert len(one_time_password(search.credentials.totp_secret, at_s)) == 6
    else:
        assert len(secret) < 16 or len(secret) > 128 or len(secret) % 8 in {1, 3, 6}
