"""What goes wrong with orders and when, as text: `at 12.5s: updates down 5`, `at place 3: after`, `p 0.05 book: stale`. Does nothing."""

import re
from typing import Final, Literal

from msgspec import Struct

from engine.model.errors import InputError
from engine.text.sanitize import clean
from tests.simulator.exchange.answers import SHAPES
from tests.simulator.exchange.refusals import FAMILIES

WRITES: Final = ("place", "modify", "cancel")
BOOKS: Final = ("order_book", "trade_book", "positions")
READS: Final = (*BOOKS, "details", "quote", "ltp", "funds", "margin", "charges", "profile")
CALLS: Final = (*WRITES, *READS)
TARGETS: Final = {each: (each,) for each in CALLS} | {"write": WRITES, "book": BOOKS, "read": READS, "any": CALLS}

ENDED: Final = ("rejected", "cancelled")  # what becomes of an order by the exchange, or by a hand at the app
_TAKEN = ("taken", "untagged", *ENDED)
_SHAPE_WORDS = ("lost", "reset", *SHAPES)
_CODE = re.compile(r"[A-Z]{2}\d{3,6}")
_SYMBOL = re.compile(r"[A-Z0-9]{1,40}")


class FaultForm(Struct, frozen=True):
    """What may stand behind a kind of fault: a number (needed where it has no default), a word, a second one, flags.

    It is aimed at a call of `calls`; where there are none it befalls the exchange.
    """

    calls: tuple[str, ...] = ()
    number: str = ""  # what it counts
    default: int | None = None
    most: int = 600_000
    word: tuple[str, ...] | re.Pattern[str] = ()
    needs_word: bool = False
    more: tuple[str, ...] | re.Pattern[str] = ()
    flags: tuple[str, ...] = ()
    lasts: bool = False  # for so long, though it is not aimed at calls


_ANSWER = FaultForm(CALLS, flags=_TAKEN)  # instead of the right answer; `taken`: it did what was asked all the same
FAULT_FORMS: Final[dict[str, FaultForm]] = {
    # How a call ends
    "after": FaultForm(WRITES, flags=("untagged", *ENDED)),  # done, and no answer
    "late": FaultForm(
        WRITES, "ms", word=_SHAPE_WORDS, flags=("untagged", *ENDED)
    ),  # done so much later; no answer, or a wrong one
    "slow": FaultForm(CALLS, "ms"),  # done at once, answered so much later
    "lost": FaultForm(CALLS),  # never arrives
    "reset": _ANSWER,
    "unreachable": FaultForm(CALLS),  # no connection
    **dict.fromkeys(SHAPES, _ANSWER),
    "status_false": FaultForm(CALLS, word=_CODE, needs_word=True, flags=_TAKEN),
    "cut": FaultForm(CALLS, flags=("untagged",)),  # done, and half of the answer
    # What becomes of an order
    "reject": FaultForm(WRITES, word=FAMILIES, needs_word=True, more=_CODE, flags=("at_once",)),
    "partial": FaultForm(("place",), "percent", most=100, flags=ENDED),  # no more trades until it is modified
    "fill": FaultForm(("modify", "cancel"), "percent", 100, 100, flags=ENDED),  # while that is on its way
    "untagged": FaultForm(("place",)),
    # What the books say
    "short": FaultForm(BOOKS, "rows from the newest", 0),
    "stale": FaultForm(BOOKS, "ms", 5_000),
    "lag": FaultForm(BOOKS, "ms"),  # changes from now on, until `recover` or so long
    "wrong": FaultForm(("positions",), "units", 65),
    # The order updates
    "updates lost": FaultForm(number="messages", default=1),
    "updates dup": FaultForm(number="messages", default=1),
    "updates reorder": FaultForm(number="messages", default=1),
    "updates late": FaultForm(number="ms", lasts=True),
    "updates silent": FaultForm(number="ms", default=30_000),
    "updates down": FaultForm(number="ms", default=5_000),
    # The broker
    "external": FaultForm(number="units", word=_SYMBOL, more=("INTRADAY", "CARRYFORWARD")),
    "square_off": FaultForm(),
    "ip": FaultForm(lasts=True),
    "blocked": FaultForm(lasts=True),
    "session": FaultForm(),
    "recover": FaultForm(),  # ends what lasts
}
_EXAMPLES = "at 12.5s: …, at place 3: …, every 7 book: …, p 0.05 any: …"
_WHEN: Final[dict[str, re.Pattern[str]]] = {
    "time": re.compile(r"at (?P<value>\d{1,6}(?:\.\d{1,3})?) ?s"),
    "call": re.compile(r"at (?P<call>[a-z_]+) (?P<value>\d{1,6})"),
    "every": re.compile(r"every (?P<value>\d{1,6}) (?P<call>[a-z_]+)"),
    "chance": re.compile(r"p (?P<value>0?\.\d{1,9}|0|1(?:\.0+)?) (?P<call>[a-z_]+)"),
}
_NUMBER = re.compile(r"[+-]?\d{1,9}")
_TIMES, _FOR = re.compile(r"x(\d{1,6})"), re.compile(r"(\d{1,6}(?:\.\d{1,3})?)s")


class BrokerFault(Struct, frozen=True):
    """One thing to go wrong, with the next `count` calls of `target`, or with all of them for `for_ms` (0: not by time)."""

    kind: str
    target: str = ""
    number: int = 0
    word: str = ""
    more: str = ""
    flags: frozenset[str] = frozenset()
    count: int = 1
    for_ms: int = 0

    @property
    def name(self) -> str:
        """What it is counted by: `place after`, `book stale`, `updates lost`, `place reject price`."""
        word = self.word if self.kind in {"reject", "status_false"} else ""
        return " ".join(each for each in (self.target, self.kind, word) if each)


class FaultRule(Struct, frozen=True):
    """A fault and when: `time` (seconds after the start), `call` (at that call of `call`), `every` so many, `chance` at each."""

    when: Literal["time", "call", "every", "chance"]
    value: float
    call: str
    fault: BrokerFault


def parse_rules(text: str) -> tuple[FaultRule, ...]:
    """The rules of a script, one a line, `#` begins a comment; raises InputError with every line that is none."""
    rules: list[FaultRule] = []
    problems: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.partition("#")[0].strip()
        if bare:
            try:
                rules.append(parse_broker_rule(bare))
            except InputError as error:
                problems.append(f"line {number}: {error}")
    if problems:
        raise InputError(*problems)
    return tuple(rules)


def counts_calls(when: str) -> bool:
    """Whether this says at which calls something goes wrong, and not after how many seconds."""
    found = [pattern.fullmatch(when) for name, pattern in _WHEN.items() if name != "time"]
    return any(each["call"] in TARGETS for each in found if each)


def parse_broker_rule(text: str) -> FaultRule:
    """One rule; raises InputError."""
    when, colon, what = (part.strip() for part in text.partition(":"))
    for name, pattern in _WHEN.items():
        found = pattern.fullmatch(when)
        call = found.groupdict().get("call", "") if found else ""
        if found and colon and (not call or call in TARGETS):
            value = float(found["value"])
            if name in {"call", "every"} and value < 1:
                raise InputError(f"'{clean(when, 60)}' counts from 1; allowed: {_EXAMPLES}")
            return FaultRule(name, value, call, parse_broker_fault(what, call or "place"))  # type: ignore[arg-type]
    raise InputError(f"'{clean(when, 60)}{colon}' does not say when; allowed: {_EXAMPLES}")


def parse_broker_fault(text: str, target: str = "place") -> BrokerFault:
    """A fault without a time, such as `cancel after` or `external -65`; `target` where it names none. Raises InputError."""
    words = text.split()
    said = ""
    if words and words[0] in TARGETS:
        said = target = words.pop(0)
    kind = words.pop(0) if words else ""
    if kind == "updates" and words:
        kind = f"updates {words.pop(0)}"
    if (said, kind) == ("book", "empty"):
        kind = "null"  # the lists are empty, not the answers
    form = FAULT_FORMS.get(kind)
    if form is None:
        raise InputError(f"'{clean(kind, 40)}' is no fault; allowed: {', '.join(FAULT_FORMS)}")
    if form.calls:
        target = _aimed(kind, form, target, named=bool(said))
    elif said:
        raise InputError(f"{kind}: befalls no call; allowed: '{kind}' alone")
    return _fault(kind, form, target if form.calls else "", words)


def _aimed(kind: str, form: FaultForm, target: str, *, named: bool) -> str:
    """The calls it is aimed at; raises InputError where the kind cannot befall them."""
    if set(TARGETS[target]) <= set(form.calls):
        return target
    if not named and len(form.calls) == 1:
        return form.calls[0]
    raise InputError(f"{kind}: cannot befall '{target}'; allowed: {', '.join(form.calls)}")


def _fault(kind: str, form: FaultForm, target: str, words: list[str]) -> BrokerFault:
    count, for_ms = _how_often(kind, form, words)
    number = _number(kind, form, words)
    word = _word(kind, form.word, words, needed=form.needs_word)
    more = _word(kind, form.more, words, needed=False)
    flags = frozenset(each for each in words if each in form.flags)
    if left := [each for each in words if each not in form.flags]:
        allowed = ", ".join(form.flags) or "nothing more"
        raise InputError(f"{kind}: '{clean(' '.join(left), 40)}' behind it; allowed: {allowed}")
    return BrokerFault(kind, target, number, word, more, flags, count, for_ms)


def _how_often(kind: str, form: FaultForm, words: list[str]) -> tuple[int, int]:
    """`x3` or `for 2.5s` at the end; once where neither is said."""
    if words and (found := _TIMES.fullmatch(words[-1])) and form.calls:
        words.pop()
        return int(found[1]), 0
    lasts = form.calls or form.lasts
    if lasts and len(words) > 1 and words[-2] == "for" and (found := _FOR.fullmatch(words[-1])):
        del words[-2:]
        return 0, round(1_000 * float(found[1]))
    if lasts and "for" in words:
        raise InputError(f"{kind}: '{clean(' '.join(words), 40)}' behind it; allowed: for 2.5s at the end")
    return 1, 0


def _number(kind: str, form: FaultForm, words: list[str]) -> int:
    if not form.number:
        return 0
    if not words or not _NUMBER.fullmatch(words[0]):
        if form.default is not None:
            return form.default
        said = f"'{clean(words[0], 40)}'" if words else "nothing"
        raise InputError(f"{kind}: {said} behind it; allowed: a number ({form.number})")
    number = int(words.pop(0))
    least = -form.most if form.number == "units" else 0
    if not least <= number <= form.most:
        raise InputError(f"{kind}: {number} behind it; allowed: {least} to {form.most} ({form.number})")
    return number


def _word(kind: str, allowed: tuple[str, ...] | re.Pattern[str], words: list[str], *, needed: bool) -> str:
    if isinstance(allowed, re.Pattern):
        if words and allowed.fullmatch(words[0]):
            return words.pop(0)
        shown = "a code such as AB1004" if allowed is _CODE else "a symbol"
    else:
        if words and words[0] in allowed:
            return words.pop(0)
        shown = ", ".join(allowed)
    if needed:
        said = f"'{clean(words[0], 40)}'" if words else "nothing"
        raise InputError(f"{kind}: {said} behind it; allowed: {shown}")
    return ""
