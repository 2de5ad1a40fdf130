"""The command `validate`: whether the recordings of a session day decide today as they did; for a timer, once a day."""

import os
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

_HELP = """examples:
  myquant-tui validate                      the last session that is over
  myquant-tui validate --date 2026-11-27    another one
  myquant-tui validate --notify             tell it where alerts go, unless all is the same
  myquant-tui systemd-unit --validate       the unit and its timer: every trading day at 16:00

Each recording of a run that began on the day is replayed in a process of its own that gives way to every other, as by
`verify --any-version`, and the exits that the journal has booked are compared with the replays'. A trading day without a
recording is a failure. What came of it is kept, for `serve` to show and to tell.

exit status: 0 all the same, or no session that day; 1 different, missing or not comparable; 2 it could not be judged

--json prints one object: date, at, outcome (same, different, missing, failed, no session), reason, files [{file, outcome,
reason, ticks, exits}], sizes {trades_recorded, trades_now, paired, net_recorded, net_now, net_difference, net_percent,
entry_price_mean, exit_price_mean, time_mean_s, time_max_s} (null without a journal of that day)"""


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
    from engine.assembly.market_hours import MarketHours
    from engine.assembly.recording_config import recordings_folder
    from engine.backtest import validation
    from engine.backtest.validation_record import keep
    from engine.cli.output import answer, warn
    from engine.model.errors import InputError
    from engine.serving.launch import program

    config = load_config(args)
    hours = MarketHours(config, "paper")(config.instrument.market)
    now = datetime.now(UTC)
    day = args.date or validation.last_session(hours, int(now.timestamp() * 1000))
    if day is None:
        raise InputError("no session is over within the last weeks; allowed: --date")
    files = validation.recordings_of(recordings_folder(config), day)
    mode, booked = _booked(args, day)
    found = validation.validate(
        files,
        day,
        hours,
        booked,
        lambda path: validation.verified_in_child(program(), path, "--any-version"),
        now,
        mode,
    )
    try:
        keep(_folder(args), found)
    except OSError as error:
        warn(f"what came of it cannot be kept: {error.strerror}")
    lines = list(_lines(found))
    if args.report is not None:
        _report(args.report, found, lines)
    answer(args, found, lines)
    well = found.outcome in {"same", "no session"}
    if args.notify and not well and (problem := _notify(config, told(found))):
        warn(problem)
        return EXIT_BAD_INPUT
    return EXIT_WELL if well else EXIT_DIFFERENT


def _folder(args: Namespace) -> Path:
    """Where the newest validation is kept: beside the states of all modes, or in the state directory that is named."""
    from engine.serving.state_dirs import usual_folder

    return args.state_dir.absolute() if args.state_dir else usual_folder("live").parent


def _booked(args: Namespace, day: date) -> "tuple[str, list[TradeRow] | None]":
    """The mode of the journal and the exits that it has of `day`; None where it has no such day."""
    from decimal import Decimal

    from engine.backtest.divergence import TradeRow
    from engine.model.errors import UserError
    from engine.serving.past_days import PastDays

    try:
        past = PastDays(args.state_dir)
        _, trades, _ = past.day(day.isoformat())
        return past.place.mode, [
            TradeRow(
                each.instrument.symbol,
                each.entry_ms,
                each.exit_ms,
                Decimal(each.entry_price) / each.instrument.price_scale,
                Decimal(each.exit_price) / each.instrument.price_scale,
                each.net,
            )
            for each in trades
            if each.exit_ms is not None
        ]
    except UserError:
        return "", None


def _lines(found: "Validation") -> Iterator[str]:
    """Say it to a person: the verdict first."""
    verdict = found.outcome.upper() if found.outcome != "same" else "SAME AS RECORDED"
    yield f"validation of {found.date}: {verdict}{f': {found.reason}' if found.reason else ''}"
    for each in found.files:
        yield f"  {each.file}: {each.outcome}, {each.ticks:,} ticks, {each.exits} exits"
    if found.sizes is not None:
        yield from _sizes(found.sizes)


def _sizes(sizes: "Divergence") -> Iterator[str]:
    from engine.presentation.money import plain_money

    percent = "" if sizes.net_percent is None else f" ({sizes.net_percent:+.2f} %)"
    yield f"  trades {sizes.trades_recorded} → {sizes.trades_now}"
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


def _notify(config: "Config", lines: tuple[str, ...]) -> str:
    """Tell by every channel there is; what went wrong, "" = nothing."""
    from engine.gateway.alerts.open_channels import open_channels
    from engine.gateway.secrets import with_secrets
    from engine.presentation.alerting import Message

    channels = open_channels(config, with_secrets(os.environ), 2)
    if not channels:
        return "--notify: there is no channel to tell by; see `myquant-tui alert --test`"
    told = [(channel.name, channel.tell(Message("critical", lines))) for channel in channels]
    return "; ".join(f"{name}: {each.problem}" for name, each in told if each.problem)
