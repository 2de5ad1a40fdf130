"""Whose orders they would be, and the proof by which alone a simulated exchange is taken for one."""

import json

import pytest

from engine.venues.angelone.credentials import Credentials
from engine.venues.angelone.live_access import account, is_simulated, is_simulator, proof_of
from tests.simulator import API_KEY, CLIENT_CODE, PIN, TOTP_SECRET
from tests.support.http_server import HttpRequest, HttpServer, answer
from tests.support.live_config import live_config
from tests.support.venues.live_harness import ENVIRON

OURS = Credentials(CLIENT_CODE, PIN, API_KEY, TOTP_SECRET)
REAL = Credentials("R987654", "4321", "realkey1", "ABCDEFGHABCDEFGHABCDEFGH")


def prover(credentials: Credentials) -> HttpServer:
    def respond(asked: HttpRequest) -> bytes:
        assert (asked.method, asked.body) == ("GET", b"")
        assert "authorization" not in asked.headers
        root, _, nonce = asked.path.rpartition("/")
        assert root == "/simulator/challenge"
        assert len(bytes.fromhex(nonce)) == 16
        return answer(200, json.dumps({"proof": proof_of(credentials, nonce.encode())}))

    return HttpServer(respond)


def test_a_simulator_of_the_same_credentials_is_one() -> None:
    with prover(OURS) as server:
        assert is_simulator(server.url, OURS)
        assert is_simulator(server.url, OURS)
        assert server.requests[0].path != server.requests[1].path


def test_other_credentials_make_it_none_in_either_direction() -> None:
    with prover(OURS) as server:
        assert not is_simulator(server.url, REAL)
    with prover(REAL) as server:
        assert not is_simulator(server.url, OURS)


@pytest.mark.parametrize(
    "said",
    [
        answer(404, "no such call"),
        answer(200, ""),
        answer(200, "[" * 900),
        answer(200, json.dumps({"proof": ""})),
        answer(200, json.dumps({"proof": "é"})),
        answer(200, json.dumps({"proof": 5})),
        answer(200, b"x" * 2000),
        answer(500, json.dumps({"proof": proof_of(OURS, b"0")})),
        b"",
    ],
)
def test_whatever_else_listens_here_is_the_broker(said: bytes) -> None:
    with HttpServer(lambda _: said) as server:
        assert not is_simulator(server.url, OURS)


def test_nobody_elsewhere_is_asked() -> None:
    assert not is_simulator("https://apiconnect.angelone.in", OURS)


def test_both_addresses_must_be_of_this_machine() -> None:
    with prover(OURS) as server:
        here, there = f"ws{server.url.removeprefix('http')}", "wss://tns.angelone.in"
        assert is_simulated(live_config(smartapi__rest_url=server.url, smartapi__orders_url=here), ENVIRON)
        assert not is_simulated(live_config(smartapi__rest_url=server.url, smartapi__orders_url=there), ENVIRON)
        assert not is_simulated(live_config(smartapi__orders_url=here), ENVIRON)


def test_an_account_shows_its_ends_alone_and_its_mark_is_of_all_its_credentials(tmp_path) -> None:
    nowhere = {"XDG_CONFIG_HOME": str(tmp_path)}
    config = live_config()
    assert account(config, nowhere) is None
    environ = {name: value for name, value in ENVIRON.items() if "TRUST" not in name}
    found = account(config, environ)
    assert found is not None
    assert (found.masked, repr(found)) == ("A1***6", "TradingAccount(A1***6)")
    assert found.ends_with("3456")
    assert not any(found.ends_with(typed) for typed in ("", "456", "23456", "3457", "6", "34 56"))
    other = account(config, environ | {"MYQUANT_SMARTAPI_API_KEY": "otherkey"})
    assert other is not None
    assert other.mark != found.mark
