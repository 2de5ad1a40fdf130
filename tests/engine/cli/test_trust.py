"""What a command does with a configuration that others could have written, and with addresses that are not the broker's: it sends nothing."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.config import bundled
from tests.support.http_server import HttpRequest, HttpServer, answer
from tests.support.processes.command_home import Home

CANARIES = {"CLIENT_CODE": "Z98765", "PIN": "7391", "API_KEY": "canaryKey", "TOTP_SECRET": "JBSWY3DPEHPK3PXP"}
TOKENS = {"jwtToken": "eyJcanary.jwt", "refreshToken": "eyJcanary.refresh", "feedToken": "eyJcanary.feed"}
NOBODY = 65_534
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
pytestmark = pytest.mark.slow


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.environment |= {f"MYQUANT_SMARTAPI_{key}": value for key, value in CANARIES.items()}
    return home


@pytest.fixture
def broker() -> Iterator[HttpServer]:
    """A broker to whom all is well."""

    def respond(asked: HttpRequest) -> bytes:
        data: object = TOKENS
        if asked.path.endswith("getProfile"):
            data = {"clientcode": CANARIES["CLIENT_CODE"], "exchanges": ["NSE"]}
        return answer(200, json.dumps({"status": True, "data": data, "errorcode": "", "message": ""}))

    with HttpServer(respond) as stub:
        yield stub


def planted(folder: Path, url: str, *, uid: int, mode: int) -> Path:
    """A whole configuration whose broker is at `url`."""
    text = bundled("config.toml").read_text().replace("https://apiconnect.angelone.in", url)
    path = folder / "config.toml"
    path.write_text(text)
    path.chmod(mode)
    os.chown(path, uid, uid)
    return path


@needs_root
@pytest.mark.parametrize(
    ("folder_mode", "folder_uid", "uid", "mode", "says"),
    [
        (0o1777, 0, NOBODY, 0o644, "others may write to"),
        (0o1777, 0, 0, 0o644, "others may write to"),
        (0o777, 0, 0, 0o600, "others may write to"),
        (0o755, 0, 0, 0o666, "others may write to"),
        (0o755, 0, NOBODY, 0o444, "belongs to"),
        (0o755, NOBODY, 0, 0o600, "belongs to"),
    ],
)
@pytest.mark.parametrize("named", [False, True])
def test_a_configuration_that_others_could_have_written_is_told_no_secret(
    home: Home, broker: HttpServer, folder_mode: int, folder_uid: int, uid: int, mode: int, says: str, named: bool
) -> None:
    home.cwd.chmod(folder_mode)
    os.chown(home.cwd, folder_uid, folder_uid)
    path = planted(home.cwd, broker.url, uid=uid, mode=mode)
    words = ["--config", str(path)] if named else []
    said = home.run("login", "--check", *words, "--trust-host", "127.0.0.1")
    assert said.status == 2
    assert says in said.lines[0]
    assert "config.toml" in said.lines[0]
    assert broker.requests == []
    if named:
        harmless = home.run("check-config", *words)
        assert harmless.status == 0
        assert says in harmless.err


@pytest.mark.parametrize(
    "words", [("login", "--check"), ("run", "--source", "smartapi", "--headless"), ("engine", "--source", "smartapi")]
)
@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("smartapi.stream_url", "wss://apiconnect.angelone.in.evil.example/x"),
        ("smartapi.orders_url", "wss://tns.angelone.in.evil.example/smart-order-update"),
        ("smartapi.master_url", "https://evil.example/list.json"),
        ("smartapi.rest_url", "https://apiconnect.angelone.in.evil.example"),
    ],
)
def test_another_host_than_the_broker_s_is_named_and_asked(
    home: Home, broker: HttpServer, words: tuple[str, ...], key: str, value: str
) -> None:
    host = value.partition("://")[2].partition("/")[0]
    said = home.run(*words, "--set", f"{key}={value}")
    assert said.status == 2
    assert said.lines == [
        f"myquant-tui: {key} = {value}: not the broker's own host, nothing is sent there; allowed with --trust-host {host}"
    ]
    assert broker.requests == []


def test_this_machine_too_is_told_nothing_because_of_a_file(home: Home, broker: HttpServer) -> None:
    path = planted(home.cwd, broker.url, uid=os.getuid(), mode=0o600)
    for words in (("login", "--check"), ("instruments", "update"), ("instruments", "find", "NIFTY")):
        said = home.run(*words, "--config", path)
        assert (said.status, "--trust-host 127.0.0.1" in said.err) == (2, True)
    assert broker.requests == []


def test_this_machine_is_named_by_the_command_line_that_says_its_address(home: Home, broker: HttpServer) -> None:
    said = home.run("login", "--check", "--set", f"smartapi.rest_url={broker.url}")
    assert (said.status, said.err) == (0, "")


def test_a_host_that_was_named_is_logged_in_to_with_a_secret_of_sixteen_characters(
    home: Home, broker: HttpServer
) -> None:
    said = home.run("login", "--check", "--set", f"smartapi.rest_url={broker.url}", "--trust-host", "127.0.0.1")
    assert (said.status, said.err) == (0, "")
    assert "login        well" in said.out


def test_nobody_is_followed_to_another_place(home: Home, broker: HttpServer) -> None:
    with HttpServer(lambda _: answer(302, "", Location=f"{broker.url}/rest")) as first:
        said = home.run("login", "--check", "--set", f"smartapi.rest_url={first.url}", "--trust-host", "127.0.0.1")
    assert said.status == 2
    assert "points elsewhere, which is not followed" in said.err
    assert broker.requests == []


@pytest.mark.parametrize("name", ["signal", "msgspec", "tomli", "hmac"])
def test_what_lies_in_the_working_directory_is_no_code_of_ours(home: Home, name: str) -> None:
    (home.cwd / f"{name}.py").write_text("raise SystemExit('planted')\n")
    said = home.run("login", "--offline")
    assert (said.status, said.err) == (0, "")
