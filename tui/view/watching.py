"""What is typed to add instruments to a running engine's list, or to take some off it. Pure."""

import shlex

from engine import Unwatch, Watch, clean

HOW = "add SYMBOL… [--watch-only] · remove SYMBOL…"
_LONGEST = 80


def command_of(text: str) -> Watch | Unwatch:
    """The command that `text` means, `watch` before it or not; raises ValueError with what is allowed."""
    try:
        words = shlex.split(text)
    except ValueError:
        raise ValueError("a quotation mark is open") from None
    words = words[1:] if words[:1] == ["watch"] else words
    action, only = (words[0] if words else ""), "--watch-only" in words
    symbols = tuple(dict.fromkeys(clean(word, _LONGEST) for word in words[1:] if word != "--watch-only"))
    if action not in {"add", "remove"} or not symbols or (only and action == "remove"):
        raise ValueError(f"type {HOW}")
    if any(symbol.startswith("-") for symbol in symbols):
        raise ValueError(f"the one option is --watch-only: {HOW}")
    return Watch(symbols, only) if action == "add" else Unwatch(symbols)
