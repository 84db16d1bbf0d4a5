"""The PDF that is handed over: letter, totals, organisations, how it was verified, names.

Lengths are in points.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from petition.artwork.stream.lines import (
    BOTTOM,
    GREY,
    MARGIN,
    TEXT_WIDTH,
    TOP,
    break_lines,
    start_of,
)
from petition.artwork.stream.name_pages import NamePages, Signer
from petition.artwork.stream.shaping import FontSet, ShapedText
from petition.artwork.stream.writer import HEIGHT, Content, StreamedPdf

_FOOT = 40
_BODY, _SMALL, _HEADING = 10.5, 8.5, 15
_LEADING = 1.4


@dataclass(frozen=True, slots=True, kw_only=True)
class PackText:
    """The texts of a pack, in `language`. Paragraphs are separated by line breaks."""

    language: str
    right_to_left: bool
    title: str
    target: str
    organiser: str
    address: str
    date: str
    counted: str
    letter_heading: str
    letter: str
    demands: Sequence[str]
    totals_heading: str
    totals: Sequence[tuple[str, str]]
    countries_heading: str
    countries: Sequence[tuple[str, str]]
    organisations_heading: str
    organisations: Sequence[str]
    verified_heading: str
    verified: str
    hash_label: str
    sha256: str
    names_heading: str
    foot: Callable[[int, int], str]
    created_at: datetime


def write(text: PackText, signers: Iterable[Signer]) -> Iterator[bytes]:
    """Yield the file in pieces. Equal input gives equal bytes."""
    pdf, fonts = StreamedPdf(), FontSet()
    page = _Page(pdf, fonts, text.right_to_left)
    _write_cover(page, text)
    _write_front(page, text)
    page.end()
    names = NamePages(pdf, fonts, text.names_heading, text.right_to_left)
    for signer in signers:
        if names.add(signer):
            yield pdf.take()
    names.end()

    def foot(number: int, total: int) -> Content:
        content = Content()
        content.rule(MARGIN, _FOOT + 14, TEXT_WIDTH)
        title = fonts.shape(text.foot(number, total))
        content.text(
            start_of(MARGIN, TEXT_WIDTH, title, _SMALL, text.right_to_left),
            _FOOT,
            _SMALL,
            title,
            GREY,
        )
        return content

    yield from pdf.finish(
        fonts.used,
        foot,
        title=text.title,
        author=text.organiser,
        language=text.language,
        created_at=text.created_at,
    )


class _Page:
    """Text from the top of a page on, and on further pages."""

    def __init__(self, pdf: StreamedPdf, fonts: FontSet, right_to_left: bool) -> None:
        self._pdf, self._fonts, self._rtl = pdf, fonts, right_to_left
        self._content, self._y = Content(), HEIGHT - TOP
        self._is_empty = True

    def paragraph(
        self,
        text: str,
        size: float = _BODY,
        *,
        bold: bool = False,
        grey: float = 0,
        after: float = 0.6,
    ) -> None:
        """Write a paragraph in lines, and leave room after it, in lines."""
        for line in self._lines(text, size, bold):
            self._step(size * _LEADING)
            x = start_of(MARGIN, TEXT_WIDTH, line, size, self._rtl)
            self._content.text(x, self._y, size, line, grey)
        self._y -= after * size * _LEADING

    def heading(self, text: str) -> None:
        """Write a heading that stays with at least three lines of what it heads."""
        if self._y - 5 * _BODY * _LEADING < BOTTOM:
            self.end()
        self._y -= 0 if self._is_empty else 10
        self.paragraph(text, _HEADING, bold=True, after=0.5)

    def row(self, label: str, value: str) -> None:
        """Write a row of a table with two columns."""
        size = _BODY
        words, number = self._fonts.shape(label), self._fonts.shape(value)
        self._step(size * 1.6)
        self._content.text(
            start_of(MARGIN, TEXT_WIDTH, words, size, self._rtl), self._y, size, words
        )
        x = start_of(MARGIN, TEXT_WIDTH, number, size, not self._rtl)
        self._content.text(x, self._y, size, number)
        self._content.rule(MARGIN, self._y - 4, TEXT_WIDTH)

    def space(self, height: float) -> None:
        """Leave room."""
        self._y -= height

    def end(self) -> None:
        """End the page, unless nothing is on it."""
        if not self._is_empty:
            self._pdf.add_page(self._content)
        self._content, self._y, self._is_empty = Content(), HEIGHT - TOP, True

    def _step(self, height: float) -> None:
        if self._y - height < BOTTOM:
            self.end()
        self._y -= height
        self._is_empty = False

    def _lines(self, text: str, size: float, bold: bool) -> Iterator[ShapedText]:
        for paragraph in text.split("\n"):
            yield from break_lines(paragraph, self._fonts, size, TEXT_WIDTH, bold)


def _write_cover(page: _Page, text: PackText) -> None:
    page.space(150)
    page.paragraph(text.target, 15, grey=GREY, after=0.5)
    page.paragraph(text.title, 28, bold=True, after=0.7)
    page.paragraph(text.counted, 22, after=0.3)
    page.space(30)
    page.paragraph(text.organiser, 12, after=0.1)
    page.paragraph(text.address, 12, after=0.1)
    page.paragraph(text.date, 12)
    page.end()


def _write_front(page: _Page, text: PackText) -> None:
    page.heading(text.letter_heading)
    for paragraph in filter(None, text.letter.split("\n")):
        page.paragraph(paragraph)
    for number, demand in enumerate(text.demands, start=1):
        page.paragraph(f"{number}. {demand}", bold=True, after=0.4)
    page.end()
    page.heading(text.totals_heading)
    for label, value in text.totals:
        page.row(label, value)
    page.space(20)
    page.heading(text.countries_heading)
    for label, value in text.countries:
        page.row(label, value)
    page.space(20)
    if text.organisations:
        page.heading(text.organisations_heading)
        for organisation in text.organisations:
            page.paragraph(organisation, after=0.2)
        page.space(14)
    page.heading(text.verified_heading)
    for paragraph in text.verified.split("\n"):
        page.paragraph(paragraph)
    page.paragraph(text.hash_label, after=0.1)
    page.paragraph(text.sha256, 9.5)
