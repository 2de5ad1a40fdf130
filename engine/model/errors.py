"""What a person is told when something cannot go on: clear lines and an exit status, never a traceback."""

EXIT_WELL = 0
EXIT_DIFFERENT = 1
EXIT_BAD_INPUT = 2
EXIT_BUSY = 3
EXIT_FAULT = 70
EXIT_DISK = 74
EXIT_POSITION_OPEN = 75


class UserError(Exception):
    """Base of all errors that end the program with one line per problem on stderr."""

    exit_status = EXIT_BAD_INPUT

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


class ConfigError(UserError):
    """The configuration is wrong; every problem is in `lines`."""


class WireError(Exception):
    """Bytes from outside that are not what the protocol says; `reason` is one of a few words to count by, never data."""

    def __init__(self, reason: str, detail: str = "") -> None:
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
