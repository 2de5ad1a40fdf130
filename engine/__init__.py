"""The engine of myquant-tui. Its public names are those in `__all__`, and `engine.presentation`; the rest is not for others.

The names are resolved when they are asked for, so that importing one folder does not import all the others.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from engine.assembly import Run, load
    from engine.cli import main
    from engine.config import Config
    from engine.link import LinkError, RemoteEngine
    from engine.link.client import ConnectionStatus
    from engine.link.protocol import AbsenceView, AnyCommand, ControlView
    from engine.link.tickets import Pending
    from engine.model.commands import (
        Acknowledge,
        Arm,
        Bookmark,
        Command,
        Disarm,
        Fault,
        Flat,
        Hold,
        Lock,
        PauseEntries,
        Play,
        ResumeEntries,
        Seek,
        SeekEvent,
        SeekTime,
        SetSpeed,
        SkipSilence,
        Stall,
        Step,
        Stop,
        SwitchDelivery,
        Unlock,
    )
    from engine.model.errors import UserError
    from engine.model.latency import LatencySummary
    from engine.model.ports import FeedView, LogLine
    from engine.model.snapshot import (
        AccountView,
        CheckView,
        CommandView,
        EdgeView,
        EntriesState,
        EpochView,
        FlatLeg,
        FlatView,
        OpenPosition,
        ProcessView,
        Pulse,
        Quote,
        ReplayView,
        SessionView,
        Snapshot,
        TimelineEvent,
    )
    from engine.model.types import DELIVERIES, Delivery, Instrument, PositionState, Trade, TradeMode
    from engine.text.redaction import redact
    from engine.text.sanitize import clean
    from engine.version import VERSION

_FOLDERS = {
    "engine.assembly": ("Run", "load"),
    "engine.cli": ("main",),
    "engine.config": ("Config",),
    "engine.model.errors": ("UserError",),
    "engine.model.latency": ("LatencySummary",),
    "engine.link": ("LinkError", "RemoteEngine"),
    "engine.link.client": ("ConnectionStatus",),
    "engine.link.tickets": ("Pending",),
    "engine.link.protocol": ("AbsenceView", "AnyCommand", "ControlView"),
    "engine.model.commands": (
        *(
            "Acknowledge",
            "Arm",
            "Bookmark",
            "Command",
            "Disarm",
            "Fault",
            "Flat",
            "Hold",
            "Lock",
            "PauseEntries",
            "Play",
        ),
        *("ResumeEntries", "Seek", "SeekEvent", "SeekTime", "SetSpeed", "SkipSilence", "Stall", "Step", "Stop"),
        *("SwitchDelivery", "Unlock"),
    ),
    "engine.model.ports": ("FeedView", "LogLine"),
    "engine.text.redaction": ("redact",),
    "engine.model.snapshot": (
        *(
            "AccountView",
            "CheckView",
            "CommandView",
            "EdgeView",
            "EntriesState",
            "EpochView",
            "TimelineEvent",
            "FlatLeg",
        ),
        *("FlatView", "OpenPosition", "ProcessView", "Pulse", "Quote", "ReplayView", "SessionView", "Snapshot"),
    ),
    "engine.text.sanitize": ("clean",),
    "engine.model.types": ("DELIVERIES", "Delivery", "Instrument", "PositionState", "Trade", "TradeMode"),
    "engine.version": ("VERSION",),
}
_FOLDER_OF = {name: folder for folder, names in _FOLDERS.items() for name in names}

__all__ = [
    "DELIVERIES",
    "VERSION",
    "AbsenceView",
    "AccountView",
    "Acknowledge",
    "AnyCommand",
    "Arm",
    "Bookmark",
    "CheckView",
    "Command",
    "CommandView",
    "Config",
    "ControlView",
    "Delivery",
    "Disarm",
    "EdgeView",
    "EntriesState",
    "EpochView",
    "TimelineEvent",
    "Fault",
    "FeedView",
    "Flat",
    "FlatLeg",
    "FlatView",
    "Hold",
    "Instrument",
    "LatencySummary",
    "LinkError",
    "ConnectionStatus",
    "Lock",
    "LogLine",
    "OpenPosition",
    "PauseEntries",
    "Pending",
    "Play",
    "PositionState",
    "ProcessView",
    "Pulse",
    "Quote",
    "RemoteEngine",
    "ReplayView",
    "ResumeEntries",
    "Run",
    "Seek",
    "SeekEvent",
    "SeekTime",
    "SessionView",
    "SetSpeed",
    "SkipSilence",
    "Snapshot",
    "Stall",
    "Step",
    "Stop",
    "SwitchDelivery",
    "Trade",
    "TradeMode",
    "Unlock",
    "UserError",
    "clean",
    "load",
    "main",
    "redact",
]


def __getattr__(name: str) -> object:
    """Import a public name from the folder that defines it."""
    if name not in _FOLDER_OF:
        raise AttributeError(f"module 'engine' has no attribute '{name}'")
    value = globals()[name] = getattr(import_module(_FOLDER_OF[name]), name)
    return value
