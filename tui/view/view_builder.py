"""Reads the engine's newest snapshot and makes the view that panes draw from; remembers the little that a single snapshot cannot tell."""

from collections import deque

from engine import Bar, DayPage, Snapshot
from engine.presentation.health import Health
from engine.presentation.lamps import TerminalLink
from tui.text.glyphs import UNICODE, Glyphs
from tui.text.sanitize import Sanitizer
from tui.view import listing
from tui.view.engine_client import EngineClient
from tui.view.last_made import LastMade
from tui.view.log_lines import LogLines
from tui.view.model import OlderExits, Ui, View
from tui.view.older import older_exits
from tui.view.results import Results

_LOG_BATCH = 1_000
_TREND = 60
_PNL_TREND = 240
_TREND_NS = 1_000_000_000
_HISTORY_NS = 1_000_000_000  # a new chart at most once a second


class ViewBuilder:
    """Makes one `View` a look; sparks and the P&L line are what it has seen pass by.

    `seen` is the snapshot of the last look as it came, `last_line` the number of the newest log line.
    """

    def __init__(self, client: EngineClient, ui: Ui, glyphs: Glyphs = UNICODE) -> None:
        self._client = client
        self._ui = ui
        self._glyphs = glyphs
        self._sanitizer = Sanitizer()
        self._health = Health()
        self._log = LogLines()
        self.seen: Snapshot | None = None
        self.last_line = 0
        self._trends: dict[int, deque[int]] = {}
        self._pnl: deque[float] = deque(maxlen=_PNL_TREND)
        self._history: tuple[Bar, ...] = ()
        self._history_of = (-1, -1)
        self._further: dict[int, tuple[Bar, ...]] = {}
        self._pnl_curve: tuple[tuple[int, float], ...] = ()
        self._results = Results()
        self._history_due_ns = 0
        self._sorting = listing.Sorting()
        self._tops: dict[str, int] = {}
        self._made = LastMade()
        self._seen_number = -1
        self._trend_due_ns = 0
        self._at_ms = 0
        self._outcomes: tuple[str, ...] = ()
        self._told: tuple[str, ...] = ()

    def look(self, now_ns: int, link: TerminalLink) -> View:
        """What there is to see at `now_ns` (monotonic)."""
        self.seen = self._client.snapshot
        snapshot = self._sanitizer.snapshot(self.seen)
        if snapshot.at_ms < self._at_ms:  # a replay went back: what was ahead has not happened
            self._trends.clear()
            self._pnl.clear()
            self._results.clear()
        self._at_ms = snapshot.at_ms
        if snapshot.number != self._seen_number:
            self._seen_number = snapshot.number
            if now_ns >= self._trend_due_ns:
                self._trend_due_ns = now_ns + _TREND_NS
                self._note_trends(snapshot)
        self._read_log(snapshot)
        shown, hidden = self._log.shown(self._ui.log_level)
        view = View(
            snapshot=snapshot,
            ui=self._ui,
            now_ns=now_ns,
            glyphs=self._glyphs,
            lamps=self._health.judge(snapshot, now_ns, link),
            log=shown,
            log_hidden=hidden,
            trends={index: tuple(trend) for index, trend in self._trends.items()},
            pnl_trend=tuple(self._pnl),
            attachment=self._client.attachment,
            older=self._older(snapshot),
            past=self._past(snapshot),
            order=self._sorting.numbers(snapshot, listing.order_of(self._ui.order), now_ns),
            tops=self._tops,
            made=self._made,
        )
        self._read_history(now_ns, view)
        return view

    def new_outcome(self, view: View) -> str:
        """What became of the newest command, once; empty when nothing new was told."""
        outcomes = view.snapshot.outcomes
        fresh = outcomes[-1] if outcomes and outcomes != self._outcomes else ""
        self._outcomes = outcomes
        return fresh

    def new_told(self, view: View) -> tuple[str, ...]:
        """What the engine told this screen since the last look; the newest last."""
        told, before = view.attachment.told, self._told
        self._told = told
        known = next(
            (count for count in range(min(len(before), len(told)), 0, -1) if before[-count:] == told[:count]), 0
        )
        return told[known:]

    def _older(self, snapshot: Snapshot) -> OlderExits:
        if self._ui.dialog != "trades":
            return OlderExits()
        return self._sanitizer.part("older", older_exits(self._client, snapshot, self._ui.choice))

    def _past(self, snapshot: Snapshot) -> DayPage | None:
        if self._ui.dialog not in {"days", "day"}:
            return None
        date = self._ui.day if self._ui.dialog == "day" else ""
        page = self._client.day_page(date, snapshot.account.day.date, snapshot.rewinds)
        return self._sanitizer.part(f"past {self._ui.dialog}", page)

    def _note_trends(self, snapshot: Snapshot) -> None:
        """Take a sample of every price and of the day's result; calm sparks are worth more than busy ones."""
        for quote in snapshot.quotes:
            if quote.last:
                self._trends.setdefault(quote.instrument, deque(maxlen=_TREND)).append(quote.last)
        self._pnl.append(float(snapshot.account.day_pnl))
        self._results.note(snapshot)

    def _read_log(self, snapshot: Snapshot) -> None:
        lines = self._client.log_lines(self.last_line, _LOG_BATCH)
        if lines:
            self.last_line = lines[-1].number
            self._log.add(self._sanitizer.log(lines), snapshot)

    def _read_history(self, now_ns: int, view: View) -> None:
        """The charts that are shown, asked for at most once a second: of the selected instrument, and of a dialog's."""
        selected, other = view.selected, self._ui.instrument if self._ui.dialog == "position" else -1
        if selected is None:
            return
        wanted = (selected.instrument, other)
        if wanted != self._history_of or now_ns >= self._history_due_ns:
            self._history_of, self._history_due_ns = wanted, now_ns + _HISTORY_NS
            self._history = self._client.history(selected.instrument)
            listed = selected.instrument != other and 0 <= other < len(view.snapshot.instruments)
            self._further = {other: self._client.history(other)} if listed else {}
            self._pnl_curve = self._results.curve(view.snapshot)
        view.history, view.further, view.pnl_curve = self._history, self._further, self._pnl_curve
