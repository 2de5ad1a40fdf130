"""The configuration that a command line asks for. Carries no engine: who only checks a configuration needs none."""

from argparse import Namespace

from engine.config import Config, find_config, load
from engine.venues.registry import sections


def overrides_of(args: Namespace) -> list[str]:
    """Every `--set`, before the command and behind it."""
    return [*args.overrides, *args.more_overrides]


def load_config(args: Namespace) -> Config:
    """Load the configuration that `args` names, with its overrides; raises ConfigError."""
    overrides = overrides_of(args)
    if args.delivery:
        overrides.append(f"engine.delivery={args.delivery}")
    if args.source:
        overrides.append(f"feed.source={args.source}")
    return load(find_config(args.config), overrides, sections())
