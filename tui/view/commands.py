"""Commands on their way, in words: what was asked for, what became of it, and whether the engine owes an answer. Pure."""

from typing import TYPE_CHECKING

from engine import Arm, Command, Disarm, Flat, SwitchDelivery
from engine.presentation import format as text
from tui.view.model import Attachment

if TYPE_CHECKING:
    from engine import Pending

_NO_ANSWER = "NO ANSWER"  # how a reason begins when the engine is silent
_CARRIED_OUT = "it may have been carried out"  # in a reason: it was sent, then the link broke
_ENDED = ("DONE", "REFUSED", "FAILED")
_QUIET = (Arm, Disarm)  # they come with a dialog that shows what they do
_NAMES = {
    "Arm": "lock",
    "Disarm": "close the plan",
    "Flat": "FLAT",
    "AllowEntries": "allow entries",
    "BarEntries": "no new entries",
    "ClosePosition": "close",
    "MoveStop": "move the stop",
    "PauseEntries": "pause entries",
    "ResumeEntries": "resume entries",
    "SeekEvent": "go to event",
    "SeekTime": "go to",
    "Seek": "go to",
    "SetLogLevel": "log-level",
    "SetSpeed": "speed",
    "SkipSilence": "skip silences",
    "Stop": "stop the engine",
    "Unwatch": "watch remove",
    "Watch": "watch add",
    "WithdrawEntry": "withdraw the entry",
}
_STYLES = {"REQUESTED": "warn", "ACCEPTED": "accent", "DONE": "good", "REFUSED": "alert", "FAILED": "alert"}


def named(command: Command) -> str:
    """What a person calls `command`."""
    if isinstance(command, SwitchDelivery):
        return f"delivery {command.delivery}"
    name = type(command).__name__
    return _NAMES.get(name, name.lower())


def is_alarming(asked: "Pending") -> bool:
    """Whether the operator must know: it will not happen, or nobody says whether it does."""
    return asked.state in {"REFUSED", "FAILED"} or asked.reason.startswith(_NO_ANSWER)


def newest(attachment: Attachment) -> "Pending | None":
    """The command to tell of: a flat in alarm, else the newest in alarm, else the newest; None where there is none.

    What a dialog shows already is told only when it goes wrong.
    """
    flat = flat_asked(attachment)
    if flat is not None and is_unsent(flat, attachment):
        return flat  # whatever else could not be sent waits for the same reason
    told = [each for each in attachment.asked if is_alarming(each) or not isinstance(each.command, _QUIET)]
    alarming = [each for each in told if is_alarming(each)]
    flats = [each for each in alarming if isinstance(each.command, Flat)]
    found = flats or alarming or told
    return found[-1] if found else None


def is_unsent(asked: "Pending", attachment: Attachment) -> bool:
    """Whether `asked` waits for a link: the engine does not have it, or the answer was lost and it is sent again."""
    return bool(attachment.lost) and asked.state == "REQUESTED"


def told(asked: "Pending", attachment: Attachment) -> tuple[str, str]:
    """`FLAT REQUESTED: NO ANSWER from engine (3.1 s)` and its style; of a flat without a link, what to do meanwhile."""
    if isinstance(asked.command, Flat) and is_unsent(asked, attachment):
        return _unsent(asked, attachment), "alert"
    style = "alert" if is_alarming(asked) else _STYLES.get(asked.state, "")
    words = f"{named(asked.command)} {asked.state}"
    reason = asked.reason
    if reason and asked.state not in _ENDED:
        reason = f"{reason} ({text.seconds(asked.age_s)})"
    if asked.state == "REFUSED" and attachment.read_only:
        reason = f"{reason}; this screen is read-only" if reason else "this screen is read-only"
    return (f"{words}: {reason}" if reason else words), style


def _unsent(asked: "Pending", attachment: Attachment) -> str:
    """What became of a flat that waits for a link."""
    words = f"FLAT NOT ANSWERED, {_CARRIED_OUT}" if _CARRIED_OUT in asked.reason else "FLAT NOT SENT YET"
    # On a shell; short, so that it is seen at 80 columns.
    meanwhile = f"meanwhile: myquant-tui flat{attachment.options}"
    return f"{words} ({text.seconds(asked.age_s)}): tried for a minute; {meanwhile}"


def flat_asked(attachment: Attachment) -> "Pending | None":
    """The newest flat that this screen asked for and that is not done; None where there is none, or its end is long ago."""
    flats = [each for each in attachment.asked if isinstance(each.command, Flat) and each.state != "DONE"]
    return flats[-1] if flats else None
