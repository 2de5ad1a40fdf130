"""The broker's own hosts are those of the configuration that comes with the program; every other one has to be named."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.errors import ConfigError
from engine.outside.https import place_of
from engine.venues.angelone.hosts import BROKERS, require_known
from engine.venues.angelone.settings import SmartApiConfig
from tests.support.builders import config


def test_the_defaults_are_the_broker_s() -> None:
    section = config().venue(SmartApiConfig)
    sockets = (section.stream_url, section.orders_url)
    urls = (section.rest_url, section.master_url, *(each.replace("wss", "https") for each in sockets))
    assert {place_of(url).host for url in urls} == BROKERS
    require_known(config(), {})


@given(
    st.sampled_from(["apiconnect.angelone.in", "evil.example", "127.0.0.1"]),
    st.from_regex(r"[abc1-]{1,3}(\.[abc1-])?", fullmatch=True),
    st.booleans(),
    st.sampled_from(["", "."]),
)
def test_a_host_is_compared_whole(host: str, more: str, before: bool, dot: str) -> None:
    other = more + dot + host if before else host + dot + more
    chosen = config(f"smartapi.rest_url=https://{other}:8443/x")
    with pytest.raises(ConfigError, match=r"smartapi\.rest_url.*--trust-host"):
        require_known(chosen, {"MYQUANT_TRUST_HOST": "127.0.0.1,evil.example"})
    require_known(chosen, {"MYQUANT_TRUST_HOST": f"evil.example, {other.upper()}"})


def test_what_names_no_host_is_said() -> None:
    with pytest.raises(ConfigError) as caught:
        require_known(config(), {"MYQUANT_TRUST_HOST": "a..b, ::1,evil.example,,https://evil.example"})
    words = "is no host; allowed: words of 1 to 63 letters, digits or '-', with a dot between two"
    assert caught.value.lines == tuple(f"--trust-host {each}: {words}" for each in ("a..b", "https://evil.example"))
