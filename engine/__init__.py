"""The engine of myquant-tui. Its public names are those in `__all__`, and `engine.presentation`; the rest is not for others.

The names are resolved when they are asked for, so that importing one folder does not import all the others.
"""

from importlib import import_module

TYPE_CHECKING = False  # as type checkers know it; `typing` takes as long to import as a short command
if TYPE_CHECKING:  # the same names once more, for who checks types
    from engine.assembly import Run as Run
    from engine.assembly import load as load
    from engine.cli import main as main
    from engine.config import Config as Config
    from engine.link import LinkError as LinkError
    from engine.link import RemoteEngine as RemoteEngine
    from engine.link.client import ConnectionStatus as ConnectionStatus
    from engine.link.protocol import AbsenceView as AbsenceView
    from engine.link.protocol import AnyCommand as AnyCommand
    from engine.link.protocol import ControlView as ControlView
    from engine.link.tickets import Pending as Pending
    from engine.model.bars import Bar as Bar
    from engine.model.commands import Acknowledge as Acknowledge
    from engine.model.commands import AllowEntries as AllowEntries
    from engine.model.commands import Arm as Arm
    from engine.model.commands import BarEntries as BarEntries
    from engine.model.commands import Bookmark as Bookmark
    from engine.model.commands import ClosePosition as ClosePosition
    from engine.model.commands import Command as Command
    from engine.model.commands import Disarm as Disarm
    from engine.model.commands import Fault as Fault
    from engine.model.commands import Flat as Flat
    from engine.model.commands import Hold as Hold
    from engine.model.commands import Lock as Lock
    from engine.model.commands import MoveStop as MoveStop
    from engine.model.commands import PauseEntries as PauseEntries
    from engine.model.commands import Play as Play
    from engine.model.commands import PositionCommand as PositionCommand
    from engine.model.commands import ResumeEntries as ResumeEntries
    from engine.model.commands import Seek as Seek
    from engine.model.commands import SeekEvent as SeekEvent
    from engine.model.commands import SeekTime as SeekTime
    from engine.model.commands import SetSpeed as SetSpeed
    from engine.model.commands import SignedCommand as SignedCommand
    from engine.model.commands import SkipSilence as SkipSilence
    from engine.model.commands import Stall as Stall
    from engine.model.commands import Step as Step
    from engine.model.commands import Stop as Stop
    from engine.model.commands import SwitchDelivery as SwitchDelivery
    from engine.model.commands import Unlock as Unlock
    from engine.model.commands import Unwatch as Unwatch
    from engine.model.commands import Watch as Watch
    from engine.model.commands import WithdrawEntry as WithdrawEntry
    from engine.model.day_page import DayPage as DayPage
    from engine.model.errors import UserError as UserError
    from engine.model.exit_page import EXITS_A_PAGE as EXITS_A_PAGE
    from engine.model.exit_page import ExitPage as ExitPage
    from engine.model.history import DayResult as DayResult
    from engine.model.history import DayTrade as DayTrade
    from engine.model.lanes_view import LanesView as LanesView
    from engine.model.latency import LatencySummary as LatencySummary
    from engine.model.one_position import acting_stop as acting_stop
    from engine.model.one_position import half_of as half_of
    from engine.model.one_position import stop_objection as stop_objection
    from engine.model.order_views import BudgetView as BudgetView
    from engine.model.order_views import ForeignView as ForeignView
    from engine.model.order_views import LiveView as LiveView
    from engine.model.order_views import MismatchView as MismatchView
    from engine.model.order_views import OrderView as OrderView
    from engine.model.order_views import WaitView as WaitView
    from engine.model.ports import FeedView as FeedView
    from engine.model.ports import LogLine as LogLine
    from engine.model.run_views import CheckView as CheckView
    from engine.model.run_views import CommandView as CommandView
    from engine.model.run_views import EdgeView as EdgeView
    from engine.model.run_views import EpochView as EpochView
    from engine.model.run_views import ProcessView as ProcessView
    from engine.model.run_views import Pulse as Pulse
    from engine.model.run_views import ReplayView as ReplayView
    from engine.model.run_views import SessionView as SessionView
    from engine.model.run_views import TimelineEvent as TimelineEvent
    from engine.model.snapshot import Snapshot as Snapshot
    from engine.model.statistics import DayStatistics as DayStatistics
    from engine.model.trading_views import AccountView as AccountView
    from engine.model.trading_views import ActionView as ActionView
    from engine.model.trading_views import EntriesState as EntriesState
    from engine.model.trading_views import FlatLeg as FlatLeg
    from engine.model.trading_views import FlatView as FlatView
    from engine.model.trading_views import OpenPosition as OpenPosition
    from engine.model.trading_views import Quote as Quote
    from engine.model.types import DELIVERIES as DELIVERIES
    from engine.model.types import Delivery as Delivery
    from engine.model.types import Instrument as Instrument
    from engine.model.types import PositionState as PositionState
    from engine.model.types import Trade as Trade
    from engine.model.types import TradeMode as TradeMode
    from engine.shortcut.entry import short_command as short_command
    from engine.text.redaction import redact as redact
    from engine.text.sanitize import CleanText as CleanText
    from engine.text.sanitize import clean as clean
    from engine.text.sanitize import cleaned as cleaned
    from engine.version import VERSION as VERSION

_FOLDERS = {
    "engine.assembly": ("Run", "load"),
    "engine.cli": ("main",),
    "engine.config": ("Config",),
    "engine.link": ("LinkError", "RemoteEngine"),
    "engine.link.client": ("ConnectionStatus",),
    "engine.link.protocol": ("AbsenceView", "AnyCommand", "ControlView"),
    "engine.link.tickets": ("Pending",),
    "engine.model.bars": ("Bar",),
    "engine.model.commands": (
        "Acknowledge",
        "AllowEntries",
        "Arm",
        "BarEntries",
        "Bookmark",
        "ClosePosition",
        "Command",
        "Disarm",
        "Fault",
        "Flat",
        "Hold",
        "Lock",
        "MoveStop",
        "PauseEntries",
        "Play",
        "PositionCommand",
        "ResumeEntries",
        "Seek",
        "SeekEvent",
        "SeekTime",
        "SetSpeed",
        "SignedCommand",
        "SkipSilence",
        "Stall",
        "Step",
        "Stop",
        "SwitchDelivery",
        "Unlock",
        "Unwatch",
        "Watch",
        "WithdrawEntry",
    ),
    "engine.model.day_page": ("DayPage",),
    "engine.model.errors": ("UserError",),
    "engine.model.exit_page": ("EXITS_A_PAGE", "ExitPage"),
    "engine.model.history": ("DayResult", "DayTrade"),
    "engine.model.lanes_view": ("LanesView",),
    "engine.model.latency": ("LatencySummary",),
    "engine.model.one_position": ("acting_stop", "half_of", "stop_objection"),
    "engine.model.order_views": ("BudgetView", "ForeignView", "LiveView", "MismatchView", "OrderView", "WaitView"),
    "engine.model.ports": ("FeedView", "LogLine"),
    "engine.model.run_views": (
        "CheckView",
        "CommandView",
        "EdgeView",
        "EpochView",
        "ProcessView",
        "Pulse",
        "ReplayView",
        "SessionView",
        "TimelineEvent",
    ),
    "engine.model.snapshot": ("Snapshot",),
    "engine.model.statistics": ("DayStatistics",),
    "engine.model.trading_views": (
        "AccountView",
        "ActionView",
        "EntriesState",
        "FlatLeg",
        "FlatView",
        "OpenPosition",
        "Quote",
    ),
    "engine.model.types": ("DELIVERIES", "Delivery", "Instrument", "PositionState", "Trade", "TradeMode"),
    "engine.shortcut.entry": ("short_command",),
    "engine.text.redaction": ("redact",),
    "engine.text.sanitize": ("CleanText", "clean", "cleaned"),
    "engine.version": ("VERSION",),
}
_FOLDER_OF = {name: folder for folder, names in _FOLDERS.items() for name in names}

__all__ = list(_FOLDER_OF)


def __getattr__(name: str) -> object:
    """Import a public name from the folder that defines it."""
    if name not in _FOLDER_OF:
        raise AttributeError(f"module 'engine' has no attribute '{name}'")
    value = globals()[name] = getattr(import_module(_FOLDER_OF[name]), name)
    return value
