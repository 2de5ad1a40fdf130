"""What is given to `sweep` on the command line and cannot be meant."""

import pytest

from engine.cli.main import main


@pytest.mark.parametrize(
    "words", [("--min-trades", "-3"), ("--min-trades", "0"), ("--jobs", "0"), ("--trials", "many"), ("--jobs", "1e3")]
)
def test_a_count_is_a_whole_number_above_nought(capsys: pytest.CaptureFixture[str], words: tuple[str, str]) -> None:
    try:
        status = main(["sweep", "--sessions", "day.mqr", *words])
    except SystemExit as ended:
        status = int(ended.code or 0)
    told = capsys.readouterr().err
    assert status == 2
    assert f"{words[0]}: allowed: a whole number above nought" in told
    assert "Traceback" not in told
