"""The command `validate`: whether the recordings of a session day decide today as they did; for a timer, once a day."""

from argparse import ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.options import Parser, config_options, engine_options, json_option, load_config
from engine.model.errors import EXIT_BAD_INPUT, EXIT_DIFFERENT, EXIT_WELL

if TYPE_CHECKING:
    from engine.backtest.divergence import Divergence, TradeRow
    from engine.backtest.validation_record import Validation
    from engine.config import Config
    from engine.serving.past_days import PastDays

_HELP = """examples:
  myquant-tui validate                      the last session that is over
  myquant-tui validate --date 2026-11-27    another one
  myquant-tui validate --notify             tell it where alerts go, unless all is the same
  myquant-tui systemd-unit --validate       the unit and its timer: half an hour behind each session

The last session is that of the markets of feed.source and feed.symbols, or of the newest recording where no source is
configured: the date on which all of them are over, special sessions of the calendar too, round the clock the last whole day.
Each recording of a run on it is replayed in a process of its own that gives way to every other, as by `verify --any-version`,
and the exits that the journal has booked are compared with the replays'. One that holds nothing to compare by (a run that ended
within its first minutes) is told and says nothing, unless there is no other: a trading day without a recording is a failure. What
came of it is kept, for `serve` to show and to tell.

exit status: 0 all the same, or no session that day; 1 a recording or a trade differs, is missing or not comparable; 2 it could
not be judged: a replay crashed, was killed or took too long

--json prints one object: date, at, outcome (same, different, missing, failed, no session, not validated), reason, files [{file,
outcome, reason, ticks, exits}], sizes {trades_recorded, trades_now, paired, net_recorded, net_now, net_difference, net_percent,
entry_price_mean, exit_price_mean, time_mean_s, time_max_s, differing} (null without a journal of that day), notes [text]"""


def arguments(parser: Parser) -> None:
    """Declare the arguments of `validate`."""
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.epilog = _HELP
    parser.add_argument("--date", type=_date, help="the session day (default: the last that is over)")
    parser.add_argument("--notify", action="store_true", help="tell by the channels of `serve` unless all is the same")
    parser.add_argument("--report", type=Path, metavar="DIR", help="write validation-DATE.json and .txt into DIR")
    json_option(parser)
    engine_options(parser)
    config_options(parser)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError("allowed: a date such as 2026-11-27") from None


def run(args: Namespace) -> int:
    """Validate the day."""
    from engine.assembly.recording_config import recordings_folder
    from engine.assembly.wanted_markets import wanted_hours
    from engine.backtest.recorded_day import last_session, recordings_of
    from engine.backtest.validation import validate
    from engine.backtest.validation_record import WELL, keep
    from engine.backtest.verify_child import verified_in_child
    from engine.cli.output import answer, warn
    from engine.gateway.alerts.notification import Notification
    from engine.model.errors import InputError
    from engine.serving.launch import program

    config = load_config(args)
    markets = wanted_hours(config)
    now = datetime.now(UTC)
    day = args.date or last_session(markets, int(now.timestamp() * 1000))
    if day is None:
        raise InputError("no session is over within the last weeks; allowed: --date")
    booked, problems = _booked(args, day)
    found = validate(
        recordings_of(recordings_folder(config), day, markets[0]),
        day,
        markets,
        booked,
        lambda path: verified_in_child(program(), path, "--any-version"),
        now,
        needed=_needed(config),
    )
    for problem in problems:
        warn(problem)
    well = found.outcome in WELL
    folder = _folder(args)
    telling = None if well or not args.notify else Notification(config, folder, found)  # before others find it
    try:
        keep(folder, found)
    except OSError as error:
        warn(f"what came of it cannot be kept: {error.strerror}")
    lines = list(_lines(found))
    if args.report is not None:
        _report(args.report, found, lines)
    answer(args, found, lines)
    if telling is not None and (untold := telling.tell(told(found))):
        for problem in untold:
            warn(problem)
        return EXIT_BAD_INPUT
    return EXIT_WELL if well else EXIT_BAD_INPUT if found.outcome == "not validated" else EXIT_DIFFERENT


def _folder(args: Namespace) -> Path:
    """Where the newest validation is kept: beside the states of all modes, or in the state directory that is named."""
    from engine.serving.state_dirs import usual_folder

    return args.state_dir.absolute() if args.state_dir else usual_folder("live").parent


def _needed(config: "Config") -> set[str]:
    """The modes of which a recording must be there: that of the configured source, so that a generated session covers no day of a market."""
    from engine.venues.registry import venue_of

    venue = venue_of(config.feed.source)
    return set() if venue is None or venue.mode == "mock" else {venue.mode}


def _booked(args: Namespace, day: date) -> "tuple[dict[str, list[TradeRow]], list[str]]":
    """The exits of `day` by the mode of the journals that have such a day, and what of them cannot be read."""
    from engine.model.errors import UserError
    from engine.serving.past_days import PastDays
    from engine.serving.state_dirs import usual_places

    booked: dict[str, list[TradeRow]] = {}
    problems: list[str] = []
    for folder in [args.state_dir] if args.state_dir else [place.folder for place in usual_places()]:
        try:
            past = PastDays(folder)
            if past.has(day.isoformat()):
                booked[past.place.mode] = list(_rows(past, day))
            problems += past.problems
        except UserError as error:
            problems += error.lines if not isinstance(error.__cause__, FileNotFoundError) else ()
    return booked, problems


def _rows(past: "PastDays", day: date) -> "Iterator[TradeRow]":
    """The exits of a day as a replay tells them: money to two decimals."""
    from decimal import Decimal

    from engine.backtest.divergence import TradeRow
    from engine.presentation.money import plain_money

    for each in past.day(day.isoformat())[1]:
        if each.exit_ms is not None:
            entry, price = (Decimal(at) / each.instrument.price_scale for at in (each.entry_price, each.exit_price))
            net = Decimal(plain_money(each.net))
            yield TradeRow(each.instrument.symbol, each.entry_ms, each.exit_ms, entry, price, net, past.place.mode)


def _lines(found: "Validation") -> Iterator[str]:
    """Say it to a person: the verdict first."""
    verdict = found.outcome.upper() if found.outcome != "same" else "SAME AS RECORDED"
    yield f"validation of {found.date}: {verdict}{f': {found.reason}' if found.reason else ''}"
    for each in found.files:
        yield f"  {each.file}: {each.outcome}, {each.ticks:,} ticks, {each.exits} exits"
    if found.sizes is not None:
        yield from _sizes(found.sizes)
    yield from (f"  {note}" for note in found.notes)


def _sizes(sizes: "Divergence") -> Iterator[str]:
    from engine.presentation.money import plain_money

    percent = "" if sizes.net_percent is None else f" ({sizes.net_percent:+.2f} %)"
    differing = f", {sizes.differing} differ" if sizes.differing else ""
    yield f"  trades {sizes.trades_recorded} → {sizes.trades_now}{differing}"
    yield f"  net {plain_money(sizes.net_recorded)} → {plain_money(sizes.net_now)}, {sizes.net_difference:+.2f}{percent}"
    if sizes.paired:
        yield f"  prices differ by {sizes.entry_price_mean:.4f} at the entry, {sizes.exit_price_mean:.4f} at the exit (mean of {sizes.paired})"
        yield f"  times differ by {sizes.time_mean_s:.3f} s (mean), {sizes.time_max_s:.3f} s (most)"


def _report(folder: Path, found: "Validation", lines: list[str]) -> None:
    import msgspec

    from engine.model.errors import InputError

    try:
        folder.mkdir(parents=True, exist_ok=True)
        name = f"validation-{found.date}"
        (folder / f"{name}.json").write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n")
        (folder / f"{name}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"--report {folder}: {error.strerror}") from error


def told(found: "Validation") -> tuple[str, ...]:
    """What a channel is told: the verdict, and the sizes where they are known."""
    verdict = next(_lines(found))
    return verdict, *(line.strip() for line in (_sizes(found.sizes) if found.sizes is not None else ()))
