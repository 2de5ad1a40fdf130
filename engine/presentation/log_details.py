"""What each component of the log has to say in detail, once a second: how one snapshot differs from the one before. Pure.

A bounded number of lines, none where nothing moved. Orders, fills and refusals have lines of their own besides.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from engine.model.log_counts import LogComponent
from engine.model.run_views import EdgeView
from engine.model.snapshot import Snapshot
from engine.model.trading_views import OpenPosition, Quote
from engine.presentation import format as text

Details = Callable[[Snapshot, Snapshot], Iterator[str]]
_INSTRUMENTS = 10  # that a trader's second has a line for, those that are held first


def _engine(before: Snapshot, seen: Snapshot) -> Iterator[str]:
    """Its loop, its inbox and its process."""
    figures = seen.process
    yield (
        f"{seen.ticks - before.ticks:+,} ticks, {seen.beats - before.beats:+,} beats, inbox {seen.inbox_waiting:,},"
        f" {seen.merged - before.merged:+,} merged, delivery {seen.delivery}, CPU {figures.cpu_share:.0%},"
        f" {figures.rss_mb:.1f} MB, longest GC {figures.gc_longest_ms:.1f} ms"
    )
    stages = seen.epochs[-1].stages if seen.epochs and seen.ticks != before.ticks else {}
    if stages:
        yield "so far " + ", ".join(
            f"{name} p50 {text.latency(each.p50_ns)} p99 {text.latency(each.p99_ns)}" for name, each in stages.items()
        )


def _feed(before: Snapshot, seen: Snapshot) -> Iterator[str]:
    """Its link and frames, and what of its ticks was refused."""
    feed, old = seen.feed, before.feed
    refused = _rises(before.refused, seen.refused)
    if feed is not None:
        frames, books = (feed.frames - old.frames, feed.books - old.books) if old is not None else (0, 0)
        clock = "" if feed.clock_ms is None else f", exchange's clock {feed.clock_ms:+.0f} ms"
        because = f" ({feed.because})" if feed.because else ""
        bad = _rises(old.bad if old is not None else {}, feed.bad)
        yield (
            f"link {feed.link} {feed.state}{because}: {frames:+,} frames, {books:+,} books, rtt {feed.rtt_ms:.0f} ms{clock},"
            f" {feed.ticking:,} of {feed.wanted:,} ticking" + (f", bad packets {bad}" if bad else "")
        )
    gaps = seen.sequence_gaps - before.sequence_gaps
    if seen.ticks != before.ticks or refused or gaps or seen.silent != before.silent:
        yield (
            f"{seen.ticks - before.ticks:+,} ticks, {gaps:+,} sequence gaps, {seen.silent:,} of {seen.ticking:,} silent"
            + (f", refused {refused}" if refused else "")
        )


def _trader(before: Snapshot, seen: Snapshot) -> Iterator[str]:
    """What it makes of each instrument that moved: its signal, its indicators, why it does not enter, what it holds."""
    held = {each.state.instrument: each for each in seen.positions}
    old = {quote.instrument: quote for quote in before.quotes}
    moved = [quote for quote in seen.quotes if quote != old.get(quote.instrument)]
    moved.sort(key=lambda quote: (quote.instrument not in held, -quote.recv_ns))
    for quote in moved[:_INSTRUMENTS]:
        yield _judged(seen, quote, held.get(quote.instrument))
    if len(moved) > _INSTRUMENTS:
        yield f"{len(moved) - _INSTRUMENTS:,} more instruments moved"
    left_out = _rises(before.left_out, seen.left_out)
    if left_out:
        yield f"no decision on {left_out}"
    if seen.account.day_pnl != before.account.day_pnl:
        yield f"day P&L {seen.account.day_pnl:+.2f}, open {seen.account.open_pnl:+.2f}, cash {seen.account.cash:.2f}"


def _judged(seen: Snapshot, quote: Quote, held: OpenPosition | None) -> str:
    instrument = text.instrument_at(seen, quote.instrument)
    scale = instrument.price_scale
    values = [
        f"{name} {value if name == 'rsi' else value / scale:.2f}"
        for name, value in quote.indicators.items()
        if value is not None
    ]
    signal = [f"{quote.green} green"] + ([f"{quote.warmup} ticks to warm up"] if quote.warmup else [])
    said = f"{instrument.symbol} {instrument.price_words(quote.last)}: {', '.join((*signal, *values))}"
    if held is None:
        return said + (f"; last refused: {quote.objection}" if quote.objection else "")
    state, words = held.state, instrument.price_words
    trail = f", trail {words(state.trail_stop)}" if state.trail_stop is not None else ""
    target = f", next target {words(held.next_target)}" if held.next_target is not None else ""
    quantity = instrument.quantity_text(state.quantity)
    return f"{said}; held {quantity} @ {words(state.entry_price)}, stop {words(state.stop)}{trail}{target}, open {held.open_pnl:+.2f}"


def _broker(before: Snapshot, seen: Snapshot) -> Iterator[str]:
    """What is on its way to it, and what it answered by."""
    exits, entries = seen.account.exits - before.account.exits, seen.entries.today - before.entries.today
    waits_ns = seen.taken_ns - seen.pulse.order_ns if seen.pulse.order_ns else 0
    if exits or entries or waits_ns:
        waits = f"oldest order unanswered for {text.latency(waits_ns)}" if waits_ns else "all orders answered"
        filled = f"filled at bid or ask {seen.account.fills_at_touch:,}, at last {seen.account.fills_at_last:,}"
        yield f"{entries:+,} entries ordered, {exits:+,} exits done, {waits}; so far {filled}"


def _edge(name: str, what: str) -> Details:
    def told(before: Snapshot, seen: Snapshot) -> Iterator[str]:
        now, old = _edge_of(seen, name), _edge_of(before, name)
        if now is None or now == old:
            return
        done = now.done - (old.done if old is not None else 0)
        problem = f", {now.problem}" if now.problem else ""
        late = f", {seen.late_ms:,} ms behind" if name == "journal" and seen.late_ms else ""
        yield f"{done:+,} {what} kept, {now.done:,} in all, {now.waiting:,} waiting{late}{problem}"

    return told


def _edge_of(seen: Snapshot, name: str) -> EdgeView | None:
    return next((each for each in seen.edges if each.name == name), None)


def _rises(before: Mapping[str, int], now: Mapping[str, int]) -> str:
    """`duplicate +2, price_jump +1`."""
    rises = ((name, count - before.get(name, 0)) for name, count in now.items())
    return ", ".join(f"{name} {rise:+,}" for name, rise in rises if rise)


DETAILS: Final[Mapping[LogComponent, Details]] = {
    "engine": _engine,
    "feed": _feed,
    "trader": _trader,
    "broker": _broker,
    "journal": _edge("journal", "rows"),
    "recording": _edge("recorder", "ticks"),
}
