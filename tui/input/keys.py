"""The one table of keys: what each does, where it works, what help and footer say of it. Acts on nothing.

Those of a pane are declared beside it and stand in the table among the others.
Only plain printable keys, arrows, tab and enter: they survive SSH, tmux, screen and mosh.
"""

from typing import Literal

from msgspec import Struct

from engine import Snapshot
from tui.input import dialog_keys
from tui.panes.layout import PANES, focused
from tui.view.faults import ENTRIES
from tui.view.model import View

Where = Literal["always", "replay", "recording", "apart", "orders", "focus"]


class Key(Struct, frozen=True):
    """A key: `key` is the character, or Textual's name of a key that has none; `action` is a name in `tui.input.actions` or of a pane's key."""

    key: str
    action: str
    help: str
    footer: str = ""
    where: Where = "always"
    shown: str = ""  # how it is written, where that is not `key`
    group: str = ""  # how the footer writes it together with its neighbours
    name: str = ""  # what the palette calls it, where that is not `action`

    @property
    def label(self) -> str:
        """The key as help writes it."""
        return self.shown or self.key

    @property
    def title(self) -> str:
        """What the palette calls it."""
        return self.name or self.action.replace("_", " ")


_FOCUS = (
    Key("1", f"pane_{PANES[0].name}", f"focus: {PANES[0].name}", "panes", group=f"1-{len(PANES)}"),
    *(Key(str(number), f"pane_{pane.name}", f"focus: {pane.name}") for number, pane in enumerate(PANES[1:], 2)),
)

TABLE: tuple[Key, ...] = (
    Key(
        "!",
        "arm",
        "emergency flat: lock entries and show the plan; then x fires it",
        "flat",
        shown="!x",
        name="emergency flat",
    ),
    Key(" ", "play", "pause or play the replay", "play", "replay", "space"),
    Key(".", "step", "one tick on", "step", "replay"),
    Key(",", "step_back", "one tick back", "", "recording"),
    Key("+", "faster", "faster: 0.25 0.5 1 2 5 10 50 100 1000 max", "speed", "replay", group="+-"),
    Key("-", "slower", "slower", "", "replay"),
    Key("g", "goto", "go to a time, a tick number or a bookmark", "go to", "recording"),
    Key("n", "next_event", "next event: entry, exit, gap, error, bookmark", "next", "recording", group="n N"),
    Key("N", "previous_event", "previous event", "", "recording"),
    Key("i", "silence", "skip silences longer than replay.silence_s, or wait through them", "", "recording"),
    Key("b", "bookmark", "bookmark this tick", "", "replay"),
    Key("r", "restart", "restart the replay from its first tick", "", "recording"),
    Key("d", "delivery", "how ticks reach the engine: polling, queued, callback", "delivery"),
    Key("p", "pause", "pause entries, or resume them; exits go on", "pause"),
    Key("k", "unlock", "unlock entries (typed)", "unlock"),
    Key("o", "orders", "orders of the day at the broker; there w, then x, withdraws an entry", "orders", "orders"),
    Key("O", "control", "who has control of the engine; take it, or give it up", "", "apart", name="control"),
    Key("a", "acknowledge", "how the last run ended: read it, then a again acknowledges"),
    *_FOCUS,
    Key("tab", "next_pane", "next pane"),
    Key("z", "zoom", "the focused pane over the whole screen, and back", "zoom"),
    Key("/", "filter", "filter the focused pane as you type, esc clears it; in the log: search", "filter"),
    Key(
        "enter",
        "position",
        "the selected position: levels, fills, chart, and what can be done with it",
    ),
    Key("T", "trades", "list of all trades"),
    Key("D", "days", "session days: net, costs, won, drawdown; enter: the trades of one"),
    Key("up", "up", "move up"),
    Key("down", "down", "move down"),
    Key("pageup", "pageup", "a page up"),
    Key("pagedown", "pagedown", "a page down"),
    Key("home", "home", "to the first line"),
    Key("end", "end", "to the last line"),
    *(Key(key.key, key.action, key.help, key.footer) for pane in PANES for key in pane.keys if key.when is None),
    Key("v", "candles", "chart: a line, or candles", "candles"),
    Key("c", "copy", "copy the selected line (OSC 52)"),
    Key("s", "save", "save a picture of the screen, as text and SVG"),
    Key("t", "theme", "theme: the terminal's 16 colours, true colour on dark, on light, mono"),
    Key("m", "mouse", "the mouse wheel scrolls, or not (the terminal's own selection works while it is off)"),
    Key(":", "palette", "all commands by name", "commands"),
    Key("?", "help", "this help", "help"),
    Key("q", "leave", "leave, quit: an attached engine goes on; asks when a position is open", "leave"),
)

# Those that work only while their pane has the keys, and before all others then.
OWN: tuple[Key, ...] = tuple(
    Key(
        key.key,
        key.action,
        f"{key.help} (while pane {number} has the keys)",
        key.footer,
        "focus",
        "esc" if key.key == "escape" else "",
    )
    for number, pane in enumerate(PANES, 1)
    for key in pane.keys
    if key.when is not None
)
_OWN_BY_ACTION = {key.action: key for key in OWN}
_BY_KEY = {key.key: key for key in TABLE} | {"ctrl+p": next(key for key in TABLE if key.action == "palette")}

# Without a key: by name alone.
_BY_NAME = (
    ("closing card", "what came of the day or the replay that is over", "closing"),
    ("watch add…", "follow further instruments from now on", "watch_add"),
    ("watch remove…", "follow an instrument no more", "watch_remove"),
    ("log-level…", "log a component in more detail or less, for a while", "log_level"),
)
# What may be typed as a whole: its first word, how many words it has at least, and what does it.
_WHOLE = (("watch", 3, "watch_typed"), ("log-level", 2, "log_level_typed"))
# What is done with the selected position, for the palette: each opens its dialog, where `x` fires.
ON_POSITION = (
    ("close position…", "close the selected position: shows the plan, x fires", "position_close"),
    ("half position…", "sell half of the selected position, in whole lots", "position_half"),
    ("stop to…", "move the stop of the selected position towards the price", "position_stop"),
    ("no new entries…", "bar new entries in the selected instrument, or allow them again", "position_entries"),
)

# What only a screen with control may do.
COMMANDING = frozenset(
    {key.action for key in TABLE if key.where in {"replay", "recording"}} | {"delivery", "pause", "unlock"}
)

# Hidden from the list until `dev` is typed.
DEVELOPER = (("dev: stall engine", "hold the engine for 3 s, to see the heartbeat turn", "stall"),)


def lookup(key: str, view: View) -> Key | None:
    """The entry of `key` at `view`, whether it works now or not: the focused pane's own before all others; None where it has none."""
    return next((own for own in _own(view) if own.key == key), None) or _BY_KEY.get(key)


def find(key: str, view: View) -> Key | None:
    """The entry of `key` where it works now, or None."""
    found = lookup(key, view)
    return found if found and _works(found, view) else None


def _own(view: View) -> list[Key]:
    """The keys of the focused pane that come before all others now."""
    return [_OWN_BY_ACTION[key.action] for key in focused(view.ui).keys if key.when is not None and key.when(view)]


def _works(key: Key, view: View) -> bool:
    if key.where == "replay":
        return view.snapshot.replay is not None
    if key.where == "recording":
        return view.snapshot.replay is not None and not is_recorded(view.snapshot)
    if key.where == "orders":
        return view.snapshot.live is not None
    return key.where in {"always", "focus"} or view.attachment.apart


def is_recorded(seen: Snapshot) -> bool:
    """Whether what plays is recorded as it goes: a day of the trader's own, which no key may run away with."""
    return seen.replay is not None and any(edge.name == "recorder" for edge in seen.edges)


def hints(view: View) -> list[tuple[str, str]]:
    """The keys that matter now with a word each, the most important first: the way out among them."""
    if view.ui.dialog:
        return dialog_keys.shown(view)
    gate, attachment = view.snapshot.entries, view.attachment
    looks = attachment.apart and not (attachment.has_control or attachment.lost)
    urgent = {
        "position": view.ui.focus == "positions",
        "acknowledge": bool(view.snapshot.found),
        "unlock": bool(gate.locked or gate.halted) and not looks,
        "pause": gate.paused and not looks,
        "control": looks and not attachment.read_only,
        "restart": bool(view.snapshot.replay and view.snapshot.replay.ended) and not looks,
    }
    order = ["arm", *(action for action, now in urgent.items() if now), "help", "leave"]
    of_pane = [key.action for key in focused(view.ui).keys]
    listed = [
        key
        for key in TABLE
        if _works(key, view) and (urgent.get(key.action) or (key.footer and not (looks and key.action in COMMANDING)))
        if key.action != "unlock" or urgent["unlock"]
    ]
    listed.sort(key=lambda key: _rank(key.action, order, of_pane))
    own = _own(view)
    taken = {key.key for key in own}
    shown = [(key.group or key.label, _word(key, view)) for key in listed if key.key not in taken]
    return [*shown[:1], *((key.label, key.footer) for key in own), *shown[1:]]


def _rank(action: str, order: list[str], of_pane: list[str]) -> int:
    """What is urgent first, then what the focused pane is for, then the table's order."""
    if action in order:
        return order.index(action)
    return len(order) + (0 if action in of_pane else 1)


def _word(key: Key, view: View) -> str:
    """What the footer calls it at this moment."""
    shot = view.snapshot
    match key.action:
        case "play" if shot.replay is not None:
            return "pause" if shot.replay.playing else "play"
        case "pause":
            return "resume entries" if shot.entries.paused else "pause entries"
        case "zoom" if view.ui.zoom:
            return "back"
    return key.footer or key.action


def palette(view: View) -> list[tuple[str, str, str]]:
    """What the palette lists for the text typed so far: (name, help, action)."""
    typed = view.ui.text.lower()
    listed = [
        (key.title, key.help.removeprefix(f"{key.title}: "), key.action)
        for key in TABLE
        if _works(key, view) and key.action not in {"up", "down", "pageup", "pagedown", "home", "end", "palette"}
    ]
    listed.extend(_BY_NAME)
    listed.extend(ON_POSITION)
    if typed.startswith("dev"):
        listed.extend(DEVELOPER)
        if view.snapshot.trade_mode == "mock":
            listed.extend(ENTRIES)
    words = typed.split()
    for name, least, action in _WHOLE:
        if words[:1] == [name] and len(words) >= least:
            return [(name, view.ui.text.strip().partition(" ")[2], action)]
    found = [entry for entry in listed if all(word in f"{entry[0]} {entry[1]}".lower() for word in words)]
    return sorted(
        found, key=lambda entry: not entry[0].lower().startswith(typed)
    )  # what is called so before what speaks of it
