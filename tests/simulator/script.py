"""What is to go wrong and when, as text: `at 12.5s: disconnect 1006`, `at tick 500: duplicate`, `p 0.01: older`. Does nothing.

Faults of orders stand among them: `at 12.5s: updates down`, `at tick 500: external -65`, `at place 3: after`. A word that
both know is the feed's (`reset`), unless `orders` or the name of a call stands before it (`orders recover`, `place reset`).
"""

import re
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from engine.model.errors import InputError
from engine.text.sanitize import clean
from tests.simulator.exchange.script import counts_calls
from tests.simulator.framing import CLOSE_CODES
from tests.simulator.order_script import (
    KINDS,
    PREFIX,
    OrderFault,
    OrderRule,
    is_known,
    parse_order_fault,
    parse_order_rule,
)

WRONG_LENGTHS = (0, 1, 50, 52, 122, 124, 378, 380, 443)
_PRICES, _TIMES = ("zero", "negative", "circuit"), ("1970", "tomorrow", "seconds")
_BOOKS = ("crossed", "one_sided", "empty")
_SHAPES = ("rate", "429", "html", "empty", "null", "string_false", "gateway", "500", "garbage", "huge", "cut", "drop")


class Form(Struct, frozen=True):
    """What may stand behind a kind of fault: one of `words`, a token or none; then a number (`default` when left out).

    `data` faults are packets, more of them than without the fault; the others concern the link or the account.
    """

    data: bool
    words: tuple[str, ...] = ()
    token: bool = False
    number: bool = False
    default: float | None = None


_PLAIN = Form(True)
FORMS: dict[str, Form] = {
    # Packets that look right
    "duplicate": _PLAIN,  # the newest packet once more
    "older": _PLAIN,  # number 5 lower, time 5 s earlier
    "jump": Form(True, number=True),  # the next number is that many higher than it should be
    "price": Form(True, _PRICES),
    "time": Form(True, _TIMES),
    "unknown_token": _PLAIN,
    "nan": _PLAIN,  # both totals are no numbers
    "book": Form(True, _BOOKS),
    "ohlc_zero": _PLAIN,
    "close_zero": _PLAIN,
    "fragmented": _PLAIN,  # a good packet, in three fragments with a ping between them
    # Frames that do not
    "length": Form(True, number=True),  # a packet of that many bytes
    "mode": Form(True, number=True, default=9),
    "text": _PLAIN,  # text where a packet should be
    "nul": _PLAIN,  # b"\x00"
    "huge": _PLAIN,  # 1 MiB
    "claim": _PLAIN,  # a frame that says it is 1 TiB long
    "bad_utf8": _PLAIN,
    "endless": _PLAIN,  # fragments without end
    "half": _PLAIN,  # half a frame, then nothing
    # The link
    "close": Form(False, number=True, default=1000),
    "disconnect": Form(False, number=True, default=1006),
    "reset": Form(False),
    "half_open": Form(False, number=True, default=0),  # present clients, and that many of the next
    "silence": Form(False, number=True, default=0),  # pongs go on; seconds, or for ever on the present links
    "silence_token": Form(False, token=True, number=True, default=0),  # seconds, or until `recover`
    "mute_pong": Form(False, number=True, default=0),
    "pong_delay": Form(False, number=True),  # ms
    "delay": Form(False, number=True),  # ms, everything
    "stop_reading": Form(False),
    "shutdown": Form(False),  # Binance says that it goes down
    "down": Form(False, number=True, default=1),  # nobody listens for that many seconds
    "refuse": Form(False, number=True, default=1),  # the next connects end with RST
    "401": Form(False, number=True, default=1),
    "429": Form(False, number=True, default=1),
    "throttle": Form(False, number=True, default=1),
    "slow_header": Form(False, number=True, default=1),
    "recover": Form(False),  # ends what lasts
    # The account
    "expire": Form(False),  # no token is good any longer
    "rest": Form(False, _SHAPES, number=True, default=1),  # so the next calls are answered
}

_EXAMPLES = "at 12.5s: …, at tick 500: …, every 100 ticks: …, p 0.01: …; of orders at place 3: …, p 0.05 book: …"
_TRIGGERS: dict[str, re.Pattern[str]] = {
    "time": re.compile(r"at (\d{1,6}(?:\.\d{1,6})?) ?s"),
    "tick": re.compile(r"at tick (\d{1,12})"),
    "every": re.compile(r"every (\d{1,12}) ticks?"),
    "chance": re.compile(r"p (0?\.\d{1,9}|0|1(?:\.0+)?)"),
}
_NUMBER = re.compile(r"\d{1,9}(?:\.\d{1,6})?")


class Fault(Struct, frozen=True):
    """One thing to go wrong; `name` is what it is counted by."""

    kind: str
    word: str = ""
    number: float = 0.0

    @property
    def data(self) -> bool:
        """Whether it is a packet that goes out."""
        return FORMS[self.kind].data

    @property
    def name(self) -> str:
        """Kind, and what follows where that makes another kind of it: `price zero`, `length 50`, `close 1001`."""
        if self.word and self.kind != "silence_token":
            return f"{self.kind} {self.word}"
        return f"{self.kind} {self.number:g}" if self.kind in {"length", "close", "disconnect"} else self.kind


class Rule(Struct, frozen=True):
    """A fault and when: `time` (seconds after the start), `tick` (after tick number), `every` so many ticks, `chance` at each."""

    when: Literal["time", "tick", "every", "chance"]
    value: float
    fault: Fault | OrderFault


def parse_script(text: str) -> tuple[Rule | OrderRule, ...]:
    """The rules of a script, one a line, `#` begins a comment; raises InputError with every line that is none."""
    rules: list[Rule | OrderRule] = []
    problems: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.partition("#")[0].strip()
        if bare:
            try:
                rules.append(parse_rule(bare))
            except InputError as error:
                problems.append(f"line {number}: {error}")
    if problems:
        raise InputError(*problems)
    return tuple(rules)


def parse_rule(text: str) -> Rule | OrderRule:
    """One rule; raises InputError."""
    when, colon, what = (part.strip() for part in text.partition(":"))
    for name, pattern in _TRIGGERS.items():
        found = pattern.fullmatch(when)
        if found and colon:
            value = float(found[1])
            if name in {"tick", "every"} and value < 1:
                raise InputError(f"'{clean(when, 60)}' counts from 1; allowed: {_EXAMPLES}")
            return Rule(name, value, parse_fault(what))  # type: ignore[arg-type]
    if colon and counts_calls(when):
        return parse_order_rule(text)
    raise InputError(f"'{clean(when, 60)}{colon}' does not say when; allowed: {_EXAMPLES}")


def parse_fault(text: str) -> Fault | OrderFault:
    """A fault without a time, such as `price zero` or `place after`; raises InputError."""
    words = text.split()
    kind = words[0] if words else ""
    form = FORMS.get(kind)
    if form is not None and not _is_only_of_orders(kind, form, words[1:]):
        return _fault(kind, form, words[1:])
    if kind == PREFIX or is_known(text):
        return parse_order_fault(text)
    raise InputError(f"'{clean(kind, 40)}' is no fault; allowed: {', '.join(FORMS)}; of orders: {', '.join(KINDS)}")


def _is_only_of_orders(kind: str, form: Form, rest: Sequence[str]) -> bool:
    """Whether a word that both know stands before one that only orders do, as in `book stale`."""
    return bool(form.words and rest) and rest[0] not in form.words and is_known(" ".join((kind, *rest)))


def _fault(kind: str, form: Form, rest: list[str]) -> Fault:
    word = ""
    if form.words or form.token:
        if not rest or (form.words and rest[0] not in form.words):
            said = f"'{clean(rest[0], 40)}'" if rest else "nothing"
            raise InputError(f"{kind}: {said} behind it; allowed: {', '.join(form.words) or 'a token'}")
        word = rest.pop(0)
    return Fault(kind, word, _number(kind, form, rest))


def _number(kind: str, form: Form, rest: Sequence[str]) -> float:
    """The number behind a fault; raises InputError."""
    said = clean(" ".join(rest), 40)
    if not form.number:
        if rest:
            raise InputError(f"{kind}: '{said}' behind it; allowed: nothing more")
        return 0.0
    if not rest and form.default is not None:
        return form.default
    if len(rest) != 1 or not _NUMBER.fullmatch(rest[0]):
        raise InputError(f"{kind}: '{said}' behind it; allowed: a number")
    number = float(rest[0])
    allowed = {"length": WRONG_LENGTHS, "close": CLOSE_CODES, "disconnect": CLOSE_CODES}.get(kind)
    if allowed and number not in allowed:
        raise InputError(f"{kind}: {said} behind it; allowed: {', '.join(map(str, allowed))}")
    return number
