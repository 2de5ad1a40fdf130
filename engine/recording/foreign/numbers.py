"""Numbers as the world's files write them: decimal point or comma, thousands marks, words for none. Exact; knows no file."""

import re
from collections.abc import Iterable
from typing import Final

from engine.model.types import PRICE_INFINITE, PRICE_MISSING, PRICE_NAN

BLANKS: Final = b" \t\xa0\xc2"  # the last two are the no-break space in UTF-8
_GROUPS = {mark: rb"(?:[%b' ]|\xc2\xa0|\xe2\x80\xaf|\xa0)" % other for mark, other in ((b".", b","), (b",", b"."))}
_GROUPED: Final[dict[bytes, re.Pattern[bytes]]] = {
    # Thousands, or lakhs and crores: 102,874.45 and 1,02,874.45. One kind of mark within a number.
    mark: re.compile(
        rb"([+-]?[0-9]{1,3}(?:(%b)[0-9]{3}(?:\2[0-9]{3}){0,8})|[+-]?[0-9]{1,2}(?:(%b)(?:[0-9]{2}\3){0,8}[0-9]{3}))((?:%b[0-9]{1,30})?)"
        % (groups, groups, re.escape(mark))
    )
    for mark, groups in _GROUPS.items()
}
_MARKS = re.compile(rb"[.,]")
_NUMBER_LIKE = re.compile(rb"[+-]?[0-9][0-9.,' \xa0\xc2\xe2\x80\xaf]*")
_MISSING: Final[dict[bytes, int]] = {
    **dict.fromkeys((b"", b"null", b"none", b"na", b"n/a", b"#n/a", b"<na>", b"nil", b"-", b"--"), PRICE_MISSING),
    **dict.fromkeys((b"nan", b"-nan", b"nat", b"#num!", b"#value!", b"#div/0!"), PRICE_NAN),
    **dict.fromkeys((b"inf", b"+inf", b"-inf", b"infinity", b"+infinity", b"-infinity"), PRICE_INFINITE),
}


def missing(text: bytes) -> int:
    """The price's number that stands for a cell without one (empty, `nan`, `null` …), or nought."""
    return _MISSING.get(text.strip(BLANKS).lower(), 0) if len(text) < 40 else 0


def plain(text: bytes, mark: bytes) -> bytes:
    """`text` with a decimal point and without thousands marks; anything else comes back as it was, for a strict reader to refuse."""
    text = text.strip(BLANKS)
    if text.isdigit():
        return text
    match = _GROUPED[mark].fullmatch(text)
    if match:
        return re.sub(rb"[^0-9+-]", b"", match[1]) + match[4].replace(mark, b".")
    if mark == b",":
        return text.replace(b",", b".") if b"." not in text and text.count(b",") == 1 else text.replace(b".", b"\xff")
    return text


def looks_numeric(text: bytes) -> bool:
    """Whether `text` is a number in some spelling."""
    text = text.strip(BLANKS)
    return len(text) <= 60 and _NUMBER_LIKE.fullmatch(text) is not None


class MarkEvidence:
    """What cells say about the decimal mark: those that can be read in one way only, and those that cannot."""

    def __init__(self) -> None:
        self.votes = {b".": 0, b",": 0}
        self.unclear: dict[bytes, bytes] = {}  # mark → the first cell with it that says nothing, such as 1,234

    def add(self, cells: Iterable[bytes]) -> None:
        """Look at the numbers of a row."""
        for cell in cells:
            marks = _MARKS.findall(cell)
            if not marks:
                continue
            last = marks[-1]
            other = b"," if last == b"." else b"."
            whole, _, behind = cell.strip(BLANKS).rpartition(last)
            if len(set(marks)) == 2:
                self.votes[last] += marks.count(last) == 1
            elif len(marks) > 1:
                self.votes[other] += 1
            elif len(behind) == 3 and 1 <= len(whole.lstrip(b"+-")) <= 3 and whole.lstrip(b"+-")[:1] != b"0":
                self.unclear.setdefault(last, cell[:30])
            else:
                self.votes[last] += 1

    def mark(self) -> bytes | None:
        """The decimal mark, where a cell proves one."""
        if self.votes[b"."] == self.votes[b","]:
            return None
        return b"." if self.votes[b"."] > self.votes[b","] else b","
