"""Any history at all: wishes, disks, answers, logins and clocks in any order break none of the promises of a lane."""

from collections import Counter
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.execution.order_dialect import NoAnswer, Reply
from engine.execution.write_lane import ENTRIES, EXITS, ROWS_MS, LaneRules
from engine.model.order_reports import Accepted, NotSent, Refused, Sent, SessionChanged, Unclear
from engine.model.order_requests import PlaceOrder, Purpose, WithdrawOrder, WriteRequest
from engine.text.sanitize import CleanText
from tests.support.broker_answers import answer, no, yes
from tests.support.lane_harness import LaneHarness, amend, cancel, place
from tests.support.thorough import examples

GOOD = yes({"orderid": "200910000000111", "uniqueorderid": "34reqfachdfih"})
REPLIES: tuple[Reply, ...] = (
    GOOD,
    yes(None),
    no("AB4006", "Invalid symboltoken"),
    no("AG8002", "Token Expired"),
    no("AB1010", "AMX Session Expired"),
    answer(b"Too Many Requests", 429),
    NoAnswer(CleanText("no connection"), sent=False),
    NoAnswer(CleanText("reset"), sent=True),
)


class LaneHistory:
    """What was wished, when, and with which rows, beside the lane itself; each method is something that may happen."""

    def __init__(self, rules: LaneRules) -> None:
        self.rules = rules
        self.bench = LaneHarness(rules)
        self.wished: list[tuple[WriteRequest, int, int]] = []  # the request, its row, and when
        self.withdrawn: set[int] = set()
        self.outcomes: Counter[tuple[int, str]] = Counter()
        self.gone: list[tuple[int, str]] = []
        self.passed_ms = 0
        self.durable = 0
        self.generation = 1

    def wish(self, make: Callable[[int, Purpose], WriteRequest]) -> None:
        purposes: tuple[Purpose, ...] = ("EXIT", "FLAT", "NET")
        order = len(self.wished) + 1
        request = make(order, purposes[order % 3] if self.rules.loud else "ENTRY")
        self.wished.append((request, self.bench.written + 1, self.passed_ms))
        self.bench.wish(request)

    def wish_again(self, back: int) -> None:
        """A new order once more, whatever has become of it."""
        if placed := [request for request, _, _ in self.wished if isinstance(request, PlaceOrder)]:
            self.bench.wish(placed[-min(back, len(placed))])

    def sync(self, rows: int) -> None:
        """The disk gets on by so many rows."""
        self.durable = min(self.bench.written, self.durable + rows)
        self.bench.sync(self.durable)

    def later(self, ms: int) -> None:
        self.passed_ms += max(0, ms)
        self.bench.later(ms)

    def reply(self, reply: Reply) -> None:
        if self.bench.sent:
            self.bench.answer(reply)

    def reply_late(self, back: int) -> None:
        """An answer to what was sent before the newest."""
        if len(self.bench.sent) > back:
            self.bench.answer(GOOD, self.bench.sent[-1 - back].number)

    def withdraw(self, back: int) -> None:
        if len(self.wished) >= back:
            order = self.wished[-back][0].order
            self.withdrawn.add(order)
            self.bench.wish(WithdrawOrder(order, "", "ENTRY"))

    def log_in(self, up: bool) -> None:
        self.generation += up
        self.bench.lane.session(self.generation, up=up)
        self.bench.step()

    def expect_nothing(self, _: int) -> None:
        """Until the time that was told, nothing comes about by itself."""
        wait_ms = self.bench.lane.wait_ms
        ms = 50_000 if wait_ms is None else max(0, wait_ms - 1)
        self.passed_ms += ms
        assert self.bench.later(ms) == []
        assert self.bench.news() == []

    # ── What is promised ────────────────────────────────────────────────────────────────────────────────────────

    def judge(self) -> None:
        """Each is sent once at most, in the order of the wishes, one at a time, and has one outcome at most."""
        for event in self.bench.news():
            if isinstance(event, Sent):
                self.judge_sent(event)
            elif isinstance(event, Accepted | Refused | NotSent | Unclear):
                self.outcomes[event.order, event.request] += 1
            else:
                assert isinstance(event, SessionChanged)
        assert len(self.gone) == len(self.bench.sent)
        assert len(set(self.gone)) == len(self.gone)
        assert self.gone == sorted(self.gone)
        assert sum(each not in self.outcomes for each in self.gone) <= 1
        assert max(self.outcomes.values(), default=0) <= 1

    def judge_sent(self, sent: Sent) -> None:
        """No byte before its rows, unless it is an exit that has waited for them; nothing that was withdrawn."""
        request, row, wished_ms = self.wished[sent.order - 1]
        assert sent.order not in self.withdrawn
        assert (sent.order, sent.request) not in self.outcomes
        dialect = self.bench.lane._dialect
        assert self.bench.sent[len(self.gone)].wire == dialect.write(request)
        self.gone.append((sent.order, sent.request))
        begun_row = self.bench.begun[sent.order] if isinstance(request, PlaceOrder) else row
        there = max(row, begun_row) <= self.durable
        assert sent.durable == there
        assert there or (self.rules.loud and self.passed_ms - wished_ms > ROWS_MS)
        assert self.passed_ms - wished_ms <= self.rules.begin_ms

    def end(self) -> None:
        """All time passes: each request has had its outcome."""
        for _ in range(len(self.wished) + 1):
            self.later(7_001)
            self.judge()
        assert self.outcomes == Counter({(request.order, request.request): 1 for request, _, _ in self.wished})


Step = tuple[Callable[[LaneHistory, object], None], object]
STEPS: list[Step] = [  # as often as they stand here
    *[(LaneHistory.wish, make) for make in (place, place, place, amend, cancel)],
    (LaneHistory.wish_again, 1),
    (LaneHistory.wish_again, 2),
    *[(LaneHistory.sync, rows) for rows in (1, 1, 2, 99, 99)],
    *[(LaneHistory.later, ms) for ms in (1, 5, 20, 100, 250, 499, 501, 1_001, 7_000, -5_000)],
    *[(LaneHistory.reply, reply) for reply in (GOOD, GOOD, GOOD, *REPLIES)],
    (LaneHistory.reply_late, 1),
    (LaneHistory.withdraw, 1),
    (LaneHistory.withdraw, 2),
    *[(LaneHistory.log_in, up) for up in (True, True, False)],
    *[(LaneHistory.expect_nothing, 0)] * 2,
]


@settings(max_examples=examples(900))
@given(st.booleans(), st.lists(st.sampled_from(STEPS), min_size=50, max_size=90))
def test_no_history_breaks_a_promise(loud: bool, steps: list[Step]) -> None:
    history = LaneHistory(EXITS if loud else ENTRIES)
    for happen, what in steps:
        happen(history, what)
        history.judge()
    history.end()
