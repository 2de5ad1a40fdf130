"""The help: every key, lamp, badge and word of the screen, made from the tables that the program itself works by. Pure."""

from functools import lru_cache

from engine.presentation.entries import MEANINGS
from tui.input.keys import OWN, TABLE
from tui.text.rows import Line, left
from tui.text.spelling import spelled_lines, wrapped
from tui.view.model import View

_NAME = 13

LAMPS = (
    ("ENGINE", "age of the engine loop's last beat: LATE from 0.5 s, STALE from 2 s, DEAD from 5 s"),
    ("STRATEGY", "newest decision against newest tick: LATE from 250 ms, STALE from 1 s with ticks waiting"),
    (
        "DATA",
        (
            "age of the newest tick against max(3 s, 5 × the instrument's median gap), at a replay's own pace; "
            "from 10 instruments on by the share that is silent (LATE 10 %, STALE 50 %) and by each that is held"
        ),
    ),
    ("SEQUENCE", "exchange numbers lost, repeated or out of order, and bad packets, in the last minute: LATE from 1"),
    ("ORDERS", "age of the oldest unanswered order: LATE from 1 s, STALE from 3 s, or while one is UNKNOWN"),
    (
        "BROKER",
        (
            "age of the newest round of its books that is believed: LATE from 10 s, STALE from 30 s or after 3 failed calls, "
            "three times as long while nothing is held or works; DEAD without a login; a simulated one is always there"
        ),
    ),
    (
        "UPDATES",
        "the socket on which it tells of orders: LATE from 3 s without one, STALE from 30 s; its books tell then",
    ),
    ("JOURNAL", "orders, fills and locks on their way to the disk: STALE on a failure or with under 500 MB free"),
    ("RECORDER", "ticks on their way to the recording: likewise; it stops first when the disk fills, trading goes on"),
    ("LOG", "log lines on their way to the file: likewise"),
    ("CLOCK", "this machine's clock against the exchange's: LATE from 0.2 s, STALE over 2 s; off in replay and mock"),
    (
        "SOCKET",
        (
            "last frame or pong of the live feed: LATE from 15 s, STALE from 30 s, DEAD from 60 s; "
            "while the link is down why, and when it is tried again; off in replay and mock"
        ),
    ),
    ("PROCESS", "memory of 80 MB, 256 descriptors, GC pauses of 100 ms: LATE from 80 % of these, STALE beyond"),
    ("LINK", "how long the terminal takes to accept output: LATE from 50 ms, STALE from 500 ms"),
)
WORDS = (
    ("OK", "as it should be"),
    ("QUIET", "no ticks, and the others have none either"),
    ("LATE", "slower than it should be"),
    ("STALE", "too old to rely on"),
    ("DEAD", "does not work any more"),
    ("CLOSED", "outside the session; no alarm"),
    ("OFF", "not in use in this run"),
    ("UNKNOWN", "nothing measures it, or its producer is silent"),
)
FEED_WORDS = (
    ("LIVE", "a tick came lately"),
    ("LATE", "the newest tick was over 2 s longer on its way than others: exits act on it, no entry does"),
    ("QUIET", "no tick, and no other instrument has one either"),
    ("STALE", "no tick though others tick, or the link is lost: its stop is not watched"),
    ("NEW", "no tick on this link yet"),
    ("CLOSED", "outside the session"),
)
BADGES = (
    ("REPLAY", "a recording is played; the broker is simulated"),
    ("MOCK", "generated ticks; the broker is simulated; (no credentials): they stand in for a live feed"),
    ("PAPER", "live ticks; the broker is simulated"),
    ("LIVE", "live ticks and real orders: real money; behind it the end of the account's name"),
    ("LIVE-SIM", "the same orders over the same wires, to a simulated exchange: no money"),
    (
        "ORD",
        "requests of this second and minute and orders of the day, of what entries may use; reserve: kept for closing all",
    ),
    ("loss left", "what the day may still lose before its limit closes everything"),
    ("EXTERNAL", "others have put it on: not ours, sold only by a flat; entries are locked until k"),
    (
        "MISMATCH",
        "what we hold / what the broker says, for three readings and more; entries are locked, exits go by the less",
    ),
    ("stop by BOT", "the engine watches the stop, and nobody else; BOT+NET: an order far below it rests at the broker"),
    ("polling", "the engine looks for ticks every few milliseconds"),
    ("queued", "each tick wakes the engine"),
    ("callback", "the feed's own thread trades"),
    ("LINK LOST", "no connection to the exchange for so long: no entries, exits wait for prices"),
    (
        "CONTROL",
        "who commands the engine, where it is another process; read-only: this screen never does; 2: so many look",
    ),
    ("ENGINE", "GONE: its process has ended; SILENT: it stands; STOPPED: it ended in good order, or says why not"),
    ("LAST RUN", "how the last run ended; stays until it was read and acknowledged (a, a)"),
    ("SAME", "the replay decides as was recorded, at so many of the recorded checkpoints"),
    ("DIFFERS", "the first tick and value where it does not"),
    ("FLAT≈", "what a flat would take now: orders, seconds, result"),
)
FLAT_WORDS = (
    ("WAIT", "nothing sent for this leg yet"),
    ("SENT", "the order is out, no answer yet"),
    ("ACK", "the broker has the order; rung: how often its limit has followed the market"),
    ("CANCEL", "it is taken back before the rest is sent anew"),
    ("PART n/m", "n of m are filled"),
    ("FILLED", "all of it is filled"),
    ("REJ", "refused, with the reason; it is tried again"),
    ("UNKNOWN", "no answer: it may still fill, and is looked for"),
    ("BLIND", "closed without a fresh price"),
    ("CORRECTING", "more was sold than is held: the rest is bought back"),
    ("LOGIN", "the broker does not know the session: logged in anew, then it goes on"),
    ("RATE wait", "the broker wants to be left alone for so long"),
    ("BROKER DOWN", "nothing was answered well for so long; it is asked again and again"),
    ("DONE", "closed, and the broker says so too"),
    ("FLAT", "two readings of the broker show nothing held and nothing working"),
)
ON_POSITION = (
    ("c", "close it: the plan, then x fires"),
    ("h", "half of it, down to whole lots"),
    ("s", "stop to a price, or so many points below the last (5p): only towards the price"),
    ("n", "no new entries in its instrument; again: they are allowed"),
    ("!", "the emergency flat"),
)
ON_ORDERS = (
    ("enter", "one order in full"),
    ("w", "withdraw it, if it is an entry of ours that works: the plan, then x fires"),
    ("/", "filter by words: a tag, a symbol, BUY, UNKNOWN …; esc clears it"),
    ("!", "the emergency flat"),
)
ORDER_WORDS = (
    (
        "UNKNOWN n/3",
        "nobody knows whether the broker has it: gone once three of its books, over 12 s, lack it; never sent again",
    ),
    ("INTENT", "decided, its row not on the disk yet; SENDING: on its way"),
    (
        "WORKING",
        "the broker has it; AMENDING: another limit is asked for; CANCELLING: it is taken back, and a fill wins",
    ),
    ("SETTLING", "over, and its trades are still read"),
    ("REJECTED", "by the exchange; REFUSED: by the broker's gateway; NOT PLACED: it never came to be"),
    ("RUNG", "how often its limit has followed the market, from 1; GOT: the average it was filled at"),
)
COMMAND_WORDS = (
    ("REQUESTED", "sent to the engine's process, no answer yet"),
    ("ACCEPTED", "the engine has it"),
    ("DONE", "carried out; of a flat: verified"),
    ("REFUSED", "will not be carried out, with the reason"),
    ("FAILED", "was not carried out, or nobody knows: the reason says which"),
    ("NO ANSWER", "the engine has said nothing for over 2 s"),
)
_WHERE = {
    "always": "",
    "replay": " (replay)",
    "recording": " (replay of a recording)",
    "apart": " (attached)",
    "orders": " (orders at a real broker)",
    "focus": "",
}
_BADGE_STYLES = {
    "REPLAY": "replay",
    "MOCK": "mock",
    "PAPER": "paper",
    "LIVE": "live",
    "LIVE-SIM": "live-sim",
    "LOCKED": "alert",
}


def rows(view: View, width: int, height: int) -> list[Line]:
    """The part of the help that begins at line `ui.choice`."""
    if width <= 0 or height <= 0:
        return []
    lines = whole(width)
    top = max(0, min(view.ui.choice, len(lines) - height))
    shown = lines[top : top + height]
    return spelled_lines(shown, width, view.glyphs)


@lru_cache(maxsize=4)
def whole(width: int) -> tuple[Line, ...]:
    """Every line of the help at this width."""
    keys = tuple((key.label, key.help + _WHERE[key.where]) for key in (*TABLE, *OWN))
    sections = (
        ("KEYS", keys, "key"),
        ("ONE POSITION (ENTER)", ON_POSITION, "key"),
        ("ORDERS AT A BROKER", ON_ORDERS, "key"),
        ("WORDS OF AN ORDER", ORDER_WORDS, "bold"),
        ("LAMPS", LAMPS, "bold"),
        ("WORDS OF THE LAMPS", WORDS, "bold"),
        ("WORDS OF THE FEED", FEED_WORDS, "bold"),
        ("BADGES", BADGES, "bold"),
        ("WORDS OF ENTRIES", tuple((shown, meaning) for _, shown, meaning in MEANINGS), "bold"),
        ("WORDS OF A FLAT", FLAT_WORDS, "bold"),
        ("WORDS OF A COMMAND (ATTACHED)", COMMAND_WORDS, "bold"),
    )
    lines: list[Line] = []
    for heading, entries, style in sections:
        lines += [((heading, "title"),)] if not lines else [(), ((heading, "title"),)]
        for name, words in entries:
            lines += _entry(name, words, _BADGE_STYLES.get(name, style), width)
    return tuple(lines)


def _entry(name: str, words: str, style: str, width: int) -> list[Line]:
    """A name and its explanation, which goes on under itself; beneath the name where the width is short."""
    if width < 2 * _NAME:
        return [((name, style),), *(((f" {part}", ""),) for part in wrapped(words, width - 1))]
    parts = wrapped(words, width - _NAME) or [""]
    first: Line = ((left(name, _NAME - 1), style), (" ", ""), (parts[0], ""))
    return [first, *(((" " * _NAME, ""), (part, "")) for part in parts[1:])]
