"""A small run of the fuzzer over every decoder of the wire; and that the fuzzer would tell."""

from random import Random

import pytest

from engine.model.errors import WireError
from tests.fuzz import samples, wire
from tests.fuzz.wire import ACCEPTED, TARGETS, Target, fuzz


def test_spoiled_bytes_raise_nothing_but_known_wire_errors() -> None:
    report = fuzz(20_000, 7)
    assert report.broken_by is None, f"{report.where}: {report.broken_by!r}\n{report.error}"
    assert sum(counts.total() for counts in report.counts.values()) == 20_000
    for target in TARGETS:
        seen = set(report.counts[target.name])
        assert ACCEPTED in seen, f"{target.name}: all was refused"
        assert len(seen) > len(target.reasons) / 2, f"{target.name}: only {seen} of {target.reasons} came up"


@pytest.mark.parametrize("target", TARGETS, ids=[target.name for target in TARGETS])
def test_every_sample_is_what_it_should_be(target: Target) -> None:
    """Only the deep, the overlong and the unjoined samples, depth and NaN are refused unspoiled."""
    refused = []
    for sample in target.samples:
        try:
            target.run(sample, Random(1))
        except WireError as error:
            refused.append(error.reason)
    expected = {"packets": 1, "texts": 1, "messages": 1, "numbers": 1, "frames": 4, "closes": 0}
    assert len(refused) == expected[target.name], refused


def test_the_same_seed_gives_the_same_bytes() -> None:
    first, again, other = (
        [wire.spoiled(random, samples.PACKETS) for _ in range(100)] for random in (Random(1), Random(1), Random(2))
    )
    assert first == again
    assert first != other


def broken(data: bytes, _: Random) -> None:
    if data[:1] == b"\x03":
        raise IndexError("as a careless decoder would")


def talkative(data: bytes, _: Random) -> None:
    if data[:1] == b"\x03":
        raise WireError(f"mode {data[0]}")


@pytest.mark.parametrize(("run", "told"), [(broken, "IndexError"), (talkative, "unknown reason: mode 3")])
def test_what_breaks_is_told_with_its_bytes(
    run: wire.Run, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = Target("careless", run, samples.PACKETS, frozenset({"mode"}))
    report = fuzz(1000, 1, [target])
    assert report.broken_by is not None
    assert report.broken_by[:1] == b"\x03"
    assert told in report.error

    monkeypatch.setattr(wire, "TARGETS", (target,))
    assert wire.main(["1000"]) == 1
    out = capsys.readouterr().out
    assert f"BROKEN: careless by {report.broken_by.hex()}" in out


def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert wire.main(["600", "--seed", "3"]) == 0
    out = capsys.readouterr().out
    assert "600 runs of seed 3" in out
    assert "MB at 100%" in out
