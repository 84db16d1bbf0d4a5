"""Lines of text in a given space: as large as they can be, of even length, and never beyond it.

Sizes, widths and heights are in one unit, whichever the caller draws in.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

Measure = Callable[[str, float], float]  # a text and a size: how wide it is

_BREAKS = re.compile(r"[^\S\u00a0\u2007\u202f]+")  # not at a no-break space
# A word of one or two letters stays with the next: no line ends in "of", "в" or "и".
_SHORT = re.compile(r"(?<!\S)(\w{1,2}) (?=\w{3})")
# Nor is a short word at the end, as a year, left alone in the last line.
_LAST = re.compile(r" (?=\S{1,4}$)", re.MULTILINE)


class Line(NamedTuple):
    """One line; `opens` if it is the first of its paragraph."""

    text: str
    opens: bool


@dataclass(frozen=True, slots=True)
class Space:
    """Where a text is to fit: the sizes it may have, largest first, and from line to line
    `leading` times the size.
    """

    width: float
    height: float
    sizes: Sequence[float]
    leading: float = 1.14


@dataclass(frozen=True, slots=True)
class Block:
    """A text that has been set."""

    size: float
    lines: list[Line]


def fits(text: str, space: Space, measure: Measure) -> Block | None:
    """Set a text in the largest size at which it fits, or return None if it fits in none."""
    bound = _LAST.sub("\u00a0", _SHORT.sub("\\1\u00a0", text))
    smallest = space.sizes[-1]
    least = 0.95 * measure(text, smallest) / smallest  # letters do not grow quite evenly
    for size in space.sizes:
        if least * size > space.width * _room(size, space):
            continue  # much too large: spares the measuring of every word
        lines = _wrapped(bound, size, space, measure)
        if lines is not None and len(lines) <= _room(size, space):
            return Block(size, lines)
    return None


def fit(text: str, space: Space, measure: Measure) -> Block:
    """Set a text in the largest size at which it fits. In the smallest one, as a last resort, long
    words are broken and what is too much is cut off with an ellipsis.
    """
    block = fits(text, space, measure)
    if block is not None:
        return block
    size = space.sizes[-1]
    words = re.sub(r"[^ \n]+", lambda word: _broken(word[0], size, space, measure), text)
    lines = _lines(words, size, space, measure)
    room = _room(size, space)
    if len(lines) > room:
        lines = lines[:room]
        last = _cut(lines[-1].text + "…", space.width, size, measure)
        lines[-1] = Line(last, lines[-1].opens)
    return Block(size, lines)


def fit_line(
    text: str, width: float, sizes: Sequence[float], measure: Measure
) -> tuple[str, float]:
    """Return a text for one line and its size: the largest at which it fits, or the smallest and
    an ellipsis.
    """
    for size in sizes:
        if measure(text, size) <= width:
            return text, size
    return _cut(text, width, sizes[-1], measure), sizes[-1]


def _room(size: float, space: Space) -> int:
    """Return how many lines there is room for; the last one needs no space below it."""
    return max(1, int((space.height - size) / (size * space.leading)) + 1)


def _cut(text: str, width: float, size: float, measure: Measure) -> str:
    while len(text) > 1 and measure(text, size) > width:
        text = text.rstrip("…")[:-1].rstrip() + "…"
    return text


def _wrapped(text: str, size: float, space: Space, measure: Measure) -> list[Line] | None:
    """Return the lines, or None if one is wider than the space: for a long word, or because words
    are wider beside each other than alone, where a line as a whole takes another font.
    """
    lines = _lines(text, size, space, measure)
    return lines if all(measure(line.text, size) <= space.width for line in lines) else None


def _lines(text: str, size: float, space: Space, measure: Measure) -> list[Line]:
    gap = measure(" ", size)
    lines: list[Line] = []
    for paragraph in text.split("\n"):
        words = [word for word in _BREAKS.split(paragraph) if word]
        at = 0
        for count in _balanced([measure(word, size) for word in words], gap, space.width):
            lines.append(Line(" ".join(words[at : at + count]), at == 0))
            at += count
    return lines


def _balanced(widths: list[float], gap: float, most: float) -> list[int]:
    """Return how many words stand in each line: no more lines than needed, about equally long."""
    fewest = len(_filled(widths, gap, most))
    narrow, wide = max(widths, default=0), most
    while wide - narrow > most / 200:
        middle = (narrow + wide) / 2
        if len(_filled(widths, gap, middle)) > fewest:
            narrow = middle
        else:
            wide = middle
    return _filled(widths, gap, wide)


def _filled(widths: list[float], gap: float, most: float) -> list[int]:
    counts: list[int] = []
    taken = most
    for width in widths:
        if taken + gap + width > most:
            counts.append(0)
            taken = -gap
        counts[-1] += 1
        taken += gap + width
    return counts


def _broken(word: str, size: float, space: Space, measure: Measure) -> str:
    """Return a word in pieces none of which is wider than the space."""
    pieces = [""]
    for char in word:
        if pieces[-1] and measure(pieces[-1] + char, size) > space.width:
            pieces.append("")
        pieces[-1] += char
    return " ".join(pieces)
