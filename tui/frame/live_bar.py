"""What row 1 begins with in a run whose orders go out: how much of the order budget is used up, what may still be lost today. Pure."""

from engine.presentation import live
from engine.presentation.live import Gauge
from tui.text.rows import Line, Span, width_of
from tui.text.segments import assemble, segment, word
from tui.view.model import View


def start(view: View, width: int) -> Line:
    """`ORD 1/7 s 12/400 m 148/300 day reserve 22  loss left 7,766.00`, in shorter forms where `width` is short."""
    shot = view.snapshot
    left = live.loss_left(shot)
    lost = shot.account.loss_left is not None and shot.account.loss_left <= 0
    style = "alert" if lost else "bold"
    loss: tuple[Line, ...] = ((("loss left ", "dim"), (left, style)), (("left ", "dim"), (left, style))) if left else ()
    segments = [segment(0, *_budget(view)), segment(1, *loss)]
    needed = max(width_of(form) for form in (*_budget(view)[:1], ())) + sum(width_of(form) + 2 for form in loss[:1])
    return assemble(segments, min(width, needed)) if needed else ()


def _budget(view: View) -> list[Line]:
    """The budget, the longest form first; nothing before anything is known of it."""
    seen = view.snapshot.live
    if seen is None:
        return []
    gauges = live.gauges(seen.budget)
    head: Span = ("ORD ", "dim")
    whole = (head, *(span for gauge in gauges for span in _gauge(gauge)))
    reserve = word(f"reserve {seen.budget.reserve}", "dim")
    day = (head, *_gauge(gauges[-1])[:1], (" day", "dim"))
    return [(*whole, *reserve), (*whole[:-1], (" day", "dim")), day]


def _gauge(gauge: Gauge) -> tuple[Span, Span]:
    style = "alert" if gauge.spent and gauge.name != "s" else "warn" if gauge.near else ""
    return (f"{gauge.used:,}/{gauge.most:,}", style), (f" {gauge.name} ", "dim")
