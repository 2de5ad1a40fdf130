"""What a person is told when something cannot go on: clear lines and an exit status, never a traceback."""

from engine.text.redaction import redact
from engine.text.sanitize import CleanText, clean

EXIT_WELL = 0
EXIT_DIFFERENT = 1
EXIT_BAD_INPUT = 2
EXIT_BUSY = 3
EXIT_FAULT = 70
EXIT_DISK = 74
EXIT_POSITION_OPEN = 75

_LONGEST_LINE = 1_000
_LONGEST_DETAIL = 200


class UserError(Exception):
    """Base of all errors that end the program with one line per problem on stderr; `lines` are cleaned, whoever raises it."""

    exit_status = EXIT_BAD_INPUT

    def __init__(self, *lines: str) -> None:
        self.lines = tuple(map(_fit_to_print, lines))
        super().__init__("\n".join(self.lines))


class ConfigError(UserError):
    """The configuration is wrong; every problem is in `lines`."""


class WireError(Exception):
    """Bytes from outside that are not what the protocol says; `reason` is one of a few words to count by, never data.

    `detail` may repeat what came, and is cleaned.
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        detail = clean(detail, _LONGEST_DETAIL)
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class InputError(UserError):
    """A file cannot be read as what it should be; the line says file, row, column and what is allowed."""


class StateBusyError(UserError):
    """Another running instance owns the state directory."""

    exit_status = EXIT_BUSY


class DiskError(UserError):
    """The disk refused a write that must not be lost."""

    exit_status = EXIT_DISK


def reason(error: Exception) -> str:
    """What the system says of an error, without the number and the path."""
    return error.strerror if isinstance(error, OSError) and error.strerror else str(error)


def _fit_to_print(line: str) -> CleanText:
    """`line` cleaned; a very long one keeps both its ends, of which the last says what is allowed."""
    line = redact(line)  # before it is cut: half a secret would not be found
    half = _LONGEST_LINE // 2
    return clean(line if len(line) <= _LONGEST_LINE else f"{line[: half - 1]}…{line[-half:]}", _LONGEST_LINE)
