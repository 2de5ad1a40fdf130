import pytest

from engine.gateway.http.guard import TokenGuard, check, words_of
from engine.gateway.http.problem import ProblemError


@pytest.mark.parametrize("host", [b"127.0.0.1", b"localhost:8000", b"LOCALHOST", b"[::1]:1", b"127.0.0.1:9999"])
def test_names_of_this_machine_are_answered(host: bytes) -> None:
    check("GET", [(b"host", host)])
    check("HEAD", [(b"accept", b"*/*"), (b"host", host), (b"origin", b"http://" + host)])


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("POST", [(b"host", b"localhost")], 405),
        ("OPTIONS", [(b"host", b"localhost")], 405),
        ("GET", [], 400),
        ("GET", [(b"host", b"")], 400),
        ("GET", [(b"host", b"localhost"), (b"host", b"localhost")], 400),
        ("GET", [(b"host", b"localhost:http")], 400),
        ("GET", [(b"host", b"localhost@evil.example")], 400),
        ("GET", [(b"host", b"evil.example")], 421),
        ("GET", [(b"host", b"127.0.0.1.evil.example:8000")], 421),
        ("GET", [(b"host", b"localhost.")], 421),
        ("GET", [(b"host", b"127.0.0.1:8000"), (b"origin", b"https://evil.example")], 403),
        ("GET", [(b"host", b"127.0.0.1:8000"), (b"origin", b"null")], 403),
        ("GET", [(b"host", b"127.0.0.1:8000"), (b"origin", b"http://127.0.0.1:9000")], 403),
    ],
)
def test_others_are_refused(method: str, headers: list[tuple[bytes, bytes]], status: int) -> None:
    with pytest.raises(ProblemError) as refused:
        check(method, headers)
    assert refused.value.problem.status == status


@pytest.mark.parametrize(
    ("said", "right"),
    [
        (b"Bearer sesame-sesame", True),
        (b"bearer  sesame-sesame ", True),
        (b"Bearer sesame-sesame1", False),
        (b"Bearer sesame", False),
        (b"Bearer \xff\xfe", False),
        (b"Bearer ", False),
        (b"Basic sesame-sesame", False),
        (b"sesame-sesame", False),
    ],
)
def test_only_the_whole_token_opens(said: bytes, right: bool) -> None:
    token = TokenGuard("sesame-sesame")
    assert token.allows([(b"authorization", said)]) is right
    assert not token.allows([(b"authorization", said), (b"authorization", said)])
    assert not token.allows([])
    if not right:
        with pytest.raises(ProblemError) as refused:
            token.require([(b"authorization", said)])
        assert (refused.value.problem.status, refused.value.kind) == (401, "token")
        assert b"Bearer" in dict(refused.value.extra)[b"www-authenticate"]


def test_a_parameter_is_said_once() -> None:
    assert words_of([("since", "1"), ("limit", "2")]) == {"since": "1", "limit": "2"}
    with pytest.raises(ProblemError):
        words_of([("since", "1"), ("since", "2")])
