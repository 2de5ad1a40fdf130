"""The exchange's list of instruments, of the simulated ones alone or among as many others as a real one has. Serves nothing."""

import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from tests.simulator.market import EXCHANGE_TYPES, EXCHANGES, Line

_ROWS = 50_000  # a list of fewer is taken for a stump
_CHAIN = 200
_FIRST_TOKEN = 900_001
_TUESDAY = 1


def symbols_ahead(count: int, today: date) -> tuple[str, ...]:
    """Options that have not expired yet: calls of one underlying, on a Tuesday within the next weeks."""
    least = today + timedelta(days=14)
    expiry = least + timedelta(days=(_TUESDAY - least.weekday()) % 7)
    return tuple(f"NIFTY{expiry:%d%b%y}{25_000 + 50 * number}CE".upper() for number in range(count))


def listing(lines: Sequence[Line], *, whole: bool = False) -> bytes:
    """The list as JSON; `whole`: among a chain of options, an index, a share and many rows that concern nobody."""
    rows = [_row(line) for line in lines]
    if whole:
        rows += _others(lines)
    return json.dumps(rows, indent=0).encode()


def _others(lines: Sequence[Line]) -> Iterator[dict[str, object]]:
    """What a real list has besides."""
    like = lines[0].symbol[:-7] if lines else "NIFTY25NOV25"
    for number in range(_CHAIN):
        yield _row(Line(0, str(_FIRST_TOKEN + number), f"{like}{10_000 + 50 * number}PE"))
    yield _row(Line(0, "99926000", "Nifty 50", EXCHANGE_TYPES["NSE"])) | {"name": "NIFTY", "instrumenttype": "AMXIDX"}
    yield _row(Line(0, "2885", "RELIANCE-EQ", EXCHANGE_TYPES["NSE"], lot=1)) | {"name": "RELIANCE"}
    for number in range(_ROWS):
        yield {"token": str(number), "symbol": f"BOND{number}", "exch_seg": "NCO", "instrumenttype": "", "name": ""}


def _row(line: Line) -> dict[str, object]:
    """A line as the list has it; the first quantity refused is one more than the largest allowed."""
    option = line.symbol[-2:] in {"CE", "PE"} and line.symbol[-7:-2].isdigit()
    expiry = line.symbol[-14:-7] if option else ""  # such as 25NOV25
    return {
        "token": line.token,
        "symbol": line.symbol,
        "name": line.symbol[:-14] if option else line.symbol,
        "expiry": f"{expiry[:5]}20{expiry[5:]}" if option else "",
        "strike": f"{int(line.symbol[-7:-2]) * 100 if option else -1}.000000",
        "lotsize": str(line.lot),
        "instrumenttype": "OPTIDX" if option else "",
        "exch_seg": EXCHANGES[line.exchange_type],
        "tick_size": f"{line.tick}.000000",
        "freeze_qty": str(line.freeze + 1),
        "is_cas_enabled": False,
    }
