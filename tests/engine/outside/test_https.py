"""One call over HTTP: whole answers, every way to fail in plain words, ended from another thread, TLS verified."""

import shutil
import socket
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from engine.model.errors import ConfigError
from engine.outside.http_reader import HttpAnswer
from engine.outside.https import Caller, CallError, Request, SinkError, place_of
from tests.support.http_server import HttpRequest, HttpServer, answer
from tests.support.waiting import PATIENCE_S

SECRET = "canary-9f3a-77"
GET = Request("GET", "/x", {"X-Key": SECRET})


def ask(stub: HttpServer, request: Request = GET) -> HttpAnswer:
    return Caller(stub.url).call(request)


def failure(said: bytes, request: Request = GET, *, hold: bool = False) -> CallError:
    with HttpServer(lambda _: said, hold=hold) as stub, pytest.raises(CallError) as caught:
        ask(stub, request)
    assert SECRET not in str(caught.value)
    return caught.value


def test_a_whole_answer_whatever_its_status() -> None:
    with HttpServer(lambda _: answer(403, "no", X_Error_Message="why")) as stub:
        said = Caller(stub.url + "/base").call(Request("POST", "/x", {"X-Key": "k"}, b"body"))
    assert said == HttpAnswer(403, {"content-length": "2", "x-error-message": "why"}, b"no")
    assert stub.requests[0].method == "POST"
    assert stub.requests[0].path == "/base/x"
    assert stub.requests[0].headers["x-key"] == "k"
    assert stub.requests[0].body == b"body"


def test_chunks_are_put_together() -> None:
    with HttpServer(
        lambda _: b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    ) as stub:
        assert ask(stub).body == b"abcde"


def test_an_answer_without_a_body_is_whole_with_its_head() -> None:
    with HttpServer(lambda _: b"HTTP/1.1 204 No Content\r\n\r\n", hold=True) as stub:
        assert ask(stub) == HttpAnswer(204, {}, b"")


@pytest.mark.parametrize(
    "request_",
    [Request("GET", "/a b", {}), Request("GET", "/x", {"A": "b\r\nC: d"}), Request("GET", "/x", {"A": "\u20b9"})],
)
def test_what_would_be_another_request_is_not_sent(request_: Request) -> None:
    with HttpServer(lambda _: answer(200, "")) as stub, pytest.raises(CallError, match="cannot be said") as caught:
        ask(stub, request_)
    assert not caught.value.sent
    assert not stub.requests


def test_a_call_carries_no_modules_for_mail() -> None:
    code = (
        "import sys; from engine.outside.https import Caller, Request\n"
        "Caller(sys.argv[1]).call(Request('GET', '/', {})); print(*sys.modules)"
    )
    with HttpServer(lambda _: answer(200, "")) as stub:
        whole = [sys.executable, "-c", code, stub.url]
        done = subprocess.run(whole, capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    assert {*done.stdout.split()}.isdisjoint({"http.client", "email"})


def test_a_redirect_is_not_followed() -> None:
    with HttpServer(lambda _: answer(302, "", Location="http://127.0.0.1:1/")) as stub:
        assert ask(stub).status == 302


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (b"", "closed the connection without an answer"),
        (f"{SECRET}\r\n\r\n".encode(), "not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc", "cut off after 3 of 10"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc", "cut off"),
        (answer(200, "x", Content_Encoding="gzip"), "compressed"),
        (answer(200, "x" * 101), "larger than 100 bytes"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\nx", "larger than 100 bytes"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nx", "does not say how long"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 101, "larger than 100 bytes"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 3_000 + b"\r\n", "head is too long"),
        (b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000, "head is too long"),
    ],
)
def test_an_answer_that_is_none_fails_in_plain_words(said: bytes, words: str) -> None:
    error = failure(said, Request("GET", "/x", {"X-Key": SECRET}, limit_bytes=100))
    assert words in str(error)
    assert error.sent


@pytest.mark.parametrize(
    "said", [b"", b"HTTP/1.1 200 OK\r\nContent-Le", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"]
)
def test_half_an_answer_and_then_nothing_ends_by_itself(said: bytes) -> None:
    in_all = failure(said, Request("GET", "/x", {}, total_s=0.05), hold=True)
    assert "no answer within 0.05 s" in str(in_all)
    silent = failure(said, Request("GET", "/x", {}, silence_s=0.05), hold=True)
    assert "silent for 0.05 s" in str(silent)


def test_nobody_there_is_told_and_nothing_was_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(CallError, match="refused") as caught:
        Caller(url).call(GET)
    assert not caught.value.sent


def test_close_ends_a_call_from_another_thread_and_refuses_the_next() -> None:
    with HttpServer(lambda _: None) as stub:
        caller = Caller(stub.url)
        errors: list[Exception] = []

        def work() -> None:
            try:
                caller.call(Request("GET", "/", {}, total_s=100, silence_s=100))
            except CallError as error:
                errors.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        assert stub.came.wait(PATIENCE_S)
        caller.close()
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
        assert [str(error) for error in errors] == ["ended on our side"]
        with pytest.raises(CallError, match="closed on our side"):
            caller.call(GET)


def test_a_sink_takes_the_body_of_a_good_answer_only(tmp_path: Path) -> None:
    def respond(asked: HttpRequest) -> bytes:
        return answer(200 if asked.path == "/good" else 500, b"z" * 200_000)

    pieces: list[bytes] = []
    with HttpServer(respond) as stub:
        good = ask(stub, Request("GET", "/good", {}, sink=pieces.append))
        bad = ask(stub, Request("GET", "/bad", {}, sink=pieces.append))
    assert b"".join(pieces) == b"z" * 200_000
    assert good.body == b""
    assert bad.body == b"z" * 200_000


def test_a_disk_that_refuses_is_not_the_network_s_fault() -> None:
    def full(_: bytes) -> None:
        raise OSError(28, "No space left on device")

    with HttpServer(lambda _: answer(200, "x")) as stub, pytest.raises(SinkError, match="No space left"):
        ask(stub, Request("GET", "/", {}, sink=full))


@pytest.mark.parametrize(
    "url", ["http://example.com", "ftp://127.0.0.1", "127.0.0.1", "https://", "https://h:0/", "https://h:70000"]
)
def test_no_address_but_an_encrypted_one_or_this_machine(url: str) -> None:
    with pytest.raises(ConfigError, match=r"allowed|port"):
        place_of(url)


def test_https_to_a_server_without_tls_fails_in_words() -> None:
    with HttpServer(lambda _: answer(200, "x")) as stub, pytest.raises(CallError) as caught:
        Caller(stub.url.replace("http://", "https://")).call(Request("GET", "/", {}, silence_s=0.1))
    assert not caught.value.sent
    assert stub.requests == []


def test_a_certificate_is_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl to make a certificate with")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=here"
    made = [openssl, *words.split(), "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate]
    subprocess.run(made, check=True, capture_output=True, timeout=PATIENCE_S)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def wrap(connection: socket.socket) -> socket.socket:
        return context.wrap_socket(connection, server_side=True)

    with HttpServer(lambda _: answer(200, "safe"), wrap=wrap) as stub:
        secure = stub.url.replace("http://", "https://")
        with pytest.raises(CallError, match="certificate is refused") as caught:
            Caller(secure).call(GET)
        assert not caught.value.sent
        assert stub.requests == []
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        assert Caller(secure).call(GET).body == b"safe"
        with pytest.raises(CallError, match="certificate is refused"):
            Caller(secure.replace("127.0.0.1", "localhost")).call(GET)
