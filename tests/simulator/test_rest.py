"""The simulated broker lets in who has the right credentials, and answers in every shape that clients must bear."""

import base64
import hashlib
import hmac
import http.client
import json
from datetime import datetime

import pyotp
import pytest

from engine.venues.angelone.instruments.master import ready
from tests.simulator import API_KEY, CLIENT_CODE, PIN, TOTP_SECRET, Account, Generated, Quiet, Simulator, totp
from tests.simulator.listing import symbols_ahead
from tests.simulator.rest import CHALLENGE, LOGIN, LOGOUT, MASTER, PROFILE, SHAPES, TOKENS
from tests.simulator.script import FORMS
from tests.simulator.traffic import IST
from tests.support.builders import config
from tests.support.venues.simulator_client import WAIT_S, connected

NOW_S = 1_759_290_300.0
HEADERS = {"X-SourceID": "WEB", "X-MACAddress": "00:00", "X-PrivateKey": API_KEY}


def call(sim, path, body=None, **headers):
    """Status, text and headers of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", sim.port, timeout=WAIT_S)
    try:
        text = None if body is None else json.dumps(body)
        connection.request("GET" if body is None else "POST", path, text, HEADERS | headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), dict(answer.getheaders())
    finally:
        connection.close()


def answered(sim, path, body=None, **headers):
    return json.loads(call(sim, path, body, **headers)[1])


def right(**other):
    return {"clientcode": CLIENT_CODE, "password": PIN, "totp": totp(TOTP_SECRET, NOW_S), **other}


def broker(**options):
    return Simulator(Quiet(), account=Account(clock=lambda: NOW_S), **({"rate_limits": False} | options))


@pytest.mark.parametrize("at_s", [0, 59, 1_111_111_109, 20_000_000_000])
def test_one_time_passwords_are_those_of_another_implementation(at_s):
    assert totp(TOTP_SECRET, at_s) == pyotp.TOTP(TOTP_SECRET).at(at_s)


def test_a_right_login_gives_tokens_that_open_the_stream_and_the_profile():
    with broker() as sim:
        answer = answered(sim, LOGIN, right(state="mine"))
        data = answer["data"]
        assert (answer["status"], answer["errorcode"], data["state"]) == (True, "", "mine")
        headers = [f"Authorization: {data['jwtToken']}", f"x-feed-token: {data['feedToken']}", *sim.headers[1:3]]
        with connected(sim, headers=headers):
            assert sim.counters.logins == 1
        profile = answered(sim, PROFILE, Authorization=f"Bearer {data['jwtToken']}")
        assert profile["data"]["clientcode"] == CLIENT_CODE
        twice = answered(sim, PROFILE, Authorization=f"Bearer Bearer {data['jwtToken']}")
        assert twice["errorCode"] == "AG8001"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"password": "9999"}, "AB1007"),
        ({"clientcode": "B1"}, "AB1007"),
        ({"totp": "000000"}, "AB1050"),
        ({"totp": totp(TOTP_SECRET, NOW_S + 30)}, "AB1050"),
        ({"totp": totp(TOTP_SECRET, NOW_S - 60)}, "AB1050"),
    ],
)
def test_a_wrong_login_is_refused_and_five_lock_the_account(wrong, code):
    with broker() as sim:
        for _ in range(5):
            answer = answered(sim, LOGIN, right(**wrong))
            assert (answer["status"], answer["errorcode"], answer["data"]) == (False, code, None)
        assert answered(sim, LOGIN, right())["errorcode"] == "AB1006"
        assert sim.counters.login_failures == 6


def test_a_password_of_the_window_before_is_taken():
    with broker() as sim:
        assert answered(sim, LOGIN, right(totp=totp(TOTP_SECRET, NOW_S - 30)))["status"] is True


@pytest.mark.parametrize("name", list(HEADERS))
def test_a_missing_header_is_told(name):
    with broker() as sim:
        connection = http.client.HTTPConnection("127.0.0.1", sim.port, timeout=WAIT_S)
        connection.request("POST", LOGIN, "{}", {key: HEADERS[key] for key in HEADERS if key != name})
        answer = connection.getresponse()
        assert answer.status == 400
        assert json.loads(answer.read()) == {
            "status": False,
            "message": f"Required header {name} is missing",
            "errorcode": "AB1012",
            "data": None,
        }
        connection.close()


def test_tokens_are_renewed_with_the_refresh_token_and_a_logout_ends_all_of_the_client():
    with broker() as sim:
        old = sim.tokens
        bearer = {"Authorization": f"Bearer {old.jwt}"}
        assert answered(sim, TOKENS, {"refreshToken": "other"}, **bearer)["errorcode"] == "AB8050"
        new = answered(sim, TOKENS, {"refreshToken": old.refresh}, **bearer)["data"]
        renewed = {"Authorization": f"Bearer {new['jwtToken']}"}
        assert answered(sim, PROFILE, **renewed)["status"] is True
        assert answered(sim, PROFILE)["errorCode"] == "AG8003"
        assert answered(sim, LOGOUT, {"clientcode": CLIENT_CODE}, **bearer)["status"] is True
        assert answered(sim, PROFILE, **bearer)["errorCode"] == "AG8002"
        assert answered(sim, PROFILE, **renewed)["errorCode"] == "AG8002"
        again = sim.account.issue()
        sim.fault("expire")
        assert answered(sim, PROFILE, Authorization=f"Bearer {again.jwt}")["errorCode"] == "AG8002"


def test_calls_too_fast_are_refused_in_plain_text():
    with broker(rate_limits=True, scale=1000.0) as sim:
        assert call(sim, LOGIN, right())[0] == 200
        status, text, headers = call(sim, LOGIN, right())
        assert (status, text) == (403, "Access denied because of exceeding access rate")
        assert headers["Content-Type"] == "text/plain"
        assert sim.counters.logins == 1
        assert sim.counters.requests == {"loginByPassword": 2}


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_the_next_answers_can_have_any_shape(shape):
    with broker() as sim:
        sim.fault(f"rest {shape} 2")
        for _ in range(2):
            if shape in {"cut", "drop"}:
                with pytest.raises((http.client.IncompleteRead, http.client.RemoteDisconnected)):
                    call(sim, LOGIN, right())
            else:
                status, text, _ = call(sim, LOGIN, right())
                assert SHAPES[shape]().startswith(f"HTTP/1.1 {status} ".encode())
                assert SHAPES[shape]().endswith(b"\r\n\r\n" + text.encode())
        assert answered(sim, LOGIN, right())["status"] is True
        assert sim.counters.faults == {f"rest {shape}": 2}
        assert sim.counters.logins == 1


def test_every_shape_can_be_asked_for():
    assert set(FORMS["rest"].words) == set(SHAPES)


def test_the_list_of_instruments_is_that_of_the_exchange_and_has_a_tag():
    with Simulator(Generated(instruments=2)) as sim:
        status, text, headers = call(sim, MASTER)
        assert status == 200
        first, second = json.loads(text)
        assert first == {
            "token": "40001",
            "symbol": "NIFTY25NOV2525000CE",
            "name": "NIFTY",
            "expiry": "25NOV2025",
            "strike": "2500000.000000",
            "lotsize": "75",
            "instrumenttype": "OPTIDX",
            "exch_seg": "NFO",
            "tick_size": "5.000000",
            "freeze_qty": "1801",
            "is_cas_enabled": False,
        }
        assert second["token"] == "40002"
        assert call(sim, MASTER, **{"If-None-Match": headers["ETag"]})[:2] == (304, "")


def test_a_whole_list_is_taken_for_a_real_one_s(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    today = datetime.now(IST).date()
    (symbol,) = symbols_ahead(1, today)
    with Simulator(Generated(symbols=(symbol,)), whole_list=True) as sim:
        chosen = config(f"smartapi.master_url={sim.master_url}")
        listed, warning = ready(chosen)
        with listed:
            assert listed.instrument(symbol, today).token == "40001"
    assert warning == ""


def test_several_calls_go_over_one_connection_and_nonsense_ends_it():
    with broker() as sim:
        connection = http.client.HTTPConnection("127.0.0.1", sim.port, timeout=WAIT_S)
        for _ in range(3):
            connection.request("GET", "/nowhere")
            answer = connection.getresponse()
            assert (answer.status, answer.read()) == (404, b"no such call")
        assert sim.counters.connects == 1
        connection.sock.sendall(b"HELLO\r\n\r\n")
        assert connection.sock.recv(100).startswith(b"HTTP/1.1 400 ")
        connection.close()


def test_it_proves_that_it_is_no_real_broker_to_whoever_has_its_credentials():
    nonce = "0123456789abcdef0123456789ABCDEF"
    proof = hmac.new(f"{CLIENT_CODE}:{API_KEY}:{TOTP_SECRET}".encode(), nonce.encode(), hashlib.sha256).hexdigest()
    with broker() as sim:
        assert answered(sim, CHALLENGE + nonce) == {"proof": proof}
        assert sim.counters.requests == {}
        for other in ("", nonce[1:], nonce + "0", nonce[:-1] + "g"):
            assert call(sim, CHALLENGE + other)[0] == 400


def test_a_token_says_until_when_it_is_good():
    with broker() as sim:
        payload = answered(sim, LOGIN, right())["data"]["jwtToken"].split(".")[1]
        told = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        assert told["exp"] == NOW_S + 28 * 3600


def test_each_answer_says_what_time_it_is():
    with broker() as sim:
        assert "Date" in call(sim, LOGIN, right())[2]
