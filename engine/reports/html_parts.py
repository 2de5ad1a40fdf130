"""Parts of which pages of reports are made: head and foot, rows, tables, pictures. Whatever comes from outside is escaped. Pure.

The policy in the head lets a browser carry out our style, and our script where there is one, by their hashes, and nothing else.
"""

from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Final

from engine.reports.own_files import MARK
from engine.reports.pictures import Picture

_FILES: Final = Path(__file__).with_name("files")


def page_file(kind: str) -> str:
    """Our style (`css`) or our script (`js`)."""
    return (_FILES / f"report.{kind}").read_text(encoding="utf-8")


def page_head(title: str, heads: Sequence[str], remarks: Sequence[str], script: str = "") -> str:
    """A page up to its pictures and tables."""
    style = page_file("css")
    scripts = f"script-src {_hash(script)}; " if script else ""
    policy = f"default-src 'none'; {scripts}style-src {_hash(style)}; base-uri 'none'; form-action 'none'"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="generator" content="{MARK}">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"><meta name="viewport" content="width=device-width,initial-scale=1">'
        f'<meta name="referrer" content="no-referrer"><title>{escape(title)}</title><style>{style}</style>\n'
        f"<header><h1>{escape(title)}</h1>{_paragraphs(heads, 'head')}{_paragraphs(remarks, 'note')}</header>\n<main>"
    )


def page_foot(words: str) -> str:
    """Its end, but for a script."""
    return f"</main><footer><p>Made by {MARK}. {escape(words)}</footer>"


def row(cells: Iterable[str]) -> bytes:
    """A row of a table, as bytes: lists of them are long."""
    return ("<tr>" + "".join(f"<td>{escape(cell)}" for cell in cells) + "\n").encode("utf-8", "replace")


def _hash(content: str) -> str:
    return f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"


def _paragraphs(lines: Sequence[str], kind: str) -> str:
    return "".join(f'<p class="{kind}">{escape(line)}' for line in lines)


def head_row(names: Sequence[str]) -> str:
    """The names of columns."""
    return "<thead><tr>" + "".join(f"<th>{escape(name)}" for name in names) + "</thead>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table that scrolls where it is too wide."""
    return f'<div class="scroll"><table>{head_row(head)}<tbody>{b"".join(map(row, rows)).decode()}</table></div>'


def figure(picture: Picture, kind: str = "") -> str:
    """A picture with its sentence and its table; `kind` says how it is laid out."""
    begin = f'<figure class="{kind}">' if kind else "<figure>"
    listed = f"<details><summary>Table</summary>{table(picture.head, picture.rows)}</details>" if picture.rows else ""
    return f"{begin}<h3>{escape(picture.title)}</h3>{picture.drawing.inside()}<figcaption>{escape(picture.says)}</figcaption>{listed}</figure>"
