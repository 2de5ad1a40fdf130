"""Whole keys from broken streams: nothing of an escape sequence or a paste may come out as a key."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace
from textual import events

from engine import Unlock
from tests.support.screens.hands import Hands, type_bytes
from tests.support.screens.snapshots import SNAPSHOT, snapshot
from tui.terminal.keyboard import PASTE_END, PASTE_LIMIT, PASTE_START, Burst, Keyboard, Stroke
from tui.terminal.strokes import KeyEvent, Translator

SEQUENCES = [
    "\x1b[A", "\x1bOP", "\x1b[15~", "\x1b[1;5C", "\x1b[I", "\x1b[O", "\x1b[?62;22c", "\x1b[?2026;2$y", "\x1b[0n",
    "\x1b[24;80R", "\x1b]11;rgb:0/0/0\x07", "\x1bP>|xterm(388)\x1b\\", "\x1b[M !!", "\x1b[[A", "\x1b[120u", "\x1b[<0;3;4M",
]  # fmt: skip
BURST = Burst(10**9, 10**9, 1, 1)


def read(pieces):
    """(time, text) pieces → strokes, with the clock ticking in between and long after."""
    keyboard, strokes, now = Keyboard(), [], 0.0
    for at, text in pieces:
        while now + 0.05 < at:
            now += 0.05
            strokes += keyboard.tick(now)
        now = at
        strokes += keyboard.feed(text, now)
    for step in range(100):
        strokes += keyboard.tick(now + step * 0.05)
    return strokes


def names(strokes):
    translator = Translator()
    messages = [message for stroke in strokes for message in translator.messages(stroke, BURST, mouse=False)]
    return [message.key if isinstance(message, KeyEvent) else type(message).__name__ for message in messages]


@pytest.mark.parametrize("sequence", SEQUENCES)
def test_a_sequence_is_never_a_printable_key(sequence):
    for key in names(read([(1.0, sequence), (1.0, "q")]))[:-1]:
        assert len(key) > 1


@given(st.sampled_from(SEQUENCES), st.lists(st.sampled_from([0.0, 0.02, 0.09, 0.24]), min_size=20, max_size=20))
def test_nor_when_it_is_torn_apart(sequence, gaps):
    at, pieces = 1.0, []
    for char, gap in zip(sequence, gaps, strict=False):
        at += gap
        pieces.append((at, char))
    head = 2 if sequence[1] in "[O" else len(sequence)  # ESC and a letter, torn, are the key escape and the letter
    if any(gap >= 0.1 for gap in gaps[1:2]) and head != 2:
        return
    assert all(len(key) > 1 for key in names(read(pieces)))


def test_an_arrow_torn_apart_is_escape_and_the_arrow():
    assert names(read([(1.0, "\x1b"), (1.9, "["), (2.1, "A")])) == ["escape", "up"]


def test_a_key_soon_after_a_broken_sequence_is_suspicious():
    strokes = read([(1.0, "\x1b"), (1.2, "x"), (1.3, "x")])
    assert [(stroke.text, stroke.suspicious) for stroke in strokes] == [("\x1b", False), ("x", True), ("x", False)]
    assert read([(1.0, "\x1b[12\x7f"), (1.2, "x")]) == [Stroke("key", "x", suspicious=True)]
    assert read([(1.0, "\x1b[12"), (1.3, "x")]) == [Stroke("key", "x")]
    assert read([(1.0, "\x1b[12"), (1.3, ";x")]) == [Stroke("key", "\x1b[12;x")]  # no hand types two at once
    assert read([(1.0, "\x1b[A"), (1.2, "x")])[1] == Stroke("key", "x")  # a whole one is no reason


def test_the_old_mouse_report_swallows_any_three_characters():
    assert names(read([(1.0, "\x1b[M !x"), (1.0, "q")])) == ["q"]
    assert names(read([(1.0, "\x1b[M\x7f\xe9!"), (1.0, "q")])) == ["q"]


@given(st.text(alphabet="!x\x1b[A~201\r\n", max_size=30).filter(lambda text: PASTE_END not in text), st.integers(0, 40))
def test_a_paste_is_one_paste_however_it_arrives(text, cut):
    whole = PASTE_START + text + PASTE_END
    pieces = [(1.0, whole[:cut]), (1.05, whole[cut:])]
    assert read(pieces) == [Stroke("paste", text)]


def test_a_paste_without_end_is_over_after_silence_and_never_grows_without_bound():
    strokes = read([(1.0, PASTE_START + "!x" * PASTE_LIMIT), (9.0, "q")])
    assert [stroke.kind for stroke in strokes] == ["paste", "key"]
    assert len(strokes[0].text) == PASTE_LIMIT


@given(st.text(max_size=60))
def test_any_text_is_taken(text):
    names(read([(1.0, text)]))


@given(st.text(alphabet="abc!x12 \t\rü", max_size=20))
def test_plain_keys_come_one_by_one(text):
    assert [stroke.text for stroke in read([(1.0, text)])] == list(text)


@pytest.mark.parametrize(
    ("burst", "alone"),
    [
        (Burst(0, 200_000_000, 1, 1), True),
        (Burst(0, 5_000_000, 1, 1), False),
        (Burst(0, 200_000_000, 2, 2), False),
        (Burst(0, 200_000_000, 1, 2), False),
        (Burst(0, 200_000_000, 3, 1), False),
        (Burst(0, 200_000_000, 1, 1, suspicious=True), False),
    ],
)
def test_alone(burst, alone):
    assert burst.alone is alone
    assert KeyEvent("x", "x", burst).burst.alone is alone


def test_names():
    assert names(read([(1.0, "\x1bx\x1b\r")])) == ["escape", "x", "escape", "enter"]
    assert names(read([(1.0, "x\r\t !\x03\x1b[A\x1b[I\x1b[O")])) == [
        "x", "enter", "tab", "space", "exclamation_mark", "ctrl+c", "up", "AppFocus", "AppBlur",
    ]  # fmt: skip
    mouse = Translator().messages(Stroke("key", "\x1b[<0;3;4M"), BURST, mouse=True)
    assert isinstance(mouse[0], events.MouseDown)


# ── Typed fast, right after an escape ────────────────────────────────────────────────────────────────────────────────

LOCKED = snapshot(entries=replace(SNAPSHOT.entries, locked="daily loss"))
GAPS_MS = (0, 20, 90, 150, 400, 1_100)
WITHIN_MS = (0, 20, 35, 90, 150, 240)  # between parts of what was torn
SPELLING_X = ("\x1bOx", "\x1b[x", "\x1b[M !x", "\x1b[M!xx", "\x1bP!x>|x\x1b\\", "\x1b]11;!x\x07", "\x1b_!x\x1b\\")


def torn(data: bytes, cuts: int, gaps_ms: list[int]) -> list[tuple[int, bytes]]:
    """`data` in reads, parted where `cuts` has a bit, with `gaps_ms` between them."""
    at_ms, reads, start = 10, [], 0
    for place in range(1, len(data) + 1):
        if place == len(data) or cuts >> (place - 1) & 1:
            reads.append((at_ms, data[start:place]))
            at_ms, start = at_ms + gaps_ms[len(reads) % len(gaps_ms)], place
    return reads


@pytest.mark.parametrize("dialog", ["", "help", "search", "unlock"])
@pytest.mark.parametrize("gap_ms", GAPS_MS)
def test_every_split_of_a_word_typed_right_after_escape_is_the_word(dialog, gap_ms):
    data = b"\x1bkUNLOCK\r"
    every = gap_ms == 150 and not dialog
    for cuts in range(1 << (len(data) - 1)) if every else (0, 1, 2, 3, 0b11111111):
        hands = Hands(LOCKED)
        hands.ui.open(dialog)
        assert type_bytes(hands, torn(data, cuts, [gap_ms])).client.sent == [Unlock()], bin(cuts)


@given(st.sampled_from(["", "plan", "help", "unlock", "quit"]), st.integers(0, 7), st.sampled_from((0, 20, 90, 140)))
def test_no_split_of_escape_and_x_fires_until_a_hand_could_have_seen_the_plan(opened, cuts, gap_ms):
    hands, gaps_ms = Hands(), [gap_ms]
    if opened == "plan":
        hands.press("!", -1_500)
    elif opened:
        hands.ui.open(opened)
    type_bytes(hands, torn(b"\x1bx!x", cuts, gaps_ms))
    assert not hands.fired


@given(
    st.sampled_from([*SEQUENCES, *SPELLING_X]),
    st.integers(0, 2**12),
    st.lists(st.sampled_from(WITHIN_MS), min_size=1, max_size=3),
)
def test_no_split_of_a_sequence_fires_nor_types(sequence, cuts, gaps_ms):
    hands = Hands().press("!", -1_500)
    type_bytes(hands, torn(sequence.replace("q", "x").encode(), cuts, gaps_ms))
    assert not hands.fired


@given(
    st.sampled_from(
        [b"", b"\x1b", b"\x1b\x1b", b"\x1bx", b"\x1bO", b"\x1b[", b"\x1bX", b"\x1b[12", b"\x1b[A", b"\x1b]11"]
    ),
    st.integers(0, 700),
    st.integers(40, 700),
    st.integers(100, 500),
)
@example(b"\x1b", 400, 600, 370)
@example(b"\x1b", 0, 0, 100)
def test_a_slow_x_of_a_hand_fires_within_a_second_whatever_came_before(before, to_plan_ms, to_x_ms, apart_ms):
    begins_more = before.startswith((b"\x1b[", b"\x1b]", b"\x1bO"))  # `!` right behind it would be taken for more of it
    plan_ms = max(to_plan_ms, 300) if begins_more else to_plan_ms
    opening = [(10, before + b"!")] if plan_ms < 20 else [(10, before), (10 + plan_ms, b"!")]
    first_ms = 10 + plan_ms + to_x_ms
    xs = [(at_ms, b"x") for at_ms in range(first_ms, first_ms + 1_000, apart_ms)]
    assert type_bytes(Hands(), [*opening, *xs]).fired


@pytest.mark.parametrize("suspect", [b"\x1b", b"\x1bx", b"\x1bO", b"\x1b[", b"\x1b[12", b"\x1bP>|", b"\x1b[1\x7f"])
@pytest.mark.parametrize("apart_ms", [40, 100, 251])
def test_what_is_refused_does_not_begin_the_wait_anew(suspect, apart_ms):
    keyboard, clean_ms = Keyboard(), []
    keyboard.feed(suspect.decode(), 1.0)
    for at_ms in range(apart_ms, 600, apart_ms):
        strokes = [*keyboard.tick(1 + at_ms / 1e3), *keyboard.feed("x", 1 + at_ms / 1e3)]
        clean_ms += [at_ms for stroke in strokes if stroke == Stroke("key", "x")]
    in_string = suspect.startswith(b"\x1bP") and apart_ms < 250
    assert in_string or clean_ms[0] <= 250 + apart_ms
    assert not in_string or not clean_ms


def test_a_letter_that_could_be_the_rest_of_a_sequence_is_a_letter_when_nothing_follows():
    assert names(read([(1.0, "\x1b"), (1.3, "O")])) == ["escape", "O"]
    assert names(read([(1.0, "\x1b"), (1.3, "O"), (1.4, "K")])) == ["escape", "O", "K"]
    assert names(read([(1.0, "\x1b"), (1.3, "O"), (1.4, "C")])) == ["escape", "right"]
    assert names(read([(1.0, "\x1b"), (1.3, "L"), (1.4, "O"), (1.5, "C")])) == ["escape", "L", "O", "C"]
    assert names(read([(1.0, "\x1bOK"), (1.0, "q")])) == ["q"]  # one read: a sequence, if an unknown one
