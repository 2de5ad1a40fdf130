"""What may go wrong with a flat at a real broker, case by case: what is shown meanwhile, and how it ends."""

import time
from collections.abc import Sequence
from itertools import pairwise

import pytest

from engine.model.commands import Flat
from engine.model.events import AnyEvent, EntriesChanged, FlatChanged, Submit
from engine.runtime.receipt import Receipt
from engine.text.sanitize import CleanText
from tests.simulation.stage import BANKNIFTY, DEEP, LOT, NIFTY, Stage
from tests.simulation.world import SECURITIES
from tests.simulator.exchange.refusals import FAMILIES


class Watched(Stage):
    """A stage with a receipt; `words` are those of the first leg, each once, in the order in which they came."""

    def __init__(self, script: str = "", *, amends: bool = True) -> None:
        self.words: list[str] = []
        self.receipt: Receipt | None = None
        super().__init__(script, amends=amends)
        self.receipt = Receipt(self.trader.state, live=False)

    def carry_out(self, effects: Sequence[AnyEvent]) -> None:
        super().carry_out(effects)
        if self.receipt is not None:
            for event in effects:
                self.receipt.note(event, time.perf_counter_ns())

    def judge(self) -> None:
        super().judge()
        if self.receipt is None:
            return
        for leg in self.receipt.view(self.now_ms).legs[:1]:
            word = leg.word.partition(" wait")[0]
            if word not in self.words:
                self.words.append(word)

    def flee(self, ms: int) -> "Watched":
        """Want out of everything, and let so much time pass."""
        self.begin_flat("key")
        self.go(ms)
        return self

    @property
    def is_out(self) -> bool:
        """Whether it says that it is FLAT, and is."""
        return self.flat == "FLAT" and not any(self.exchange.net.values()) and not self.exchange.working


def test_a_flat_without_faults_is_proven_in_seconds() -> None:
    stage = Watched().buy(2)
    stage.flee(5_000)
    assert stage.is_out
    assert stage.words == ["WAIT", "SENT", "FILLED", "DONE"]
    states = [event.state for event in stage.told if isinstance(event, FlatChanged)]
    assert states == ["LOCKED", "CLOSING", "VERIFYING", "FLAT"]


@pytest.mark.parametrize("fault", ["after", "reset taken", "5xx taken", "empty taken", "html taken", "null taken"])
def test_an_answer_that_says_nothing_is_unknown_and_nothing_is_sent_again(fault: str) -> None:
    stage = Watched(f"at place 2: place {fault}").buy(2)
    stage.flee(20_000)
    assert stage.is_out
    assert stage.sent == 2


@pytest.mark.parametrize("fault", ["lost", "reset", "5xx"])
def test_what_never_arrived_is_sent_anew_after_three_rounds_without_it(fault: str) -> None:
    stage = Watched(f"at place 2: place {fault}").buy(2)
    stage.flee(35_000)
    assert stage.is_out
    assert stage.sent == 3
    assert {"UNKNOWN 1/3", "UNKNOWN 2/3"} <= set(stage.words)


def test_a_price_band_is_met_by_a_price_within_it() -> None:
    stage = Watched("at place 2: place reject price").buy(2)
    stage.flee(15_000)
    assert stage.is_out
    assert any(word.startswith("REJ LPP → ") for word in stage.words)


def test_a_freeze_quantity_is_met_by_smaller_orders() -> None:
    stage = Watched("at place 2: place reject freeze").buy(8)
    stage.flee(15_000)
    assert stage.is_out
    assert any(word.startswith("REJ FREEZE → ") for word in stage.words)
    assert stage.sent >= 4


def test_a_session_that_has_expired_is_logged_in_anew_once() -> None:
    stage = Watched().buy(2)
    stage.exchange.fault(stage.now_ms, "session")
    stage.flee(25_000)
    assert stage.is_out
    assert "LOGIN" in stage.words
    assert stage.wire.generation == 2


# family: the word of the leg, what a person is told to do about it ("": nothing), how the broker says it
REFUSED = {
    "price": ("REJ LPP", "", ""),
    "circuit": ("REJ LPP", "", ""),
    "freeze": ("REJ FREEZE", "", ""),
    "lot": ("REJ LOT", "the list of instruments is wrong", ""),
    "funds": ("REJ MARGIN", "take back what works beside it", ""),
    "product": ("REJ PRODUCT", "under the product that it has", ""),
    "self_trade": ("REJ SELF TRADE", "", ""),
    "closed": ("REJ CLOSED", "", ""),
    "ip": ("REJ IP", "register this machine's address at the broker", "at_once"),
    "session": ("REJ SESSION", "nobody else logs in with this client code", "at_once"),
    "blocked": ("REJ BLOCKED", "have the broker lift the block", "at_once"),
    "other": ("REJ ORDER", "", ""),
}


def test_every_family_of_refusals_is_in_the_table() -> None:
    assert tuple(REFUSED) == FAMILIES


@pytest.mark.parametrize("family", FAMILIES)
def test_a_refusal_that_goes_on_is_tried_on_at_a_pace_told_with_its_remedy_and_ends_with_its_cause(family: str) -> None:
    word, remedy, how = REFUSED[family]
    stage = Watched().buy(2)
    stage.exchange.fault(stage.now_ms, f"place reject {family} {how} x1000")
    before = len(stage.exchange.counters.writes)
    stage.flee(45_000)
    placed_ms = [at_ms for at_ms, call, _ in stage.exchange.counters.writes[before:] if call == "place"]
    # slices of one try go out together
    tried_ms = [at_ms for earlier_ms, at_ms in pairwise((0, *placed_ms)) if at_ms - earlier_ms > 200]
    waited_ms = [after_ms - before_ms for before_ms, after_ms in pairwise(tried_ms)]
    assert 2 <= len(tried_ms) <= 12
    assert all(each >= 5_000 for each in waited_ms[2:])
    assert all(each <= 31_000 for each in waited_ms)
    assert any(each.startswith(word) for each in stage.words), stage.words
    assert remedy in " ".join(stage.warned)
    assert stage.trader.state.flat.shown in {"ESCALATED", "UNRESOLVED"}
    stage.exchange.end_faults(stage.now_ms)
    stage.go(36_000)
    assert stage.is_out


@pytest.mark.parametrize("family", ["ip", "blocked"])
def test_who_asks_again_once_a_person_has_acted_waits_for_nothing(family: str) -> None:
    stage = Watched().buy(2)
    stage.exchange.fault(stage.now_ms, f"place reject {family} at_once x1000")
    stage.flee(90_000)
    [wait] = stage.trader.orders.view(stage.clock_ms)[1].waits
    assert REFUSED[family][1] in wait.why
    assert stage.words[-1] == REFUSED[family][0]
    stage.exchange.end_faults(stage.now_ms)
    stage.command(Flat(CleanText("again")))
    stage.go(4_000)
    assert stage.is_out


def test_a_stop_that_is_refused_for_the_address_goes_through_once_that_is_registered() -> None:
    stage = Stage().buy(2)
    stage.exchange.fault(stage.now_ms, "place reject ip at_once x1000")
    stage.sell(2).go(20_000)
    assert stage.held == (2, 2)
    stage.exchange.end_faults(stage.now_ms)
    assert stage.go(8_000).held == (0, 0)


def test_a_broker_that_wants_to_be_left_alone_is() -> None:
    stage = Watched("at place 2: place rate\nat place 3: place rate").buy(2)
    stage.flee(40_000)
    assert stage.is_out
    assert "RATE" in stage.words


def test_a_broker_that_is_down_is_said_to_be_and_the_deadline_is_told() -> None:
    stage = Watched().buy(2)
    for call in ("place", "book", "trade_book", "positions", "details"):
        stage.exchange.fault(stage.now_ms, f"{call} 5xx x1000")
    stage.flee(30_000)
    assert any(word.startswith(("BROKER DOWN", "UNKNOWN")) for word in stage.words)
    assert stage.trader.state.flat.shown in {"ESCALATED", "UNRESOLVED"}
    stage.exchange.end_faults(stage.now_ms)
    stage.go(30_000)
    assert stage.is_out


def test_what_was_sold_by_two_hands_is_bought_back() -> None:
    stage = Watched().buy(2)
    stage.exchange.fault(stage.now_ms, f"external {-3 * LOT} {NIFTY}")
    stage.flee(25_000)
    assert stage.is_out
    assert "CORRECTING" in stage.words


def test_a_fill_while_the_entry_is_taken_back_is_closed_as_well() -> None:
    stage = Watched("at cancel 1: cancel fill 100")
    stage.exchange.set_book(stage.now_ms, NIFTY, [(10_000, DEEP)], [], 10_000)
    stage.signal(0, 2 * LOT, 10_000)
    stage.go(500)
    stage.flee(15_000)
    assert stage.is_out
    assert [order.purpose for order in stage.blotter.orders.values()] == ["ENTRY", "FLAT"]


@pytest.mark.parametrize("after_ms", [10, 30, 100, 600, 1_500, 2_500])
def test_a_program_that_dies_in_the_middle_goes_on(after_ms: int) -> None:
    stage = Watched().buy(2)
    stage.flee(after_ms)
    stage.crash(2_000)
    stage.go(40_000)
    assert stage.is_out
    assert stage.trader.state.gate.locked.startswith("flat: key")


def test_one_leg_of_two_is_refused_and_the_other_is_closed_all_the_same() -> None:
    stage = Watched("at place 3: place reject blocked at_once").buy(2)
    stage.signal(1, SECURITIES[1].lot, 20_000)
    stage.go(4_000)
    stage.flee(4_000)
    assert sorted(stage.exchange.net.values()) != [0, 0]
    assert 0 in stage.exchange.net.values()
    assert stage.flat != "FLAT"
    stage.go(10_000)
    assert stage.is_out


@pytest.mark.parametrize("fault", ["", "place late 4", "place after", "place lost", "place rate", "place partial 50"])
@pytest.mark.parametrize("after_ms", [0, 30, 700, 8_000])
def test_the_lock_comes_with_the_key_whatever_is_under_way(fault: str, after_ms: int) -> None:
    stage = Watched(f"at place 1: {fault}" if fault else "")
    stage.signal(0, 2 * LOT, 10_000)
    stage.go(after_ms)
    at_ms, rows = stage.now_ms, len(stage.told)
    stage.command(Flat(CleanText("key")))
    assert stage.now_ms == at_ms  # no time has passed, and nothing was waited for
    told = [event for event in stage.told[rows:] if isinstance(event, EntriesChanged | FlatChanged | Submit)]
    assert [(type(each), getattr(each, "state", "")) for each in told[:2]] == [
        (FlatChanged, "LOCKED"),
        (EntriesChanged, "locked"),
    ]
    assert stage.trader.state.gate.locked.startswith("flat")


def test_two_requests_are_one_flat() -> None:
    stage = Watched().buy(2)
    for _ in range(5):
        stage.command(Flat(CleanText("key")))
        stage.go(20)
    stage.go(8_000)
    assert stage.is_out
    assert stage.sent == 2


def test_shorts_of_others_are_bought_back_first() -> None:
    stage = Watched().buy(2)
    stage.exchange.fault(stage.now_ms, f"external {-30} {BANKNIFTY}")
    stage.go(6_000)
    stage.flee(8_000)
    assert stage.is_out
    flats = [order.side for order in stage.blotter.orders.values() if order.purpose == "FLAT"]
    assert flats == ["BUY", "SELL"]
