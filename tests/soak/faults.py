"""`python -m tests.soak.faults`: each fault of the link once, with the times of a real run, and how long all of it took."""

import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from engine.stream.live_feed import Pace
from tests.support.venues.failing_links import LOST, REFUSED, exchange, holding, opened_positions
from tests.support.venues.live_harness import HOLDING, LiveHarness, assert_same, noon, quick_login

_FOUND_S, _UP_S = 8.6, 20.0  # the age of the data and one look; and an unlucky draw of the back-off
_KEYS = (*HOLDING, *noon(), "smartapi.sequence=rising")


class Trial(NamedTuple):
    """One fault: until it was found, until the link was up again, until every instrument had ticked on it (seconds)."""

    fault: str
    stale_s: float
    found_s: float
    up_s: float
    fresh_s: float
    attempts: int
    reason: str

    @property
    def well(self) -> bool:
        """Whether that is as it should be."""
        return self.found_s <= _FOUND_S and self.up_s <= _UP_S


def trial(folder: Path, faults: tuple[str, ...]) -> Trial:
    """Let `faults` happen to a run that holds something; raises AssertionError when state goes back or verify differs."""
    with exchange() as sim, LiveHarness(folder, sim, *_KEYS, supply=quick_login(Pace())) as live:
        held = opened_positions(live)
        at_ns = time.perf_counter_ns()
        for fault in faults:
            sim.fault(fault)
        stale_ns = 0
        while len(live.ups) < 2 or live.view.ticking < live.view.wanted:
            live.until(lambda: live.engine.snapshot.silent or len(live.ups) > 1, 90)
            if live.engine.snapshot.silent and not stale_ns:
                stale_ns = time.perf_counter_ns()
            live.until(lambda: len(live.ups) > 1 and live.view.ticking == live.view.wanted, 90)
        fresh_ns = time.perf_counter_ns()
        assert holding(live) == held
    assert_same(live.verified())
    found_ns, loss = live.losses[0]
    ups_ns = live.ups[1][0]

    def since(moment_ns: int) -> float:
        return (moment_ns - at_ns) / 1e9 if moment_ns else 0.0

    tries = len(live.link("CONNECTING")) - 1
    times = (since(stale_ns), since(found_ns), since(ups_ns), since(fresh_ns))
    return Trial(" + ".join(faults), *times, tries, loss.reason)


def main() -> int:
    """Print a line for each fault; 1 when one took longer than it may."""
    print(f"{'fault':<22}{'stale s':>8}{'found s':>9}{'up s':>8}{'fresh s':>9}{'tries':>7}  as told")
    wrong = 0
    cases = [(fault,) for fault in LOST] + [(fault, "reset") for fault in REFUSED]
    cases += [("401 1", "reset"), ("expire", "reset"), ("down 5", "reset")]
    for faults in cases:
        with tempfile.TemporaryDirectory(prefix="fault") as folder:
            found = trial(Path(folder), faults)
        wrong += not found.well
        stale = f"{found.stale_s:8.2f}" if found.stale_s else "       -"
        print(
            f"{found.fault:<22}{stale}{found.found_s:9.3f}{found.up_s:8.2f}{found.fresh_s:9.2f}{found.attempts:7}  "
            f"{found.reason}" + ("" if found.well else "   TOO LONG"),
            flush=True,
        )
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
