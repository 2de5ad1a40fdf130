"""What is inside a file of ticks: span, rates, gaps, bursts, duplicates, what will be refused, damage, fingerprint."""

from msgspec import Struct

from engine.model.marks import DeskMark, EventMark, InputMark, Mark, StateMark
from engine.model.sources import FileSource, Selective, of_candles
from engine.model.types import Instrument
from engine.recording.progress import Progress, followed
from engine.recording.session_tally import SessionTally
from engine.recording.stamps import StampWriter
from engine.recording.tally import BURST_MS, BURST_TICKS, GAP_MS, Duplicates, Fingerprint, Prices, Refusals, Times

_MAX_MARK_KINDS = 100


class Info(Struct, frozen=True, kw_only=True):
    """What a file holds; times are UTC, rates count ticks that an engine accepts, `refused` the others by reason."""

    name: str
    zone: str
    instruments: tuple[Instrument, ...]
    ticks: int
    first_ms: int
    last_ms: int
    days: int
    mean_per_s: float  # over the time between ticks of the same day
    worst_second: int
    worst_second_ms: int
    worst_100_ms: int
    bursts: int
    gaps: int
    longest_gap_ms: int
    longest_gap_at_ms: int
    duplicates: int
    refused: dict[str, int]
    first_refused: dict[str, str]
    prices: tuple[tuple[int, int], ...]  # lowest and highest of each instrument, in minor units; 0, 0 without any
    marks: dict[str, int]
    losses: tuple[str, ...]
    fingerprint: str
    left_out: tuple[str, ...] = ()  # a line for each further reason why ticks will not be decided by
    candles: bool = False  # whether its ticks were made of candles, four of each
    understood: str = ""  # how the rows of a foreign file are written
    notes: tuple[str, ...] = ()  # how the file is read where that is not as it stands
    undecided: str = ""  # why there will be no entry, and what to change


def inspect_file(
    source: FileSource,
    progress: Progress | None = None,
    *,
    max_backwards_ms: int = 1000,
    session: SessionTally | None = None,
) -> Info:
    """Read all of `source`, in memory that does not grow with it; raises InputError."""
    refusals = Refusals(source.instruments, max_backwards_ms)
    times, duplicates = Times(source.zone), Duplicates(len(source.instruments))
    prices, fingerprint = Prices(len(source.instruments)), Fingerprint()
    ticks = 0
    for tick in followed(source, progress):
        ticks = tick.seq
        fingerprint.add(tick)
        duplicates.add(tick)
        refused = refusals.judge(tick)
        if session is not None:
            session.add(tick, refused)
        if not refused:
            times.add(tick.exch_ms)
            prices.add(tick)
    return Info(
        name=source.name,
        zone=source.zone,
        instruments=source.instruments,
        ticks=ticks,
        first_ms=times.first_ms,
        last_ms=times.last_ms,
        days=times.days,
        mean_per_s=times.mean_per_s(),
        worst_second=times.second.worst,
        worst_second_ms=times.second.worst_ms,
        worst_100_ms=times.burst.worst,
        bursts=times.bursts,
        gaps=times.gaps,
        longest_gap_ms=times.longest_gap_ms,
        longest_gap_at_ms=times.longest_gap_at_ms,
        duplicates=duplicates.count,
        refused=refusals.counts,
        first_refused={reason: source.row_of(number) for reason, number in refusals.first.items()},
        prices=tuple(zip(prices.lowest, prices.highest, strict=True)),
        marks=_marks(source),
        losses=source.losses(),
        fingerprint=fingerprint.text(),
        left_out=tuple(session.lines(source.row_of)) if session else (),
        candles=of_candles(source),
        understood=source.understood() if isinstance(source, Selective) else "",
        notes=source.notes() if isinstance(source, Selective) else (),
        undecided=session.why_undecided() if session else "",
    )


def info_lines(info: Info) -> list[str]:
    """The same for a person, one fact a line."""
    stamps = StampWriter(info.zone)

    def at(ms: int) -> str:
        try:
            return stamps.write(ms * 1_000_000).replace("T", " ")
        except ValueError:
            return f"{ms} ms"

    told = [
        ("file", info.name),
        *((("rows", info.understood),) if info.understood else ()),
        *(("read", note) for note in info.notes),
    ]
    if info.candles:
        told.append(("made of", "candles: four ticks each, in an order that was guessed from their colour"))
    for instrument, (low, high) in zip(info.instruments, info.prices, strict=True):
        lot = instrument.lot_size / instrument.quantity_scale
        size = f"lot {lot:g}, tick {instrument.price_text(instrument.tick_size)}"
        span = f"{instrument.price_text(low)} to {instrument.price_text(high)}"
        taken_off = ", taken off the list before" if instrument.removed else ""
        told.append(("instrument", f"{instrument.symbol} ({size}), price {span}{taken_off}"))
    if info.days:
        told.append(
            ("span", f"{at(info.first_ms)} to {at(info.last_ms)}, {info.days:,} day{'s' if info.days > 1 else ''}")
        )
    told.append(("ticks", f"{info.ticks:,}, {info.mean_per_s:.2f} a second on average"))
    if info.worst_second:
        told.append(("worst second", f"{info.worst_second:,} ticks at {at(info.worst_second_ms)}"))
        told.append(
            ("bursts", f"{info.bursts:,} of {BURST_TICKS} or more ticks in {BURST_MS} ms, worst {info.worst_100_ms:,}")
        )
    gaps = f"{info.gaps:,} longer than {GAP_MS // 1000} s within a day"
    if info.gaps:
        gaps += f", longest {info.longest_gap_ms / 1000:.1f} s until {at(info.longest_gap_at_ms)}"
    told.append(("gaps", gaps))
    share = 100 * info.duplicates / info.ticks if info.ticks else 0
    told.append(("duplicates", f"{info.duplicates:,} ({share:.1f} %) with the time, price and quantity of one before"))
    for reason, count in info.refused.items():
        told.append(("refused", f"{count:,} {reason}, first {info.first_refused[reason]}"))
    told += [("left out", line) for line in info.left_out]
    if info.undecided:
        told.append(("no entry", info.undecided))
    if info.marks:
        told.append(("marks", ", ".join(f"{kind} {count:,}" for kind, count in info.marks.items())))
    told += [("damage", line) for line in info.losses] or [("damage", "none")]
    told.append(("fingerprint", info.fingerprint))
    return [f"{name:<13} {text}" for name, text in told]


def _marks(source: FileSource) -> dict[str, int]:
    counts: dict[str, int] = {}
    for mark in source.marks():
        kind = _kind(mark)
        if kind not in counts and len(counts) >= _MAX_MARK_KINDS:
            kind = "other"
        counts[kind] = counts.get(kind, 0) + 1
    return counts


def _kind(mark: Mark) -> str:
    match mark:
        case EventMark():
            return mark.kind
        case StateMark():
            return "state"
        case InputMark():
            return "answer" if mark.answer is not None else "beat" if mark.command is None else "command"
        case DeskMark():
            return "orders"
        case _:
            return "start"
