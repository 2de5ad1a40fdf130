"""When the next connection is begun: at once behind one that was used, later and later behind failures, never a storm."""

from engine.execution.order_line import LineState, OrderLine
from engine.execution.spare_line import RENEW_S, SpareLine
from engine.stream.backoff import Backoff
from engine.text.sanitize import CleanText

S = 10**9


class HandLine:
    """A line whose state a test sets."""

    def __init__(self, now_ns: int, state: LineState) -> None:
        self.state: LineState = state
        self.ready_ns = now_ns
        self.due_ns = now_ns + 5 * S
        self.problem = CleanText("it broke")
        self.closed = False

    def advance(self, now_ns: int) -> None:
        """It is as it is."""

    def close(self) -> None:
        self.closed = True


class Bench:
    """A spare line by the clock of a test; the next lines come up in `state`."""

    def __init__(self) -> None:
        self.lines: list[HandLine] = []
        self.state: LineState = "ready"
        self.now_ns = 1_000 * S
        self.spare = SpareLine(self._begin, Backoff(lambda: 1.0))

    def _begin(self, now_ns: int) -> OrderLine:
        self.lines.append(HandLine(now_ns, self.state))
        return self.lines[-1]  # type: ignore[return-value]

    def after(self, seconds: float) -> int:
        """Let time pass in steps of a tenth of a second; how many lines there have been."""
        for _ in range(round(seconds * 10)):
            self.now_ns += S // 10
            self.spare.step(self.now_ns)
        return len(self.lines)


def test_one_is_open_beforehand_and_the_next_follows_one_that_was_used() -> None:
    bench = Bench()
    assert bench.after(10) == 1
    assert bench.spare.take(bench.now_ns) is bench.lines[0]  # type: ignore[comparison-overlap]
    assert bench.spare.take(bench.now_ns) is None
    assert bench.after(0.1) == 2


def test_one_that_has_grown_old_is_replaced_by_another_that_is_ready() -> None:
    bench = Bench()
    assert bench.after(RENEW_S - 1) == 1
    assert bench.spare.due_ns == bench.lines[0].ready_ns + round(RENEW_S * S)
    bench.state = "connecting"
    assert bench.after(2) == 2
    assert not bench.lines[0].closed
    bench.lines[1].state = "ready"
    bench.after(0.1)
    assert bench.lines[0].closed
    assert bench.spare.take(bench.now_ns) is bench.lines[1]  # type: ignore[comparison-overlap]


def test_failures_are_further_and_further_apart_unless_somebody_waits() -> None:
    bench = Bench()
    bench.state = "over"
    assert [bench.after(0.1), bench.after(0.5), bench.after(1.0), bench.after(2.0)] == [1, 2, 3, 4]
    assert bench.after(60) <= 8
    assert bench.spare.problem == "it broke"
    failures = bench.spare.failures
    bench.spare.hurry()
    bench.after(0.1)
    assert bench.spare.failures == failures + 1


def test_a_server_that_ends_every_connection_at_once_is_not_stormed() -> None:
    bench = Bench()
    bench.after(0.1)
    for _ in range(600):
        bench.lines[-1].state = "over"
        bench.after(0.1)
    assert len(bench.lines) < 10


def test_one_that_stood_for_long_is_replaced_at_once_when_it_ends() -> None:
    bench = Bench()
    bench.after(20)
    bench.lines[-1].state = "over"
    assert bench.after(0.1) == 2
