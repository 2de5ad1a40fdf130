"""The latency pane: stages by delivery epoch, so that modes can be compared; what was merged and what waits. Pure."""

from msgspec import Struct

from engine import EpochView, LatencySummary
from engine.presentation import format as text
from tui.panes.pane import Pane
from tui.text.rows import Line, Span, fit, left, right
from tui.text.spelling import shortened, spelled
from tui.view.model import View

_STAGES = ("receive→inbox", "wait", "decide", "act", "tick→order", "receive→decision")
# What stays when room is short.
_IMPORTANT = ("receive→decision", "tick→order", "wait", "decide", "act", "receive→inbox")
_NAME = 17
_COLUMNS = ("p50", "p99", "max")
_BAR = 8
_SLOW_NS, _TOO_SLOW_NS = 20_000_000, 250_000_000  # the handler's budget; where STRATEGY is late


def rows(view: View, width: int, height: int) -> list[Line]:
    """A head, a line for each stage with p50 p99 max by epoch (newest first), what waits or was merged, and what was left out."""
    if width <= 0 or height <= 0:
        return []
    grid = _grid(view, width)
    foot = _foot(view, width)
    left_out = _left_out(view)
    if not grid.epochs:
        return [fit(line, width) for line in ((("no ticks yet", "dim"),), foot, *left_out)][:height]
    heads = _heads(grid)
    room = height - 1 if height >= 3 else height
    heads = heads if room >= len(_STAGES) + 2 else heads[:1] if room >= 3 else []
    wanted = set(_IMPORTANT[: room - len(heads)])
    stages = [_stage(view, name, grid) for name in _STAGES if name in wanted]
    return [fit(line, width) for line in (*heads, *stages, foot, *left_out)][:height]


class _Grid(Struct, frozen=True):
    """What fits: epochs (newest first), how many of p50 p99 max and how wide, and how wide the bar is."""

    epochs: list[EpochView]
    columns: int
    number: int
    bar: int


def _grid(view: View, width: int) -> _Grid:
    """The newest epochs that have room; where not even one has, fewer columns of it."""
    epochs = [each for each in reversed(view.snapshot.epochs) if each.stages]
    room = width - _NAME
    number = 9 if room >= 27 else 8
    columns = max(1, min(3, room // number))
    group = columns * number
    epochs = epochs[: max(1, (room + 1) // (group + 1))]
    bar = _BAR if room >= len(epochs) * (group + 1) - 1 + _BAR else 0
    return _Grid(epochs, columns, number, bar)


def _heads(grid: _Grid) -> list[Line]:
    """Which mode, how many ticks at which share of a processor; and what the columns are."""
    first: list[Span] = [(left("ticks, CPU", _NAME), "dim")]
    second: list[Span] = [(left("stage", _NAME), "dim")]
    group = grid.columns * grid.number
    for place, epoch in enumerate(grid.epochs):
        gap = " " if place else ""
        end = " " * (0 if place else grid.bar)
        ticks, share = text.scaled(epoch.ticks), f"{epoch.cpu_share:.0%}"
        name = f"{gap}  {epoch.delivery}"
        room = group + len(gap) - len(name)
        forms = (f" {ticks} ticks  {share}", f" {ticks}  {share}", f" {ticks}", "")
        figures = next(form for form in forms if len(form) <= max(0, room))
        first += [(name[: group + len(gap)], "accent" if not place else "bold")]
        first += [(right(figures, max(0, room)) + end, "dim")]
        second.append((gap + "".join(right(head, grid.number) for head in _COLUMNS[: grid.columns]) + end, "dim"))
    return [tuple(first), tuple(second)]


def _stage(view: View, name: str, grid: _Grid) -> Line:
    """One stage in every epoch shown, and the newest as a bar."""
    spans: list[Span] = [(left(spelled(name, view.glyphs), _NAME), "bold" if name == _IMPORTANT[0] else "")]
    for place, epoch in enumerate(grid.epochs):
        summary = epoch.stages.get(name)
        if place:
            spans.append((" ", ""))
        if summary is None:
            spans.append((right(text.NOTHING, grid.number) * grid.columns, "dim"))
        else:
            figures = (summary.p50_ns, summary.p99_ns, summary.max_ns)[: grid.columns]
            for ns in figures:
                shown = right(shortened(text.latency(ns), grid.number - 1, view.glyphs), grid.number)
                spans.append((shown, _style(ns, newest=not place)))
        if grid.bar and not place:
            spans.append((left(f" {_bar(view, summary, epoch)}", grid.bar), "accent"))
    return tuple(spans)


def _style(ns: int, *, newest: bool) -> str:
    """Slow figures stand out, those of past epochs stand back."""
    if ns >= _TOO_SLOW_NS:
        return "alert"
    if ns >= _SLOW_NS * 4:
        return "warn"
    return "" if newest else "dim"


def _bar(view: View, summary: LatencySummary | None, epoch: EpochView) -> str:
    """The stage's p99 as a share of the slowest stage's."""
    most = max(stage.p99_ns for stage in epoch.stages.values())
    share = summary.p99_ns / most if summary and most > 0 else 0.0
    return view.glyphs.block * round(min(1.0, share) * (_BAR - 1))


def _foot(view: View, width: int) -> Line:
    """`merged 0  waiting 3  GC longest 1.8 ms`."""
    shot = view.snapshot
    merged: Span = (f"merged {shot.merged:,}", "warn" if shot.merged else "dim")
    waiting: Span = (f"waiting {shot.inbox_waiting:,}", "warn" if shot.inbox_waiting > 500 else "dim")
    pause: Span = (f"GC longest {shot.process.gc_longest_ms:,.1f} ms", "dim")
    faults: Line = ((f"faults {shot.faults:,}", "alert"),) if shot.faults else ()
    shown: list[Span] = []
    room = width
    for span in (*faults, merged, waiting, pause):
        words = f"  {span[0]}" if shown else span[0]
        if len(words) <= room:
            shown.append((words, span[1]))
            room -= len(words)
    return tuple(shown)


def _left_out(view: View) -> list[Line]:
    """`left out: outside session 120, backwards 3`, the most frequent reason first; nothing where no tick was."""
    counts = sorted(view.snapshot.left_out.items(), key=lambda item: -item[1])
    told = ", ".join(f"{reason.replace('_', ' ')} {count:,}" for reason, count in counts)
    return [((f"left out: {told}", "warn"),)] if told else []


def line(view: View, width: int) -> Line:
    """The pane in one line: the whole way of the newest epoch, and what waits."""
    epochs = view.snapshot.epochs
    newest = epochs[-1].stages if epochs else {}
    name = next((stage for stage in _IMPORTANT if stage in newest), "")
    if not name:
        return fit((("no ticks yet  ", "dim"), *_foot(view, width - 14)), max(0, width))
    summary = newest[name]
    spans: list[Span] = [(f"{spelled(name, view.glyphs)} ", "dim")]
    for words, ns in (("p50", summary.p50_ns), ("p99", summary.p99_ns), ("max", summary.max_ns)):
        spans += [(f"{words} ", "dim"), (f"{spelled(text.latency(ns), view.glyphs)}  ", _style(ns, newest=True))]
    used = sum(len(words) for words, _ in spans)
    return fit((*spans, *_foot(view, width - used)), max(0, width))


PANE = Pane(
    name="latency",
    label="LATENCY",
    rows=rows,
    wanted=lambda view, width, room: len(rows(view, width, room)),
    least=2,
    spared=5,
    line=line,
    line_rank=2,
)
