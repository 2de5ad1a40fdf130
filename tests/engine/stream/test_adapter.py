"""Addresses of streams: taken apart, refused by their key, and shown without their headers."""

import pytest

from engine.model.errors import ConfigError
from engine.stream.adapter import Endpoint, address


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("wss://a.example/stream", (True, "a.example", 443, "/stream")),
        ("wss://A.Example:9443", (True, "a.example", 9443, "/ws")),
        ("ws://127.0.0.1:80/", (False, "127.0.0.1", 80, "/ws")),
    ],
)
def test_an_address_in_its_parts(url, parts):
    found = address("x.url", url, "/ws")
    assert (found.secure, found.host, found.port, found.resource) == parts


@pytest.mark.parametrize("url", ["http://a/b", "wss://", "wss://a:0", "wss://a:65536", "wss://a:x", "", "wss:/a"])
def test_what_is_no_address_is_refused_by_its_key(url):
    with pytest.raises(ConfigError, match=r"smartapi\.stream_url"):
        address("smartapi.stream_url", url)


def test_an_address_shows_no_header():
    assert "secret" not in repr(Endpoint(True, "a", 443, "/", ("Authorization: secret",)))
