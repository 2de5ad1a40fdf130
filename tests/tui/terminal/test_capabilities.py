"""What is drawn with, by the environment: a table."""

import pytest

from tui.terminal.capabilities import detect
from tui.text.glyphs import ASCII, UNICODE


@pytest.mark.parametrize(
    ("environ", "theme", "unicode"),
    [
        ({"TERM": "xterm-256color", "LANG": "en_IN.UTF-8"}, "ansi", True),
        ({"TERM": "xterm-256color", "LANG": "C.utf8"}, "ansi", True),
        ({"TERM": "screen", "LANG": "en_US.UTF-8", "LC_ALL": "C"}, "ansi", False),
        ({"TERM": "tmux-256color", "LC_CTYPE": "C.UTF-8", "LANG": "C"}, "ansi", True),
        ({"TERM": "xterm", "LANG": "de_DE.ISO-8859-1"}, "ansi", False),
        ({"TERM": "xterm", "LC_ALL": "", "LANG": "C.UTF-8"}, "ansi", True),
        ({"TERM": "xterm"}, "ansi", False),
        ({"TERM": "linux", "LANG": "C.UTF-8"}, "ansi", False),
        ({"TERM": "vt100", "LANG": "C.UTF-8"}, "mono", False),
        ({"TERM": "vt220", "LANG": "C.UTF-8"}, "mono", False),
        ({"TERM": "xterm-mono", "LANG": "C.UTF-8"}, "mono", True),
        ({"TERM": "xterm-256color", "LANG": "C.UTF-8", "NO_COLOR": "1"}, "mono", True),
        ({"TERM": "xterm-256color", "LANG": "C.UTF-8", "NO_COLOR": ""}, "ansi", True),
        ({"TERM": "xterm-256color", "LANG": "C.UTF-8", "COLORTERM": "truecolor"}, "ansi", True),
    ],
)
def test_theme_and_glyphs(environ, theme, unicode):
    terminal = detect(environ, input_is_tty=True, output_is_tty=True)
    assert (terminal.theme, terminal.unicode, terminal.refuses) == (theme, unicode, "")
    assert terminal.glyphs == (UNICODE if unicode else ASCII)


def test_true_colour_is_a_choice_that_only_a_missing_colour_overrules():
    environ = {"TERM": "xterm", "LANG": "C.UTF-8"}
    assert detect(environ, input_is_tty=True, output_is_tty=True, wanted="truecolor").theme == "truecolor"
    environ["NO_COLOR"] = "1"
    assert detect(environ, input_is_tty=True, output_is_tty=True, wanted="truecolor").theme == "mono"


@pytest.mark.parametrize(
    ("term", "input_is_tty", "output_is_tty", "named"),
    [
        ("dumb", True, True, "TERM=dumb"),
        ("", True, True, "TERM=not set"),
        ("xterm", False, True, "standard input"),
        ("xterm", True, False, "standard output"),
    ],
)
def test_a_refusal_is_one_line_that_says_what_to_do(term, input_is_tty, output_is_tty, named):
    refuses = detect({"TERM": term}, input_is_tty=input_is_tty, output_is_tty=output_is_tty).refuses
    assert named in refuses
    assert "--headless" in refuses
    assert "\n" not in refuses
