"""Nothing passes the border but printable characters, whatever field it comes in by."""

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from engine import CheckView, CommandView, EdgeView, FlatLeg, FlatView, Snapshot, TimelineEvent
from tests.support.screens.snapshots import CALL, SNAPSHOT, log, paper, trade, waiting
from tui.text.sanitize import Sanitizer

EVIL = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202e\u2066"
LONG = "x" * 5_000


def texts(value: object) -> Iterator[str]:
    """Every text in a plain value, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from texts(key)
            yield from texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts(each)


def filled(text: str) -> Snapshot:
    """A snapshot with `text` in every field that outside text can reach."""
    assert SNAPSHOT.replay is not None
    return paper(
        source=text,
        fault=text,
        instruments=(replace(CALL, symbol=text, exchange=text),),
        quotes=tuple(replace(each, objection=text) for each in SNAPSHOT.quotes),
        entries=replace(SNAPSHOT.entries, locked=text, halted=text),
        flat=FlatView("FLAT", text, 0, (FlatLeg(0, 1, 1, 1, text),), (text,)),
        trades=(replace(trade(1), reason=text),),
        events=(TimelineEvent(1, 1, "bookmark", text),),
        edges=(EdgeView("journal", 0, 0, text),),
        outcomes=(text,),
        feed=waiting(source=text, because=text, bad={text: 1, "length": 2}),
        replay=replace(SNAPSHOT.replay, check=CheckView(1, 2, text, text)),
        commands=(CommandView(1, text, "FAILED", text),),
        found=(text, text),
    )


def test_no_escape_sequence_and_no_text_without_end_passes() -> None:
    for bad in (EVIL, LONG, EVIL + LONG):
        cleaned = Sanitizer().snapshot(filled(bad))
        seen = list(texts(msgspec.to_builtins(cleaned)))
        assert seen
        assert all(text.isprintable() and not set(text) & {"\u202e", "\u2066"} for text in seen)
        assert max(map(len, seen)) <= 300


def test_what_is_clean_stays_as_it_is() -> None:
    for seen in (SNAPSHOT, paper(), paper(feed=waiting(bad={"length": 3}), found=("one", "two"))):
        assert Sanitizer().snapshot(seen) == seen


def test_a_feed_cannot_flood_the_screen_with_reasons() -> None:
    bad = {f"reason {n}": n for n in range(10_000)}
    cleaned = Sanitizer().snapshot(paper(feed=waiting(bad=bad), found=("line",) * 10_000))
    assert cleaned.feed is not None
    assert len(cleaned.feed.bad) <= 40
    assert len(cleaned.found) <= 200


def test_log_lines_are_cleaned() -> None:
    lines = Sanitizer.log([replace(line, text=EVIL, component=EVIL) for line in log(3)])
    assert all(line.text.isprintable() and line.component.isprintable() for line in lines)
