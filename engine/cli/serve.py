"""The command `serve`: figures, quotes and alerts over HTTP, for this machine alone, in a process of its own."""

import gc
import sys
from argparse import ArgumentTypeError, Namespace, RawDescriptionHelpFormatter
from pathlib import Path
from typing import TYPE_CHECKING

from engine.cli.options import Parser, config_options, engine_options, load_config
from engine.model.errors import EXIT_WELL, InputError
from engine.text.sanitize import clean

# What `text_of` of `engine.gateway.package_files` writes out.
PRINTED = ("dashboard", "rules", "scrape", "alertmanager", "provisioning")

if TYPE_CHECKING:
    from engine.config import Config

_HELP = """examples:
  myquant-tui serve                          http://127.0.0.1:8000, and the engine that runs, now or later
  myquant-tui serve --port 0                 on a free port, which it tells
  myquant-tui serve --socket ~/serve.sock    on a Unix socket that is yours alone
  myquant-tui serve --print-dashboard        for Grafana; --print-rules for Prometheus, --print scrape its configuration
  curl http://127.0.0.1:8000/health
  curl -H "Authorization: Bearer $(cat ~/.local/state/myquant-tui/serve.token)" http://127.0.0.1:8000/api/v1/positions

It listens on 127.0.0.1 alone, answers GET and HEAD, and can change nothing. It needs: pip install 'myquant-tui[serve]'

exit status: 0 ended by a signal, 2 bad configuration or arguments, or somebody listens there or serves that state already"""
_NEEDED = ("uvicorn", "httptools", "starlette", "prometheus_client", "cachetools")


def arguments(parser: Parser) -> None:
    """Declare the arguments of `serve`."""
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.epilog = _HELP
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--port", type=_port, metavar="N", help="port on 127.0.0.1 (default: serve.port); 0: a free one")
    where.add_argument("--socket", type=Path, metavar="PATH", help="listen on this Unix socket instead")
    parser.add_argument(
        "--print",
        choices=PRINTED,
        dest="printed",
        metavar="WHAT",
        help=f"write out a file for others: {', '.join(PRINTED)}",
    )
    for name in ("dashboard", "rules"):
        parser.add_argument(
            f"--print-{name}", action="store_const", const=name, dest="printed", help=f"the same as --print {name}"
        )
    engine_options(parser)
    config_options(parser)


def _port(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) <= 5 and int(text) <= 65_535:
        return int(text)
    raise ArgumentTypeError(f"'{clean(text, 40)}' is no port; allowed: 0 to 65535, always on 127.0.0.1")


def run(args: Namespace) -> int:
    """Serve until a signal ends it."""
    gc.disable()  # until it serves: what a start makes stays
    config = load_config(args)
    if args.printed:
        return _print(args, config)
    _require_extra()
    from engine.gateway.alone import alone_in
    from engine.serving.state_dirs import find_place, usual_folder

    find_place(args.state_dir)  # of several engines it must be said which
    folder = args.state_dir.absolute() if args.state_dir else usual_folder("live").parent
    with alone_in(folder):
        return _serve(args, config, folder)


def _serve(args: Namespace, config: "Config", folder: Path) -> int:
    """Serve with what is kept in `folder`."""
    from engine.gateway.http.listening import HOST, listen_at, listen_on_port
    from engine.gateway.http.token import TOKEN_FILE, token_in
    from engine.gateway.left_behind import asked_of
    from engine.gateway.service import serve
    from engine.serving.launch import program
    from engine.serving.state_dirs import find_place

    token = token_in(folder)
    path = _socket(args, config)
    listener = listen_at(path) if path else listen_on_port(config.serve.port if args.port is None else args.port)
    where = f"the socket {path}" if path else f"http://{HOST}:{listener.getsockname()[1]}"

    def ready() -> None:
        sys.stdout.write(f"serving on {clean(where)} (see /docs); the token is in {clean(str(folder / TOKEN_FILE))}\n")
        sys.stdout.flush()

    try:
        serve(
            config,
            listener,
            token,
            lambda: find_place(args.state_dir).socket,
            folder,
            asked_of(program(), args.state_dir),
            log_fd=sys.stderr.fileno(),
            ready=ready,
        )
    finally:
        listener.close()
        if path:
            path.unlink(missing_ok=True)
    return EXIT_WELL


def _print(args: Namespace, config: "Config") -> int:
    """Write out a file of the package, with the port and the token's place of a service that is started so."""
    from engine.gateway.http.token import TOKEN_FILE
    from engine.gateway.package_files import text_of
    from engine.serving.state_dirs import usual_folder

    folder = args.state_dir.absolute() if args.state_dir else usual_folder("live").parent
    port = config.serve.port if args.port is None else args.port
    sys.stdout.write(text_of(args.printed, port=port, token=folder / TOKEN_FILE))
    return EXIT_WELL


def _socket(args: Namespace, config: "Config") -> Path | None:
    """The Unix socket that is wanted, where one is: an option counts more than a key."""
    if args.socket is not None:
        return Path(args.socket).absolute()
    return Path(config.serve.socket).expanduser().absolute() if config.serve.socket and args.port is None else None


def _require_extra() -> None:
    """Raise InputError where the libraries of this command are not installed."""
    from importlib.util import find_spec

    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise InputError(f"serve needs {', '.join(missing)}: pip install 'myquant-tui[serve]'")
