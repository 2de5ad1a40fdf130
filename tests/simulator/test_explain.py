"""What the simulated exchange says to a person who tries the program on it: what is to be typed is allowed, and every word is a fault."""

import re

import pytest

from engine.assembly import load
from engine.config import objections
from tests.simulator import Generated, Orders, Simulator
from tests.simulator.explain import explain
from tests.simulator.script import parse_fault, parse_rule


@pytest.fixture(scope="module")
def explained() -> str:
    with Simulator(Generated(instruments=2), orders=Orders()) as sim:
        return explain(sim)


def test_the_configuration_lacks_nothing_for_live_orders(explained, tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(explained.partition("<<'END'\n")[2].partition("END\n")[0])
    config = load(path)
    assert objections(config) == []
    assert len(config.feed.symbols) == 2


def test_every_word_is_understood(explained):
    lines = explained.partition("a line each:\n")[2].splitlines()
    words = [word for line in lines for word in re.split(r" · ", re.sub(r"  +[a-z ]+$", "", line.strip()))]
    assert len(words) > 30
    for word in words:
        if word not in {"truth", "counters", "stop"}:
            (parse_rule if ":" in word else parse_fault)(word)


def test_without_orders_the_program_s_own_fills_are_tried():
    with Simulator(Generated()) as sim:
        told = explain(sim)
    assert "--trust-host 127.0.0.1" in told
    assert "[live]" not in told
