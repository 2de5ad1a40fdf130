"""One line across the screen for what the operator must not miss: an engine in trouble, a lost link, how the last run ended. Pure.

It stands in the place of row 1, so that nothing else moves when it comes and goes.
"""

from engine import FeedView, OpenPosition
from engine.presentation import feeds
from engine.presentation import format as text
from tui.frame import outage
from tui.text.rows import Line, clip
from tui.text.segments import Segment, assemble, segment, word
from tui.text.spelling import spelled
from tui.view.model import View

_BECAUSE = (48, 22, 12)  # cells that a cause may take, by the room there is
_NAMED_FROM = 76  # cells from which an unwatched position is always named
_NAMES = {"LOGIN": "LOGIN", "CONNECTING": "CONNECTING", "WAITING": "NO LINK YET", "STOPPED": "FEED STOPPED"}


def line(view: View, width: int) -> Line | None:
    """The most urgent of what there is to say; None where all is well.

    An engine in trouble comes first, for without it nothing else is known; how the last run ended comes last.
    """
    trouble = outage.trouble(view, width)
    if trouble is not None:
        return _across(view, *trouble, width)
    feed = feeds.lost(view.snapshot)
    if feed is not None and (feed.state == "REFUSED" or not feeds.is_closed(view.snapshot)):
        return _lost(view, feed, width)
    vacant = outage.vacant(view)
    if vacant is not None:
        return _across(view, *vacant, width)
    return _found(view, width) if view.snapshot.found else None


def _across(view: View, segments: list[Segment], style: str, width: int) -> Line:
    """The segments that fit in one style from edge to edge."""
    shown = "".join(words for words, _ in assemble(segments, max(0, width - 1), gap=0))
    return ((spelled(f" {shown}", view.glyphs), style),)


def _lost(view: View, feed: FeedView, width: int) -> Line:
    """`LINK LOST 12 s: no data for 8.0 s — reconnect 3 in 4 s — entries off, exits wait for prices`."""
    held = [position for position in view.snapshot.positions if position.state.quantity]
    refused = feed.state == "REFUSED"
    mark = view.glyphs.bad if held or refused else view.glyphs.warn
    if refused:
        name = "REFUSED"
    elif feed.frames:
        name = f"LINK LOST {feeds.passed_s(feed, view.now_ns):,} s"
    else:
        name = _NAMES.get(feed.state, feed.state)
    because = feeds.cause(feed) if feed.because or feed.state == "WAITING" else ""
    coming = feeds.coming(feed, view.now_ns)
    segments = [
        segment(0, word(f"{mark} {name}"), word(name)),
        segment(3, *(word(f": {clip(because, most)}") for most in _BECAUSE if because)),
        segment(1, *(word(f" — {form}") for form in _unwatched(view, held, width))),
        segment(2, *(word(f" — {form}") for form in (coming, "login --check" if refused else "") if form)),
        segment(4, word(f" — {_meaning(held)}"), word(" — entries off")),
    ]
    return _across(view, segments, "alert" if held or refused else "banner", width)


def _unwatched(view: View, held: list[OpenPosition], width: int) -> tuple[str, ...]:
    """The open position that no price comes for, the first of several; from the longest form to the shortest."""
    if not held:
        return ()
    state = held[0].state
    instrument = text.instrument_at(view.snapshot, state.instrument)
    side = text.side(instrument, state.quantity)
    more = f" +{len(held) - 1:,} more" if len(held) > 1 else ""
    named = f"{clip(instrument.symbol, 24)} {side}{more} UNWATCHED"
    return (named,) if width >= _NAMED_FROM else (named, f"{side}{more} UNWATCHED", "UNWATCHED")


def _meaning(held: list[OpenPosition]) -> str:
    return "entries off, exits wait for prices" if held else "entries off until prices come"


def _found(view: View, width: int) -> Line:
    """`LAST RUN: ended without closing — READY: locked until you unlock (k) — a shows it`; the verdict stands last in what was found."""
    found = view.snapshot.found
    first, verdict = found[0], found[-1] if len(found) > 1 else ""
    segments = [
        segment(0, word("LAST RUN")),
        segment(3, word(f": {clip(first, 60)}"), word(f": {clip(first, 22)}")),
        segment(
            2, word(f" — {clip(verdict, 60)}" if verdict else ""), word(f" — {clip(verdict, 28)}" if verdict else "")
        ),
        segment(1, word(" — press a to read and acknowledge"), word(" — a shows it")),
    ]
    return _across(view, segments, "banner", width)
