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
    urls = (section.rest_url, section.stream_url.replace("wss", "https"), section.master_url)
    assert {place_of(url).host for url in urls} == BROKERS
    require_known(config(), {})


@given(
    st.sampled_from(["apiconnect.angelone.in", "evil.example", "127.0.0.1"]),
    st.text("abc.-1", min_size=1, max_size=5),
    st.booleans(),
)
def test_a_host_is_compared_whole(host: str, more: str, before: bool) -> None:
    other = more + host if before else host + more
    chosen = config(f"smartapi.rest_url=https://{other}:8443/x")
    with pytest.raises(ConfigError, match=r"smartapi\.rest_url.*--trust-host"):
        require_known(chosen, {"MYQUANT_TRUST_HOST": "127.0.0.1,evil.example"})
    require_known(chosen, {"MYQUANT_TRUST_HOST": f"evil.example, {other.upper()}"})
