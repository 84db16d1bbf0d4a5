"""The pages of a pack with the numbered names, in two columns. Lengths are in points."""

from typing import NamedTuple

from petition.artwork.stream.lines import (
    BOTTOM,
    GREY,
    MARGIN,
    TEXT_WIDTH,
    TOP,
    break_lines,
    start_of,
)
from petition.artwork.stream.shaping import FontSet, ShapedText
from petition.artwork.stream.writer import HEIGHT, Content, StreamedPdf

_GAP = 24  # between columns
_COLUMN = (TEXT_WIDTH - _GAP) / 2
_ROW = 13.2
_NUMBER_WIDTH = 34  # of a number before a name
_NAME_SIZES = (9, 8.4, 7.8, 7.2, 6.6)


class Signer(NamedTuple):
    """A line of the list: number and country in words, `code` its country by ISO 3166."""

    number: str
    name: str
    country: str
    code: str


class NamePages:
    """The numbered names, in two columns."""

    def __init__(self, pdf: StreamedPdf, fonts: FontSet, heading: str, right_to_left: bool) -> None:
        self._pdf, self._fonts = pdf, fonts
        self._heading, self._rtl = heading, right_to_left
        self._content: Content | None = None
        self._column, self._y = 0, 0.0

    def add(self, signer: Signer) -> bool:
        """Write a name; return whether a page was ended before."""
        lines, size = self._name_lines(signer)
        ended = self._make_room(len(lines) * _ROW)
        assert self._content is not None  # noqa: S101 (there is room)
        rtl = self._rtl
        column = 1 - self._column if rtl else self._column
        left = MARGIN + column * (_COLUMN + _GAP)
        number = self._fonts.shape(signer.number)
        inner = left if rtl else left + _NUMBER_WIDTH + 6
        width = _COLUMN - _NUMBER_WIDTH - 6
        at = left + _COLUMN - _NUMBER_WIDTH if rtl else left
        x = start_of(at, _NUMBER_WIDTH, number, 7, not rtl)
        self._content.text(x, self._y - _ROW, 7, number, GREY)
        country = self._fonts.shape(signer.country)
        for index, line in enumerate(lines):
            self._y -= _ROW
            x = start_of(inner, width, line, size, rtl)
            self._content.text(x, self._y, size, line)
            if index == len(lines) - 1:
                used = line.width * size / 1000 + 5
                room = max(1.0, width - used) / max(1, country.width) * 1000
                small = min(7.0, room)
                end = x - 5 - country.width * small / 1000 if rtl else x + used
                self._content.text(end, self._y, small, country, GREY)
        return ended

    def end(self) -> None:
        """End the last page."""
        if self._content is not None:
            self._pdf.add_page(self._content)
            self._content = None

    def _name_lines(self, signer: Signer) -> tuple[list[ShapedText], float]:
        """Return a name in the largest size at which it and its country fit, else in lines."""
        name = self._fonts.shape(signer.name, country=signer.code)
        country = self._fonts.shape(signer.country)
        width = _COLUMN - _NUMBER_WIDTH - 6
        for size in _NAME_SIZES:
            if name.width * size + country.width * min(size, 7) <= (width - 5) * 1000:
                return [name], size
        size = _NAME_SIZES[-1]
        lines = [*break_lines(signer.name, self._fonts, size, width, country=signer.code)]
        rest = width - 5 - lines[-1].width * size / 1000
        if country.width * 6 / 1000 > rest:  # the country goes on a line of its own
            lines.append(self._fonts.shape(""))
        return lines, size

    def _make_room(self, height: float) -> bool:
        if self._content is not None and self._y - height >= BOTTOM:
            return False
        ended = False
        if self._content is not None and self._column == 0:
            self._column, self._y = 1, HEIGHT - TOP - 22
            return False
        if self._content is not None:
            self.end()
            ended = True
        self._content, self._column, self._y = Content(), 0, HEIGHT - TOP - 22
        heading = self._fonts.shape(self._heading, bold=True)
        x = start_of(MARGIN, TEXT_WIDTH, heading, 11, self._rtl)
        self._content.text(x, HEIGHT - TOP - 8, 11, heading)
        return ended
