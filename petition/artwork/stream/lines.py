"""Lines of shaped text, and the margins that the pages of a pack share. Lengths are in points."""

import re
from collections.abc import Iterator

from petition.artwork.stream.shaping import FontSet, ShapedText
from petition.artwork.stream.writer import WIDTH

MARGIN, TOP, BOTTOM = 62, 62, 70
TEXT_WIDTH = WIDTH - 2 * MARGIN
GREY = 0.35

# Between Chinese or Japanese characters a line may break; elsewhere at blanks.
_WORDS = re.compile(
    r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]|[^\s\u2e80-\u9fff\uf900-\uffef]+|\s+"
)


def start_of(left: float, width: float, line: ShapedText, size: float, at_right: bool) -> float:
    """Return where a line begins in a column, at its left or right side."""
    return left + width - line.width * size / 1000 if at_right else left


def break_lines(
    text: str, fonts: FontSet, size: float, width: float, bold: bool = False, country: str = ""
) -> Iterator[ShapedText]:
    """Yield lines that fit a width, each with as many words as it takes; long words are parted."""
    line = ""
    for word in _WORDS.findall(text):
        if fits(fonts.shape((line + word).strip(), bold, country), size, width):
            line += word
            continue
        if line.strip():
            yield fonts.shape(line.strip(), bold, country)
        line = word.strip()
        while not fits(fonts.shape(line, bold, country), size, width):
            count = next(
                n
                for n in range(len(line) - 1, 0, -1)
                if n == 1 or fits(fonts.shape(line[:n], bold, country), size, width)
            )
            yield fonts.shape(line[:count], bold, country)
            line = line[count:]
    if line.strip():
        yield fonts.shape(line.strip(), bold, country)


def fits(line: ShapedText, size: float, width: float) -> bool:
    """Return whether a line is at most so wide."""
    return line.width * size <= width * 1000
