"""A PDF of A4 pages in the making: text, boxes, QR code, photograph. Lengths are in mm, and so are
sizes of type.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from io import BytesIO
from math import ceil
from pathlib import Path
from typing import Literal, NamedTuple
from unicodedata import category

from fpdf import FPDF
from PIL import Image, ImageDraw, ImageOps

from petition.artwork import canvas
from petition.artwork.fonts import printable, runs
from petition.artwork.qr_code import stretches
from petition.artwork.typesetting import Space, fit, fit_line
from petition.core import colours

WIDTH, HEIGHT = 210, 297
_POINTS = 72 / 25.4  # in a millimetre
_PIXELS = 6  # of a photograph in a millimetre: 150 to the inch
_DASH = 4  # from a dash to its text
_FINE = 16  # pixels to a millimetre of painted letters: 400 to the inch
_MEASURED = 200  # px, at which painted letters are measured

Align = Literal["start", "middle", "end"]


class Span(NamedTuple):
    """From where to where across the page."""

    left: float
    right: float

    @property
    def width(self) -> float:
        return self.right - self.left


@dataclass(frozen=True, slots=True)
class TextStyle:
    """How a text looks: its face, the sizes it may have, largest first, and its colour."""

    face: Path
    sizes: Sequence[float]
    colour: str = colours.INK
    leading: float = 1.2


class PdfDocument:
    """Prints pages. `made` is the time that the file says it was made at: equal input gives equal
    bytes.
    """

    def __init__(
        self, *, title: str, author: str, language: str, made: datetime, right_to_left: bool
    ) -> None:
        self._pdf = FPDF()
        self._pdf.set_auto_page_break(False)
        self._pdf.set_margin(0)
        self._pdf.set_title(title)
        self._pdf.set_author(author)
        self._pdf.set_lang(language)
        self._pdf.set_creation_date(made)
        self._right_to_left = right_to_left
        self._faces: set[str] = set()
        self._widths: dict[tuple[str, Path], float] = {}

    def page(self) -> None:
        """Begin a page."""
        self._pdf.add_page()

    def content(self) -> bytes:
        """Return the file."""
        return bytes(self._pdf.output())

    def span(self, start: float, end: float) -> Span:
        """Return a span by its distances from the side of the page on which lines start."""
        return Span(WIDTH - end, WIDTH - start) if self._right_to_left else Span(start, end)

    def line(
        self, span: Span, base: float, text: str, kind: TextStyle, align: Align = "start"
    ) -> None:
        """Write one line on a base line, as large as it fits the span."""
        measure = partial(self._width, face=kind.face)
        shown, size = fit_line(text, span.width, kind.sizes, measure)
        self._write(span, base, shown, size, kind, align)

    def block(
        self,
        span: Span,
        top: float,
        height: float,
        text: str,
        kind: TextStyle,
        *,
        dashes: bool = False,
        at_foot: bool = False,
    ) -> float:
        """Write lines as large as they fit, from the top of the space or down to its foot, and
        return where the last one stands. With `dashes` each paragraph begins with one.
        """
        space = Space(span.width - _DASH * dashes, height, kind.sizes, kind.leading)
        block = fit(text, space, partial(self._width, face=kind.face))
        step = block.size * kind.leading
        last = top + height if at_foot else top + step * (len(block.lines) - 1) + block.size * 0.72
        base = last - step * (len(block.lines) - 1)
        indented = span
        if dashes:
            ends = (span.left, span.right - _DASH), (span.left + _DASH, span.right)
            indented = Span(*ends[not self._right_to_left])
        for line in block.lines:
            if dashes and line.opens:
                self._write(span, base, "–", block.size, kind, "start")
            self._write(indented, base, line.text, block.size, kind, "start")
            base += step
        return last

    def upright(self, span: Span, foot: float, length: float, text: str, kind: TextStyle) -> None:
        """Write lines that run up the page from its foot, from the left of the span on."""
        with self._pdf.rotation(90, span.left, foot):
            along = Span(span.left, span.left + length)
            self.block(along, foot, span.width, text, kind)

    def fill(self, x: float, y: float, width: float, height: float, colour: str) -> None:
        """Fill a box."""
        self._pdf.set_fill_color(colour)
        self._pdf.rect(x, y, width, height, style="F")

    def rule(
        self, start: tuple[float, float], end: tuple[float, float], *, dashed: bool = False
    ) -> None:
        """Draw a hairline."""
        self._pdf.set_draw_color(colours.INK)
        self._pdf.set_line_width(0.2)
        self._pdf.set_dash_pattern(dash=1.2 if dashed else 0, gap=1.2 if dashed else 0)
        self._pdf.line(*start, *end)

    def squares(self, x: float, y: float, side: float, modules: list[list[bool]]) -> None:
        """Draw a QR code; the white around it is left to who places it."""
        step = side / len(modules)
        for down, row in enumerate(modules):
            for across, length in stretches(row):
                self.fill(x + across * step, y + down * step, length * step, step, "#000000")

    def picture(self, x: float, y: float, width: float, height: float, face: bytes) -> None:
        """Fill a box with a photograph, cutting off what is too wide or too high."""
        with Image.open(BytesIO(face)) as opened:
            cut = ImageOps.fit(
                opened.convert("RGB"),
                (round(width * _PIXELS), round(height * _PIXELS)),
                Image.Resampling.LANCZOS,
                centering=(0.5, 0.35),  # where the eyes mostly are
            )
        file = BytesIO()
        cut.save(file, "JPEG", quality=82)  # it goes into the file as it is
        self._pdf.image(file, x, y, width, height)

    def _write(
        self, span: Span, base: float, text: str, size: float, kind: TextStyle, align: Align
    ) -> None:
        wide = self._width(text, size, face=kind.face)
        if align == "middle":
            x = (span.left + span.right - wide) / 2
        else:
            x = span.right - wide if (align == "end") != self._right_to_left else span.left
        if self._is_painted(text, kind.face):
            self._paint(x, base, text, size, kind)
            return
        self._set(kind.face, size)
        self._pdf.set_text_color(kind.colour)
        self._pdf.text(x, base, _plain(text))

    def _is_painted(self, text: str, face: Path) -> bool:
        """Say whether a line goes onto the page as a picture: one that is not Roboto's alone may
        need letters joined and put in order, and raqm does that where fpdf does not.
        """
        return self._right_to_left or any(file != face for _, file in runs(text, face))

    def _paint(self, x: float, base: float, text: str, size: float, kind: TextStyle) -> None:
        pixels = round(size * _FINE)
        wide = ceil(canvas.width(text, pixels, face=kind.face)) + pixels
        picture = Image.new("RGBA", (wide, 2 * pixels), f"{kind.colour}00")
        at = (pixels / 2, 1.3 * pixels)
        canvas.letter(
            ImageDraw.Draw(picture), at, text, pixels, kind.face, kind.colour, self._right_to_left
        )
        scale = size / pixels
        corner = (x - at[0] * scale, base - at[1] * scale)
        self._pdf.image(picture, *corner, wide * scale, 2 * size)

    def _width(self, text: str, size: float, *, face: Path) -> float:
        if (text, face) not in self._widths:
            self._widths[text, face] = self._width_of_one(text, face)
        return self._widths[text, face] * size

    def _width_of_one(self, text: str, face: Path) -> float:
        """Return how wide a text is whose size is 1 mm."""
        if self._is_painted(text, face):
            return canvas.width(text, _MEASURED, face=face) / _MEASURED
        self._set(face, 1)
        return float(self._pdf.get_string_width(_plain(text)))

    def _set(self, face: Path, size: float) -> None:
        if face.stem not in self._faces:
            self._faces.add(face.stem)
            self._pdf.add_font(face.stem, fname=face)
        self._pdf.set_font(face.stem, size=size * _POINTS)


def _plain(text: str) -> str:
    """Return what fpdf is to print: with nothing that only steers, for which it would print ink."""
    return "".join(char for char in printable(text) if category(char) != "Cf")
