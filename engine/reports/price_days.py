"""What the price chart of a page needs of each day: prices of what was traded, entries, exits, stops, the account. Pure.

Few days are kept whole; once they are more, of each five seconds highest and lowest. Exits are exact.
"""

from typing import Any, Final

from msgspec import Struct

from engine.model.session_result import PositionResult, PricePath, ReportedDay
from engine.presentation import chart
from engine.presentation import format as text
from engine.reports import figure_words as words
from engine.reports.mode_report import ModeReport
from engine.reports.price_data import account_points, encoded, extremes, is_exact
from engine.reports.report import Told
from engine.reports.svg import LEFT, Axes, Drawing, thinned

_MOST_PATHS: Final = 8  # instruments of a day, those with the most positions
_MOST_DAYS: Final = 400  # in a chart; of more, the newest


class KeptDay(Struct):
    """A day as it came: until there are too many it can still be drawn tick by tick."""

    date: str
    paths: list[PricePath]
    positions: list[PositionResult]
    equity: tuple[list[int], list[int]]  # moments, whole units of the currency


class PriceDays:
    """Takes days for the chart of one mode."""

    def __init__(self) -> None:
        self.days: list[KeptDay] = []
        self.ready: list[dict[str, Any]] = []
        self.count = 0
        self.newest: KeptDay | None = None

    def take(self, day: ReportedDay, positions: Told, report: ModeReport) -> None:
        """Take a day; one without ticks is passed over."""
        chosen = _chosen(day)
        if not chosen:
            return
        row = report.days[-1]
        values = [round(row.plus + row.scale * each) for each in day.equity]
        self.newest = KeptDay(day.date, chosen, [each for each, _ in positions], (list(day.equity_ms), values))
        self.days.append(self.newest)
        self.count += 1
        if not is_exact(self.count):
            self._make_ready(report.zone)

    def _make_ready(self, zone: str) -> None:
        self.ready += [_record(each, zone, exact=False) for each in self.days]
        del self.ready[:-_MOST_DAYS]
        self.days.clear()

    @property
    def drawn(self) -> list[KeptDay]:
        """The days that are drawn without a script: all of few, else the newest."""
        return self.days or ([self.newest] if self.newest is not None else [])

    def records(self, zone: str) -> list[dict[str, Any]]:
        """All days for the script."""
        return [*self.ready, *(_record(each, zone, exact=True) for each in self.days)]


def _chosen(day: ReportedDay) -> list[PricePath]:
    """The prices of what was traded most; of a day without positions those with the most ticks."""
    counts: dict[str, int] = {}
    for each in day.positions:
        counts[each.instrument.symbol] = counts.get(each.instrument.symbol, 0) + 1
    traded = [path for path in day.paths if path.instrument.symbol in counts]
    if not traded:
        return sorted(day.paths, key=lambda path: -len(path.prices))[:1]
    return sorted(traded, key=lambda path: -counts[path.instrument.symbol])[:_MOST_PATHS]


def _record(day: KeptDay, zone: str, *, exact: bool) -> dict[str, Any]:
    paths = []
    for path in day.paths:
        times, prices = (path.at_ms, path.prices) if exact else extremes(path.at_ms, path.prices)
        own = [each for each in day.positions if each.instrument.symbol == path.instrument.symbol]
        paths.append(
            {
                "s": path.instrument.symbol,
                "k": path.instrument.price_scale,
                "p": encoded(times, prices),
                "m": [_mark(each, times[0], zone, exact=exact) for each in own],
            }
        )
    return {
        "d": day.date,
        "o": _ahead_ms(day, zone),
        "paths": paths,
        "e": encoded(*account_points(*day.equity, exact=exact)),
    }


def _ahead_ms(day: KeptDay, zone: str) -> int:
    """How far the clocks of `zone` are ahead of UTC, less whole days."""
    return -chart.midnight(day.paths[0].at_ms[0], zone) % 86_400_000


def _mark(each: PositionResult, begin_ms: int, zone: str, *, exact: bool) -> list[Any]:
    """Entry (ms behind `begin_ms`), exits, stops as they moved, sign of the net, and what is said of it where somebody points."""
    net = each.net
    why = each.exits[-1].reason if each.exits and not each.left else "open"
    said = f"{why} {words.money(net, zone, sign=True)}"
    if exact:
        said = f"{text.clock(each.entry_ms, zone)} {text.quantity(each.instrument, each.quantity)} {said}"
    stops = [part for stop in each.stops for part in (stop[0] - each.entry_ms, stop[1])] if exact else []
    exits = [part for sold in each.exits for part in (sold.at_ms - each.entry_ms, sold.price)]
    return [each.entry_ms - begin_ms, each.entry_price, exits, stops, (net > 0) - (net < 0), said]


def day_drawing(day: KeptDay, zone: str) -> tuple[Drawing, str]:
    """The price of what was traded most on a day, with entries, exits and stops; and what it says."""
    path = day.paths[0]
    instrument, prices, times = path.instrument, path.prices, path.at_ms
    own = [each for each in day.positions if each.instrument.symbol == instrument.symbol]
    said = (
        f"{instrument.symbol} on {day.date}: {text.price(instrument, prices[0])} to {text.price(instrument, prices[-1])}, between "
        f"{text.price(instrument, min(prices))} and {text.price(instrument, max(prices))}; {len(own)} positions."
    )
    drawing = Drawing(said, width=760, height=300)
    begin, span = times[0], max(1, times[-1] - times[0])
    scale = instrument.price_scale
    axes = Axes(drawing, span, [price / scale for price in (min(prices), max(prices))], lambda value: f"{value:g}")
    points = [(at - begin, price / scale) for at, price in zip(times, prices, strict=True)]
    drawing.path(((axes.x(x), axes.y(y)) for x, y in thinned(points, span, 300)), "line thin")
    for each in own:
        steps = [(at, stop) for at, stop in each.stops if begin <= at <= begin + span]
        lasts = [*(at for at, _ in steps[1:]), each.last_ms]
        flight = [
            (axes.x(at - begin), axes.y(stop / scale))
            for (first, stop), last in zip(steps, lasts, strict=True)
            for at in (first, last)
        ]
        drawing.path(flight, "stop")
        for sold in each.exits:
            drawing.sign(axes.x(sold.at_ms - begin), axes.y(sold.price / scale), 1 if sold.net > 0 else -1)
        drawing.text(axes.x(each.entry_ms - begin), axes.y(each.entry_price / scale) + 4, "•", anchor="middle")
    hours = [(place * span / 8, text.minute(begin + place * span // 8, zone)) for place in range(9)]
    axes.under(hours)
    drawing.text(LEFT + 4, 20, instrument.symbol, kind="small")
    return drawing, said
