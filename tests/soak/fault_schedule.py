"""What goes wrong during a soak, and when: drawn from a seed, with pauses in which all is well. Does nothing itself."""

from collections.abc import Iterator
from random import Random

# A fault of the link costs a connection, of which six a minute are allowed; packets may be bad more often. No link that
# went silent is ever healed: what was kept from it would look like packets lost on a sound one.
LINK = (
    "reset",
    "close 1001",
    "close 1011",
    "disconnect 1006",
    "silence",
    "half_open",
    "half",
    "claim",
    "huge",
    "endless",
    "down 2",
    "429 1",
    "throttle 1",
    "refuse 1",
    "mute_pong 5",
    "delay 300",
    "delay 0",
)
PACKET = (
    "duplicate",
    "older",
    "price zero",
    "price negative",
    "time 1970",
    "time seconds",
    "unknown_token",
    "nan",
    "ohlc_zero",
    "fragmented",
    "length 122",
    "mode 255",
    "text",
    "nul",
    "bad_utf8",
)


def fault_schedule(seed: int, link_every_s: float, packet_every_s: float) -> Iterator[tuple[float, str]]:
    """(Seconds since the start, fault) without end, in the order of time; about one of each sort in its interval."""
    random = Random(seed)
    link_s, packet_s = random.expovariate(1 / link_every_s), random.expovariate(1 / packet_every_s)
    while True:
        if link_s <= packet_s:
            yield link_s, random.choice(LINK)
            link_s += random.uniform(0.5, 1.5) * link_every_s
        else:
            yield packet_s, random.choice(PACKET)
            packet_s += random.uniform(0.5, 1.5) * packet_every_s
