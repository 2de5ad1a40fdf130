"""The cache against a naive one, a table of what was fetched when: same layer, same age, and counters that add up."""

import asyncio

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from engine.gateway.quotes.answers import ProviderFailedError
from engine.gateway.quotes.quotes import Quotes
from engine.model.clock import VirtualClock
from tests.support.builders import config
from tests.support.gateway.quote_providers import MovedProvider
from tests.support.thorough import examples

SECOND_NS = 10**9
L1_S, FALLBACK_S, STALE_S = 20, 90, 300
OVERRIDES = ("cache.l1_ttl_s=20", "cache.l2_ttl_s=90", "cache.fallback_ttl_s=90")
SYMBOLS = st.sampled_from("ABC")
AGES = st.none() | st.integers(0, 100)


class CacheMachine(RuleBasedStateMachine):
    """Questions, failures and time in any order."""

    sizes: tuple[str, ...] = ()

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.clock = VirtualClock(1_785_412_800 * SECOND_NS)
        self.moved = MovedProvider(self.clock)
        cache = config(*OVERRIDES, *self.sizes).cache
        self.quotes = Quotes(cache, {"moved": self.moved}, lambda: None, self.clock)
        self.now_s = 0
        self.requests = self.served = 0

    def teardown(self) -> None:
        self.runner.run(self.quotes.close())
        self.runner.close()

    def ask(self, symbol: str, most_s: int | None) -> tuple[str, float | None]:
        """Which layer answered, and how old the price is; ("none", None): it failed."""
        self.requests += 1
        try:
            said = self.runner.run(self.quotes.quote("moved", symbol, max_age_s=most_s))
        except ProviderFailedError:
            return "failed", None
        assert said.data.stale is (said.cache == "last")
        assert said.cached is (said.cache != "none")
        return said.cache, said.data.age_s

    @rule(seconds=st.integers(1, 120))
    def pass_s(self, seconds: int) -> None:
        self.clock.advance(seconds * SECOND_NS)
        self.now_s += seconds

    @rule(failing=st.booleans())
    def fail(self, failing: bool) -> None:
        self.moved.failing = "down" if failing else ""

    @invariant()
    def counters_add_up(self) -> None:
        view = self.quotes.view()
        assert sum(view.hits.values()) + view.misses == self.requests
        assert view.fallback_hits == view.hits["fallback"]
        assert 0 <= view.hit_rate <= 1


class NaiveMachine(CacheMachine):
    """With room for all of it: equal to the table in everything."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched_s: dict[str, int] = {}
        self.near_since_s: dict[str, int] = {}

    @rule(symbol=SYMBOLS, most_s=AGES)
    def question(self, symbol: str, most_s: int | None) -> None:
        assert self.ask(symbol, most_s) == self.expected(symbol, most_s)

    def expected(self, symbol: str, most_s: int | None) -> tuple[str, float | None]:
        age_s = self.now_s - self.fetched_s[symbol] if symbol in self.fetched_s else 10**9
        is_young = age_s <= (FALLBACK_S if most_s is None else min(most_s, FALLBACK_S))
        is_near = self.now_s - self.near_since_s.get(symbol, -(10**9)) < L1_S
        if is_near and is_young:
            return "l1", age_s
        if age_s <= FALLBACK_S:
            self.near_since_s[symbol] = self.now_s  # it comes near even for who wanted a younger one
            if is_young:
                return "fallback", age_s
        if not self.moved.failing:
            self.fetched_s[symbol] = self.near_since_s[symbol] = self.now_s
            return "none", 0.0
        return ("last", age_s) if age_s <= STALE_S and age_s < STALE_S else ("failed", None)


class TinyMachine(CacheMachine):
    """With room for one or two: never older than allowed, never more than fits."""

    sizes = ("cache.l1_size=1", "cache.fallback_size=2")

    @rule(symbol=st.sampled_from("ABCDE"), most_s=AGES)
    def question(self, symbol: str, most_s: int | None) -> None:
        layer, age_s = self.ask(symbol, most_s)
        if age_s is not None:
            assert age_s <= (STALE_S if layer == "last" else FALLBACK_S if most_s is None else min(most_s, FALLBACK_S))

    @precondition(lambda self: self.requests)
    @invariant()
    def it_fits(self) -> None:
        assert len(self.quotes._cache._l1) <= 1
        assert len(self.quotes._cache._fallback) <= 2


NaiveMachine.TestCase.settings = TinyMachine.TestCase.settings = settings(
    max_examples=examples(25), stateful_step_count=30
)
TestNaive = NaiveMachine.TestCase
TestTiny = TinyMachine.TestCase
