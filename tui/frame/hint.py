"""Three lines for whoever sees the screen for the first time, until the first key. Pure."""

from tui.text.rows import Line, fit
from tui.text.segments import assemble, segment, word
from tui.view.model import View

_WHAT = {
    "replay": ("a recorded session plays", "a recording"),
    "mock": ("a generated session", "generated"),
    "paper": ("live prices, orders on paper", "on paper"),
    "live": ("REAL orders", "REAL orders"),
    "live-sim": ("orders to a simulated exchange", "simulated exchange"),
}


def lines(view: View, width: int) -> list[Line]:
    """What this is, how to be safe, where to find the rest; none where it was read."""
    if not view.ui.hint:
        return []
    shot = view.snapshot
    long, short = _WHAT[shot.trade_mode]
    money = "" if shot.trade_mode == "live" else " - nothing here is real money"
    replay = shot.replay is not None
    said = (
        [
            segment(0, word(f" Welcome: {long}{money}"), word(f" Welcome: {short}{money}"), word(f" {short}{money}")),
            segment(1, word("this goes with the first key"), at_end=True),
        ],
        [
            segment(0, word(" ! then x  closes everything, and verifies it (! alone only shows the plan)"), word(" ! then x  emergency flat")),
            segment(1, word("q  leaves")),
        ],
        [
            segment(0, word(" ?  every key")),
            segment(1, word(":  all commands")),
            segment(2, word("1-5 z  panes, zoom"), word("1-5 z  panes")),
            segment(3, word("space + -  hold, faster, slower" if replay else "")),
        ],
    )  # fmt: skip
    shown = ("".join(words for words, _ in assemble(parts, width)) for parts in said)
    return [fit(((words, "banner"),), width) for words in shown]
