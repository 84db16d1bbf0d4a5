"""Text layout: break a text into balanced lines, as large as a given area allows.

Sizes, widths and heights share one unit, which the caller chooses.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

Measure = Callable[[str, float], float]  # (text, size) -> width

_BREAKS = re.compile(r"[^\S\u00a0\u2007\u202f]+")  # whitespace, except no-break spaces
# Keep a word of one or two letters with the next one: no line ends in "of", "в" or "и".
_SHORT_WORD = re.compile(r"(?<!\S)(\w{1,2}) (?=\w{3})")
# Keep a short last word, such as a year, with the one before it.
_LAST_WORD = re.compile(r" (?=\S{1,4}$)", re.MULTILINE)


class Line(NamedTuple):
    """One line of text."""

    text: str
    begins_paragraph: bool


class TextBlock(NamedTuple):
    """A text broken into lines, and the size that was chosen for it."""

    size: float
    lines: list[Line]


@dataclass(frozen=True, slots=True)
class TextArea:
    """An area for a text. `sizes` descend; lines are `leading` times the size apart."""

    width: float
    height: float
    sizes: Sequence[float]
    measure: Measure
    leading: float = 1.14

    def try_fit(self, text: str) -> TextBlock | None:
        """Set a text in the largest size at which it fits; return None if it fits in none."""
        bound = _LAST_WORD.sub("\u00a0", _SHORT_WORD.sub("\\1\u00a0", text))
        # Widths do not grow in exact proportion to the size, hence the tolerance.
        width_per_size = 0.95 * self.measure(text, self.sizes[-1]) / self.sizes[-1]
        for size in self.sizes:
            max_lines = self._max_lines(size)
            if width_per_size * size > self.width * max_lines:
                continue  # far too large: do not measure every word
            lines = self._lines(bound, size)
            # A line may be too wide although its words fit: one long word, or another font for all.
            if len(lines) <= max_lines and all(self._fits(line.text, size) for line in lines):
                return TextBlock(size, lines)
        return None

    def fit(self, text: str) -> TextBlock:
        """Like `try_fit`; the smallest size may break words and end with an ellipsis."""
        if block := self.try_fit(text):
            return block
        size = self.sizes[-1]
        text = re.sub(r"[^ \n]+", lambda word: self._break_word(word[0], size), text)
        lines = self._lines(text, size)
        last = self._max_lines(size) - 1
        if len(lines) > last + 1:
            cut = self._truncate(f"{lines[last].text}…", size)
            lines[last:] = [lines[last]._replace(text=cut)]
        return TextBlock(size, lines)

    def fit_line(self, text: str) -> tuple[str, float]:
        """Return a text for one line, cut off with an ellipsis if need be, and its size."""
        for size in self.sizes:
            if self._fits(text, size):
                return text, size
        return self._truncate(text, self.sizes[-1]), self.sizes[-1]

    def _truncate(self, text: str, size: float) -> str:
        while len(text) > 1 and not self._fits(text, size):
            text = text.rstrip("…")[:-1].rstrip() + "…"
        return text

    def _max_lines(self, size: float) -> int:
        return max(1, int((self.height - size) / (size * self.leading)) + 1)

    def _fits(self, text: str, size: float) -> bool:
        return self.measure(text, size) <= self.width

    def _lines(self, text: str, size: float) -> list[Line]:
        space = self.measure(" ", size)
        lines: list[Line] = []
        for paragraph in text.split("\n"):
            words = [word for word in _BREAKS.split(paragraph) if word]
            start = 0
            for count in _balance([self.measure(word, size) for word in words], space, self.width):
                lines.append(Line(" ".join(words[start : start + count]), start == 0))
                start += count
        return lines

    def _break_word(self, word: str, size: float) -> str:
        pieces = [""]
        for char in word:
            if pieces[-1] and not self._fits(pieces[-1] + char, size):
                pieces.append("")
            pieces[-1] += char
        return " ".join(pieces)


def _balance(widths: list[float], space: float, max_width: float) -> list[int]:
    """Return the number of words in each line: the fewest lines, of about equal width."""
    fewest = len(_fill(widths, space, max_width))
    too_narrow, enough = max(widths, default=0), max_width
    while enough - too_narrow > max_width / 200:
        middle = (too_narrow + enough) / 2
        if len(_fill(widths, space, middle)) > fewest:
            too_narrow = middle
        else:
            enough = middle
    return _fill(widths, space, enough)


def _fill(widths: list[float], space: float, max_width: float) -> list[int]:
    """Return the number of words in each line when every line takes as many as fit."""
    counts: list[int] = []
    line_width = max_width
    for width in widths:
        if line_width + space + width > max_width:
            counts.append(0)
            line_width = -space
        counts[-1] += 1
        line_width += space + width
    return counts
