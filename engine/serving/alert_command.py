"""Runs the program that a person named for alerts: his words, no shell, a few seconds at most. Knows no alert's meaning."""

import os
import signal
from collections.abc import Mapping, Sequence
from contextlib import suppress

import msgspec

from engine.presentation.alerting import Message
from engine.text.redaction import redact
from engine.version import VERSION

_LASTS_S = 10.0
_LONGEST = 1000
_OURS = "MYQUANT_"  # what begins so in the environment may be a credential, and is nobody else's business


def words_for(command: Sequence[str], message: Message) -> list[str]:
    """The words to start: `{text}` and `{level}` in them stand for the alert's; where neither is said the text comes last."""
    text = message.text(_LONGEST, redact)
    filled = [word.replace("{level}", message.level).replace("{text}", text) for word in command]
    return filled if any("{text}" in word or "{level}" in word for word in command) else [*filled, text]


def run(command: Sequence[str], message: Message, environ: Mapping[str, str], lasts_s: float = _LASTS_S) -> str:
    """Run it to its end, with the alert as JSON on its standard input; what went wrong, "" = nothing."""
    import subprocess  # noqa: PLC0415 - only who has an alert told carries it

    said = {"level": message.level, "lines": [redact(line) for line in message.lines], "untold": message.untold}
    try:
        process = subprocess.Popen(  # noqa: S603 - the operator's own words, each handed over as it is
            words_for(command, message),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={name: value for name, value in environ.items() if not name.startswith(_OURS)},
        )
    except (OSError, ValueError) as error:
        return f"{command[0]}: {getattr(error, 'strerror', None) or error}"
    try:
        process.communicate(msgspec.json.encode(said | {"program": f"myquant-tui {VERSION}"}), lasts_s)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return f"{command[0]}: did not end within {lasts_s:g} s and was killed"
    except OSError:  # it does not read what it is given, and need not
        process.wait()
    return f"{command[0]}: exit status {process.returncode}" if process.returncode else ""
