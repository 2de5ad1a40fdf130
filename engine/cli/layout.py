"""What may be said on the command line of a file that is no recording, and how it is handed on. Carries no engine."""

from argparse import Action, ArgumentTypeError, Namespace
from typing import TYPE_CHECKING, Any, Final

from engine.cli.options import Parser
from engine.text.sanitize import clean

if TYPE_CHECKING:
    from engine.config import Config
    from engine.recording import CsvLayout

_TIME_FORMATS: Final = ("auto", "iso", "epoch-s", "epoch-ms", "epoch-us", "epoch-ns", "ms-of-day")
_WORDS: Final = (
    "symbol",
    "zone",
    "columns",
    "time_format",
    "date",
    "at",
    "dates",
    "decimal",
    "delimiter",
    "member",
    "price",
    "profile",
)


class _ListProfiles(Action):
    """`--as` without a name says which there are, and ends."""

    def __call__(self, parser: Any, namespace: Namespace, values: Any, option_string: str | None = None) -> None:  # noqa: ARG002 - argparse calls it so
        if values is None:
            from engine.recording.foreign.profiles import PROFILES

            for name, profile in PROFILES.items():
                print(f"{name:<16} {profile.what}")
            parser.exit()
        setattr(namespace, self.dest, values)


def layout_options(parser: Parser) -> None:
    """Add what may be said of a file that is no recording; nearly all of it is found out where it is not said."""
    from engine.venues.registry import VENUES

    raw = [venue.raw_format for venue in VENUES if venue.raw_lines]
    group = parser.add_argument_group("a CSV file", "what it says clearly itself need not be said")
    group.add_argument(
        "--as",
        action=_ListProfiles,
        nargs="?",
        default="",
        metavar="NAME",
        dest="profile",
        help="the layout of a broker or vendor; alone: list them",
    )
    group.add_argument(
        "--columns",
        default="",
        metavar="A,B,…",
        help="what each column is, in order: time, price, volume, symbol, -; or only some, as price=LTP,time=3,-=note",
    )
    group.add_argument("--symbol", default="", help="symbol of a file that names none")
    group.add_argument("--zone", default="", help="zone of stamps that name none (default: the session's)")
    group.add_argument("--time-format", choices=_TIME_FORMATS, default="auto", help="how stamps are written")
    group.add_argument("--dates", choices=("dmy", "mdy", "ymd"), default="", help="which number of a date is what")
    group.add_argument("--date", default="", metavar="YYYY-MM-DD", help="day of stamps that are times of a day")
    group.add_argument("--at", default="", metavar="HH:MM", help="time of stamps that are dates")
    group.add_argument(
        "--shift", type=shift, default=0, metavar="[-]H:MM[:SS]", dest="shift_ns", help="add this to every stamp"
    )
    group.add_argument("--decimal", choices=("point", "comma"), default="", help="the decimal mark")
    group.add_argument("--delimiter", choices=("comma", "semicolon", "tab", "pipe"), default="", help="between columns")
    group.add_argument("--price", choices=("bid", "ask", "mid"), default="", help="what is the price of quotes")
    group.add_argument("--price-divisor", type=int, default=1, metavar="N", help="prices are written times N")
    group.add_argument("--candles", action="store_true", help="each row is four ticks: open, low and high, close")
    group.add_argument("--member", default="", metavar="NAME", help="which file of a zip")
    group.add_argument("--no-header", action="store_true", help="the first row is data")
    group.add_argument("--format", choices=("csv", *raw), help="what IN is, where its content does not tell")


def shift(text: str) -> int:
    """Read `5:30`, `-5:30` or `0:00:01.5` to nanoseconds; raises ArgumentTypeError."""
    sign, plain = (-1, text[1:]) if text[:1] == "-" else (1, text.removeprefix("+"))
    parts = plain.split(":")
    numbers = [part for part in parts if part.isascii() and part.isdecimal()]
    if (
        len(parts) not in {2, 3}
        or len(numbers) != len(parts)
        or len(plain) > 12
        or any(int(part) > 59 for part in parts[1:])
    ):
        raise ArgumentTypeError(f"'{clean(text, 40)}' is not a span of time; allowed: such as 5:30 or -5:30")
    hours, minutes, *seconds = map(int, parts)
    return sign * (hours * 3600 + minutes * 60 + sum(seconds)) * 1_000_000_000


def layout_of(args: Namespace, config: "Config") -> "CsvLayout":
    """Return the layout that `args` describe; stamps without a zone are in the session's, unless one is said."""
    from engine.recording import CsvLayout

    return CsvLayout(
        columns=tuple(name.strip() for name in args.columns.split(",")) if args.columns else (),
        time_format=args.time_format,
        date=args.date,
        at=args.at,
        zone=args.zone or config.session.zone,
        zone_said=bool(args.zone),
        price_divisor=args.price_divisor,
        has_header=False if args.no_header else None,
        symbol=args.symbol or config.instrument.symbol,
        symbol_said=bool(args.symbol),
        profile=args.profile,
        delimiter=args.delimiter,
        dates=args.dates,
        decimal=args.decimal,
        shift_ns=args.shift_ns,
        member=args.member,
        candles=args.candles,
        price=args.price,
    )


def words_of_layout(args: Namespace) -> list[str]:
    """Return the words that say the same of a file to another process."""
    words = [
        f"--{'as' if each == 'profile' else each.replace('_', '-')}={value}"
        for each in _WORDS
        if (value := getattr(args, each))
    ]
    if args.shift_ns:
        seconds = abs(args.shift_ns) // 1_000_000_000
        sign = "-" if args.shift_ns < 0 else ""
        words.append(f"--shift={sign}{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}")
    if args.price_divisor != 1:
        words.append(f"--price-divisor={args.price_divisor}")
    if args.format:
        words.append(f"--format={args.format}")
    return words + [word for word, wanted in (("--candles", args.candles), ("--no-header", args.no_header)) if wanted]
