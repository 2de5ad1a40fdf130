"""The short command's MessagePack against the library: what one writes the other reads, and nothing else is read."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as some

from engine.shortcut.pack import packed, unpacked

PLAIN = some.none() | some.booleans() | some.integers(0, 2**64 - 1) | some.text(max_size=300)
ASKED = some.dictionaries(some.text(max_size=20), PLAIN, max_size=15)
ANSWERED = some.recursive(
    some.none() | some.booleans() | some.integers(-(2**63), 2**64 - 1) | some.text(max_size=70_000) | some.binary(),
    lambda inner: some.lists(inner, max_size=20) | some.dictionaries(some.text(max_size=8), inner, max_size=20),
    max_leaves=30,
)


@given(some.dictionaries(some.text(max_size=20), PLAIN | ASKED, max_size=15))
def test_what_is_asked_is_read_by_the_library(request_: dict[str, Any]) -> None:
    assert msgspec.msgpack.decode(packed(request_)) == request_


@given(ANSWERED)
def test_what_the_library_answers_is_read(answer: Any) -> None:
    assert unpacked(msgspec.msgpack.encode(answer)) == answer


@given(some.binary(max_size=200))
def test_any_bytes_are_read_like_the_library_does_or_refused(data: bytes) -> None:
    try:
        found = unpacked(data)
    except ValueError:
        return
    assert msgspec.msgpack.decode(data) == found


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xda\xff",
        b"\xdd\xff\xff\xff\xff",
        b"\xcb" + bytes(8),
        b"\x91" * 5_000 + b"\x01",
        b"\x01\x01",
        b"\xa1\xff",
    ],
)
def test_what_is_no_answer_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError):
        unpacked(data)
