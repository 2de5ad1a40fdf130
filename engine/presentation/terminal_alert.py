"""What a terminal is sent so that it calls somebody: its bell, and a notification where it knows one. Pure."""

from typing import Literal

from engine.presentation.alerting import Message

_LONGEST = 200


def sequences(message: Message, *, bell: bool, notify: Literal["off", "osc9", "osc777"]) -> str:
    """The control sequences for `message`; an info rings no bell."""
    text = message.text(_LONGEST).replace(";", ",")  # it parts the fields of OSC 777
    parts = {
        "off": "",
        "osc9": f"\x1b]9;myquant: {text}\x07",
        "osc777": f"\x1b]777;notify;myquant {message.level};{text}\x07",
    }
    return parts[notify] + ("\x07" if bell and message.level != "info" else "")
