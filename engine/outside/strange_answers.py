"""What somebody else answers in a server's place: a gateway, a firewall, nobody. Words for a person."""

from typing import Final

_EXCERPT: Final = 80  # characters


def strange_answer(status: int, text: str) -> str:
    """An answer with HTTP `status` that is not what the broker sends; `text` is its body, clean and without secrets."""
    if not text:
        where = ": it points elsewhere, which is not followed" if 300 <= status < 400 else ""
        return f"an empty answer (HTTP {status}){where}"
    if text.startswith("<"):
        return f"a web page instead of an answer (HTTP {status}): a firewall, or the wrong address"
    return f"not the broker's format (HTTP {status}): {text[:_EXCERPT]}"
