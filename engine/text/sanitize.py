"""The border for text from outside: control characters, escape sequences and bidi tricks end here."""

_BAD = dict.fromkeys(
    (
        *range(0x20),
        *range(0x7F, 0xA0),
        *range(0x200B, 0x2010),  # zero width, LRM, RLM
        *range(0x2028, 0x202F),  # line separators, bidi embeddings and overrides
        *range(0x2060, 0x2070),  # invisible operators, bidi isolates
        *range(0xD800, 0xE000),  # lone surrogates
        0x061C,
        0xFEFF,
    ),
    "\N{REPLACEMENT CHARACTER}",
)


def clean(text: str, limit: int = 500) -> str:
    """`text` with every control, bidi and invisible character replaced, cut to `limit` characters."""
    if len(text) > limit:
        text = text[: limit - 1] + "…"
    return text if text.isascii() and text.isprintable() else text.translate(_BAD)
