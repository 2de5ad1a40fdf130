"""The characters that a terminal can show, and bars made of them."""

from collections.abc import Sequence
from math import isfinite

from msgspec import Struct


class Glyphs(Struct, frozen=True):
    """The characters that a terminal can show: Unicode, or ASCII where it cannot."""

    rule: str = "─"
    wall: str = "│"
    cross: str = "┬"
    bars: str = "▁▂▃▄▅▆▇█"
    block: str = "█"
    progress: str = "━"
    progress_rest: str = "─"
    ok: str = "●"
    warn: str = "▲"
    bad: str = "✖"
    off: str = "·"
    held: str = "●"
    health: str = "♥"
    play: str = "▶"
    pause: str = "‖"
    end: str = "■"
    arrow: str = "→"
    back: str = "←"
    approx: str = "≈"
    times: str = "×"
    entry: str = "▲"
    exit: str = "▼"
    candle_rising: str = " ╷╻╵│╽╹╿┃"  # by upper and lower half of a cell: nothing, wick, body
    candle_falling: str = " ╷╻╵│╽╹╿┃"
    braille: bool = True


ASCII = Glyphs(
    rule="-",
    wall="|",
    cross="+",
    bars="_.-=oO#@",
    block="#",
    progress="=",
    progress_rest="-",
    ok="o",
    warn="!",
    bad="X",
    off=".",
    held="*",
    health="*",
    play=">",
    pause='"',
    end="#",
    arrow="->",
    back="<-",
    approx="~",
    times="x",
    entry="^",
    exit="v",
    candle_rising=" |O||OOOO",
    candle_falling=" |#||####",
    braille=False,
)
UNICODE = Glyphs()


def spark(values: Sequence[float], width: int, glyphs: Glyphs) -> str:
    """The newest `width` of `values` as bars from the lowest to the highest; equal values lie on the floor."""
    shown = values[-width:] if width > 0 else ()
    if not shown:
        return ""
    low, high = min(shown), max(shown)
    bars, top = glyphs.bars, len(glyphs.bars) - 1
    scale = (top + 0.999) / (high - low) if high > low else 0.0
    if not (scale and isfinite(scale)):  # equal, or so close or far apart that no number tells
        return bars[0] * len(shown)
    return "".join([bars[int((value - low) * scale)] for value in shown])


def gauge(share: float, width: int, glyphs: Glyphs) -> tuple[str, str]:
    """A progress bar of `width` cells as its done and its remaining part; `share` runs from 0 to 1."""
    if width <= 0:
        return "", ""
    share = min(1.0, max(0.0, share)) if isfinite(share) else 0.0
    done = int(share * width + 1e-9)
    return glyphs.progress * done, glyphs.progress_rest * (width - done)
