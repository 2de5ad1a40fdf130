"""The pictures of a report without a script: account and its falls, fan, bars, R, MAE × MFE, costs, calendar. Pure.

Each comes with a sentence and a table that say the same.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from itertools import accumulate
from typing import Final

from msgspec import Struct

from engine.presentation import format as text
from engine.presentation.charges import in_order
from engine.presentation.day_figures import equity_fan
from engine.reports import figure_words as words
from engine.reports.mode_report import Curve, DayRow, ModeReport
from engine.reports.position_sums import PositionSums
from engine.reports.svg import LEFT, RIGHT, TOP, WIDTH, Axes, Drawing
from engine.text.day_words import is_date

_ROW: Final = 20  # of bars
CELL: Final = 24  # how high one with a number is
_MOST_POINTS: Final = 2_000  # of MAE × MFE
_MOST_BARS: Final = 30
_BINS: Final = 20
_LABEL: Final = 112  # room of the words before bars


class Picture(Struct, frozen=True):
    """A drawing with its name, what it says in a sentence, and the same as a table."""

    name: str
    title: str
    drawing: Drawing
    says: str
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def short(value: float) -> str:
    """Money on an axis: `1.2k`, `-35k`, `1.4M`."""
    size = abs(value)
    for unit, of in (("M", 1e6), ("k", 1e3)):
        if size >= of:
            return f"{value / of:.{1 if size < 100 * of else 0}f}".removesuffix(".0") + unit
    return f"{value:.0f}"


def pictures(found: ModeReport) -> list[Picture]:
    """All pictures that there is something to draw of."""
    groups = [bars_of(found, kind) for kind in ("exit reason", "entry, quarter hour", "weekday", "days to expiry")]
    made = [account(found), fan(found), calendar(found), *groups, r_histogram(found), scatter(found), costs(found)]
    return [each for each in made if each is not None]


# ── Over time ───────────────────────────────────────────────────────────────────────────────────────────────────────


def account(found: ModeReport) -> Picture | None:
    """The account at every tick (exit by exit without ticks), and how far it is below its peak."""
    curve = found.marked_curve if found.marked_curve.values else found.curve
    values, zone = list(curve.values), found.zone
    if len(values) < 2:
        return None
    peaks = list(accumulate(values, max))
    fall = found.marked.largest or found.realised.largest
    ending = f"from {words.money(values[0], zone)} to {words.money(values[-1], zone)}"
    said = f"The account {ending}; largest fall {words.fall_words(fall, zone, dated=len(found.days) > 1)}."
    drawing = Drawing(said)
    axes = Axes(drawing, len(values) - 1, values, short)
    points = list(enumerate(values))
    under = [*enumerate(peaks), *reversed(points)]
    if any(peak > value for peak, value in zip(peaks, values, strict=True)) and len(under) < 4_000:
        drawing.path(((axes.x(place), axes.y(value)) for place, value in under), "under", close=True)
    axes.curve(points)
    axes.under(_moments(curve, zone, dated=len(found.days) > 1))
    rows = tuple((day.date, words.money(day.net, zone, sign=True), words.money(day.equity, zone)) for day in found.days)
    return Picture("account", "Account", drawing, said, ("day", "net", "account"), rows)


def _moments(curve: Curve, zone: str, *, dated: bool) -> list[tuple[float, str]]:
    count = len(curve.at_ms)
    places = [place * (count - 1) // 6 for place in range(7)]
    say: Callable[[int, str], str] = text.day if dated else text.minute
    return [(place, say(curve.at_ms[place], zone)) for place in dict.fromkeys(places)]


def fan(found: ModeReport) -> Picture | None:
    """Where the sum of these days could stand, in another order and choice: the 5-95 % band."""
    nets = [float(day.net) for day in found.days]
    if len(nets) < 2:
        return None
    bands = equity_fan(nets, found.fingerprint)
    real = [0.0, *accumulate(nets)]
    low, high = bands[-1][0], bands[-1][-1]
    said = f"{len(nets)} days drawn anew end between {words.money(low, found.zone, sign=True)} and {words.money(high, found.zone, sign=True)} in nine of ten cases."
    drawing = Drawing(said)
    axes = Axes(drawing, len(nets), [*real, *(value for band in bands for value in (band[0], band[-1]))], short)
    for below, above in ((0, 4), (1, 3)):
        edge = [(place, band[below]) for place, band in enumerate(bands)]
        edge += [(place, band[above]) for place, band in reversed(list(enumerate(bands)))]
        drawing.path(((axes.x(place), axes.y(value)) for place, value in edge), "band", close=True)
    axes.curve(list(enumerate(real)))
    axes.under([(place, str(place)) for place in range(0, len(nets) + 1, max(1, len(nets) // 6))])
    rows = tuple(
        (str(place), *(words.money(value, found.zone, sign=True) for value in band)) for place, band in enumerate(bands)
    )
    return Picture("fan", "Days drawn anew", drawing, said, ("days", "5%", "25%", "50%", "75%", "95%"), rows[-1:])


def calendar(found: ModeReport) -> Picture | None:
    """Each day in its week: colour, sign and number."""
    days = {day.date: day for day in found.days if is_date(day.date)}
    if len(days) < 2:
        return None
    dates = sorted(date.fromisoformat(each) for each in days)
    first = dates[0] - timedelta(days=dates[0].weekday())
    weeks = (dates[-1] - first).days // 7 + 1
    widest = max(abs(float(day.net)) for day in days.values()) or 1.0
    best = max(days.values(), key=lambda day: day.net)
    worst = min(days.values(), key=lambda day: day.net)
    said = f"Best day {_day_words(best, found.zone)}, worst {_day_words(worst, found.zone)}."
    columns = 7 if any(each.weekday() > 4 for each in dates) else 5
    cell = (WIDTH - LEFT - RIGHT) / columns
    drawing = Drawing(said, height=18 + 24 * weeks)
    for column in range(columns):
        drawing.text(LEFT + cell * (column + 0.5), 12, ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][column], anchor="middle", kind="small")  # fmt: skip
    for week in range(weeks):
        drawing.text(LEFT - 6, 34 + 24 * week, f"{first + timedelta(days=7 * week):%d %b}", anchor="end", kind="small")
    for each in dates:
        day = days[each.isoformat()]
        week, column = divmod((each - first).days, 7)
        x, y, net = LEFT + cell * column, 18 + 24 * week, float(day.net)
        said_short = f"{'+' if net > 0 else ''}{short(net)}"
        coloured(drawing, (x, y, cell), net, abs(net) / widest, said_short, title=_day_words(day, found.zone))
    rows = tuple((day.date, words.money(day.net, found.zone, sign=True), f"{day.positions}") for day in found.days)
    return Picture("calendar", "Calendar", drawing, said, ("day", "net", "positions"), rows)


def coloured(
    drawing: Drawing, at: tuple[float, float, float], value: float, strength: float, said: str, title: str
) -> None:
    """A cell with a number, whose left, top and width are `at`: the colour says the sign, its `strength` (0 to 1) the size."""
    x, y, wide = at
    kind = "up" if value >= 0 else "down"
    drawing.rect(x + 1, y + 1, wide - 2, CELL - 2, kind, title=title, strength=0.12 + 0.6 * strength)
    drawing.text(x + wide / 2, y + 16, said, anchor="middle", kind="small")


def _day_words(day: DayRow, zone: str) -> str:
    return f"{day.date} {words.money(day.net, zone, sign=True)}"


# ── Of positions ────────────────────────────────────────────────────────────────────────────────────────────────────


def bars_of(found: ModeReport, kind: str) -> Picture | None:
    """Net by group, as bars from nought."""
    groups = dict(list(found.groups.of(kind).items())[:_MOST_BARS])
    if len(groups) < 2:
        return None
    best = max(groups, key=lambda key: groups[key].net)
    worst = min(groups, key=lambda key: groups[key].net)
    said = f"Net by {kind}: most {_group_words(best, groups[best], found.zone)}, least {_group_words(worst, groups[worst], found.zone)}."
    drawing = _bars([(key, float(sums.net), _group_words(key, sums, found.zone)) for key, sums in groups.items()], said)
    rows = tuple((key, *words.group_cells(sums, found.zone)) for key, sums in groups.items())
    head = (kind, *(each.lower() for each in words.GROUP_HEAD))
    return Picture(kind.replace(", ", "-").replace(" ", "-"), f"By {kind}", drawing, said, head, rows)


def _group_words(key: str, sums: PositionSums, zone: str) -> str:
    return f"{key} {words.money(sums.net, zone, sign=True)} in {sums.positions:,}"


def _bars(bars: Sequence[tuple[str, float, str]], said: str) -> Drawing:
    """A bar a row: words, what it is long, what is told of it."""
    drawing = Drawing(said, height=8 + _ROW * len(bars))
    values = [value for _, value, _ in bars]
    low, high = min(0.0, *values), max(0.0, *values)
    room = WIDTH - _LABEL - 66
    scale = room / ((high - low) or 1.0)
    zero = _LABEL - low * scale
    for place, (label, value, title) in enumerate(bars):
        y = 4 + _ROW * place
        drawing.text(_LABEL - 8, y + 14, label if len(label) <= 17 else f"{label[:16]}…", anchor="end", kind="small")
        long = abs(value) * scale
        drawing.rect(
            zero - (long if value < 0 else 0), y + 2, long, _ROW - 5, "up" if value >= 0 else "down", title=title
        )
        drawing.text(WIDTH - 4, y + 14, f"{'+' if value > 0 else ''}{short(value)}", anchor="end", kind="small")
    drawing.line(zero, 2, zero, drawing.height - 2)
    return drawing


def r_histogram(found: ModeReport) -> Picture | None:
    """How many positions came to how many R."""
    values = sorted(found.r)
    if len(values) < 2 or values[0] == values[-1]:
        return None
    size = (values[-1] - values[0]) / _BINS
    counts = [0] * _BINS
    for each in values:
        counts[min(_BINS - 1, int((each - values[0]) / size))] += 1
    said = f"{len(values):,} positions between {values[0]:.2f} and {values[-1]:.2f} R, mean {words.number(found.sums.mean_r)} R."
    drawing = histogram(counts, values[0], size, said, lambda value: f"{value:.1f}", lambda value: f"{value:.2f} R")
    rows = tuple(
        (f"{values[0] + place * size:.2f} to {values[0] + (place + 1) * size:.2f}", str(count))
        for place, count in enumerate(counts)
    )
    return Picture("r", "R of positions", drawing, said, ("R", "positions"), rows)


def histogram(
    counts: Sequence[int],
    low: float,
    size: float,
    said: str,
    under: Callable[[float], str],
    full: Callable[[float], str],
) -> Drawing:
    """How often values lie in each part of `size` from `low` on; `under` says one below the axis, `full` the middle of a part."""
    drawing = Drawing(said)
    axes = Axes(drawing, len(counts), [0, *counts], lambda value: f"{value:.0f}" if value == int(value) else "")
    for place, count in enumerate(counts):
        x, y = axes.x(place), axes.y(count)
        middle = low + (place + 0.5) * size
        kind = "up" if middle >= 0 else "down"
        drawing.rect(x + 1, y, axes.x(1) - axes.x(0) - 2, axes.y(0) - y, kind, title=f"{full(middle)}: {count}")
    axes.under([(place, under(low + place * size)) for place in range(0, len(counts) + 1, 4)])
    return drawing


def scatter(found: ModeReport) -> Picture | None:
    """How far positions went for us (up) and against us (to the right), in R; triangles up won, down lost."""
    count = len(found.signs)
    if count < 2:
        return None
    every = -(-count // _MOST_POINTS)
    mae, mfe, signs = found.mae_r[::every], found.mfe_r[::every], found.signs[::every]
    won_mae = [each for each, sign in zip(found.mae_r, found.signs, strict=True) if sign > 0]
    deepest = max(won_mae, default=0.0)
    said = f"{count:,} positions; of those that won none went further against us than {deepest:.2f} R."
    drawing = Drawing(said)
    widest = max(*mae, 0.01)
    axes = Axes(drawing, widest, [0.0, *mfe], lambda value: f"{value:.2g}")
    for x, y, sign in zip(mae, mfe, signs, strict=True):
        drawing.sign(axes.x(x), axes.y(y), sign)
    axes.under([(widest * place / 5, f"{widest * place / 5:.2f}") for place in range(6)])
    drawing.text(WIDTH - RIGHT, TOP + 2, "up: MFE, to the right: MAE, in R", anchor="end", kind="small")
    mean_mae, mean_mfe = sum(found.mae_r) / count, sum(found.mfe_r) / count
    rows = (
        ("mean", f"{mean_mae:.2f}", f"{mean_mfe:.2f}"),
        ("most", f"{max(found.mae_r):.2f}", f"{max(found.mfe_r):.2f}"),
    )
    return Picture("mae-mfe", "MAE × MFE", drawing, said, ("", "MAE, R", "MFE, R"), rows)


def costs(found: ModeReport) -> Picture | None:
    """What fills cost, by kind."""
    kinds = {kind: paid for kind, paid in in_order(found.paid).items() if paid}
    if not kinds:
        return None
    whole = sum(kinds.values())
    gross = found.gross
    of_gross = f", {words.share(float(whole / gross), 1)} of the gross result" if gross > 0 else ""
    said = f"Costs of {words.money(whole, found.zone)}{of_gross}."
    drawing = _bars(
        [(kind, -float(paid), f"{kind} {words.money(paid, found.zone)}") for kind, paid in kinds.items()], said
    )
    rows = tuple((kind, words.money(paid, found.zone)) for kind, paid in kinds.items())
    return Picture("costs", "Costs by kind", drawing, said, ("kind", "paid"), rows)
