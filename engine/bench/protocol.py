"""What `bench --delivery` and its processes say to each other: one JSON object a line, over standard input and output."""

import os
import sys
from collections.abc import Iterator
from typing import Final

import msgspec
from msgspec import Struct

from engine.model.types import Delivery


class Begin(Struct, frozen=True, tag="begin"):
    """To the engine: a slice in this mode begins; answered with `Ended` when the mode is on."""

    delivery: Delivery


class Collect(Struct, frozen=True, tag="collect"):
    """To the engine or the bare loop: `count` packets were, or will be, sent; answered with `Slice` when they are worked."""

    count: int


Order = Begin | Collect


class Ready(Struct, frozen=True, tag="ready"):
    """The engine runs: its state directory, how often it polls, and what measuring one tick costs it (ns)."""

    folder: str
    poll_ms: int
    measuring_ns: int


class Ended(Struct, frozen=True, tag="ended"):
    """Done."""


class Slice(Struct, frozen=True, tag="slice"):
    """Wire → decision of each tick of a slice in its order (ns), ticks merged in the inbox and lost, CPU, memory.

    `wrong` says why the slice counts for nothing; empty when it does.
    """

    late_ns: list[int]
    merged: int = 0
    lost: int = 0
    cpu_share: float = 0.0
    rss_mb: float = 0.0
    wrong: str = ""


class Fail(Struct, frozen=True, tag="fail"):
    """It cannot go on, and why."""

    reason: str


ProcessAnswer = Ready | Ended | Slice | Fail

_CHUNK = 65_536
ENCODER: Final = msgspec.json.Encoder()


def orders() -> Iterator[Order]:
    """The orders that come on standard input, until it ends.

    Read without the interpreter's own buffers: their lock, held by a waiting thread, would be in the way of its end.
    """
    decoder = msgspec.json.Decoder[Order](Order)
    rest = b""
    while data := os.read(0, _CHUNK):
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            yield decoder.decode(line)


def answer(words: ProcessAnswer) -> None:
    """Say `words` on standard output."""
    sys.stdout.buffer.write(ENCODER.encode(words) + b"\n")
    sys.stdout.buffer.flush()
