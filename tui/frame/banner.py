"""One line across the screen for what the operator must not miss: an engine in trouble, a lost link, how the last run ended. Pure.

It stands in the place of row 1, so that nothing else moves when it comes and goes.
"""

from collections.abc import Sequence

from engine import FeedView, PositionState
from engine.presentation import feeds
from engine.presentation import format as text
from tui.text.rows import Line, clip
from tui.text.segments import Segment, assemble, segment, word
from tui.text.spelling import spelled
from tui.view import control_holder
from tui.view.model import View

_LINK_BECAUSE = (48, 22, 12)  # cells that a cause may take, by the room there is
_ENGINE_BECAUSE = (70, 36, 18)
_NAMED_FROM = 76  # cells from which an unwatched position is always named
_NAMES = {"LOGIN": "LOGIN", "CONNECTING": "CONNECTING", "WAITING": "NO LINK YET", "STOPPED": "FEED STOPPED"}


def line(view: View, width: int) -> Line | None:
    """The most urgent of what there is to say; None where all is well.

    An engine in trouble comes first, for without it nothing else is known; how a run ended, or a replay without an entry, last.
    """
    said = (
        _engine(view, width)
        or _link(view, width)
        or _held_over(view, width)
        or _unpriced(view, width)
        or _vacant(view)
        or _last_run(view)
        or _undecided(view)
    )
    if said is None:
        return None
    segments, style = said
    shown = "".join(words for words, _ in assemble(segments, max(0, width - 1), gap=0))
    return ((spelled(f" {shown}", view.glyphs), style),)


def _behind_dash(rank: int, *forms: str) -> Segment:
    """A part that a dash parts from what stands before it."""
    return segment(rank, *(word(f" — {form}") for form in forms if form))


def _held(view: View, among: Sequence[PositionState] | None = None) -> tuple[str, str]:
    """The open position, the first of several (or `among` them), with its symbol and without; empty where nothing is held."""
    positions = view.snapshot.positions
    held = [each.state for each in positions if each.state.quantity] if among is None else among
    if not held:
        return "", ""
    state = held[0]
    instrument = text.instrument_at(view.snapshot, state.instrument)
    more = f" +{len(held) - 1:,} more" if len(held) > 1 else ""
    side = f"{text.side(instrument, state.quantity)}{more}"
    return f"{clip(instrument.symbol, 24)} {side}", side


# ── The engine ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _engine(view: View, width: int) -> tuple[list[Segment], str] | None:
    """What to say of an engine that is stopped, gone or silent, and in which style; None while it is well."""
    attachment = view.attachment
    if view.snapshot.stopped:
        return _stopped(view, width)
    if attachment.lost and not attachment.there:
        return _gone(view, width), "alert"
    return (_silent(view, width), "alert") if view.engine_silent else None


def _stopped(view: View, width: int) -> tuple[list[Segment], str]:
    """`ENGINE STOPPED in good order — nothing is held — start it again as you did (myquant-tui run …)`."""
    fault, (held, _) = view.snapshot.fault, _held(view)
    causes = (word(f": {clip(fault, most)}") for most in _ENGINE_BECAUSE if fault)
    segments = [
        segment(0, word(f"{view.glyphs.end} ENGINE STOPPED")),
        segment(1, *causes, word(" in good order")),
        _behind_dash(2, *(_unwatched(view, width, " stays open,") or ("nothing is held",))),
        _behind_dash(4, *_again(view, restored=bool(held))),
        _behind_dash(3, *(_flat(view) if held else ())),
    ]
    return segments, "alert" if held or fault else "banner"


def _gone(view: View, width: int) -> list[Segment]:
    """`ENGINE GONE 4 s: process 4711 has ended — LONG 150 UNWATCHED — start it again as you did — myquant-tui flat`."""
    attachment = view.attachment
    because = f"process {attachment.pid} has ended" if attachment.pid else attachment.lost
    return [
        segment(0, word(f"{view.glyphs.bad} ENGINE GONE {text.duration(view.age_s)}")),
        segment(3, *(word(f": {clip(because, most)}") for most in _ENGINE_BECAUSE)),
        _behind_dash(1, *_unwatched(view, width)),
        _behind_dash(5, "screen shows the last known state", "last known state"),
        _behind_dash(4, *_again(view, restored=True)),
        _behind_dash(2, *_flat(view)),
    ]


def _silent(view: View, width: int) -> list[Segment]:
    """`ENGINE SILENT 3.1 s: its process is there, its loop stands — LONG 150 UNWATCHED`."""
    attachment = view.attachment
    loop = "its process is there, its loop stands" if attachment.apart else "its loop stands"
    return [
        segment(0, word(f"{view.glyphs.bad} ENGINE SILENT {text.seconds(view.age_s)}")),
        segment(2, *(word(f": {clip(attachment.lost or loop, most)}") for most in _ENGINE_BECAUSE)),
        _behind_dash(1, *_unwatched(view, width)),
        _behind_dash(3, "screen shows the last known state", "last known state"),
    ]


def _unwatched(
    view: View, width: int, stays: str = "", among: Sequence[PositionState] | None = None
) -> tuple[str, ...]:
    """What is held (or `among` that) and nobody watches, named wherever there is room; nothing where nothing is held."""
    held, _ = _held(view, among)
    forms = (f"{held}{stays} UNWATCHED", "UNWATCHED")
    return forms[: 1 if width >= _NAMED_FROM else 2] if held else ()


def _again(view: View, *, restored: bool) -> tuple[str, ...]:
    """How to bring the engine back, from the longest form to the shortest; nothing where it ends with the screen.

    Its whole command line is not known here: a part of it would bring another one.
    """
    if not view.attachment.apart:
        return ()
    forms = (control_holder.AGAIN, "start it again as you did", "start it again")
    return (f"{control_holder.AGAIN}; what was held is restored", *forms) if restored else forms


def _flat(view: View) -> tuple[str, ...]:
    """How to close what is held without an engine, never without what the command needs to find it."""
    if not view.attachment.apart:
        return ()
    command = f"myquant-tui flat{view.attachment.options}"
    return (f"flat: {command}", command, "q tells how to go on")


def _vacant(view: View) -> tuple[list[Segment], str] | None:
    """What to say where nobody has control and the policy for that has something to do, or did it."""
    words = control_holder.vacancy(view)
    if not words:
        return None
    take = "" if view.attachment.read_only else "O takes control"
    return [segment(0, word(f"{view.glyphs.warn} {words}")), _behind_dash(1, take)], "banner"


# ── Its link to the exchange, and its last run ──────────────────────────────────────────────────────────────────────


def _link(view: View, width: int) -> tuple[list[Segment], str] | None:
    """`LINK LOST 12 s: no data for 8.0 s — reconnect 3 in 4 s — entries off, exits wait for prices`."""
    feed = feeds.lost(view.snapshot)
    if feed is None or (feed.state != "REFUSED" and feeds.is_closed(view.snapshot)):
        return None
    held, side = _held(view)
    refused = feed.state == "REFUSED"
    name = _link_name(feed, view.now_ns)
    because = feeds.cause(feed) if feed.because or feed.state == "WAITING" else ""
    unwatched = (f"{held} UNWATCHED", f"{side} UNWATCHED", "UNWATCHED") if held else ()
    meaning = "entries off, exits wait for prices" if held else "entries off until prices come"
    segments = [
        segment(0, word(f"{view.glyphs.bad if held or refused else view.glyphs.warn} {name}"), word(name)),
        segment(3, *(word(f": {clip(because, most)}") for most in _LINK_BECAUSE if because)),
        _behind_dash(1, *unwatched[: 1 if width >= _NAMED_FROM else 3]),
        _behind_dash(2, feeds.coming(feed, view.now_ns), "login --check" if refused else ""),
        _behind_dash(4, meaning, "entries off"),
    ]
    return segments, "alert" if held or refused else "banner"


def _link_name(feed: FeedView, now_ns: int) -> str:
    """What the link is at: `REFUSED`, `LINK LOST 12 s`, `LOGIN`."""
    if feed.state == "REFUSED":
        return "REFUSED"
    return f"LINK LOST {feeds.passed_s(feed, now_ns):,} s" if feed.frames else _NAMES.get(feed.state, feed.state)


def _unpriced(view: View, width: int) -> tuple[list[Segment], str] | None:
    """`NO PRICES 16 s: no instrument ticks, the link is up — NIFTY25NOV25900CE LONG 150 UNWATCHED — new link in 4 s`."""
    seen, now_ns = view.snapshot, view.now_ns
    quote = feeds.unpriced(seen, now_ns)
    if quote is None or seen.feed is None:
        return None
    together = feeds.all_quiet(seen, now_ns)
    age_s = (now_ns - quote.recv_ns) // 1_000_000_000
    name = f"{view.glyphs.bad} NO PRICES {age_s:,} s" if together else f"{view.glyphs.bad} NO PRICE {age_s:,} s"
    because = "no instrument ticks, the link is up" if together else "silent while others tick"
    drop_s = max(0, seen.feed.drop_ns - now_ns) // 1_000_000_000
    segments = [
        segment(0, word(name)),
        segment(3, word(f": {because}"), word(f": {because.partition(',')[0]}")),
        _behind_dash(1, *_unwatched(view, width)),
        _behind_dash(2, f"new link in {drop_s:,} s" if together and seen.feed.drop_ns else ""),
    ]
    return segments, "alert"


def _held_over(view: View, width: int) -> tuple[list[Segment], str] | None:
    """`HELD OVER THE END OF THE SESSION — NIFTY25NOV25900CE LONG 150 UNWATCHED — nothing can be sold until Mon 09:15`."""
    seen = view.snapshot
    over = feeds.held_over(seen)
    if not over or seen.flat.state == "HELD":
        return None
    segments = [
        segment(0, word(f"{view.glyphs.bad} HELD OVER THE END OF THE SESSION"), word(f"{view.glyphs.bad} HELD OVER")),
        _behind_dash(1, *_unwatched(view, width, among=over)),
        _behind_dash(2, feeds.unsold(seen, over[0])),
    ]
    return segments, "alert"


def _last_run(view: View) -> tuple[list[Segment], str] | None:
    """`LAST RUN: READY: locked until you unlock (k) — run 3 (paper) of 1 Dec 03:21 did not end in good order — a shows it`.

    The verdict stands last in what was found, and first here: nothing may cut it.
    """
    found = view.snapshot.found
    if not found:
        return None
    verdict, *because = [text.local_stamps(line, view.snapshot.session.zone) for line in (found[-1], *found[:-1][:1])]
    segments = [
        segment(0, *(word(f"LAST RUN: {clip(verdict, most)}") for most in (60, 42))),
        _behind_dash(2, *(clip(why, most) for why in because for most in (70, 40, 24))),
        _behind_dash(1, "press a to read and acknowledge", "a shows it"),
    ]
    return segments, "banner"


def _undecided(view: View) -> tuple[list[Segment], str] | None:
    """`NO ENTRY: 400 of 400 ticks lie outside the session 09:15-15:30 Asia/Kolkata (18:15:00-18:28:18): --set session.start=…`."""
    why = view.snapshot.undecided
    if not why:
        return None
    forms = (word(f": {clip(why, most)}") for most in (200, 120, 90, 70, 50))
    return [segment(0, word(f"{view.glyphs.warn} NO ENTRY")), segment(1, *forms)], "banner"
