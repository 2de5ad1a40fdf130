"""The command `config`: begins, shows and changes the file that says what differs from the defaults."""

import os
from argparse import Namespace, RawDescriptionHelpFormatter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from engine.cli.options import (
    Parser,
    config_file_option,
    config_options,
    delivery_option,
    force_option,
    json_option,
    load_config,
    source_option,
)
from engine.model.errors import EXIT_WELL, ConfigError, InputError
from engine.text.sanitize import clean

if TYPE_CHECKING:
    from engine.config import Config

_EPILOG: Final = """examples:
  myquant-tui config init                            begin a file of your own in ~/.config/myquant-tui
  myquant-tui config show --origin --section risk    what holds, and who said it
  myquant-tui config set feed.source binance
  myquant-tui config set feed.symbols '[BTCUSDT, ETHUSDT]'
  myquant-tui config set instruments.BANKNIFTY.lot_size 35
  myquant-tui config edit                            in $VISUAL or $EDITOR; what is wrong never takes effect

The file is looked for as by every command: --config, ./config.toml, then that of the user. A running engine goes on
with what it was started with."""
_WIDEST: Final = 56  # of a line with who said it behind it


def arguments(parser: Parser) -> None:
    """Declare the arguments of `config`."""
    parser.epilog, parser.formatter_class = _EPILOG, RawDescriptionHelpFormatter
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True, parser_class=Parser)
    begin = actions.add_parser("init", help="write a short file to begin with", allow_abbrev=False)
    begin.add_argument("path", type=Path, nargs="?", metavar="PATH", help="where (default: the user's)")
    force_option(begin, "a file that is there")
    show = actions.add_parser("show", help="what holds, as a whole configuration file", allow_abbrev=False)
    show.add_argument("--origin", action="store_true", help="who said it: default, file, --set, market, recording")
    show.add_argument("--section", action="append", default=[], metavar="NAME", help="only this one (repeatable)")
    show.add_argument("--recording", type=Path, metavar="FILE", help="as a replay of this recording has it")
    json_option(show, "as one JSON object, section.key: value and by whom")
    source_option(show)
    delivery_option(show)
    config_options(show)
    change = actions.add_parser("set", help="change one key, and keep the rest as it is written", allow_abbrev=False)
    change.add_argument("key", metavar="SECTION.KEY", help="or SECTION.KEY=VALUE")
    change.add_argument("value", metavar="VALUE", nargs="?", help="as for --set")
    edit = actions.add_parser("edit", help="open it in $VISUAL or $EDITOR, and check it afterwards", allow_abbrev=False)
    for each in (parser, change, edit):
        config_file_option(each)


def run(args: Namespace) -> int:
    """Do what is asked."""
    return {"init": _init, "show": _show, "set": _set, "edit": _edit}[args.action](args)


def _init(args: Namespace) -> int:
    from engine.cli.output import warn
    from engine.config import find_config, own_config, user_config
    from engine.config.starting_file import starting_file
    from engine.outside.files import refuse_existing, rewrite

    path = own_config(args.path or user_config())
    refuse_existing(path, args.force)
    rewrite(path, starting_file().encode(), path.read_bytes() if path.exists() else None)
    print(clean(f"{path}: written; `myquant-tui config edit` opens it"))
    _warn_of_others(path)
    if args.path is None and (found := find_config(None)) != path:
        warn(f"here {found} goes before it")
    return EXIT_WELL


def _show(args: Namespace) -> int:
    from engine.cli.output import answer
    from engine.config import describe, described_as_toml

    config = load_config(args)
    if args.recording is not None:
        from engine.assembly.recording_config import fit_to_recording
        from engine.recording import MqrSource

        config, _ = fit_to_recording(config, MqrSource(args.recording))
    shown = described_as_toml(config)
    names = [name for name in shown if not args.section or name in _chosen(args.section, shown)]
    texts = describe(config)
    keys = [f"{name}.{key}" for name in names for key in shown[name]]
    record = {key: {"value": texts[key], "by": _who(config, key)} for key in keys}
    answer(args, record, map(clean, _lines(config, {name: shown[name] for name in names}, origin=args.origin)))
    return EXIT_WELL


def _chosen(wanted: Iterable[str], known: Iterable[str]) -> set[str]:
    """The sections that are meant, `instruments` for those of all instruments; raises ConfigError for one that is none."""
    from engine.config.judge import nearest_hint

    names = [*known]
    for name in wanted:
        if not any(each == name or each.startswith(f"{name}.") for each in names):
            raise ConfigError(f"--section {name:.100}: unknown section{nearest_hint(name, names)}")
    return {each for each in names for name in wanted if each == name or each.startswith(f"{name}.")}


def _lines(config: "Config", sections: dict[str, dict[str, str]], *, origin: bool) -> Iterable[str]:
    """The sections as they would stand in a file; with their origin behind each key."""
    for number, (name, values) in enumerate(sections.items()):
        if number:
            yield ""
        first, _, symbol = name.partition(".")
        yield f'[{first}."{symbol}"]' if first == "instruments" else f"[{name}]"
        width = min(_WIDEST, max(len(f"{key} = {text}") for key, text in values.items()))
        for key, text in values.items():
            line = f"{key} = {text}"
            yield f"{line:<{width}}  # {_who(config, f'{name}.{key}')}" if origin else line


def _who(config: "Config", key: str) -> str:
    """`default`, `file config.toml`, `--set`, `market MCX`, `recording`."""
    claim = next(iter(config.origins.of(key)), None)
    if claim is None:  # what only an instrument's own table may say, and this one does not
        return "default"
    return f"file {claim.by}" if claim.force == "file" else claim.by.removeprefix("the ")


def _set(args: Namespace) -> int:
    from engine.assembly.configuration import judged
    from engine.config import own_config
    from engine.config.document import document_in, read_text
    from engine.config.judge import rule_of
    from engine.config.overrides import path_of, value_of
    from engine.config.rewriting import with_key, with_value
    from engine.config.schema import tables_with
    from engine.config.starting_file import HEADING
    from engine.outside.files import rewrite
    from engine.venues.registry import sections

    name, said, text = (args.key, True, args.value) if args.value is not None else args.key.partition("=")
    if not said:
        raise InputError(f"{name:.100}: no value; allowed: config set section.key value")
    path, key = own_config(args.config), path_of(name)
    before = read_text(path) if os.path.lexists(path) else None
    content = HEADING if before is None else before
    rule = rule_of(key, tables_with(sections()))
    value = value_of(text.strip(), rule)
    judged(with_value(document_in(content, path), key, value), path)  # refused in the words of check-config
    if rule is None:
        raise InputError(f"{key:.100}: is no key; allowed: config set section.key value")
    try:
        content = with_key(content, key, rule.toml(rule.parse(value)))
    except ValueError as error:
        raise ConfigError(f"{path}: {key}: {error}; allowed: myquant-tui config edit") from None
    holds = judged(document_in(content, path), path).origins.of(key)[0]
    rewrite(path, content.encode(), None if before is None else before.encode())
    print(clean(f"{path}: {key} = {holds.text}"))
    _warn_of_others(path)
    return EXIT_WELL


def _edit(args: Namespace) -> int:
    from engine.cli.editing import edit
    from engine.config import own_config

    path = own_config(args.config)
    edit(path)
    _warn_of_others(path)
    return EXIT_WELL


def _warn_of_others(path: Path) -> None:
    """Say so where others could change the file: a run that logs in would refuse it."""
    from engine.cli.output import warn
    from engine.outside.trust import doubt_of_file

    if doubt := doubt_of_file(path):
        warn(f"configuration {path}: {doubt}")
