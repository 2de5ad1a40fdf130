"""All sets of a sweep as CSV, and the command that makes one of them anew. Opens nothing but the store."""

import shlex
from collections.abc import Iterator

from engine.backtest.sweep.selection import days_of, parts
from engine.backtest.sweep.store import Store
from engine.backtest.sweep.sweeping import capital_of


def as_csv(store: Store) -> Iterator[str]:
    """Every set in its order: its values, and what it came to on each day, to the last digit."""
    sets, sessions = store.sets(), store.sessions()
    days = days_of(sessions)
    yield ",".join(["row", *(axis.key for axis in sets.axes), "positions", "won", "drawdown", *days])
    for part in parts(store, sets, sessions, capital_of(float(store.facts("capital")), sets)):
        for at, nets in enumerate(part.nets.tolist()):
            row = part.first + at
            values = (f'"{text}"' if "," in text else text for text in sets.texts(row).values())
            counted = (str(int(each[at].sum())) for each in (part.entries, part.won))
            yield ",".join([str(row + 1), *values, *counted, repr(float(part.drawdown[at])), *map(repr, nets)])


def command_of(store: Store, row: int) -> str:
    """One command that makes row number `row` anew."""
    search, files = store.search(), dict.fromkeys(each.path for each in store.sessions())
    said = [*search.overrides, *(f"{key}={text}" for key, text in store.sets().texts(row).items())]
    config = ["--config", search.config_file] if search.config_file else []
    words = [
        "myquant-tui",
        "report",
        "--replay",
        *config,
        *(word for each in said for word in ("--set", each)),
        "--json",
        *files,
    ]
    return shlex.join(words)
