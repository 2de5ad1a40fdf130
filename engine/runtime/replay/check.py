"""Follows a recorded run: gives the trader what it was given then, compares its state at every checkpoint. Reads no clock."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from msgspec import Struct
from msgspec.structs import replace

from engine.model.digest import blake2b
from engine.model.events import AnyEvent, StateKept
from engine.model.marks import DeskMark, EventMark, InputMark, StartMark, StateMark
from engine.model.order_reports import OrderAnswer, instruments_in
from engine.model.run_views import CheckView
from engine.model.state import Fields, as_text, plain_of
from engine.model.types import Instrument
from engine.recording import MqrSource
from engine.runtime.replay.comparable import incomparable, other_rules
from engine.runtime.turn_parts import TurnParts

_NEVER = 1 << 62
_MOST_MARKS = 250_000  # more are no run's of a day; each takes some hundred bytes
_SAME, _DIFFERENT = 1, 2
_HELD = ".door.held"  # a tick that waits for its confirmation
_RESULTS = ("book.", "position.", "orders.")  # what decisions come to: a difference there has a cause elsewhere
_ABSENT = "nothing"
_NO_DESK = "its orders were real, and it does not say with what they began"
_BEYOND = "a broker's answer in it speaks of an instrument beyond those of its header"
_CAUSED = (ValueError, LookupError, TypeError, ArithmeticError, AssertionError)  # by what a file says


class _Checkpoint(Struct, frozen=True):
    """What is kept of a StateMark: its place among them, a digest of its fields, and of which instruments they are."""

    place: int
    digest: bytes
    instruments: tuple[int, ...]


class ReplayCheck:
    """Replays the inputs of a recorded run and judges its checkpoints; every method is called within the turn.

    Under another configuration nothing is compared and no input given, so that a recording can be studied so. One made
    by other rules is followed all the same, and the first difference ends the comparison with that as its reason, unless
    `any_version` is to be compared.
    """

    def __init__(self, parts: TurnParts, source: MqrSource, *, any_version: bool = False) -> None:
        self._source = source
        self._trader = parts.trader
        self._effects = parts.effects
        self._parts = parts
        self._operator = parts.operator
        self._why_not = incomparable(source.header, parts.config, parts.instruments)
        self._other_rules = "" if any_version else other_rules(source.header)
        self._interfered_at = _NEVER  # the operator gave a command of his own after this tick
        self._ticks = array("q")  # of each mark that counts, in the stream's order
        self._marks: list[_Checkpoint | InputMark] = []
        self._start: StateKept | None = None
        self._carried: dict[str, str] = {}
        self._verdicts = bytearray()  # of each mark: same, different, or 0 = not judged (again)
        self._next = 0
        self._total = 0
        self._difference = ""
        self._differs_at = -1  # the mark that `_difference` is of
        self._begun = False
        self.inputs = 0  # that it has beside its ticks
        self._read()
        if source.real_orders and parts.trader.state.orders.kind != "real" and not self.is_empty:
            self._why_not = self._why_not or _NO_DESK

    @property
    def is_empty(self) -> bool:
        """Whether the recording holds nothing to follow: no checkpoint, no input."""
        return not self._marks and self._start is None

    @property
    def follows(self) -> bool:
        """Whether the trader's commands and beats come from the recording, so that none of our own may be added."""
        return not self._why_not and self._interfered_at == _NEVER

    def _read(self) -> None:
        """Take from the recording what is needed of its marks; the fields of a checkpoint stay in the file."""
        known: dict[tuple[int, ...], tuple[int, ...]] = {}
        count = len(self._source.instruments)
        newest = 0
        for mark in self._source.marks():
            if isinstance(mark, StartMark):
                self._start = self._start or mark.kept
                self._carried |= mark.fields
                continue
            if isinstance(mark, EventMark | DeskMark):
                continue
            if len(self._marks) == _MOST_MARKS:
                self._why_not = self._why_not or f"more than {_MOST_MARKS:,} marks"
                return
            if isinstance(mark, InputMark) and mark.answer is not None:
                beyond = [each for each in instruments_in(mark.answer) if not -1 <= each < count]
                self._why_not = self._why_not or (_BEYOND if beyond else "")
            newest = min(max(newest, mark.ticks), _NEVER)
            self._ticks.append(newest)
            self._verdicts.append(0)
            if isinstance(mark, StateMark):
                instruments = _instruments_of(mark.fields, count)
                self._marks.append(
                    _Checkpoint(self._total, _digest_of(mark), known.setdefault(instruments, instruments))
                )
                self._total += 1
            else:
                self.inputs += 1
                self._marks.append(mark)

    # ── On the way ──────────────────────────────────────────────────────────────────────────────────────────────

    def begin(self) -> None:
        """Bring the trader to where the recorded run began, what was given ahead of the first tick included."""
        if self._begun:
            return
        self._begun = True
        self._keep_time()  # first: ahead of the first tick as well it is the recording's beats that tell the time
        if self._start is not None and self.follows:
            self._take_over(self._start)
        self.passed(0)

    def _keep_time(self) -> None:
        """Let the recording's own beats tell what was due by then; where none are given, its ticks move the clock."""
        by_ticks = not self.follows
        if by_ticks != self._trader.agenda.by_ticks:
            self._trader.agenda.keep_time(by_ticks=by_ticks)

    @property
    def next_tick(self) -> int:
        """The tick number after which `passed` is wanted."""
        return self._ticks[self._next] if self._next < len(self._ticks) else _NEVER

    def passed(self, seq: int) -> None:
        """Tick number `seq` was worked: give and judge what was recorded after it, in the stream's order."""
        while self._next < len(self._ticks) and self._ticks[self._next] <= seq:
            place = self._next
            self._next += 1
            if self._source.left_out:
                self._why_not = self._why_not or "ticks are missing: the recording is damaged"
            if not self.follows:
                continue
            mark = self._marks[place]
            if isinstance(mark, InputMark):
                self._give(mark, seq)
            else:
                self._judge(place, mark, seq)
        self._keep_time()

    def went_back(self, seq: int, fields: Fields) -> None:
        """The trader has the state after tick `seq` again, which was `fields`; what lies ahead is judged again."""
        if seq <= self._interfered_at and not self._operator.locked and not self._operator.paused:
            self._interfered_at = _NEVER
        if self.follows:
            self._trader.state.gate.paused = bool(fields["gate.paused"])  # by the recording, not by an operator of now
        self._next = bisect_right(self._ticks, seq)
        self._verdicts[self._next :] = bytes(len(self._verdicts) - self._next)
        if self._differs_at >= self._next:
            self._difference, self._differs_at = "", -1
        self._keep_time()

    def interfered(self, seq: int) -> None:
        """The operator gave the trader a command of his own after tick `seq`: from there on it is another run."""
        self._interfered_at = min(self._interfered_at, seq)
        self._keep_time()

    def view(self) -> CheckView:
        """How it stands."""
        why_not, same = self._why_not, self._verdicts.count(_SAME)
        if not why_not and self._interfered_at != _NEVER:
            why_not = f"a command was given at tick {self._interfered_at:,}"
        if not why_not and self._difference and self._other_rules:
            return CheckView(same, self._total, "", self._other_rules)
        return CheckView(same, self._total, self._difference, why_not)

    def reached(self, seq: int) -> int:
        """How many checkpoints there are up to tick `seq`."""
        return sum(isinstance(mark, _Checkpoint) for mark in islice(self._marks, bisect_right(self._ticks, seq)))

    # ── Giving and judging ──────────────────────────────────────────────────────────────────────────────────────

    def _take_over(self, kept: StateKept) -> None:
        trader = self._trader
        before = trader.state.dump()
        try:
            # The simulated broker has to hold it as well.
            if self._carried:
                self._parts.rewind.carry_on(plain_of(self._carried), kept)
            else:
                self._parts.rewind.take_over(kept)
        except _CAUSED as error:
            trader.load(before)
            self._why_not = f"the account it began with cannot be taken over: {error}"
            return
        self._parts.persistence.mark(StartMark(kept, self._carried))  # where the replay is recorded itself
        self._operator.paused = False  # what is paused was by the recording, not by an operator of now

    def _give(self, mark: InputMark, seq: int) -> None:
        self._parts.persistence.mark(replace(mark, ticks=seq))
        if mark.answer is not None:
            effects = self._answered(mark.answer, mark.at_ms)
        elif mark.command is None:
            effects = self._trader.on_beat(mark.at_ms, mark.market_ms, mark.closed_until_ms)
        else:
            effects = self._trader.on_command(mark.command, mark.at_ms, mark.closed_until_ms, mark.market_ms)
        self._effects.carry_out(effects)

    def _answered(self, answer: OrderAnswer, at_ms: int) -> Sequence[AnyEvent]:
        """Give what the broker said; what no broker says ends the comparison."""
        try:
            return self._trader.on_event(answer, at_ms)
        except _CAUSED as error:
            self._why_not = f"an answer in it cannot be taken: {type(error).__name__} {error}"
            return ()

    def _judge(self, place: int, checkpoint: _Checkpoint, seq: int) -> None:
        texts = as_text(self._trader.state.dump(checkpoint.instruments))
        if _digest(texts) == checkpoint.digest:
            self._verdicts[place] = _SAME
            return
        self._verdicts[place] = _DIFFERENT
        if not self._difference:
            self._differs_at = place
            self._difference = f"tick {seq:,}: {self._first_difference(checkpoint, texts)}"

    def _first_difference(self, checkpoint: _Checkpoint, now: dict[str, str]) -> str:
        """Name what differs; the recorded fields are read again for that."""
        states = (mark for mark in self._source.marks() if isinstance(mark, StateMark))
        mark = next(islice(states, checkpoint.place, None), None)
        if mark is None:
            return "the recording cannot be read there any more"
        recorded = _plain(mark.fields)
        now = _plain(now)
        names = [name for name in (recorded | now) if recorded.get(name) != now.get(name)]
        if not names:
            return f"the checkpoint contradicts itself: its hash is {mark.state_hash:.40}, its fields have another"
        name = min(names, key=lambda name: name.startswith(_RESULTS))
        then, today = recorded.get(name, _ABSENT), now.get(name, _ABSENT)
        return f"{_spoken(name, self._source.instruments)} {then:.60} ≠ {today:.60}"


def _instruments_of(names: Iterable[str], count: int) -> tuple[int, ...]:
    """Which instruments' own state is among the fields `names`: those that begin with its number."""
    numbers = {head for name in names if (head := name.partition(".")[0]).isdecimal() and head.isascii()}
    return tuple(sorted(index for text in numbers if len(text) < 5 and (index := int(text)) < count))


def _digest_of(mark: StateMark) -> bytes:
    """A digest of the fields of `mark`; one that equals none where the mark's own hash says otherwise."""
    if _hashed(mark.fields).hex() != mark.state_hash:
        return b""
    return _digest(mark.fields)


def _digest(texts: Mapping[str, str]) -> bytes:
    return _hashed(_plain(texts))


def _hashed(texts: Mapping[str, str]) -> bytes:
    """The bytes of `engine.model.state.state_hash`, of fields that are texts already."""
    text = "\n".join(f"{name}={value}" for name, value in sorted(texts.items()))
    return blake2b(text.encode(errors="replace"), digest_size=16).digest()


def _plain(texts: Mapping[str, str]) -> dict[str, str]:
    """`texts` without what differs from run to run and decides nothing: a held tick's number and receipt time."""
    plain = dict(texts)
    for name, text in texts.items():
        if name.endswith(_HELD):
            seq, *middle = text.strip("[]").split(", ")
            plain[name] = str([each for place, each in enumerate(middle) if place != 3]) if seq else text
    return plain


def _spoken(name: str, instruments: tuple[Instrument, ...]) -> str:
    """A field as a person calls it: `ema_fast` for `0.strategy.ema_fast.value`, the symbol before it where there are several."""
    head, _, rest = name.partition(".")
    if not head.isdecimal():
        return name[:80]
    short = rest.removeprefix("strategy.").removeprefix("door.").removesuffix(".value")
    owner = f"{instruments[int(head)].symbol} " if len(instruments) > 1 and int(head) < len(instruments) else ""
    return f"{owner}{short:.60}"
