"""Whether a replay can be compared with the recorded run: same rules, same market. Knows no tick."""

from collections.abc import Mapping

from engine.config import BEFORE_THE_KEY, Config, defaults, describe
from engine.model.types import Instrument
from engine.recording import Header
from engine.version import RULES_REVISION

# What is traded is compared as the trader counts in it, not as it is configured: a recording brings its own.
_DECIDING = (
    *("session.", "capital.", "strategy.", "risk.", "charges.", "paper."),
    *("operator.on_silence", "operator.silence_flat_s"),
)
_MARKET = ("price_scale", "tick_size", "lot_size", "freeze_quantity", "quantity_scale")
_MOST_TOLD = 3


def incomparable(header: Header, config: Config, instruments: tuple[Instrument, ...]) -> str:
    """Why a run under `config` cannot be compared with the one that `header` describes; empty when it can.

    Such as `fast_ema 9→12` (recorded → now). Raises ConfigError when the bundled configuration, which says what a
    recording of before a key existed was made with, is missing.
    """
    told = [*_rules(header.config, config), *_market(header.instruments, instruments)]
    more = f" and {len(told) - _MOST_TOLD} more" if len(told) > _MOST_TOLD else ""
    return ", ".join(told[:_MOST_TOLD]) + more


def other_rules(header: Header) -> str:
    """Such as `rules 1→2`: why a difference from that recording says nothing; empty when it says something.

    Where nothing differs the recording is the same all the same: what changed in the rules was never met in it.
    """
    return "" if header.rules_revision == RULES_REVISION else f"rules {header.rules_revision}→{RULES_REVISION}"


def deciding(texts: Mapping[str, str]) -> dict[str, str]:
    """Of a described configuration the keys by which anything is decided."""
    return {key: text for key, text in texts.items() if key.startswith(_DECIDING)}


def _rules(recorded: Mapping[str, str], config: Config) -> list[str]:
    """What differs, and what the recording has that this program does not know."""
    now = deciding(describe(config))
    differs = [key for key in now if key in recorded and recorded[key] != now[key]]
    told = [f"{_spoken(key)} {_few(recorded[key])}→{_few(now[key])}" for key in differs]
    told += [f"{_spoken(key)} is gone" for key in deciding(recorded) if key not in now]
    if missing := [key for key in now if key not in recorded]:
        usual = {**defaults(config), **BEFORE_THE_KEY}
        told += [f"{_spoken(key)} →{_few(now[key])}" for key in missing if usual.get(key) != now[key]]
    return told


def _market(recorded: tuple[Instrument, ...], now: tuple[Instrument, ...]) -> list[str]:
    if [each.symbol for each in recorded] != [each.symbol for each in now]:
        return ["other instruments"]
    pairs = list(zip(recorded, now, strict=True))
    watched = [
        f"{before.symbol} {'watch only' if after.watch_only else 'traded'}"
        for before, after in pairs
        if bool(before.watch_only) != bool(after.watch_only)
    ]
    return watched + [
        f"{before.symbol} {name} {getattr(before, name)}→{getattr(after, name)}"
        for before, after in pairs
        for name in _MARKET
        if getattr(before, name) != getattr(after, name)
    ]


def _spoken(key: str) -> str:
    return key.rpartition(".")[2][:60]


def _few(text: str) -> str:
    return text if len(text) <= 40 else f"{text:.39}…"
