"""Tells what came of a validation by every channel there is, at once and without a service; one that runs tells the rest."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from engine.backtest.validation_record import Validation
from engine.backtest.validation_told import has_told, take_on
from engine.config import Config
from engine.gateway.alerts.channels import Channel
from engine.gateway.alerts.open_channels import open_channels
from engine.gateway.secrets import with_secrets
from engine.model.errors import UserError, reason
from engine.presentation.alerting import Message

_BY: Final = "validate"
_TERMINAL_FD: Final = 2
_UNWRITTEN: Final = "who told it cannot be written down"
_NOBODY: Final = "--notify: there is no channel to tell by; see `myquant-tui alert --test`"


class Notification:
    """What came of `found`, to be told: begun before its record is in `folder`, so that no service tells it meanwhile. Raises nothing."""

    def __init__(
        self, config: Config, folder: Path, found: Validation, environ: Mapping[str, str] = os.environ
    ) -> None:
        self._folder, self._found = folder, found
        self._problems: list[str] = []
        self._channels: list[Channel] = []
        try:
            self._channels = open_channels(config, with_secrets(environ), _TERMINAL_FD)
            if not self._channels:
                self._problems.append(_NOBODY)
            elif take_on(folder, found, _BY, [each.name for each in self._channels], datetime.now(UTC)) is None:
                self._problems.append("another validation is being told at this moment")
        except UserError as error:
            self._problems += error.lines
        except OSError as error:
            self._problems.append(f"{_UNWRITTEN}: {reason(error)}")

    def tell(self, lines: tuple[str, ...]) -> list[str]:
        """Tell it by each channel; what went wrong."""
        outcomes = {each.name: each.tell(Message("critical", lines)).problem for each in self._channels}
        problems = [*self._problems, *(f"{name}: {problem}" for name, problem in outcomes.items() if problem)]
        try:
            has_told(self._folder, self._found, [name for name, problem in outcomes.items() if not problem], ends=True)
        except OSError as error:
            problems.append(f"{_UNWRITTEN}: {reason(error)}")
        return problems
