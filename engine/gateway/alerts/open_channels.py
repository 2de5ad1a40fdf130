"""The channels that the configuration and the environment want. Tells nobody yet."""

import os
from collections.abc import Mapping

from engine.config import Config
from engine.gateway.alerts.channels import TELEGRAM, Bell, Channel, Command, Telegram, Webhook
from engine.model.errors import ConfigError
from engine.outside.https import place_of

_TOKEN, _CHAT, _WEBHOOK = "MYQUANT_TELEGRAM_TOKEN", "MYQUANT_TELEGRAM_CHAT", "MYQUANT_WEBHOOK_URL"


def open_channels(
    config: Config, environ: Mapping[str, str], terminal_fd: int, telegram: str = TELEGRAM
) -> list[Channel]:
    """Every channel there is; raises ConfigError where one is half there, or its address is none."""
    channels: list[Channel] = []
    token, chat = environ.get(_TOKEN, ""), environ.get(_CHAT, "")
    if bool(token) != bool(chat):
        raise ConfigError(
            f"{_CHAT if token else _TOKEN}: missing; telegram needs both it and {_TOKEN if token else _CHAT}"
        )
    if token:
        channels.append(Telegram(token, chat, telegram))
    if url := environ.get(_WEBHOOK, ""):
        try:
            place_of(url)
        except ConfigError:  # its words repeat the address
            raise ConfigError(f"{_WEBHOOK}: allowed: https://host[:port][/path], or http:// on 127.0.0.1") from None
        channels.append(Webhook(url, config.alerts.webhook_format))
    if config.alerts.command:
        channels.append(Command(config.alerts.command, environ))
    if config.alerts.bell and os.isatty(terminal_fd):
        channels.append(Bell(terminal_fd, config.alerts.notify))
    return channels
