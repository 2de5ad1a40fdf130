"""Spoils valid bytes and feeds them to every decoder of the wire: `python -m tests.fuzz.wire 10000000 [--seed N]`.

The same seed gives the same bytes. Anything but a WireError with a known reason, or a result that breaks what its
decoder promises, ends the run with the bytes in hexadecimal and status 1; so does memory that grows.
"""

import argparse
import os
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from msgspec import Struct

from engine.model.errors import WireError
from engine.model.types import MAX_PRICE, MAX_QUANTITY
from engine.stream import frames
from engine.venues.angelone import wire as smartapi
from engine.venues.binance import wire as binance
from engine.venues.binance.decimals import to_price, to_quantity
from tests.fuzz import samples

ACCEPTED = "accepted"
_MAX_GROWTH_MB = 4.0
_MARKS = (0.1, 0.5, 1.0)
_I64 = 1 << 63

Run = Callable[[bytes, Random], None]


class Target(Struct, frozen=True):
    """A decoder, valid bytes for it, and the words by which it may refuse."""

    name: str
    run: Run
    samples: Sequence[bytes]
    reasons: frozenset[str]


class Report(Struct):
    """What a run found: results per decoder, memory at each mark, the first bytes that broke something and how."""

    counts: dict[str, Counter[str]]
    rss_mb: list[float]
    rate: float = 0.0
    broken_by: bytes | None = None
    where: str = ""
    error: str = ""


# ── The decoders, each held to what it promises. ────────────────────────────────────────────────────────────────────


def _packet(data: bytes, _: Random) -> None:
    found = smartapi.decode(data)
    assert found.token.isdigit()
    assert 0 <= found.exch_ms < 1 << 43
    assert -_I64 <= found.price < _I64
    assert 0 <= found.sequence < _I64
    assert all(0 <= value <= MAX_QUANTITY for value in (found.quantity, found.day_volume))
    assert all(0 <= value <= MAX_PRICE for value in (found.bid, found.ask))


def _text(data: bytes, _: Random) -> None:
    found = smartapi.decode_text(data)
    if isinstance(found, smartapi.Refusal):
        _clean(found.correlation + found.code + found.message, 260)


def _message(data: bytes, _: Random) -> None:
    found = binance.decode(data)
    if isinstance(found, binance.TradeMessage):
        assert all(0 <= value < _I64 for value in (found.id, found.quantity, found.exch_ms))
        assert -_I64 <= found.price < _I64
        _clean(found.symbol, 40)
    elif isinstance(found, binance.BookMessage):
        assert all(0 <= value < _I64 for value in (found.bid, found.ask))
    elif isinstance(found, binance.Ignored):
        assert found.kind
        _clean(found.kind, 40)
    elif isinstance(found, binance.RequestError):
        _clean(found.message, 200)


def _number(data: bytes, _: Random) -> None:
    text = data.decode("latin-1")
    assert abs(to_price(text)) <= 10**18
    if not text.startswith("-"):
        assert 0 <= to_quantity(text) <= 10**18


def _close(data: bytes, _: Random) -> None:
    code, text = frames.close_code(data)
    assert 1000 <= code < 5000
    _clean(text, 500)


def _stream(data: bytes, random: Random) -> None:
    """The same messages and the same end, whether the bytes come whole or in pieces."""
    whole, end = _read([data])
    cuts = sorted(int(random.random() * (len(data) + 1)) for _ in range(1 + int(random.random() * 6)))
    pieces = [data[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    assert _read(pieces) == (whole, end)
    if end:
        raise WireError(end)


def _read(pieces: Sequence[bytes]) -> tuple[list[frames.Message], str]:
    reader = frames.FrameReader(max_frame=4096, max_message=8192)
    messages = []
    try:
        for piece in pieces:
            reader.feed(piece)
            while (message := reader.take()) is not None:
                messages.append(message)
    except WireError as error:
        return messages, error.reason
    return messages, ""


def _clean(text: str, limit: int) -> None:
    assert len(text) <= limit
    assert not any(character < " " or "\x7f" <= character < "\xa0" or character == "\u202e" for character in text)


TARGETS: Sequence[Target] = (
    Target("packets", _packet, samples.PACKETS, smartapi.REASONS - {"text"}),
    Target("texts", _text, samples.TEXTS, frozenset({"text"})),
    Target("messages", _message, samples.MESSAGES, binance.REASONS),
    Target("numbers", _number, samples.NUMBERS, frozenset({"number"})),
    Target("frames", _stream, samples.FRAMES, frames.REASONS - {"close"}),
    Target("closes", _close, samples.CLOSES, frozenset({"close"})),
)


# ── Spoiling. ───────────────────────────────────────────────────────────────────────────────────────────────────────


def spoiled(random: Random, found: Sequence[bytes]) -> bytes:
    """One or several of the samples, as they are or with up to four places spoiled; or nothing but noise."""
    draw = random.random
    kind = draw()
    if kind < 0.03:
        return random.randbytes(int(draw() * 500))
    data = bytearray(found[int(draw() * len(found))])
    if kind < 0.2:
        data += found[int(draw() * len(found))]
    for _ in range(int(draw() * 5)):
        _spoil(random, data, found)
    return bytes(data)


def _spoil(random: Random, data: bytearray, found: Sequence[bytes]) -> None:
    draw = random.random
    at = int(draw() * (len(data) + 1))
    way = int(draw() * 10)
    if way < 3 and at < len(data):
        # A digit stays one: otherwise hardly a text would get past its grammar.
        data[at] = 48 + int(draw() * 10) if 48 <= data[at] < 58 else data[at] ^ 1 << int(draw() * 8)
    elif way < 4 and at < len(data):
        data[at] = int(draw() * 256)
    elif way < 6:
        piece = samples.PIECES[int(draw() * len(samples.PIECES))]
        data[at : at + len(piece)] = piece
    elif way == 6:
        data[at:at] = samples.PIECES[int(draw() * len(samples.PIECES))]
    elif way == 7:
        del data[at : at + 1 + int(draw() * 8)]
    elif way == 8:
        other = found[int(draw() * len(found))]
        data[at:] = other[int(draw() * len(other)) :]
    elif draw() < 0.3:
        del data[at:]


# ── The run. ────────────────────────────────────────────────────────────────────────────────────────────────────────


def fuzz(runs: int, seed: int, targets: Sequence[Target] | None = None) -> Report:
    """Feeds `runs` spoiled samples, to each decoder in turn; stops at the first that breaks something."""
    targets = TARGETS if targets is None else targets
    random = Random(seed)
    report = Report({target.name: Counter() for target in targets}, [])
    marks = [round(runs * mark) for mark in _MARKS]
    start_ns = time.perf_counter_ns()
    for number in range(1, runs + 1):
        target = targets[number % len(targets)]
        data = spoiled(random, target.samples)
        try:
            target.run(data, random)
            result = ACCEPTED
        except WireError as error:
            result = error.reason
        except Exception:  # noqa: BLE001 - whatever it is, it is what this program looks for
            report.error = traceback.format_exc()
        if report.error or (result != ACCEPTED and result not in target.reasons):
            report.error = report.error or f"an unknown reason: {result}"
            report.broken_by, report.where = data, target.name
            break
        report.counts[target.name][result] += 1
        if number in marks:
            report.rss_mb.append(_rss_mb())
    report.rate = runs * 1e9 / max(time.perf_counter_ns() - start_ns, 1)
    return report


def _rss_mb() -> float:
    """Resident memory of this process in MB; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


def main(arguments: Sequence[str]) -> int:
    """The command; 0 when nothing broke and memory stood still."""
    parser = argparse.ArgumentParser(prog="tests.fuzz.wire", description=__doc__)
    parser.add_argument("runs", type=int)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args(arguments)
    report = fuzz(chosen.runs, chosen.seed)
    for name, counts in report.counts.items():
        print(f"{name:9} " + "  ".join(f"{reason} {count:,}" for reason, count in counts.most_common()))
    if report.broken_by is not None:
        print(f"BROKEN: {report.where} by {report.broken_by.hex()}\n{report.error}")
        return 1
    memory = ", ".join(f"{rss:.1f} MB at {mark:.0%}" for mark, rss in zip(_MARKS, report.rss_mb, strict=True))
    print(f"{chosen.runs:,} runs of seed {chosen.seed}, {report.rate:,.0f}/s; memory {memory}")
    return 1 if report.rss_mb[-1] - report.rss_mb[0] > _MAX_GROWTH_MB else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
