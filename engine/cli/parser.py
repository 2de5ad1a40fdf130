"""The parser of a command line: what is wrong is said in one line, with the word that was probably meant. Knows no command."""

import sys
from argparse import Action, ArgumentError, ArgumentParser, HelpFormatter, _SubParsersAction
from collections.abc import Collection, Iterable, Iterator
from importlib import import_module
from typing import Any, Final, NoReturn

from engine.cli.output import terminal_columns
from engine.model.errors import EXIT_BAD_INPUT
from engine.text.sanitize import clean

_VALUE_MAY_BEGIN_WITH_A_DASH: Final = ("--columns", "--shift")
_DASHED: Final = ("-,", "-=", *(f"-{digit}" for digit in range(10)))
_MARGIN: Final = 2  # as argparse has it
_NEAR: Final = 0.6  # of `difflib`: one or two letters of a word


class Parser(ArgumentParser):
    """Says what is wrong in one line. A command's own gets its arguments from the command's file once the command is meant."""

    command_file = ""
    takes_symbols = False  # before, between and behind options, where argparse takes words in one place only

    def parse_known_args(self, args: Iterable[str] | None = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """Parse, the arguments being declared."""
        self.declare()
        words = _joined(args)
        self._refuse_unknown_options(words)
        found, rest = super().parse_known_args(words, namespace)
        if self.takes_symbols and not any(word.startswith("-") for word in rest):
            found.symbols, rest = [*found.symbols, *rest], []
        return found, rest

    def declare(self) -> None:
        """Let the command's file declare its arguments, once."""
        if self.command_file:
            import_module(self.command_file).arguments(self)
            self.command_file = ""

    def commands(self) -> "dict[str, Parser]":
        """The parsers of the commands below this one, by name."""
        found = (action.choices for action in self._actions if isinstance(action, _SubParsersAction))
        return next(found, {})

    def below(self) -> "Iterator[Parser]":
        """The parsers of all commands below this one, each with those below it once it has declared them."""
        for each in self.commands().values():
            each.declare()
            yield each
            yield from each.below()

    def declared(self) -> list[Action]:
        """What may be said: options and what stands without one, commands apart."""
        return [action for action in self._actions if not isinstance(action, _SubParsersAction)]

    def said_of(self, command: str) -> str:
        """What the list of commands says of one."""
        listed = (
            each
            for action in self._actions
            if isinstance(action, _SubParsersAction)
            for each in action._choices_actions  # noqa: SLF001 - argparse has the words nowhere else
        )
        return next((each.help or "" for each in listed if each.dest == command), "")

    def _get_formatter(self) -> HelpFormatter:
        """What makes a help of this width; argparse would import `shutil` for it, with each argument that is declared."""
        return self.formatter_class(prog=self.prog, width=terminal_columns() - _MARGIN)  # type: ignore[call-arg] # as all formatters of argparse

    def error(self, message: str) -> NoReturn:
        """Say it and leave."""
        self.exit(EXIT_BAD_INPUT, f"{self.prog}: {clean(message)} (try {self.prog} --help)\n")

    def _refuse_unknown_options(self, words: Iterable[str]) -> None:
        """End with the option that was probably meant, before argparse takes what stands behind a wrong one for something else."""
        commands, options = self.commands(), self._option_string_actions
        for word in words:
            if word == "--" or word in commands:
                return
            name = word.partition("=")[0]
            if name.startswith("--") and name not in options:
                self.error(f"unknown option {clean(name, 40)}{_meant(name, options)}")

    def _check_value(self, action: Action, value: Any) -> None:
        """Refuse a word that is none of those allowed; argparse asks here, in every release, and words it differently in each."""
        allowed = action.choices
        if allowed is None or value in allowed:
            return
        names = [str(each) for each in allowed]
        raise ArgumentError(
            action,
            f"'{clean(str(value), 40)}' is not allowed{_meant(str(value), names)}; allowed: {', '.join(names)}",
        )


def _meant(word: str, names: Collection[str]) -> str:
    """`; did you mean --speed?`, or nothing."""
    from difflib import get_close_matches

    near = get_close_matches(word[:100], names, 1, _NEAR)
    return f"; did you mean {near[0]}?" if near else ""


def _joined(args: Iterable[str] | None) -> list[str]:
    """The words with `--columns -,time` as one: what begins with a dash is an option to argparse, whatever stands before it."""
    if args is None:
        args = sys.argv[1:]
    words: list[str] = []
    for word in args:
        if words and words[-1] in _VALUE_MAY_BEGIN_WITH_A_DASH and word[:2] in _DASHED:
            words[-1] += f"={word}"
        else:
            words.append(word)
    return words
