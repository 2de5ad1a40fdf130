"""Engine processes on a simulated exchange: started, watched from outside, ended; and an exchange that tells what it was told."""

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from engine.journal import JOURNAL_FILE, read_events
from tests.simulator import Account, Generated, Simulator, Tokens
from tests.simulator import rest as rest_module
from tests.simulator import smartapi as smartapi_module
from tests.simulator.http import response
from tests.support.builders import EAGER
from tests.support.processes.command_home import Home
from tests.support.venues.live_harness import ENVIRON, noon
from tests.support.waiting import PATIENCE_S

RATE = 400
# In and out again as often as the price moves, so that there is always an entry that could be wrong.
SCALPING = (
    *EAGER,
    "strategy.green_ticks_after_stop_loss=1",
    "capital.initial_capital=1000000000",
    "risk.max_position_value_percent=1",
    "risk.max_positions_per_day=1000000",
    "risk.base_sl_points=0.1",
    "risk.tp_points=[0.1]",
    "risk.tp_percents=[1.0]",
    "risk.use_trail_stop=false",
)


def exchange(**more: Any) -> Simulator:
    return Simulator(Generated(rate=RATE, seed=4), **more)


class EngineProcess:
    """A running engine, its state directory and its recordings."""

    def __init__(self, home: Home, popen: subprocess.Popen[str]) -> None:
        self.home = home
        self.popen = popen
        self.state = home.folder / "here"
        self.said = ("", "")

    @property
    def recording(self) -> Path:
        (path,) = (self.home.cwd / "recordings").iterdir()
        return path

    def rss_kb(self) -> int:
        """Its resident memory."""
        status = Path(f"/proc/{self.popen.pid}/status").read_text(encoding="ascii")
        return int(re.search(r"VmRSS:\s+(\d+)", status)[1])  # type: ignore[index]

    def end(self) -> int:
        """SIGTERM; the exit status."""
        self.popen.send_signal(signal.SIGTERM)
        self.said = self.popen.communicate(timeout=PATIENCE_S)
        return self.popen.returncode

    def journal(self, kind: str) -> list[Any]:
        return [json.loads(event.body) for event in read_events(self.state / JOURNAL_FILE) if event.kind == kind]


def arguments(sim: Simulator, *overrides: str) -> list[str]:
    """What follows the command's name: a paper run on the simulated exchange."""
    keys = (
        f"smartapi.stream_url={sim.ws_url}",
        f"smartapi.rest_url={sim.http_url}",
        f"instrument.token={sim.lines[0].token}",
        f"instrument.symbol={sim.lines[0].symbol}",
        "engine.delivery=callback",
        "smartapi.sequence=rising",
        *noon(),
        *overrides,
    )
    return ["--source", "smartapi", *(word for key in keys for word in ("--set", key))]


@contextmanager
def running_engine(
    tmp_path: Path, sim: Simulator, *overrides: str, environ: dict[str, str] = ENVIRON, breaks: str = ""
) -> Iterator[EngineProcess]:
    """`engine` on the simulated exchange, subscribed; `breaks` is what a test may break in it."""
    home = Home(tmp_path)
    (home.cwd / "recordings").mkdir()
    whole: list[str | Path] = ["engine", "--state-dir", tmp_path / "here", *arguments(sim, *overrides)]
    program = ("-m", "tests.support.processes.broken_engine_process", breaks) if breaks else ("-m", "engine")
    with home.start(*whole, program=program, env=home.environment | environ) as popen:
        process = EngineProcess(home, popen)
        try:
            assert sim.wait_subscribed(1, PATIENCE_S), popen.poll()
            yield process
        finally:
            if popen.poll() is None:
                popen.send_signal(signal.SIGCONT)
                popen.kill()
            if process.said == ("", ""):
                popen.communicate(timeout=PATIENCE_S)


def wait_for_ticks(sim: Simulator, packets: int) -> None:
    """Wait until the exchange has had so many ticks more: it keeps its own time."""
    goal = sim.counters.ticks + packets
    assert sim.wait_for(lambda counters: counters.ticks >= goal, PATIENCE_S)


# ── What nobody may see ─────────────────────────────────────────────────────────────────────────────────────────────

CANARIES = {
    "MYQUANT_SMARTAPI_CLIENT_CODE": "CANARY7781",
    "MYQUANT_SMARTAPI_PIN": "8391",
    "MYQUANT_SMARTAPI_API_KEY": "canary-key-5512",
    "MYQUANT_SMARTAPI_TOTP_SECRET": "CANARYCANARYCANARYCANARYCANARYCA",
}
WITH_CANARIES = CANARIES | {"MYQUANT_TRUST_HOST": "127.0.0.1"}
TRACES = re.compile(rb"CANARY7781|canary-key|CANARYCANARY|eyJ[\w.]|(?<![\d.])8391(?![\d.])")


class LongTokens(Account):
    """An account whose tokens are as long as real ones: some limit for texts will cut them in two."""

    def issue(self) -> Tokens:
        tokens = Tokens(*(f"eyJ{kind}{'0123456789abcdef' * 20}.{'fedcba' * 40}.sign-_" for kind in "jrf"))
        self._good[tokens.jwt] = tokens
        return tokens


class EchoingExchange:
    """An exchange that repeats what it was told in everything it says, and the one-time passwords that it was sent."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, login: bool = False) -> None:
        self.account = LongTokens("CANARY7781", "8391", "canary-key-5512", "CANARYCANARYCANARYCANARYCANARYCA")
        self.passwords: list[str] = []
        refusal, right_answer = smartapi_module.refusal, rest_module.Rest._right_answer

        def echoing(request: Any, account: Account) -> str:
            if account is not self.account:
                return refusal(request, account)
            told = " ".join(request.headers.get(name, "") for name in ("authorization", "x-api-key", "x-feed-token"))
            return f"Invalid Header {told}" if not account.knows_jwt(request.headers.get("authorization", "")) else ""

        def logs_in(rest: Any, request: Any) -> bytes:
            if request.path == rest_module.LOGIN and rest._account is self.account:
                self.passwords.append(json.loads(request.body)["totp"])
                if login:
                    told = f"no such login: {request.body.decode()} {request.headers['x-privatekey']}"
                    return response(200, rest_module._json(False, told, "AB1007", None))
            return right_answer(rest, request)

        monkeypatch.setattr(smartapi_module, "refusal", echoing)
        monkeypatch.setattr(rest_module.Rest, "_right_answer", logs_in)


def assert_no_secret(folder: Path, *texts: str, passwords: list[str]) -> None:
    """No file below `folder` and none of `texts` holds a canary, a token, or a one-time password."""
    codes = "|".join(passwords).encode()
    forms = re.compile(TRACES.pattern + rb"|(?<![\d.])(?:" + codes + rb")(?![\d.])" if codes else TRACES.pattern)
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    found = {str(path): forms.findall(path.read_bytes()) for path in files}
    found |= {f"text {n}": forms.findall(text.encode()) for n, text in enumerate(texts)}
    assert not {name: hits for name, hits in found.items() if hits}
