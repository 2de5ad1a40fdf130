"""The command `man`: the manual page, made of what the commands declare."""

import sys
from argparse import SUPPRESS, Action, Namespace

from engine.cli.options import Parser
from engine.version import VERSION

_FILES = (
    ("./config.toml, $XDG_CONFIG_HOME/myquant-tui/config.toml", "configuration, where --config names none"),
    ("$XDG_STATE_HOME/myquant-tui/MODE/", "journal, log, lock and socket of a run, where --state-dir names no other"),
    ("./recordings/, $XDG_DATA_HOME/myquant-tui/recordings/", "recordings"),
    ("$XDG_CONFIG_HOME/myquant-tui/credentials.toml", "credentials of a broker, of mode 0600"),
)


def arguments(parser: Parser) -> None:
    """Declare the arguments of `man`."""
    parser.add_argument(
        "--print", action="store_true", dest="plain", help="print it also where a terminal could show it"
    )


def run(args: Namespace) -> int:
    """Show the page on a terminal, print it elsewhere."""
    import shutil

    page = manual_page()
    viewer = shutil.which("man")
    if args.plain or viewer is None or not sys.stdout.isatty():
        sys.stdout.write(page)
        return 0
    import subprocess

    return subprocess.run([viewer, "-l", "-"], input=page, text=True, check=False).returncode  # noqa: S603 - the system's own


def manual_page() -> str:
    """Return the page in the language of man(7)."""
    from engine.cli.commands import EXAMPLES, whole_parser

    parser = whole_parser()
    shared = {name for action in parser.declared() for name in action.option_strings}
    lines = [
        f'.TH MYQUANT\\-TUI 1 "" "myquant-tui {VERSION}" "User Commands"',
        *(".SH NAME", f"myquant\\-tui \\- {_plain(parser.description or '')}"),
        *(".SH SYNOPSIS", ".B myquant\\-tui", _plain("[OPTION]… [COMMAND] [ARGUMENT]…")),
        *(
            ".SH DESCRIPTION",
            "Without a command the bundled session is replayed on the screen, where ? shows every key.",
        ),
        *(".SH OPTIONS", "Before the command, or behind it where the command has them."),
        *(line for action in parser.declared() if action.option_strings for line in _option(action)),
        ".SH COMMANDS",
    ]
    for name, command in parser.commands().items():
        lines += [".SS " + _plain(f"{name} {_positionals(command)}".strip()), _plain(parser.said_of(name)) + "."]
        for action in command.declared():
            if shared.isdisjoint(action.option_strings):
                lines += _option(action)
        for below, each in command.commands().items():
            named = f"{name} {below} {_positionals(each)}".strip()
            lines += [".TP", f".B {_plain(named)}", _plain(command.said_of(below))]
            own = [action for action in each.declared() if shared.isdisjoint(action.option_strings)]
            options = [line for action in own if action.option_strings for line in _option(action)]
            lines += [".RS", *options, ".RE"] if options else []
    examples, _, statuses = EXAMPLES.partition("\n\n")
    lines += [".SH FILES", *(line for name, what in _FILES for line in (".TP", f".I {_plain(name)}", _plain(what)))]
    lines += [".SH EXIT STATUS", _plain(statuses.partition(": ")[2].replace("\n", " ")) + "."]
    lines += [".SH EXAMPLES", ".nf", *(_plain(line.strip()) for line in examples.splitlines()[1:]), ".fi"]
    return "\n".join(lines) + "\n"


def _positionals(command: Parser) -> str:
    """What the command wants to be given, as it is written."""
    words = [action.metavar or action.dest for action in command.declared() if not action.option_strings]
    return " ".join(word if isinstance(word, str) else " ".join(word) for word in words)


def _option(action: Action) -> list[str]:
    """An option, or what stands without one, with what is said of it."""
    if action.help == SUPPRESS or (not action.option_strings and not action.help):
        return []
    value = ""
    if action.nargs != 0:
        named = action.metavar or ("|".join(map(str, action.choices)) if action.choices else action.dest.upper())
        value = named if isinstance(named, str) else " ".join(named)
    name = ", ".join(action.option_strings)
    return [".TP", f".B {_plain(f'{name} {value}'.strip())}", _plain((action.help or "").replace("%%", "%"))]


def _plain(words: str) -> str:
    """`words` as text: nothing in them is a command of the page's language."""
    escaped = words.replace("\\", "\\e").replace("-", "\\-")
    escaped = "".join(each if each.isascii() else f"\\[u{ord(each):04X}]" for each in escaped)
    return f"\\&{escaped}" if escaped[:1] in {".", "'"} else escaped
