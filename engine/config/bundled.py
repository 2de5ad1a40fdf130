"""Where the configuration and the files that come with the program are. Knows places, not contents."""

import os
from collections.abc import Mapping
from pathlib import Path

from engine.model.errors import ConfigError

# Where a bundled file lies in a source tree; a wheel puts them all into engine/bundled.
_IN_SOURCE = {"config.toml": "config.toml", "nifty-synthetic.mqr": "recordings/nifty-synthetic.mqr"}


def bundled(name: str) -> Path:
    """Return the path of the file `name` that comes with the program; raises ConfigError when it is not there."""
    package = Path(__file__).resolve().parents[1]
    places = [package / "bundled" / name]
    if name in _IN_SOURCE:
        places.append(package.parent / _IN_SOURCE[name])
    for place in places:
        if place.is_file():
            return place
    raise ConfigError(
        f"{name}: does not come with this installation (looked for {places[0]}); install the program again"
    )


def user_folder(environ: Mapping[str, str], variable: str, usual: str) -> Path:
    """Return the user's folder of this program below `variable`, else below `usual`."""
    home = environ.get(variable, "")
    if not os.path.isabs(home):  # unset, or relative, which the XDG rules say to ignore
        home = os.path.expanduser(usual)
    return Path(home, "myquant-tui")


def find_config(explicit: Path | None) -> Path:
    """Return the configuration file to use: `explicit`, ./config.toml, the user's, else the bundled one (ConfigError).

    A file that is there but cannot be read is returned all the same, so that it is reported and not passed over.
    """
    if explicit is not None:
        return explicit
    for place in (Path("config.toml"), user_config()):
        if os.path.lexists(place):
            return place
    return bundled("config.toml")


def own_config(explicit: Path | None) -> Path:
    """Return the file that a person's changes go to: the one in use, there or yet to be made, never the bundled one (ConfigError)."""
    path, shipped = find_config(explicit), bundled("config.toml")
    if explicit is None and path == shipped:
        return user_config()
    if path.exists() and path.samefile(shipped):
        raise ConfigError(
            f"{path}: comes with the program and is never written to; allowed: --config with a file of your own"
            + ("" if explicit else ", or another directory")
        )
    return path


def user_config() -> Path:
    """Return where the user's own configuration is, or would be."""
    return user_folder(os.environ, "XDG_CONFIG_HOME", "~/.config") / "config.toml"
