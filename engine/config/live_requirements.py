"""What a configuration must say before an order may go to a real broker: pure, one line a lack. Knows no broker."""

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from engine.config.describe import describe
from engine.config.schema import Config

LEAST_END_BUFFER_MINUTES: Final = 20  # out before the broker squares off by itself


class LiveRequirement(Struct, frozen=True):
    """Key `key` must be `allowed`, and `met` says whether it is."""

    key: str
    allowed: str
    met: Callable[[Config], bool]


def objections(config: Config) -> list[str]:
    """Return why orders at a real broker are refused under `config`, a line for each key; empty where nothing is lacking."""
    texts = describe(config)
    return [
        f"{each.key} = {texts[each.key]}: live orders need {each.allowed}"
        for each in REQUIREMENTS
        if not each.met(config)
    ]


REQUIREMENTS: Final = (
    LiveRequirement("live.enabled", "true", lambda config: config.live.enabled),
    LiveRequirement(
        "live.max_order_value", "a number above 0, in rupees", lambda config: config.live.max_order_value > 0
    ),
    LiveRequirement("live.max_lots", "at least 1", lambda config: config.live.max_lots > 0),
    LiveRequirement("live.max_open_positions", "at least 1", lambda config: config.live.max_open_positions > 0),
    LiveRequirement("live.max_orders_per_day", "at least 1", lambda config: config.live.max_orders_per_day > 0),
    LiveRequirement("live.symbols", "at least one symbol", lambda config: bool(config.live.symbols)),
    LiveRequirement("live.forward_days", "at least 1", lambda config: config.live.forward_days > 0),
    LiveRequirement(
        "live.net_points",
        "0, or more than risk.base_sl_points: our own stop goes first",
        lambda config: not config.live.net_points or config.live.net_points > config.risk.base_sl_points,
    ),
    LiveRequirement(
        "risk.max_daily_loss", "a number above 0, in rupees", lambda config: config.risk.max_daily_loss > 0
    ),
    LiveRequirement(
        "operator.on_loss",
        "it written out by you, whichever of keep, no_entries, flat_after it is",
        lambda config: config.origins.said("operator.on_loss"),
    ),
    LiveRequirement("session.daily", "true: a session with an end", lambda config: config.session.daily),
    LiveRequirement(
        "session.end_buffer_minutes",
        f"at least {LEAST_END_BUFFER_MINUTES}, to be out before the broker squares off",
        lambda config: config.session.end_buffer_minutes >= LEAST_END_BUFFER_MINUTES,
    ),
    LiveRequirement("charges.model", "contract_note", lambda config: config.charges.model == "contract_note"),
    LiveRequirement("journal.enabled", "true", lambda config: config.journal.enabled),
)
