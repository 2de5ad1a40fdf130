"""The simulated exchange as a process of its own: started, told what to do, ended with its figures."""

import json
import signal
import subprocess
import sys

import pytest
import websocket

from engine.model.errors import InputError
from tests.simulator import Counters, spawn
from tests.support.paths import ROOT
from tests.support.venues.binance_lines import recorded
from tests.support.venues.order_client import order_client
from tests.support.venues.simulator_client import WAIT_S, packets, request
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.slow


def opened(child, *tokens, mode=2):
    ws = websocket.create_connection(child.ws_url, header=child.headers, timeout=WAIT_S)
    assert ws.recv() == "pong"
    ws.send(request(tokens or child.tokens, mode=mode))
    return ws


def test_it_serves_obeys_and_ends_with_its_counters():
    with spawn("--instruments", "2", "--rate", "5000", "--count", "200", "--hold", "-1", "--stamp") as child:
        ws = opened(child)
        packets(ws, 2)
        assert child.wait_subscribed(2, WAIT_S)
        child.tell("duplicate")
        child.tell("at 0s: nul")
        child.go()
        assert child.wait_finished(WAIT_S)
        counters = child.counters()
        assert (counters.ticks, counters.all_sent) == (200, 202)
        assert counters.faults == {"duplicate": 1, "nul": 1}
        with pytest.raises(InputError, match="'explode' is no fault"):
            child.tell("explode")
        with pytest.raises(InputError, match="does not say when"):
            child.tell("at noon: reset")
        ws.shutdown()
    assert child.final is not None
    assert child.final.ticks == 200


def test_it_plays_files_with_a_script(tmp_path):
    script = tmp_path / "faults.txt"
    script.write_text("at tick 1: text\n")
    path = str(recorded(tmp_path))
    with spawn("--play", path, "--protocol", "binance", "--speed", "0", "--script", str(script), "--rebase") as child:
        assert child.symbols == ["BTCUSDT", "ETHUSDT"]
        ws = websocket.create_connection(child.binance_url + "/ws/ethusdt@aggTrade", timeout=WAIT_S)
        assert ws.recv() == "surprise"
        assert json.loads(ws.recv())["a"] == 9
        ws.shutdown()


def test_it_takes_orders_and_tells_what_is_true_of_them():
    words = ("--orders", "--deep", "--no-delays", "--cash", "100000", "--hold", "0", "--rate", "50")
    with spawn(*words) as child, order_client(child) as client:
        symbol = child.symbols[0]
        child.tell("at place 2: reject funds at_once")
        assert client.place()["data"]["script"] == symbol
        assert "Insufficient Funds" in client.place(ordertag="T2")["message"]
        assert child.wait(f"held {symbol} 75", WAIT_S)
        child.tell("external -75")
        assert child.wait(f"held {symbol} 0", WAIT_S)
        assert child.wait("at_rest", WAIT_S)
        assert child.wait("placed 2", WAIT_S)
        assert child.wait("working 0", WAIT_S)
        assert not child.wait("listening 1", 0)
        truth = child.truth()
        assert (truth.net, truth.fills, truth.at_rest) == ({}, 2, True)
        assert [(each.tag, each.side, each.filled, each.state) for each in truth.orders] == [
            ("T1", "BUY", 75, "complete"),
            ("", "SELL", 75, "complete"),
        ]
        with pytest.raises(InputError, match="wait: allowed: finished"):
            child.wait("for ever", 1)
    assert child.final is not None
    assert child.final.orders is not None
    assert child.final.orders.placed == {"T1": 1, "T2": 1}


def run(*arguments, **options):
    command = [sys.executable, "-m", "tests.simulator", *arguments]
    return subprocess.run(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
        **options,
    )


def test_without_input_it_ends_when_the_traffic_is_over():
    done = run("--hold", "0", "--count", "50", "--rate", "5000", "--until-finished")
    hello, final = done.stdout.splitlines()
    assert done.returncode == 0
    assert json.loads(hello)["ws_url"].startswith("ws://127.0.0.1:")
    assert json.loads(final)["ticks"] == 50


def test_a_signal_ends_it_in_good_order():
    command = [sys.executable, "-m", "tests.simulator"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        assert json.loads(process.stdout.readline())["connects"] == 0
        assert process.wait(WAIT_S) == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--play", "/nowhere.mqr"), "/nowhere.mqr: cannot be read"),
        (("--script", "/nowhere.txt"), "No such file"),
        (("--day-time", "noon"), "Invalid isoformat"),
    ],
)
def test_bad_input_is_one_line_and_status_2(arguments, told):
    done = run(*arguments)
    assert done.returncode == 2
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_process_that_does_not_come_up_is_told():
    with pytest.raises(InputError, match="ended with status 2"):
        spawn("--play", "/nowhere.mqr")


def test_counters_survive_the_way_through_text():
    counters = Counters(connects=3, sent={"1": 2})
    assert json.loads(counters.to_json())["sent"] == {"1": 2}
    assert counters.copy() == counters
    assert counters.copy().sent is not counters.sent
