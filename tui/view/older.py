"""Which exits the list of trades covers, and those of them that the snapshot does not have any more: asked for by the page."""

from typing import Final

from engine import EXITS_A_PAGE, Snapshot, Trade
from tui.view.engine_client import EngineClient
from tui.view.model import OlderExits

NEWEST: Final = 2**62  # chosen: the newest exit, also when another comes
_AROUND = 60  # exits either side of the chosen one: more than the list has lines


def bounds(seen: Snapshot) -> tuple[int, int]:
    """Numbers of the first exit that may be listed and of the newest; where there is none the second is the smaller."""
    first = seen.exits_from
    newest = max(seen.account.exits, seen.trades[-1].number if seen.trades else 0)
    return min(first, seen.trades[0].number if seen.trades else first), newest


def oldest_here(seen: Snapshot) -> int:
    """Number of the oldest exit in the snapshot: the journal has those before it."""
    return seen.trades[0].number if seen.trades else bounds(seen)[1] + 1


def chosen(seen: Snapshot, choice: int) -> int:
    """The number of the exit that is chosen, kept within those that are listed."""
    first, newest = bounds(seen)
    return max(first, min(newest, choice))


def moved(seen: Snapshot, choice: int, by: int) -> int:
    """What is chosen `by` lines further on; at the end of the list it is `NEWEST`."""
    number = chosen(seen, chosen(seen, choice) + by)
    return NEWEST if number >= bounds(seen)[1] else number


def older_exits(client: EngineClient, seen: Snapshot, choice: int) -> OlderExits:
    """The exits around `choice` out of the journal, as far as they have come; asking brings them."""
    first, newest = bounds(seen)
    middle = chosen(seen, choice)
    trades: dict[int, Trade] = {}
    wait, problem = False, ""
    before = oldest_here(seen)
    start, end = max(first, middle - _AROUND), min(before - 1, middle + _AROUND)
    if end < start:  # all of them are in the snapshot
        return OlderExits()
    for number in range((start - 1) // EXITS_A_PAGE * EXITS_A_PAGE + 1, end + 1, EXITS_A_PAGE):
        # Whole pages stay as they are however the run goes on; one that is not yet whole ends where the snapshot begins.
        last = number + EXITS_A_PAGE - 1
        page = client.exit_page(max(first, number), last if last <= newest else before - 1, seen.rewinds)
        trades |= {trade.number: trade for trade in page.trades}
        wait = wait or page.state == "LATER"
        if page.state == "UNREADABLE":
            problem = page.reason
    return OlderExits(trades, wait, problem)
