"""What the watchdog looks at: when each thread last went on, by its own word. Judges nothing, holds nobody up."""

import time
from collections.abc import Callable, Mapping

from engine.assembly import Run
from engine.link import LinkServer
from engine.model.ports import FeedView

_S = 1_000_000_000
# What a live feed may take without a sign of life, beyond which its own time limits have failed as well.
_FEED_LIMIT_NS: Mapping[str, int] = {"UP": 30 * _S, "WAITING": 10 * _S, "CONNECTING": 20 * _S, "LOGIN": 60 * _S}

now_ns = time.perf_counter_ns


class ThreadProgress:
    """A writer that has work: `stamp` is the moment (monotonic ns) it last got on with it; 0 = nothing waits.

    `waiting` tells how much waits; less of it than before, or more `done`, is progress. `patience_ns` is what the
    writer takes its time for on purpose.
    """

    def __init__(self, waiting: Callable[[], int], done: Callable[[], int], patience_ns: int = 0) -> None:
        self._waiting = waiting
        self._done = done
        self._patience_ns = patience_ns
        self._before = (0, 0)
        self._moved_ns = 0

    def stamp(self, at_ns: int) -> int:
        """Look at `at_ns`."""
        waits, done = self._waiting(), self._done()
        waited, had_done = self._before
        if not waited or waits < waited or done > had_done:
            self._moved_ns = at_ns
        self._before = (waits, done)
        return self._moved_ns + self._patience_ns if waits else 0


class Liveness:
    """The stamps of a served run by the thread's name (monotonic ns, 0 = it has nothing to do); called by one thread."""

    def __init__(self, run: Run, server: LinkServer) -> None:
        self._engine = run.engine
        self._server = server
        self._watch = run.watch
        self._begun_ns = now_ns()
        self._writers: dict[str, ThreadProgress] = {}
        journal, recorder = run.journal, run.recorder
        if journal is not None:
            self._writers["journal"] = ThreadProgress(lambda: journal.waiting, lambda: journal.durable)
        if recorder is not None:
            flush_ns = run.config.recording.flush_ms * 1_000_000
            self._writers["recorder"] = ThreadProgress(
                lambda: 0 if recorder.problem else recorder.waiting, lambda: 0, patience_ns=flush_ns
            )

    def __call__(self) -> dict[str, int]:
        """Read them all."""
        at_ns = now_ns()
        loop_ns = max(self._engine.stats.beat_ns, self._begun_ns)
        return {
            "engine loop": loop_ns,
            # A tick that was taken and is not decided, while the loop waits for its turn or is that turn itself.
            "strategy": loop_ns if self._engine.cursor.deciding else 0,
            "feed": feed_stamp(self._engine.feed_view()),
            "link": self._server.beat_ns,
            "edges": self._watch.beat_ns,
            **{name: writer.stamp(at_ns) for name, writer in self._writers.items()},
        }


def feed_stamp(view: FeedView | None) -> int:
    """When a live feed last did what its state asks of it, with the time it may take over it; 0 = nothing is asked."""
    if view is None or view.state not in _FEED_LIMIT_NS:
        return 0
    last_ns = {"UP": max(view.frame_ns, view.up_ns), "WAITING": max(view.retry_ns, view.since_ns)}
    return last_ns.get(view.state, view.since_ns) + _FEED_LIMIT_NS[view.state]
