"""`login` and `instruments` as a person and a script meet them, with planted secrets that may appear nowhere."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from tests.support.http_server import HttpRequest, HttpServer, Respond, answer
from tests.support.processes.command_home import Home
from tests.support.processes.fork_server import Answer
from tests.support.venues.instrument_list import write_list

pytestmark = pytest.mark.slow

CANARIES = {"CLIENT_CODE": "Z98765", "PIN": "7391", "API_KEY": "canaryKey", "TOTP_SECRET": "CANARYJBSWY3DPEHPK3PXPAA"}
TOKENS = {"jwtToken": "eyJcanary.jwt", "refreshToken": "eyJcanary.refresh", "feedToken": "eyJcanary.feed"}
IST = timedelta(hours=5, minutes=30)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.environment["MYQUANT_TRUST_HOST"] = "127.0.0.1"
    return home


def with_canaries(home: Home) -> Home:
    home.environment |= {f"MYQUANT_SMARTAPI_{key}": value for key, value in CANARIES.items()}
    return home


def check(home: Home, respond: Respond) -> Answer:
    with HttpServer(respond) as stub:
        said = home.run("login", "--check", "--set", f"smartapi.rest_url={stub.url}")
    for secret in (*CANARIES.values(), *TOKENS.values()):
        assert secret not in said.out + said.err
    return said


def body(status: bool, data: object, code: str = "", message: str = "") -> bytes:
    now = format_datetime(datetime.now(UTC), usegmt=True)
    return answer(200, json.dumps({"status": status, "data": data, "errorcode": code, "message": message}), Date=now)


def broker(asked: HttpRequest) -> bytes:
    """A broker to whom all is well."""
    if asked.path.endswith("getProfile"):
        return body(status=True, data={"clientcode": CANARIES["CLIENT_CODE"], "exchanges": ["NSE", "NFO"]})
    return body(status=True, data=TOKENS)


def test_a_check_that_is_well(home: Home) -> None:
    said = check(with_canaries(home), broker)
    assert (said.status, said.err) == (0, "")
    lines = said.out.splitlines()
    assert lines[0] == "client code  well: Z9***5, environment MYQUANT_SMARTAPI_CLIENT_CODE"
    assert lines[3] == "TOTP secret  well: environment MYQUANT_SMARTAPI_TOTP_SECRET"
    assert lines[4].startswith("clock        well: ")
    assert lines[5] == "login        well: client Z9***5, feed token received"
    assert lines[6] == "profile      well: may use NSE, NFO"


def test_a_login_that_fails_with_everything_echoed_back(home: Home) -> None:
    def respond(asked: HttpRequest) -> bytes:
        return body(status=False, data=None, code="AB1007", message=f"bad: {asked.body.decode()} {asked.headers}")

    said = check(with_canaries(home), respond)
    assert said.status == 2
    assert len(said.lines) == 1
    assert "AB1007 bad: " in said.err
    assert "***" in said.err


def test_a_clock_that_is_wrong_is_told_before_the_login(home: Home) -> None:
    def respond(asked: HttpRequest) -> bytes:
        off = format_datetime(datetime.now(UTC) + timedelta(minutes=3), usegmt=True)
        return broker(asked).replace(b"Date: ", b"X-Was: ").replace(b"\r\n\r\n", f"\r\nDate: {off}\r\n\r\n".encode(), 1)

    said = check(with_canaries(home), respond)
    assert said.status == 2
    (told,) = [line for line in said.lines if line.startswith("myquant-tui: clock: 1")]  # 179 to 181 s
    assert "behind the broker's" in told
    assert "passwords are made for the broker's time" in said.err
    assert "login        well" in said.out


def test_nobody_answers(home: Home) -> None:
    with HttpServer(broker) as stub:
        url = stub.url
    said = with_canaries(home).run("login", "--check", "--set", f"smartapi.rest_url={url}")
    assert said.status == 2
    assert "Connection refused (may pass: try again in 5 s)" in said.err


def test_offline_says_what_is_found_and_what_is_not(home: Home) -> None:
    folder = Path(home.environment["XDG_CONFIG_HOME"]) / "myquant-tui"
    folder.mkdir(parents=True)
    path = folder / "credentials.toml"
    path.write_text(f'[smartapi]\npin = "73911"\napi_key = "{CANARIES["API_KEY"]}"\n')
    path.chmod(0o600)
    home.environment["MYQUANT_SMARTAPI_CLIENT_CODE"] = CANARIES["CLIENT_CODE"]
    said = home.run("login", "--check", "--offline")
    assert said.status == 2
    assert "client code  well: environment" in said.out
    assert f"API key      well: file {path}, api_key" in said.out
    assert "not compared with the broker's" in said.out
    assert len(said.lines) == 2
    assert f"file {path}, pin: must be 4 digits" in said.lines[0]
    assert "missing: MYQUANT_SMARTAPI_TOTP_SECRET" in said.lines[1]
    assert "7391" not in said.out + said.err
    path.chmod(0o644)
    assert f"chmod 600 {path}" in home.run("login", "--check", "--offline").err


def test_without_check_it_says_how(home: Home) -> None:
    said = home.run("login")
    assert said.status == 0
    assert str(Path(home.environment["XDG_CONFIG_HOME"]) / "myquant-tui" / "credentials.toml") in said.out
    assert "0600" in said.out


@pytest.fixture(scope="module")
def listing(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A list as long as a real one must at least be; its options expire when they like, its shares never."""
    return write_list(tmp_path_factory.mktemp("list") / "list.json", 50_000).read_bytes()


@pytest.fixture
def exchange(listing: bytes) -> Iterator[HttpServer]:
    with HttpServer(
        lambda asked: answer(304, "") if "if-none-match" in asked.headers else answer(200, listing, ETag='"a"')
    ) as stub:
        yield stub


def test_update_then_find(home: Home, exchange: HttpServer) -> None:
    address = ("--set", f"smartapi.master_url={exchange.url}/list.json")
    updated = home.run("instruments", "update", *address)
    assert (updated.status, updated.out) == (0, "instrument list: 50,000 rows, 49,998 kept\n")
    again = home.run("instruments", "update", *address)
    assert again.out == "instrument list: ours is the newest\n"
    found = home.run("instruments", "find", "RELIANCE", "--limit", "2", *address)
    assert (found.status, found.err) == (0, "")
    assert [line.split() for line in found.out.splitlines()] == [
        ["symbol", "exchange", "token", "expiry", "strike", "type", "lot", "tick", "freeze"],
        ["RELIANCE-EQ", "NSE", "2885", "EQ", "1", "0.1"],
        ["RELIANCE", "BSE", "500325", "EQ", "1", "0.05"],
    ]
    as_json = home.run("instruments", "find", "nifty", "50", "--json", *address)
    assert json.loads(as_json.out)[0] == {
        "symbol": "Nifty 50",
        "exchange": "NSE",
        "token": "99926000",
        "expiry": "",
        "strike": "",
        "type": "IDX",
        "lot": 1,
        "tick": "0.05",
        "freeze": "",
    }
    nothing = home.run("instruments", "find", "NOSUCH", *address)
    assert (nothing.status, nothing.out) == (1, "")
    assert "nothing is listed as NOSUCH" in nothing.err
    empty = home.run("instruments", "find", "NOSUCH", "--json", *address)
    assert (empty.status, empty.out) == (1, "[]\n")
    assert len(exchange.requests) == 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("find",), "required: WORD"),
        (("find", "NIFTY", "--limit", "0"), "allowed: 1 to 9999"),
        (("find", "NIFTY", "25K"), "'25K' is not understood"),
        ((), "required: ACTION"),
        (("search",), "'search' is not allowed; allowed: find, update"),
    ],
)
def test_bad_words_are_one_line_and_status_2(
    home: Home, exchange: HttpServer, words: tuple[str, ...], says: str
) -> None:
    address = ("--set", f"smartapi.master_url={exchange.url}/list.json") if len(words) > 1 else ()
    said = home.run("instruments", *words, *address)
    assert said.status == 2
    assert len(said.lines) == 1
    assert says in said.err


def test_no_list_at_all_is_one_line(home: Home) -> None:
    with HttpServer(lambda _: answer(500, "")) as stub:
        said = home.run("instruments", "find", "NIFTY", "--set", f"smartapi.master_url={stub.url}")
    assert said.status == 2
    assert said.lines == [f"myquant-tui: instrument list: {stub.url} answers HTTP 500"]
