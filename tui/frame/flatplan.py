"""The emergency flat on the screen: the plan before, the legs while it runs, the receipt when it is over. Pure."""

from collections.abc import Sequence
from decimal import Decimal

from msgspec import Struct

from engine import LiveView, OpenPosition
from engine.presentation import format as text
from engine.presentation import live
from engine.presentation.lamps import is_held
from tui.frame import legs as leg_lines
from tui.text.rows import Line, Span, result_style
from tui.text.spelling import fitting, sentence, shortened, spelled_lines
from tui.view import commands
from tui.view.flat import PATH, RUNS, held_until
from tui.view.model import OLD_S, View

_OPEN_S = 10
_FEW = 8  # legs that keep their order while they are closed


class FlatLines(Struct, frozen=True):
    """What stands between head and keys: lines that always stay, around blocks that are scrolled where they are many."""

    above: list[Line]
    blocks: list[list[Line]]
    below: list[Line]
    noun: str = "legs"
    done: str = ""  # how many of the blocks are over with


def rows(view: View, width: int, height: int) -> list[Line]:
    """The plan, the running job or the receipt; the line with the keys is always the last, the totals are always in sight."""
    if width <= 0 or height <= 0:
        return []
    state = _stage(view)
    head = [*old_figures(view, width), *_asked(view, width), *who(view, width)]
    if state in RUNS or state not in PATH:
        body = _job(view, width)
    elif state == "FLAT":
        body = _receipt(view, width)
    else:
        body = _plan(view, width)
    room = height - 1
    legs = _window(view, body, room - len(head) - len(body.above) - len(body.below))
    whole = [*head, *body.above, *legs, *body.below]
    lines = whole[: max(0, room)]
    if len(whole) > room > 1:
        lines[-1] = ((f"{len(whole) - room + 1} more lines in a higher window", "warn"),)
    elif len(lines) < room:
        lines.append(())
    return spelled_lines([*lines, _keys(view, width)], width, view.glyphs)


def _stage(view: View) -> str:
    """The state of the job; an earlier one that is over counts no more when another was asked for."""
    state = view.snapshot.flat.state
    return "ARMED" if state == "FLAT" and commands.flat_asked(view.attachment) else state


def _window(view: View, body: FlatLines, room: int) -> list[Line]:
    """The blocks that fit into `room` lines from number `ui.choice` on, and one line that counts them where not all do."""
    blocks = body.blocks
    if sum(len(block) for block in blocks) <= room or not blocks:
        return [line for block in blocks for line in block]
    size = max(len(block) for block in blocks)
    fitting = (room - 1) // size
    total = f"{len(blocks):,} {body.noun}"
    if fitting < 1:
        return [((f"{body.done}{total}: a higher window shows them", "warn"),)]
    first = max(0, min(view.ui.choice, len(blocks) - fitting))
    counted = f"{body.done}{first + 1:,}–{first + fitting:,} of {total} · up down scroll"
    return [*(line for block in blocks[first : first + fitting] for line in block), ((counted, "warn"),)]


def old_figures(view: View, width: int) -> list[Line]:
    """A warning over everything when the figures are not of now, or nobody is there to close anything."""
    if not view.attachment.there:
        if commands.flat_asked(view.attachment):  # its own line says what to do
            return sentence("!! THE ENGINE IS GONE !!", "alert", width)
        gone = sentence("!! THE ENGINE IS GONE: x waits a minute for it; from a shell: !!", "alert", width)
        return [*gone, *sentence(f"myquant-tui flat{view.attachment.options}", "alert", width)]
    if view.age_s <= OLD_S:
        return []
    return sentence(
        f"!! THESE FIGURES ARE {text.seconds(view.age_s)} OLD: the engine does not answer !!", "alert", width
    )


def _asked(view: View, width: int) -> list[Line]:
    """What became of the flat that was asked for, until the engine's own state tells it."""
    asked = commands.flat_asked(view.attachment)
    if asked is None or view.snapshot.flat.state in RUNS:
        return []
    return sentence(*commands.told(asked, view.attachment), width)


def who(view: View, width: int) -> list[Line]:
    """Mode, account and who carries the orders out."""
    shot = view.snapshot
    badge: Span = (f" {live.badge(shot) if live.is_live(shot) else shot.trade_mode.upper()} ", shot.trade_mode)
    broker: Span = ("  REAL ORDERS", "alert") if shot.trade_mode == "live" else ("  broker is simulated", "")
    account = f"  account {text.money(shot.account.cash, shot.session.zone)} cash"
    room = width - len(badge[0]) - len(broker[0]) - len(account)
    return [(badge, broker, (account, "dim")) if room >= 0 else (badge, broker)]


# ── The plan ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _plan(view: View, width: int) -> FlatLines:
    shot = view.snapshot
    held = [position for position in shot.positions if position.state.quantity]
    waiting = shot.pulse.order_ns
    cancel = f"an order has waited {text.age((view.now_ns - waiting) / 1e9)} for its answer: it is cancelled first"
    above: list[Line] = [((cancel, "warn"),) if waiting else (("no order to cancel", "dim"),)]
    if shot.live is not None and live.is_live(shot):
        above = _at_broker(shot.live, width)
    if not held:
        above.append((("no position: nothing to close; entries are locked", ""),))
    legs = [leg_lines.planned(view, position, width) for position in held]
    return FlatLines(above, legs, [*_estimate(view, held, width), data_age(view, width, held), _state(view)])


def _at_broker(seen: LiveView, width: int) -> list[Line]:
    """What a flat takes back, what it does not know, and what it closes although it is not ours."""
    count = seen.working
    lines = sentence(f"{count} order{'s' if count > 1 else ''} to cancel first", "warn", width) if count else []
    if seen.unknown:
        lines += sentence(f"{seen.unknown} of these UNKNOWN: what it may still fill is waited for", "alert", width)
    for each in seen.foreign:
        side = "SELL" if each.quantity > 0 else "BUY"
        lines += sentence(
            f"EXTERNAL {each.symbol} {each.quantity:+,}: {side} {abs(each.quantity):,} too", "alert", width
        )
    return lines or [(("no order to cancel", "dim"),)]


def _estimate(view: View, held: list[OpenPosition], width: int) -> list[Line]:
    """Requests, seconds and the result that closing would realise."""
    orders = sum(leg_lines.orders(view, position) for position in held)
    took = "up to 10 s" if live.is_live(view.snapshot) else "under 1 s"
    counted = f"{orders + 2:,} requests ({orders:,} order{'' if orders == 1 else 's'}), {took}"
    if not held:
        return [((counted, "dim"),)]
    result = sum((position.open_pnl for position in held), Decimal(0))
    money = (text.money(result, view.snapshot.session.zone, sign=True), result_style(result))
    realises: Line = (("realises ≈ ", ""), money, (" before exit costs", "dim"))
    if len(counted) + 2 + sum(len(part) for part, _ in realises) <= width:
        return [((f"{counted}, ", ""), *realises)]
    return [((counted, ""),), realises]


def data_age(view: View, width: int, held: Sequence[OpenPosition]) -> Line:
    """How old the prices of what is `held` are; in a replay that stands still they are as old as the operator left them."""
    shot = view.snapshot
    seen = [quote for quote in shot.quotes if any(quote.instrument == each.state.instrument for each in held)]
    if is_held(shot):
        return (("prices: the replay stands still", "dim"),)
    ages = [(view.now_ns - quote.recv_ns) / 1e9 for quote in seen or shot.quotes if quote.recv_ns]
    if not ages:
        return (("prices: no tick yet", "warn"),)
    old = max(ages)
    words = f"prices are {text.age(old)} old, the snapshot {text.age(view.age_s)}"
    return ((shortened(words, width, view.glyphs), "warn" if old > 3 else "dim"),)


# ── While it runs, and after ────────────────────────────────────────────────────────────────────────────────────────


def _state(view: View) -> Line:
    """What the job is at, and whether entries are locked."""
    shot = view.snapshot
    locked = f", entries LOCKED ({shot.entries.locked})" if shot.entries.locked else ""
    return (("state ", "dim"), (shot.flat.state, "bold"), (locked, "warn"))


def _path(view: View, width: int) -> list[Line]:
    """The states one after another, the present one marked; only it and its neighbours where the width is short."""
    now = view.snapshot.flat.state
    place = PATH.index(now) if now in PATH else -1
    arrow = f" {view.glyphs.arrow} "
    names = PATH if sum(map(len, PATH)) + 2 + len(arrow) * (len(PATH) - 1) <= width else PATH[max(0, place) :][:3]
    spans: list[Span] = []
    for name in names if place >= 0 else (now,):
        if spans:
            spans.append((arrow, "dim"))
        done = name in PATH and PATH.index(name) < place
        spans.append((f"[{name}]", "alert") if name == now else (name, "" if done else "dim"))
    return [tuple(spans)]


def _job(view: View, width: int) -> FlatLines:
    """Why, for how long, the path, and each leg with its word; those that are not closed yet first."""
    flat = view.snapshot.flat
    took = f" for {text.age((view.now_ns - flat.begun_ns) / 1e9)}" if flat.begun_ns else ""
    name = held_until(view.snapshot) if flat.state == "HELD" else "FLAT RUNS"
    head: Line = ((name, "alert"), (f"{took}  {flat.reason}", ""))
    done = [leg for leg in flat.legs if leg_lines.is_over(leg)]
    todo = [leg for leg in flat.legs if not leg_lines.is_over(leg)]
    blind = sum(1 for leg in flat.legs if leg_lines.is_blind(leg))
    loud = f"{blind:,} of {len(flat.legs):,} closed {leg_lines.BLIND}: at prices that are no news any more"
    ordered = [*todo, *done] if len(flat.legs) > _FEW else flat.legs
    legs = [[leg_lines.line(view, leg, width)] for leg in ordered] or [[(("nothing was held", "dim"),)]]
    above = [head, *_path(view, width), *(sentence(loud, "alert", width) if blind else [])]
    if (seen := view.snapshot.live) is not None and seen.unresolved:
        above += sentence(f"left by the newest reading: {', '.join(seen.unresolved)}", "warn", width)
    for line in flat.by_hand:
        above += sentence(f"DO IT BY HAND: {line}", "alert", width)
    return FlatLines(above, legs, [], done=f"{len(done):,} closed · ")


def _receipt(view: View, width: int) -> FlatLines:
    """What the job left behind."""
    lines = view.snapshot.flat.receipt or ("FLAT",)
    shown: list[Line] = [
        line for place, words in enumerate(lines) for line in _told(view, words, width, "" if place else "good")
    ]
    return FlatLines(shown[:1], [[line] for line in shown[1:]], [], noun="lines")


def _told(view: View, words: str, width: int, style: str) -> list[Line]:
    """One line of the receipt; of a leg that was closed blind all of it, loud."""
    if f": {leg_lines.BLIND}" in words:
        return sentence(words, "alert", width)
    return [((shortened(words, width, view.glyphs), style),)]


def _keys(view: View, width: int) -> Line:
    """What the keys do now; the last line, always."""
    state = _stage(view)
    if state == "FLAT":
        forms = ["flat and locked · k unlocks · any key closes this", "any key closes"]
    elif state == "HELD":
        forms = [f"{held_until(view.snapshot)} · x sends now, the broker decides · any other key closes", "x sends now"]
    elif state in RUNS or state not in PATH:
        forms = ["it runs · any key closes this window, the flat goes on", "any key closes, the flat goes on"]
    elif not view.ui.plan_until_ns and (not view.attachment.apart or _is_owed(view)):
        forms = ["x was sent; the engine has not answered yet", "x was sent"]
        if view.attachment.lost:
            forms = ["not sent yet: it is tried for a minute · any key closes", "not sent yet · any key closes"]
    elif not view.ui.plan_until_ns:
        forms = ["no flat is on its way · any key closes, then !x asks again", "no flat is on its way"]
    else:
        forms = fire_keys(view)
    shown = fitting(forms, width, view.glyphs)
    if shown.startswith("x fires"):
        return (("x fires", "alert"), (shown[len("x fires") :], "bold"))
    return ((shown, "bold"),)


def fire_keys(view: View) -> list[str]:
    """The key that fires a plan and for how long it does, the longest words first."""
    left_s = max(0, min(_OPEN_S, -(-(view.ui.plan_until_ns - view.now_ns) // 1_000_000_000)))
    closes = f"closes by itself in {left_s} s"
    return [f"x fires · any other key closes · {closes}", f"x fires · any other closes · {left_s} s", "x fires"]


def _is_owed(view: View) -> bool:
    """Whether a flat of this screen is on its way, and not given up or refused."""
    asked = commands.flat_asked(view.attachment)
    return asked is not None and asked.state in {"REQUESTED", "ACCEPTED"}
