"""Words that ask for other levels of the log, in a shell or on a screen: each means commands, or is refused with what is allowed."""

import pytest

from engine.model.commands import SetLogLevel
from engine.presentation.log_levels import commands_of
from engine.text.sanitize import CleanText

DEBUG = SetLogLevel(CleanText("trader"), CleanText("debug"))


@pytest.mark.parametrize(
    ("text", "commands"),
    [
        ("", ()),
        ("trader=debug", (DEBUG,)),
        ("Trader=DEBUG trader=debug", (DEBUG,)),
        (
            "trader=debug --for 10m feed=default",
            (
                SetLogLevel(CleanText("trader"), CleanText("debug"), 600),
                SetLogLevel(CleanText("feed"), CleanText("default"), 600),
            ),
        ),
        ("--for=90s trader=debug", (SetLogLevel(CleanText("trader"), CleanText("debug"), 90),)),
    ],
)
def test_it_means_commands(text: str, commands: tuple[SetLogLevel, ...]) -> None:
    assert commands_of(text.split()) == commands


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("trader", "'trader' is no COMPONENT=LEVEL, such as trader=debug"),
        ("tradr=debug", "component 'tradr' is not known; allowed: engine, feed, "),
        ("trader=loud", "level 'loud' is not known; allowed: debug, "),
        ("trader=debug --for", "--for '': no time; allowed: 1s to 168h"),
        ("trader=debug --for 169h", "--for '169h': no time; allowed: 1s to 168h"),
        ("--for 10m", "--for: of which component"),
    ],
)
def test_what_it_cannot_mean_is_told(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        commands_of(text.split())
