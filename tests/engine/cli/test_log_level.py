"""`log-level`: what is typed wrongly is one line that says what is allowed, and ends with 2."""

from pathlib import Path

import pytest

from engine.cli import main
from engine.model.errors import EXIT_BAD_INPUT

WRONG = {
    (
        "tradr=debug",
    ): "log-level: component 'tradr' is not known; allowed: engine, feed, trader, broker, journal, recording",
    ("trader=loud",): "log-level: level 'loud' is not known; allowed: debug, info, warning, error, default",
    ("trader",): "log-level: 'trader' is no COMPONENT=LEVEL, such as trader=debug",
    ("trader=debug", "--for", "soon"): "log-level: --for 'soon': no time; allowed: 1s to 168h, such as 90s, 10m, 2h",
    ("trader=debug", "--for", "0m"): "log-level: --for '0m': no time; allowed: 1s to 168h, such as 90s, 10m, 2h",
    ("trader=debug", "--for", "999h"): "log-level: --for '999h': no time; allowed: 1s to 168h, such as 90s, 10m, 2h",
    ("--for", "10m"): "log-level: --for: of which component? such as: trader=debug --for 10m",
    (
        "\x1b[31m=debug",
    ): "log-level: component '\\x1b[31m' is not known; allowed: engine, feed, trader, broker, journal, recording",
    ("trader=debug",): "no engine is running for {state}",
    (): "no engine is running for {state}",
}


@pytest.mark.parametrize("words", WRONG)
def test_a_wrong_word_is_told_in_one_line(
    words: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["log-level", *words, "--state-dir", str(tmp_path)]) == EXIT_BAD_INPUT
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == f"myquant-tui: {WRONG[words].format(state=tmp_path)}\n"
