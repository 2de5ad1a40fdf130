"""What is mistyped on a command line is named in one line, with the word that was probably meant."""

from argparse import Namespace

import pytest

from engine.cli.commands import make_parser, read

MISTYPED = {
    "a command": (["rpelay", "x.mqr"], "'rpelay' is not allowed; did you mean replay?; allowed: run, replay, "),
    "nothing near": (["zzzz"], "'zzzz' is not allowed; allowed: run, "),
    "a command's option": (["replay", "x.mqr", "--sped", "5"], "unknown option --sped; did you mean --speed?"),
    "with its value": (["replay", "x.mqr", "--sped=5"], "unknown option --sped; did you mean --speed?"),
    "an option before the command": (["--stat-dir", "x", "status"], "unknown option --stat-dir; did you mean --state-dir?"),
    "a choice": (["run", "--source", "binnance"], "'binnance' is not allowed; did you mean binance?; allowed: "),
    "a command below a command": (["instruments", "fnid", "X"], "'fnid' is not allowed; did you mean find?"),
    "an option below a command": (["instruments", "find", "X", "--limt", "3"], "unknown option --limt; did you mean --limit?"),
    "control characters": (["--\x1b[31m"], "unknown option --"),
}  # fmt: skip


@pytest.mark.parametrize("words", MISTYPED)
def test_what_is_mistyped_is_named_with_what_was_meant(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    argv, says = MISTYPED[words]
    with pytest.raises(SystemExit) as left:
        read(argv, None)
    said = capsys.readouterr()
    assert (left.value.code, said.out) == (2, "")
    assert says in said.err
    assert len(said.err.splitlines()) == 1
    assert "\x1b" not in said.err


def test_what_is_right_is_left_alone() -> None:
    for argv in (
        ["--set", "a.b=1", "replay", "x.csv", "--columns", "-,time", "--shift", "-5:30"],
        ["instruments", "find", "NIFTY", "--limit", "3", "--json"],
        ["replay", "--", "--odd.csv"],
        ["run", "--source=mock", "--from=11:00", "--speed=50"],
    ):
        _, args = read(argv, None)
        assert args.command == next(word for word in argv if word in make_parser().commands())


def test_the_pace_of_a_run_and_of_a_file_are_apart() -> None:
    def said(*argv: str) -> Namespace:
        return read(list(argv), None)[1]

    assert (said("run", "--speed", "50").speed, said("run", "--speed", "50").file) == (50.0, None)
    assert (said("run").speed, said("run", "--from", "11:00").begin) == (None, "11:00")
