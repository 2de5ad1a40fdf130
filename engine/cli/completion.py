"""The command `completion`: what a shell must know to complete the words of this program."""

import sys
from argparse import Namespace
from pathlib import Path

from engine.cli.options import Parser

_SHELLS = ("bash", "zsh", "fish")


def arguments(parser: Parser) -> None:
    """Declare the arguments of `completion`."""
    parser.add_argument("shell", choices=_SHELLS)
    parser.description = (
        "bash: myquant-tui completion bash > ~/.local/share/bash-completion/completions/myquant-tui; "
        "zsh: … zsh > a file _myquant-tui in a directory of $fpath; "
        "fish: … fish > ~/.config/fish/completions/myquant-tui.fish"
    )


def run(args: Namespace) -> int:
    """Print the script."""
    import shtab

    from engine.cli.commands import whole_parser

    parser = whole_parser()
    for each in (parser, *parser.below()):
        for action in each.declared():
            if action.type is Path:  # no path that this program takes is anything but a file or a directory
                kind = shtab.DIRECTORY if action.metavar == "DIR" else shtab.FILE
                action.complete = kind  # type: ignore[attr-defined]  # where shtab looks for it
    sys.stdout.write(shtab.complete(parser, args.shell))
    return 0
