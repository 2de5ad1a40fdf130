"""`bench --delivery`: every packet is accounted for, the figures are what they say, and no process is left behind."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Thread
from uuid import uuid4

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.bench.children import BenchError
from engine.bench.delivery import Bench
from engine.bench.figures import Collected, DeliveryReport, LatencyFigures, ThroughputFigures, lines
from engine.bench.floor_process import receive, subscribed
from engine.bench.packets import FRAME_BYTES, INSTRUMENTS, SENT, SENT_AT, Traffic, stamp
from engine.bench.protocol import Collect, Slice
from engine.bench.sender import let_in, send
from engine.cli.main import main
from engine.model.types import DELIVERIES
from engine.venues.angelone.wire import QUOTE, decode
from tests.support.paths import ROOT
from tests.support.waiting import PATIENCE_S

pytestmark = pytest.mark.slow
MARK = "MYQUANT_BENCH_TEST"


def command(*words: str, mark: str = "") -> subprocess.Popen[str]:
    """The command, started; every process it starts carries `mark` in its environment."""
    return subprocess.Popen(
        [sys.executable, "-m", "engine", "bench", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), MARK: mark},
    )


def left_behind(mark: str) -> list[str]:
    """The processes that carry `mark`."""
    wanted = f"{MARK}={mark}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:
            continue
    return found


def bench_in(folder: Path, children: ExitStack) -> Bench:
    return Bench(ROOT / "config.toml", (), folder, children)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Bare loop and engine."""
    with ExitStack() as children:
        yield bench_in(tmp_path_factory.mktemp("bench"), children)


# ── The whole command ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="no /proc here")
def test_reports_every_mode_and_leaves_nobody_behind() -> None:
    mark = uuid4().hex
    with command("--delivery", "--seconds", "2", "--rate", "200", "--json", mark=mark) as process:
        out, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, said
    report = msgspec.json.decode(out, type=DeliveryReport)
    rows = {row.receiver: row for row in report.latencies}
    assert list(rows) == ["bare recv", *DELIVERIES]
    assert len({row.ticks for row in rows.values()}) == 1  # the same traffic for all of them
    assert rows["queued"].ticks >= 60
    for row in rows.values():
        assert 0 < row.p50_us <= row.p95_us <= row.p99_us <= row.max_us < 10_000_000
        assert (row.rate, row.screen, row.merged, row.lost) == (200, False, 0, 0)
    for mode in DELIVERIES:
        assert (rows[mode].over_bare or 0) > 0
        assert 0 < (rows[mode].cpu_percent or 0) < 200
    assert [limit.delivery for limit in report.throughput] == list(DELIVERIES)
    assert 10 < report.engine_rss_mb < 200
    assert left_behind(mark) == []


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="no /proc here")
def test_an_interrupt_leaves_nobody_behind() -> None:
    mark = uuid4().hex
    with command("--delivery", "--seconds", "300", mark=mark) as process:
        assert process.stderr is not None
        assert "measuring for about 300 s" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert said == "myquant-tui: interrupted\n"
    assert left_behind(mark) == []


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--delivery", "--seconds", "0"), "--seconds 0: allowed: 1 to 3600"),
        (("--delivery", "--seconds", "nan"), "--seconds nan: allowed: 1 to 3600"),
        (("--delivery", "--rate", "0"), "--rate 0: allowed: 1 to 20000 ticks a second"),
        (("--delivery", "--rate", "1e9"), "--rate 1e+09: allowed: 1 to 20000 ticks a second"),
        (("--delivery", "--rate", "many"), "argument --rate: invalid float value: 'many'"),
        (("--delivery", "day.mqr"), "day.mqr: --delivery sends traffic of its own, and reads no file"),
        (("--rate", "5"), "--rate: only with --delivery"),
        (("--screen",), "--screen: only with --delivery"),
    ],
)
def test_bad_arguments_are_told_in_one_line(
    words: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bench", *words]) == 2
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert told in said[0]


# ── Its processes ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("delivery", [None, *DELIVERIES])
def test_every_packet_is_decided(bench: Bench, delivery: str | None) -> None:
    measured, _ = bench._slice(delivery, 2_000.0, 300)  # type: ignore[arg-type]
    assert len(measured.late_ns) == 300
    assert (measured.merged, measured.lost, measured.wrong) == (0, 0, "")
    assert min(measured.late_ns) > 0


def test_what_is_merged_in_a_flood_is_counted(bench: Bench) -> None:
    measured, _ = bench._slice("polling", 1_000_000.0, 8_000)
    assert measured.merged > 0
    assert len(measured.late_ns) + measured.merged == 8_000
    assert measured.lost == 0


def test_a_process_that_ends_is_named(tmp_path: Path) -> None:
    with ExitStack() as children:
        bench = bench_in(tmp_path, children)
        os.kill(bench._engine._process.pid, signal.SIGKILL)
        with pytest.raises(BenchError, match="the engine process has ended"):
            bench._slice("queued", 1000.0, 10)


def test_a_failure_in_the_middle_ends_the_others(tmp_path: Path) -> None:
    children = ExitStack()
    bench = bench_in(tmp_path, children)
    bench._bare.tell(Collect(10))  # it waits for packets that never come
    children.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    for child in (bench._bare, bench._engine):
        assert child._process.returncode is not None


def test_a_wrong_configuration_is_told(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match="base_sl_points"), ExitStack() as children:
        Bench(ROOT / "config.toml", ["risk.base_sl_points=-1"], tmp_path, children)


# ── Packets on their way ────────────────────────────────────────────────────────────────────────────────────────────


@given(seed=st.integers(0, 1000), count=st.integers(1, 60), sent_ns=st.integers(1, 2**62))
def test_packets_are_quotes_that_carry_their_send_time(seed: int, count: int, sent_ns: int) -> None:
    frames = Traffic(seed).frames(count)
    stamp(frames, 0, count, sent_ns, 1_790_000_000_000)
    tokens = {instrument.token for instrument in INSTRUMENTS}
    assert len(frames) == count * FRAME_BYTES
    for at in range(0, len(frames), FRAME_BYTES):
        payload = bytes(frames[at + 2 : at + FRAME_BYTES])
        packet = decode(payload)
        assert (packet.mode, packet.exchange_type, packet.exch_ms) == (QUOTE, 2, 1_790_000_000_000)
        assert packet.token in tokens
        assert 10_000 <= packet.price <= 40_000
        assert packet.price % 5 == 0
        assert SENT.unpack_from(payload, SENT_AT)[0] == sent_ns


def test_each_instrument_is_numbered_without_holes() -> None:
    traffic, newest = Traffic(1), dict.fromkeys((instrument.token for instrument in INSTRUMENTS), 0)
    for _ in range(2):
        frames = traffic.frames(500)
        for at in range(0, len(frames), FRAME_BYTES):
            packet = decode(bytes(frames[at + 2 : at + FRAME_BYTES]))
            newest[packet.token] += 1
            assert packet.sequence == newest[packet.token]


def test_the_bare_loop_gets_all_that_is_sent_however_it_is_cut() -> None:
    near, far = socket.socketpair()
    frames = Traffic(1).frames(40)
    with near, far:
        for at in range(0, len(frames), 77):
            near.sendall(frames[at : at + 77])
        assert len(receive(far, 40)) == 40


def test_sender_and_bare_loop_shake_hands() -> None:
    found: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def subscriber() -> None:
            with subscribed(listener.getsockname()[1], "/bare") as sock:
                found.extend(receive(sock, 50))

        thread = Thread(target=subscriber)
        thread.start()
        sock, _ = listener.accept()
        with sock:
            assert let_in(sock) == "/bare"
            send(sock, Traffic(1).frames(50), Traffic.moments_ns(50, 5_000.0, 1))
            thread.join(PATIENCE_S)
    assert len(found) == 50
    assert all(late_ns > 0 for late_ns in found)


def test_moments_rise_and_come_at_their_rate() -> None:
    moments_ns = Traffic.moments_ns(20_000, 1_000.0, 7)
    assert moments_ns == sorted(moments_ns)
    assert moments_ns == Traffic.moments_ns(20_000, 1_000.0, 7)
    assert 18e9 < moments_ns[-1] < 22e9


# ── Figures ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_slices_are_put_together_by_rate_and_receiver() -> None:
    collected = Collected()
    for p99_ns, times in ((1000, 4), (2000, 3), (1000, 90)):  # three rounds, one of them in a bad moment
        collected.add(20, None, False, Slice([1000] * 98 + [p99_ns] * 2))
        collected.add(
            20, "queued", False, Slice([1000] * 98 + [times * p99_ns] * 2, merged=2, cpu_share=0.01, rss_mb=30.0)
        )
        collected.add(20, None, True, Slice([p99_ns]))
        collected.add(20, "queued", True, Slice([2 * times * p99_ns], lost=1, rss_mb=90.0))
    bare, queued, _, watched = collected.figures()
    assert (bare.receiver, bare.p99_us, bare.max_us, bare.over_bare, bare.cpu_percent) == (
        "bare recv",
        1,
        2,
        None,
        None,
    )
    assert (queued.ticks, queued.p50_us, queued.p95_us, queued.p99_us, queued.max_us) == (300, 1, 1, 6, 90)
    assert (queued.over_bare, queued.cpu_percent, queued.merged, queued.lost) == (4, 1, 6, 0)
    assert (watched.screen, watched.over_bare, watched.over_unwatched, watched.lost) == (True, 8, 2, 3)
    assert collected.rss_mb == 30.0


def test_the_table_fits_100_columns() -> None:
    huge = 12_345_678.9
    rows = tuple(
        LatencyFigures(20_000, receiver, screen, 9_999_999, huge, huge, huge, huge, ratio, over, cpu, 123_456, 0)
        for screen, over in ((False, None), (True, 99_999.99))
        for receiver, ratio, cpu in (("bare recv", None, None), ("callback", 99_999.99, 199.99))
    )
    limits = tuple(ThroughputFigures(mode, 1_000_000, sender_limit=True) for mode in DELIVERIES)
    shown = lines(DeliveryReport(3600, 123.4, 999.9, 999.9, rows, limits))
    assert max(map(len, shown)) <= 100
    assert sum("callback" in line for line in shown) == 3
