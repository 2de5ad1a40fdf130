"""What a person types to name an instrument, taken apart; knows no list, so that several readings may be offered."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from engine.model.errors import InputError
from engine.venues.angelone.instruments.listed import EXCHANGES, KINDS, MONTHS, Kind, read_date, scale_of

_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,7})?")
_GROUPED = re.compile(r"[0-9]{1,3}(,[0-9]{2,3}){0,3},[0-9]{3}(\.[0-9]{1,7})?")  # 1,25,000 or 125,000
_ALLOWED = "NAME, then a strike, CE, PE or FUT, an expiry such as 25NOV2025, 28 NOV, NOV, WEEKLY or MONTHLY, an exchange, in any order"
_MONTH = "|".join(MONTHS)
_YEAR = "20[2-4][0-9]|[2-4][0-9]"
_SPACED_DAY = re.compile(rf"\b([0-9]{{1,2}})[ -]?({_MONTH})[A-Z]*(?:[ ',-]*({_YEAR}))?\b")
_MONTH_WORD = re.compile(rf"({_MONTH})[A-Z]*'?-?({_YEAR})?")
# Two names end in figures, which would be read as a day.
_NAME = r"(?P<name>NIFTYNXT50|SENSEX50|(?=[0-9]*[A-Z])[A-Z0-9&-]*?[A-Z0-9&])"
_ENDS = r"(?:(?P<future>FUT)|(?P<strike>[0-9]{1,9}(?:\.[0-9]{1,7})?)(?P<kind>CE|PE))"
_STRIKE = r"(?P<strike>[0-9]{1,9}(?:\.[0-9]{1,7})?)(?P<kind>CE|PE)"
_IDENTIFIER = (  # the NSE's: OPTIDXNIFTY25-11-2025CE25000.00
    rf"(?:OPT|FUT)(?:IDX|STK|CUR|COM){_NAME}(?P<day>[0-9]{{2}})-?(?:(?P<digits>[01][0-9])|(?P<month>{_MONTH}))-?20(?P<year>[0-9]{{2}})"
    r"(?:XX(?P<future>0(?:\.0+)?)|(?P<kind>CE|PE)(?P<strike>[0-9]{1,9}(?:\.[0-9]{1,7})?))"
)
# Each way in which an instrument's name is written in one word, the list's own first.
_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"{_NAME}-?(?P<day>[0-9]{{2}})(?P<month>{_MONTH})(?P<year>[0-9]{{2}})-?{_ENDS}",  # SmartAPI, NSE
        rf"{_NAME}(?P<year>[0-9]{{2}})(?P<figure>[1-9OND])(?P<day>[0-9]{{2}}){_STRIKE}",  # Kite, Fyers: weekly
        rf"{_NAME}(?P<year>[0-9]{{2}})(?P<month>{_MONTH}){_ENDS}",  # Kite, Fyers: monthly
        rf"{_NAME}(?P<year>[0-9]{{2}})(?P<digits>[01][0-9])(?P<day>[0-9]{{2}})(?P<kind>[CP])(?P<strike>[0-9]{{1,9}}(?:\.[0-9]{{1,7}})?)",
        _IDENTIFIER,
        rf"{_NAME}{_ENDS}",  # of any expiry
    )
)
_ISIN = re.compile(r"[A-Z]{2}[A-Z0-9]{9}[0-9]")
_FIGURES = {"O": 10, "N": 11, "D": 12}
_PREFIX = re.compile(r"([A-Z]{3}|[A-Z]{3}_[A-Z]{2,5})\s*[:|]\s*(.+)")
# Whose exchange prefixes: Kite, Fyers, TradingView ("NSE:"), and Upstox ("NSE_FO|").
_PLACES: dict[str, tuple[str, ...]] = {
    **{exchange: (exchange,) for exchange in EXCHANGES},
    "NSE": ("NSE", "NFO", "CDS"),
    "BSE": ("BSE", "BFO"),
    "NSE_EQ": ("NSE",),
    "NSE_INDEX": ("NSE",),
    "NSE_FO": ("NFO",),
    "BSE_EQ": ("BSE",),
    "BSE_INDEX": ("BSE",),
    "BSE_FO": ("BFO",),
    "MCX_FO": ("MCX",),
    "NCD_FO": ("CDS",),
}
# What indices are called beside the names in the list (blanks do not count).
_CALLED = {
    "NIFTY50": "NIFTY",
    "NIFTYBANK": "BANKNIFTY",
    "BANKNIFTY": "BANKNIFTY",
    "NIFTYFINSERVICE": "FINNIFTY",
    "FINNIFTY": "FINNIFTY",
    "NIFTYMIDSELECT": "MIDCPNIFTY",
    "MIDCAPNIFTY": "MIDCPNIFTY",
    "MIDCPNIFTY": "MIDCPNIFTY",
    "NIFTYNEXT50": "NIFTYNXT50",
    "NIFTYNXT50": "NIFTYNXT50",
    "BSESENSEX": "SENSEX",
    "INDIAVIX": "INDIA VIX",
    "VIX": "INDIA VIX",
    "CRUDEOIL": "CRUDEOIL",
    "NATURALGAS": "NATURALGAS",
}


_KIND_WORDS = {"CALL": "CE", "C": "CE", "PUT": "PE", "P": "PE", "FUTURE": "FUT", "FUTURES": "FUT"}


class When(Struct, frozen=True):
    """An expiry as far as it was said: of a year, a month (0: any), a day; the next one (weekly), the last of its month."""

    year: int = 0
    month: int = 0
    day: int = 0
    weekly: bool = False
    monthly: bool = False

    def joined(self, other: "When") -> "When | None":
        """Both at once, where one says a month or day and the other which of its expiries; None where they disagree."""
        plain, cycle = (self, other) if other.weekly or other.monthly else (other, self)
        if not plain.month or cycle.month or plain.weekly or plain.monthly:
            return None
        return replace(plain, weekly=cycle.weekly, monthly=cycle.monthly)

    def exact(self, today: date) -> date | None:
        """The one day that is meant, of several years the one nearest to `today`; None where it is no single day."""
        years = (self.year,) if self.year else (today.year - 1, today.year, today.year + 1)
        days = [found for year in years if (found := _day(year, self.month, self.day)) is not None]
        return min(days, key=lambda one: abs((one - today).days), default=None) if self.day else None

    def of(self, expiries: Iterable[date], today: date) -> list[date]:
        """Which of the `expiries` of one name are meant."""
        listed = sorted(set(expiries))
        if self.day:
            return [self.exact(today) or date.min]
        if self.month:
            year = self.year or min(
                (today.year - 1, today.year, today.year + 1),
                key=lambda one: abs((one - today.year) * 12 + self.month - today.month),
            )
            listed = [one for one in listed if (one.year, one.month) == (year, self.month)]
        if self.monthly:
            listed = list({(one.year, one.month): one for one in listed}.values())
        if self.weekly:
            listed = [one for one in listed if one >= today][:1]
        return listed

    def is_over(self, today: date) -> bool:
        """Whether what is meant has passed before `today`, whatever is listed."""
        exact = self.exact(today)
        if exact is not None:
            return exact < today
        return bool(self.year and self.month) and (self.year, self.month) < (today.year, today.month)

    def text(self, today: date) -> str:
        """`11NOV2025`, `OCT2025` or "" for no more than that."""
        exact = self.exact(today)
        day = f"{exact.day:02d}" if exact else ""
        year = exact.year if exact else self.year
        return f"{day}{MONTHS[self.month - 1]}{year}" if year and self.month else ""


class Wanted(Struct, frozen=True):
    """What is looked for; "", (), None: anything. `strike` in rupees; `token` instead of a name where it is known."""

    name: str
    kind: Kind | None = None
    strike: Decimal | None = None
    when: When | None = None
    exchanges: tuple[str, ...] = ()
    token: str = ""

    def strike_on(self, exchange: str) -> int:
        """The strike in the minor units of `exchange`; -1 where it is not whole in them, as no strike is."""
        minor = (self.strike or Decimal(0)) * scale_of(exchange)
        return int(minor) if minor == int(minor) else -1


def called(text: str) -> str:
    """What an index that people call `text` is called in the list; "" where that is not known."""
    return _CALLED.get(text.replace(" ", "").replace("-", ""), "")


def is_isin(text: str) -> bool:
    """Whether `text` is an international securities number, which no list of ours holds."""
    return _ISIN.fullmatch(text) is not None


def split_exchange(text: str) -> tuple[str, tuple[str, ...]]:
    """Take `NSE:` or `NSE_FO|` and `-INDEX` off `text`: what remains, and the exchanges it may be on, () for any."""
    found = _PREFIX.fullmatch(text)
    if found is None or found[1] not in _PLACES:
        return text, ()
    return found[2].removesuffix("-INDEX"), _PLACES[found[1]]


def readings(text: str) -> Iterator[Wanted]:
    """Every way to read `text` as one word such as `NIFTY25NOV2525000CE` or `NIFTY25N1125000CE`; none where it is no such."""
    bare, exchanges = split_exchange(text)
    if exchanges and bare.isdecimal():
        yield Wanted("", exchanges=exchanges, token=bare)
        return
    for form in _FORMS:
        found = form.fullmatch(bare)
        wanted = _wanted(found.groupdict()) if found else None
        if wanted is not None:
            yield replace(wanted, exchanges=exchanges)


def read_dashed(text: str) -> Wanted | None:
    """`NIFTY-25NOV2025-25000-CE`, `NIFTY-FUT`; None where it is no such."""
    words = re.split("[-/_]", text)
    if len(words) < 2 or _KIND_WORDS.get(words[-1], words[-1]) not in {"CE", "PE", "FUT"}:
        return None
    try:
        return read_words(words)
    except InputError:
        return None


def read_words(words: Sequence[str]) -> Wanted:
    """Take apart `NIFTY 25000 CE 25NOV2025`; raises InputError for a word that means nothing, or two that mean the same."""
    text, exchanges = split_exchange(" ".join(words))
    if not text:
        raise InputError(f"instruments: no name; allowed: {_ALLOWED}")
    name, rest = _name_of(text)
    found: dict[str, object] = {"exchanges": exchanges} if exchanges else {}
    for word in _joined(rest):
        for key, value in _meanings(word):
            before = found.get(key)
            joined = before.joined(value) if isinstance(before, When) and isinstance(value, When) else None
            if joined is None and before not in {None, value}:
                raise InputError(f"instruments: '{word}' says {key} a second time; allowed: {_ALLOWED}")
            found[key] = joined or value
    return Wanted(name, **found)  # type: ignore[arg-type]  # each key with its own type, below


def _name_of(text: str) -> tuple[str, str]:
    """The name that `text` begins with, of several words where it is called so, and the rest."""
    words = text.split()
    for count in (3, 2):
        if len(words) >= count and (known := called(" ".join(words[:count]))):
            return known, " ".join(words[count:])
    return (called(words[0]) if words[0] == "VIX" else "") or words[0], " ".join(words[1:])


def _joined(text: str) -> list[str]:
    """The words of `text`, a day, its month and its year being one."""
    found = _SPACED_DAY.search(text)
    if found is None:
        return text.split()
    day, month, year = found.groups()
    rest = f"{text[: found.start()]} {text[found.end() :]}"
    if year and re.search(r"\b[CP]E\b", rest) and not re.search(r"[0-9]", rest):  # 28 NOV 2040 CE: it is the strike
        rest, year = f"{rest} {year}", ""
    return [f"{day}{month}{year or ''}", *rest.split()]


def _meanings(word: str) -> Iterator[tuple[str, object]]:
    """What `word` says, by the field of `Wanted`; raises InputError where that is nothing."""
    both = re.fullmatch(r"([0-9.,]+)(CE|PE|C|P)", word)
    for part in both.groups() if both else (word,):
        yield _meaning(part)


def _meaning(word: str) -> tuple[str, object]:
    word = _KIND_WORDS.get(word, word)
    if word in KINDS:
        return "kind", word
    if word in EXCHANGES:
        return "exchanges", (word,)
    if _NUMBER.fullmatch(word) or _GROUPED.fullmatch(word):
        return "strike", Decimal(word.replace(",", ""))
    if word in {"WEEKLY", "MONTHLY"}:
        return "when", When(weekly=word == "WEEKLY", monthly=word == "MONTHLY")
    expiry = read_date(word)
    if expiry is not None:
        return "when", When(expiry.year, expiry.month, expiry.day)
    day = re.fullmatch(rf"([0-9]{{1,2}})({_MONTH})", word)
    if day and _day(2024, MONTHS.index(day[2]) + 1, int(day[1])):
        return "when", When(0, MONTHS.index(day[2]) + 1, int(day[1]))
    month = _MONTH_WORD.fullmatch(word)
    if month:
        return "when", When(int(month[2] or 0) % 100 + (2000 if month[2] else 0), MONTHS.index(month[1]) + 1)
    raise InputError(f"instruments: '{word}' is not understood; allowed: {_ALLOWED}")


def _wanted(said: dict[str, str | None]) -> Wanted | None:
    """What the parts of a form say; None where they name no day."""
    year, day = int(said.get("year") or 0), int(said.get("day") or 0)
    month = _month_of(said)
    when = When(2000 + year, month, day, monthly=not day) if month else None
    if when is not None and day and _day(when.year, month, day) is None:
        return None
    if said.get("future"):
        return Wanted(said["name"] or "", "FUT", None, when)
    strike = Decimal(said.get("strike") or 0)
    return (
        Wanted(said["name"] or "", "CE" if (said.get("kind") or "")[0] == "C" else "PE", strike, when)
        if strike
        else None
    )


def _month_of(said: dict[str, str | None]) -> int:
    if name := said.get("month"):
        return MONTHS.index(name) + 1
    figure = said.get("figure") or said.get("digits") or "0"
    return _FIGURES.get(figure) or int(figure)


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
