"""What the terminal can show, judged from its environment alone. Knows no screen and asks the terminal nothing.

A question to the terminal has an answer, and on a bad link an answer arrives as key presses.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from tui.text.glyphs import ASCII, UNICODE, Glyphs

if TYPE_CHECKING:
    from tui.view.model import ThemeName

_PLAIN_TERMS = ("vt100", "vt102", "vt220", "ansi-mono")  # prefixes; no colour and no Unicode


class Terminal(Struct, frozen=True):
    """What to draw with; a non-empty `refuses` is the line that says why there can be no screen."""

    theme: "ThemeName" = "ansi"
    unicode: bool = True
    refuses: str = ""

    @property
    def glyphs(self) -> Glyphs:
        """The characters to draw with."""
        return UNICODE if self.unicode else ASCII


def detect(
    environ: Mapping[str, str], *, input_is_tty: bool, output_is_tty: bool, wanted: "ThemeName" = "ansi"
) -> Terminal:
    """Judge the terminal from `environ`; `wanted` is the operator's theme, which only a missing colour overrules."""
    term = environ.get("TERM", "")
    colour = not environ.get("NO_COLOR") and not _has_no_colour(term)
    theme: ThemeName = wanted if colour else "mono"
    refuses = _refusal(term, input_is_tty=input_is_tty, output_is_tty=output_is_tty)
    return Terminal(theme=theme, unicode=_speaks_utf8(environ) and not _is_ascii_only(term), refuses=refuses)


def _has_no_colour(term: str) -> bool:
    return term in ("", "dumb", "unknown") or term.startswith(_PLAIN_TERMS) or term.endswith(("-m", "-mono"))


def _is_ascii_only(term: str) -> bool:
    return term in ("", "dumb", "unknown", "linux") or term.startswith(_PLAIN_TERMS)


def _speaks_utf8(environ: Mapping[str, str]) -> bool:
    """Whether the locale is UTF-8; of the three variables the first that is set decides, as in the C library."""
    for name in ("LC_ALL", "LC_CTYPE", "LANG"):
        if environ.get(name):
            return "utf8" in environ[name].lower().replace("-", "")
    return False


def _refusal(term: str, *, input_is_tty: bool, output_is_tty: bool) -> str:
    if not output_is_tty:
        return "standard output is not a terminal; run with --headless"
    if not input_is_tty:
        return "standard input is not a terminal, so no key could be read; run with --headless"
    if term in ("", "dumb", "unknown"):
        return f"the terminal (TERM={term or 'not set'}) cannot place text on a screen; run with --headless"
    return ""
