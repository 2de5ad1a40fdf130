"""Says where every packet went: worked, merged, refused by reason, or lost with a link. Reads a recording and the exchange's counters."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from engine.model.types import FLAG_NEW_LINK
from engine.recording import MqrSource
from tests.simulator import Counters

# Faults that are packets with a tick in them; every other packet of a fault is bad as such.
TICKS = ("duplicate", "older", "price", "time", "nan", "book", "ohlc_zero", "close_zero")
BAD = ("length", "mode", "text", "nul", "bad_utf8", "unknown_token")


class PacketLedger(NamedTuple):
    """`sent` ticks came to `worked`, `merged` and `lost`; `holes` are numbers missing within a link, which no cut explains."""

    sent: int
    worked: int
    merged: int
    lost: int
    holes: int
    backwards: int
    missed_while_down: int
    bad_sent: int
    bad_counted: int
    links: int

    def problems(self) -> list[str]:
        """One line for each thing that cannot be explained."""
        found = []
        if self.lost < 0:
            found.append(f"{-self.lost} ticks more than were sent")
        if self.lost > 0 and self.links < 2:
            found.append(f"{self.lost} ticks lost on a link that was never cut")
        if self.holes > self.merged:
            found.append(f"{self.holes} numbers missing within links, and only {self.merged} ticks merged")
        if self.backwards:
            found.append(f"{self.backwards} recorded ticks whose place in the recording is wrong")
        if self.bad_counted > self.bad_sent or (self.bad_counted < self.bad_sent and self.links < 2):
            found.append(f"{self.bad_sent} bad packets sent, {self.bad_counted} counted")
        return found


def of_kind(counters: Counters, kinds: Iterable[str]) -> int:
    """How many packets of these kinds of fault were sent."""
    return sum(count for name, count in counters.faults.items() if name.split()[0] in tuple(kinds))


def packet_ledger(recording: Path, counters: Counters, merged: int, bad: dict[str, int], links: int) -> PacketLedger:
    """Go through the recording, number by number."""
    last: dict[int, int] = {}
    worked = holes = missed = backwards = 0
    for tick in MqrSource(recording).ticks():
        worked += 1
        backwards += tick.seq != worked
        before = last.get(tick.instrument, 0)
        if tick.exch_seq > before + 1 and before:
            if tick.flags & FLAG_NEW_LINK:
                missed += tick.exch_seq - before - 1
            else:
                holes += tick.exch_seq - before - 1
        last[tick.instrument] = tick.exch_seq if tick.flags & FLAG_NEW_LINK else max(before, tick.exch_seq)
    sent = counters.all_sent + of_kind(counters, TICKS)
    return PacketLedger(
        sent=sent,
        worked=worked,
        merged=merged,
        lost=sent - worked - merged,
        holes=holes,
        backwards=backwards,
        missed_while_down=missed,
        bad_sent=of_kind(counters, BAD),
        bad_counted=sum(bad.values()),
        links=links,
    )
