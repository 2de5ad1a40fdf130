"""TOML text to plain values, and plain values to words for an error line. Knows no key and no rule."""

import os
import re
import stat
from datetime import date, time
from decimal import Decimal, InvalidOperation
from pathlib import Path

import tomli

from engine.model.errors import ConfigError, reason

MAX_BYTES = 1 << 20
MAX_DOTS = 50

Document = dict[str, object]


def read_document(path: Path) -> Document:
    """Return the values of the TOML file at `path`; raises ConfigError with one line that names the file."""
    return document_in(read_text(path), path)


def read_text(path: Path) -> str:
    """Return what stands in the text file at `path`; raises ConfigError with one line that names the file."""
    try:
        blob = _read_bytes(path)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read: {reason(error)}") from None
    if len(blob) > MAX_BYTES:
        raise ConfigError(f"{path}: larger than {MAX_BYTES} bytes, which no configuration is")
    if b"\0" in blob:
        raise ConfigError(f"{path}: holds a NUL byte at byte {blob.index(0) + 1}; must be text in UTF-8")
    try:
        return blob.decode()
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start + 1}; must be text in UTF-8") from None


def document_in(text: str, path: Path) -> Document:
    """Return the values of `text`, the TOML file at `path`; raises ConfigError with one line that names the file."""
    try:
        return parse_toml(text.removeprefix("\ufeff"))
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from None


def parse_toml(text: str) -> Document:
    """Return the values of a TOML text, its floats as Decimal; raises ValueError with one line saying what and where."""
    for row, content in enumerate(text.split("\n"), 1):
        # A name of very many parts would cost tomli gigabytes.
        if content.count(".") > MAX_DOTS and not content.lstrip().startswith("#"):
            raise ValueError(f"line {row}: not TOML: more than {MAX_DOTS} dots")
    try:
        return tomli.loads(text, parse_float=_decimal)
    except tomli.TOMLDecodeError as error:
        what, line, column = _position(str(error), text)
        raise ValueError(f"line {line}, column {column}: not TOML: {what}") from None
    except RecursionError:
        raise ValueError("not TOML: too many brackets within brackets") from None
    except ValueError:  # an integer of thousands of digits, which Python itself refuses
        raise ValueError("not TOML: a number is too long") from None


def show(value: object) -> str:
    """Return a TOML value as a person would write it, cut to what fits in a line."""
    text = _written(value, 8)
    return text if len(text) <= 80 else f"{text[:79]}…"


def _read_bytes(path: Path) -> bytes:
    # Asked before opening: opening a pipe would wait for a writer.
    mode = os.stat(path).st_mode
    if not stat.S_ISREG(mode):
        raise ValueError("is a directory" if stat.S_ISDIR(mode) else "not a regular file")
    with path.open("rb") as file:
        return file.read(MAX_BYTES + 1)


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent beyond what Decimal can hold: refused later like any other infinity
        return Decimal("Infinity")


def _position(message: str, text: str) -> tuple[str, int, int]:
    found = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", message, re.DOTALL)
    if found:
        return found[1], int(found[2]), int(found[3])
    lines = text.removesuffix("\n").split("\n")
    return message.removesuffix(" (at end of document)"), len(lines), len(lines[-1]) + 1


def _written(value: object, depth: int) -> str:
    match value:
        case bool():
            text = "true" if value else "false"
        case int():
            text = str(value) if value.bit_length() < 256 else f"a whole number of {value.bit_length()} bits"
        case str():
            text = f'"{value[:100]}"'
        case time() | date():
            text = value.isoformat()
        case list():
            text = f"[{', '.join(_written(one, depth - 1) for one in value[:50]) if depth else '…'}]"
        case dict():
            text = "a table"
        case _:
            text = str(value)
    return text
