"""What a pane is: how it is drawn, how high it wants to be, and which keys are its own. Knows no pane and no layout."""

from collections.abc import Callable
from typing import Literal

from msgspec import Struct

from tui.text.rows import Line
from tui.text.spelling import spelled
from tui.view.model import View


def select_instrument(view: View, by: int) -> None:
    """Select the instrument `by` rows further down the table."""
    numbers, quote = [each.instrument for each in view.listed], view.selected
    if numbers and quote is not None:
        view.ui.selected = numbers[max(0, min(len(numbers) - 1, numbers.index(quote.instrument) + by))]


def scrolled(view: View, name: str, place: int, count: int, total: int) -> int:
    """The first of `count` rows of `total` that the list `name` shows: as when it was last drawn, but with row `place` in sight."""
    top = min(max(view.tops.get(name, 0), place - count + 1), place)
    view.tops[name] = top = max(0, min(top, total - count))
    return top


def filter_words(view: View, name: str) -> str:
    """The filter of the pane `name` as its title shows it, with a cursor while it is typed; "" where there is none."""
    wanted = view.ui.filters.get(name, "")
    typed = view.ui.dialog == "filter" and view.ui.focus == name
    return f"  /{spelled(wanted, view.glyphs)}{'_' if typed else ''}" if wanted or typed else ""


def instrument_line(view: View) -> str:
    """The selected instrument and its last price, as they are copied; empty where there is none."""
    quote = view.selected
    if quote is None:
        return ""
    instrument = view.snapshot.instruments[quote.instrument]
    return f"{instrument.symbol} {instrument.price_words(quote.last)}"


class PaneKey(Struct, frozen=True):
    """A key of a pane; `act` changes the operator's choices and returns a notice to show, or nothing.

    With `when` it works only while its pane has the keys and that holds, and then before all others.
    """

    key: str
    action: str  # its name in the command palette
    help: str
    act: Callable[[View], str]
    footer: str = ""
    when: Callable[[View], bool] | None = None


class Pane(Struct, frozen=True):
    """One pane of the layout; its number there is its key and stands before its title.

    `rows` and `line` draw it, whole (view, width, height) and in one line (view, width). `wanted` (view, width, room) is
    how many rows it could use, None = as many as others leave. `must` (view) rows it has before others have any, `least` rows it takes before others have what they want,
    `spared` rows those above leave to it.
    """

    name: str
    label: str  # its title, unless `title` says more in a rule of its own
    rows: Callable[[View, int, int], list[Line]]
    title: Callable[[View], str] | None = None
    alarm: Callable[[View], str] = lambda _view: ""  # a title that says what must not be missed
    note: Callable[[View, int], Line] = lambda _view, _height: ()  # what stands at the right end of its rule
    wanted: Callable[[View, int, int], int] | None = None
    must: Callable[[View], int] = lambda _view: 0
    least: int = 0
    spared: int = 1
    filtered: bool = False  # its rows can be filtered by what is typed
    line: Callable[[View, int], Line] | None = None  # None: a narrow screen does without it
    lines: Callable[[View, int, int], list[Line]] | None = None  # (view, width, most): where one line does not say all
    line_count: Callable[[View], int] = lambda _view: 1  # how many it would then have
    line_rank: int = 0  # of those in one line, the highest go first where room is short
    margin: Literal["left", "right", ""] = "left"  # where its rows stand a cell off the wall
    live: bool = False  # it moves at every frame; others twice a second
    values: bool = False  # it shows prices or money: once one has moved it is drawn anew, since others show it too
    timeless: bool = False  # while nothing happens it shows the same, however much time passes
    move: Callable[[View, int], None] = select_instrument
    copied: Callable[[View], str] = instrument_line
    keys: tuple[PaneKey, ...] = ()
