"""The two lines at the top: what mode this is, what is held, what a flat would take, where the session stands. Pure."""

from math import ceil

from engine import ReplayView
from engine.presentation import change, feeds, health, live
from engine.presentation import format as text
from tui.frame import live_bar, readiness
from tui.text.glyphs import gauge
from tui.text.rows import Line, Span, clip, result_style, width_of
from tui.text.segments import LUXURY, Segment, assemble, segment, word
from tui.view import control_holder
from tui.view.model import View

_QUIET_S = 5.0  # without any tick for this long, in its own time, the feed mark of a replay warns
_NAMED_FROM = 60  # cells from which it may also say what is missing
_PADDED_FROM = 40  # cells from which the badge has air around its word
_WIDE_FROM = 110  # and the bar, why a replay cannot be compared
_BAD = ("STALE", "DEAD")
_WARN = ("LATE", "UNKNOWN")


def status(view: View, width: int) -> Line:
    """Row 0: the badge, and of the rest what fits, by importance."""
    shot = view.snapshot
    account = shot.account
    pnl = text.money(account.day_pnl, shot.session.zone, sign=True)
    style = result_style(account.day_pnl)
    of_day = f"{change.another_day(shot) or 'day'} "
    segments = [
        _badge(view, width),
        control_holder.badge(view),
        segment(8, word(shot.delivery, "accent")),
        _feed(view),
        segment(LUXURY, word(shot.source, "dim")),
        _holding(view),
        segment(1, ((of_day, "dim"), (pnl, style))),
        readiness.flat(view),
        readiness.entries(view, width),
        _session_clock(view),
        _health(view),
    ]
    return assemble(segments, width)


def _badge(view: View, width: int) -> Segment:
    """The mode; where the generated feed stands in for a live one, that too."""
    shot = view.snapshot
    mode = shot.trade_mode
    if live.is_live(shot):  # whose account it is goes last of all
        names = [live.badge(shot), *([mode.upper()] if width < _NAMED_FROM else [])]
        return segment(0, *(word(f" {name} " if width >= _PADDED_FROM else name, mode) for name in names))
    name = mode.upper()
    if feeds.CREDENTIALS_MISSING in shot.source and width >= _NAMED_FROM:
        name = f"{name} {feeds.CREDENTIALS_MISSING}"
    return segment(0, word(f" {name} " if width >= _PADDED_FROM else name, mode))


def _feed(view: View) -> Segment:
    """Whether ticks come: the mark, and the age of the newest where it matters; before all, a link that is lost."""
    shot, glyphs = view.snapshot, view.glyphs
    if view.engine_silent and not shot.stopped:
        old = f"{text.seconds(view.age_s)} old"
        return segment(3, word(f"{glyphs.bad} values are {old}", "alert"), word(f"{glyphs.bad} {old}", "alert"))
    if shot.stopped:
        return segment(5, word(f"{glyphs.end} stopped", "warn"))
    if feeds.is_closed(shot) and shot.session.opens:
        said = readiness.words_of(view).state == "CLOSED"  # by entries: once is enough
        return segment(5, *(word(form, "dim") for form in (feeds.closed(shot), "CLOSED") if not said))
    down = feeds.lost(shot)
    if down is not None and not feeds.is_closed(shot):
        since = f" for {feeds.passed_s(down, view.now_ns):,} s" if down.frames else ""
        return segment(3, word(f"{glyphs.bad} no link{since}", "alert"), word(f"{glyphs.bad} no link", "alert"))
    if not shot.pulse.came_ns:
        return segment(7, word(f"{glyphs.off} no ticks yet", "dim"), word(glyphs.off, "dim"))
    if shot.replay and shot.replay.ended:
        return segment(7, word(f"{glyphs.end} ended", "dim"), word(glyphs.end, "dim"))
    if shot.replay and not shot.replay.playing:
        return segment(7, word(f"{glyphs.pause} held", "warn"), word(glyphs.pause, "warn"))
    quiet_s = (view.now_ns - shot.pulse.came_ns) / 1e9
    if quiet_s > feeds.ours_s(shot, _QUIET_S) or feeds.is_silent(shot, view.now_ns):
        return segment(5, word(f"{glyphs.warn} no tick for {text.age(quiet_s)}", "warn"), word(glyphs.warn, "warn"))
    return segment(7, (*word(glyphs.ok, "good"), (f" {text.scaled(shot.ticks)} ticks", "dim")), word(glyphs.ok, "good"))


def _holding(view: View) -> Segment:
    """The open position, the first of several."""
    shot = view.snapshot
    if not shot.positions:
        return segment(4, word("no position", "dim"))
    state = shot.positions[0].state
    instrument = text.instrument_at(shot, state.instrument)
    side: Span = (text.side(instrument, state.quantity), "bold")
    more = len(shot.positions) - 1
    others: Line = ((f" +{more} more", "warn"),) if more else ()
    return segment(4, ((f"{instrument.symbol} ", ""), side, *others), (side, *others))


def _session_clock(view: View) -> Segment:
    """The engine's own time of day in the session's zone."""
    shot = view.snapshot
    if not shot.at_ms:
        return segment(9, at_end=True)
    clock = text.clock(shot.at_ms, shot.session.zone)
    zone = text.zone_word(shot.at_ms, shot.session.zone)
    return segment(9, ((clock, ""), (f" {zone}", "dim")), word(clock), at_end=True)


def _health(view: View) -> Segment:
    """The worst lamp as one mark, with its name where it is not well."""
    glyphs = view.glyphs
    worst = health.worst(view.lamps) if view.lamps else None
    if worst and worst.word not in (*_BAD, *_WARN):
        worst = None
    if view.engine_silent or any(lamp.word in _BAD for lamp in view.lamps):
        mark, style = glyphs.bad, "alert"
    elif worst:
        mark, style = glyphs.warn, "warn"
    else:
        return segment(5, word(glyphs.health, "good"), at_end=True)
    named = word(f"{worst.name} {worst.word} {mark}", style) if worst else ()
    return segment(5, named, word(mark, style), at_end=True)


def bar(view: View, width: int) -> Line:
    """Row 1: where the replay stands, or how much of the session has gone."""
    if view.snapshot.replay:
        return _replay_bar(view, width)
    return _live_bar(view, width) if live.is_live(view.snapshot) else _session_bar(view, width)


def _with_gauge(start: Line, share: float | None, end: Line, view: View, width: int) -> Line:
    """A bar in what two texts leave of the line; the texts alone where that is less than six cells."""
    room = width - width_of(start) - width_of(end) - 4
    if share is None or room < 6:
        return (*start, ("  ", ""), *end)
    done, rest = gauge(share, room, view.glyphs)
    style = f"edge_{view.snapshot.trade_mode}" if live.is_live(view.snapshot) else "accent"
    return (*start, ("  ", ""), (done, style), (rest, "dim"), ("  ", ""), *end)


def _replay_bar(view: View, width: int) -> Line:
    """`▶ 10× (real 9.7×) 11:42:17.331 tick 18,233/34,086 ━━━━──── 53 %`."""
    shot, glyphs = view.snapshot, view.glyphs
    replay = shot.replay
    assert replay is not None
    held = not replay.playing
    mark = glyphs.end if replay.ended else glyphs.pause if held else glyphs.play
    speed = f"{replay.speed:g}{glyphs.times}" if replay.speed else "max"
    share = replay.tick / replay.total if replay.total > 0 else None
    total = f"{replay.total:,}"
    ticks = f"tick {replay.tick:>{len(total)},}/{total}" if share is not None else f"tick {replay.tick:,}"
    gaps = sum(quote.gaps for quote in shot.quotes)
    moving = f"{replay.real_speed:,.1f}" if replay.real_speed < 99.95 else f"{replay.real_speed:,.0f}"
    real = word("" if held or replay.ended else f"(real {moving:>4}{glyphs.times})", "dim")
    state = word("ended" if replay.ended else "held" if held else "", "warn")
    waits_s = (replay.due_ns - view.now_ns) / 1e9 if replay.due_ns and not held else 0.0
    if waits_s > 0:
        state = word(f"next tick in {ceil(waits_s):,} s", "warn")
    percent = f"{share * 100:.0f} %" if share is not None else ""
    segments = [
        segment(0, ((f"{mark} ", "warn" if held or replay.ended else view.snapshot.trade_mode), (speed, "bold"))),
        segment(3 if state or not replay.skip_silence else 5, state or real),
        segment(1, word(text.clock(replay.at_ms, shot.session.zone, millis=True))),
        segment(2, word(ticks), word(ticks.removeprefix("tick "))),
        _check(view, width),
        segment(6, word(shot.session.date, "dim")),
        segment(5, word(f"{gaps:,} gap{'' if gaps == 1 else 's'}" if gaps else "", "warn")),
        _skipping(replay),
    ]
    end = word(percent)
    if share is None:
        share, end = _session_share(view)
    loud = bool(replay.check and replay.check.difference)  # worth more than a long gauge
    start = _packed(segments, max(6, width - width_of(end) - (2 if loud else 12)))
    return _with_gauge(start, share, end, view, width)


def _skipping(replay: ReplayView) -> Segment:
    """That it does not wait through long silences, and through how many it has not waited."""
    count = replay.silences_skipped
    if not replay.skip_silence:
        return segment(4)
    told = f"{count:,} silence{'' if count == 1 else 's'} skipped" if count else "skips silences"
    return segment(4, word(told, "dim"))


def _check(view: View, width: int) -> Segment:
    """Whether the replay decides as was recorded: quiet where it does, loud where it does not."""
    check = view.snapshot.replay.check if view.snapshot.replay else None
    if check is None:
        return segment(4)
    if check.difference:
        return segment(1, word(clip(f"DIFFERS {check.difference}", max(7, width - 27)), "alert"))
    if check.incomparable:
        why = check.incomparable
        full = why if why.startswith("not comparable") else f"not comparable ({why})"
        return segment(4, word(clip(full, 44) if width >= _WIDE_FROM else "not comparable", "warn"))
    if not check.total:
        return segment(4)
    count = f"{check.same:,}/{check.total:,}"
    style = "good" if check.same else "dim"
    return segment(4, word(f"SAME AS RECORDED {count}", style), word(f"SAME {count}", style))


def _live_bar(view: View, width: int) -> Line:
    """The budget of orders and what may still be lost, then the session as far as there is room."""
    shot = view.snapshot
    start = live_bar.start(view, width)
    rest = width - width_of(start) - 2
    share, ends_at = _session_share(view)
    session = shot.session
    if not start:
        return _session_bar(view, width)
    if rest < width_of(ends_at):
        return start
    if share is None or not session.daily or not 0 <= share <= 1:
        return (*start, ("  ", ""), *_session_bar(view, rest))
    left = word(f"  {text.age((session.end_ms - shot.market_ms) / 1000)} left")
    return _with_gauge(start, share, (*ends_at, *left) if rest >= 36 else ends_at, view, width)


def _session_share(view: View) -> tuple[float | None, Line]:
    """How much of the session has gone, and when it ends; None before the first tick."""
    shot, session = view.snapshot, view.snapshot.session
    length_ms = session.end_ms - session.start_ms
    if length_ms <= 0:
        return None, ()
    return (shot.market_ms - session.start_ms) / length_ms, word(text.minute(session.end_ms, session.zone), "dim")


def _packed(segments: list[Segment], width: int) -> Line:
    """The segments that fit, without the blanks after them."""
    line = list(assemble(segments, width))
    while line and not line[-1][0].strip():
        line.pop()
    return tuple(line)


def _session_bar(view: View, width: int) -> Line:
    """`09:15 ━━━━━──── 15:30` and where the session stands."""
    shot = view.snapshot
    session, zone = shot.session, shot.session.zone
    if session.end_ms <= session.start_ms:
        words = f"CLOSED until {session.opens}" if session.opens else "waiting for the first tick"
        return assemble([segment(0, word(words, "dim")), segment(1, word(session.date, "dim"), at_end=True)], width)
    if not session.daily:
        return assemble(
            [segment(0, word("round the clock", "dim")), segment(1, word(session.date, "dim"), at_end=True)], width
        )
    start = ((text.minute(session.start_ms, zone), "dim"),)
    length_ms = session.end_ms - session.start_ms
    passed_ms = shot.market_ms - session.start_ms
    if passed_ms < 0:
        state = f"opens in {text.age(-passed_ms / 1000)}"
    elif passed_ms > length_ms:
        state = f"CLOSED until {session.opens}" if session.opens else "session over"
    else:
        state = f"{text.age((length_ms - passed_ms) / 1000)} left"
    end: Line = ((text.minute(session.end_ms, zone), "dim"), (f"  {state}", ""), (f"  {session.date}", "dim"))
    return _with_gauge(start, passed_ms / length_ms, end if width >= 60 else end[:2], view, width)
