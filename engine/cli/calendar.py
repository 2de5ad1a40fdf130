"""The command `calendar`: the days of a market that are not as usual, or a newer calendar for this user."""

from argparse import ArgumentTypeError, Namespace

from engine.cli.options import Parser, config_options, json_option, load_config
from engine.markets.market import MARKETS
from engine.model.errors import EXIT_WELL

_UPDATED = ("NSE", "BSE", "US")


def arguments(parser: Parser) -> None:
    """Declare the arguments of `calendar`."""
    parser.add_argument("--market", choices=tuple(MARKETS), help="whose (default: instrument.market)")
    parser.add_argument("--year", type=_year, help="of which year (default: this one)")
    json_option(parser)
    config_options(parser)
    actions = parser.add_subparsers(dest="action", metavar="update", parser_class=Parser)
    update = actions.add_parser("update", help="take newer days from the package `holidays`", allow_abbrev=False)
    update.add_argument("--market", dest="only", choices=_UPDATED, help="of this market (default: all that it knows)")


def _year(text: str) -> int:
    if text.isascii() and text.isdecimal() and 1990 <= int(text[:5]) <= 2100:
        return int(text)
    raise ArgumentTypeError("allowed: a year from 1990 to 2100")


def run(args: Namespace) -> int:
    """Show, or bring up to date."""
    return _update(args) if args.action == "update" else _show(args)


def _update(args: Namespace) -> int:
    from engine.assembly.calendar_update import update
    from engine.model.errors import UserError

    problems: list[str] = []
    for market in (args.only,) if args.only else _UPDATED:
        try:
            print(*update(market), sep="\n")
        except UserError as problem:
            problems += problem.lines
    if problems:
        raise UserError(*problems)
    return EXIT_WELL


def _show(args: Namespace) -> int:
    from datetime import date, datetime

    from engine.assembly.market_hours import MarketHours, read_calendar
    from engine.cli.output import answer, warn

    config = load_config(args)
    market = args.market or config.instrument.market
    hours = MarketHours(config, "paper")
    kept = hours(market)
    hours.tell_age(datetime.now(kept.zone).date(), [market])
    year = args.year or datetime.now(kept.zone).year
    found, _ = read_calendar(market)
    said = {each.date for each in config.session.special} | set(config.session.holidays)
    days = {day for day in said if day.year == year}
    days |= set() if found is None else {day for day, _ in found.of_year(year)}
    rows = [(day, kept.on(day)) for day in sorted(days)]
    for line in hours.warnings:
        warn(line)
    if found is not None and not (found.known_from <= date(year, 12, 31) and date(year, 1, 1) <= found.known_until):
        warn(f"the calendar of {market} says nothing of {year}")
    told = [{"date": str(day), "day": f"{day:%a}", "what": what.text(), "why": what.why} for day, what in rows]
    session = f"{kept.usual} {kept.zone.key}"
    known = "" if found is None else f"{found.known_from} to {found.known_until}"
    lines = [f"{market} {year}: session {session}, known {known or 'every day'}"]
    if found is not None:
        lines.append(f"source: {found.source}")
    lines += [f"{each['date']} {each['day']}  {each['what']:<11} {each['why']}".rstrip() for each in told]
    source = "" if found is None else found.source
    answer(
        args,
        {"market": market, "year": year, "session": session, "known": known, "source": source, "days": told},
        lines,
    )
    return EXIT_WELL
