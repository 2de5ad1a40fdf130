"""The operator's own program: his words and no shell, the alert on its input, no secret in its environment, never for long."""

import json
import os
import sys
from pathlib import Path

from engine.presentation.alerting import Message
from engine.serving.alert_command import run, words_for
from engine.text.redaction import hide

GRAVE = Message("critical", ("engine dead", "no link; $(rm x) `y`"), 2)
KEEPS = """import json, os, sys
out = {"words": sys.argv[2:], "in": json.load(sys.stdin), "env": sorted(os.environ)}
open(sys.argv[1], "w").write(json.dumps(out))"""


def test_the_words_are_filled_or_the_text_comes_last() -> None:
    text = "engine dead; no link; $(rm x) `y` (and 2 more, not told)"
    assert words_for(["say"], GRAVE) == ["say", text]
    assert words_for(["say", "--level={level}", "{text}", "x"], GRAVE) == ["say", "--level=critical", text, "x"]


def test_it_is_run_with_the_alert_and_without_our_secrets(tmp_path: Path) -> None:
    hide("hunter2hunter2")
    message = Message("warning", ("said hunter2hunter2",))
    environ = {"PATH": os.environ["PATH"], "MYQUANT_SMARTAPI_PIN": "1234", "HOME": "/x"}
    assert run([sys.executable, "-c", KEEPS, str(tmp_path / "out"), "$HOME"], message, environ) == ""
    found = json.loads((tmp_path / "out").read_text())
    assert found["words"][0] == "$HOME"
    assert "hunter2" not in json.dumps(found)
    assert found["in"]["level"] == "warning"
    assert "MYQUANT_SMARTAPI_PIN" not in found["env"]


def test_what_goes_wrong_is_said_in_one_line() -> None:
    environ = {"PATH": os.environ["PATH"]}
    assert run(["/nowhere/at-all"], GRAVE, environ) == "/nowhere/at-all: No such file or directory"
    assert run([sys.executable, "-c", "raise SystemExit(3)"], GRAVE, environ).endswith(": exit status 3")
    assert run([sys.executable, "-c", "import os; os.close(0)"], GRAVE, environ) == ""
    hangs = [sys.executable, "-c", "import time; time.sleep(60)"]
    assert run(hangs, GRAVE, environ, lasts_s=0.05).endswith("did not end within 0.05 s and was killed")
