"""A PDF of A4 pages: text, boxes, QR codes and photographs. Lengths and type sizes are in mm."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from io import BytesIO
from math import ceil
from pathlib import Path
from typing import NamedTuple
from unicodedata import category

from fpdf import FPDF
from PIL import Image, ImageDraw

from petition.artwork import canvas
from petition.artwork.card import ArtworkText
from petition.artwork.fonts import printable, runs
from petition.artwork.qr_code import dark_runs
from petition.artwork.typesetting import TextArea
from petition.core import colours

WIDTH, HEIGHT = 210, 297
_POINTS = 72 / 25.4  # per mm
_PHOTO_PIXELS = 6  # per mm of a photograph: 150 dpi
_TEXT_PIXELS = 16  # per mm of painted text: 400 dpi
_MEASURE_SIZE = 200  # px, at which painted text is measured
_INDENT = 4  # from a dash to its text


class Column(NamedTuple):
    """A vertical strip of the page, by its distances from the left edge."""

    left: float
    right: float

    @property
    def width(self) -> float:
        return self.right - self.left


@dataclass(frozen=True, slots=True)
class TextStyle:
    """The font of a text, the sizes it may have, largest first, and its colour."""

    font: Path
    sizes: Sequence[float]
    colour: str = colours.INK
    leading: float = 1.2


class PdfDocument:
    """A PDF in the making. Equal input, `created_at` included, gives equal bytes."""

    def __init__(self, text: ArtworkText, *, author: str, created_at: datetime) -> None:
        self._pdf = FPDF()
        self._pdf.set_auto_page_break(False)
        self._pdf.set_margin(0)
        self._pdf.set_title(text.headline)
        self._pdf.set_author(author)
        self._pdf.set_lang(text.language)
        self._pdf.set_creation_date(created_at)
        self._right_to_left = text.right_to_left
        self._fonts: set[str] = set()
        self._unit_widths: dict[tuple[str, Path], float] = {}  # of texts whose size is 1 mm

    def add_page(self) -> None:
        """Begin a page."""
        self._pdf.add_page()

    def content(self) -> bytes:
        """Return the file."""
        return bytes(self._pdf.output())

    def column(self, start: float, end: float) -> Column:
        """Return a column by its distances from the side of the page where lines start."""
        return Column(WIDTH - end, WIDTH - start) if self._right_to_left else Column(start, end)

    def line(
        self, column: Column, base: float, text: str, style: TextStyle, *, at_end: bool = False
    ) -> None:
        """Write one line on a base line, as large as it fits the column."""
        text, size = self._area(column.width, 0, style).fit_line(text)
        self._write(column, base, text, size, style, at_end)

    def block(
        self,
        column: Column,
        top: float,
        height: float,
        text: str,
        style: TextStyle,
        *,
        dashes: bool = False,  # one before each paragraph
        at_bottom: bool = False,
    ) -> float:
        """Write lines as large as they fit; return the base line of the last one."""
        indented = column
        if dashes:
            start, end = (0, _INDENT) if self._right_to_left else (_INDENT, 0)
            indented = Column(column.left + start, column.right - end)
        size, lines = self._area(indented.width, height, style).fit(text)
        step = size * style.leading
        last = top + height if at_bottom else top + step * (len(lines) - 1) + size * 0.72
        base = last - step * (len(lines) - 1)
        for line in lines:
            if dashes and line.begins_paragraph:
                self._write(column, base, "–", size, style, at_end=False)
            self._write(indented, base, line.text, size, style, at_end=False)
            base += step
        return last

    def upright(
        self, column: Column, bottom: float, length: float, text: str, style: TextStyle
    ) -> None:
        """Write lines that run up the page from `bottom`, the first one at the left."""
        with self._pdf.rotation(90, column.left, bottom):
            rotated = Column(column.left, column.left + length)
            self.block(rotated, bottom, column.width, text, style)

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

    def qr_code(self, x: float, y: float, side: float, modules: Sequence[bytearray]) -> None:
        """Draw a QR code without a border."""
        step = side / len(modules)
        for row_number, row in enumerate(modules):
            for start, length in dark_runs(row):
                self.fill(x + start * step, y + row_number * step, length * step, step, "#000000")

    def picture(self, x: float, y: float, width: float, height: float, photo: bytes) -> None:
        """Fill a box with a photograph, cropped to its proportions."""
        cropped = canvas.crop(photo, round(width * _PHOTO_PIXELS), round(height * _PHOTO_PIXELS))
        file = BytesIO()
        cropped.save(file, "JPEG", quality=82)  # fpdf2 embeds a JPEG unchanged
        self._pdf.image(file, x, y, width, height)

    def _write(
        self, column: Column, base: float, text: str, size: float, style: TextStyle, at_end: bool
    ) -> None:
        x = column.left
        if at_end != self._right_to_left:
            x = column.right - self._width(text, size, font=style.font)
        if self._is_painted(text, style.font):
            self._paint(x, base, text, size, style)
            return
        self._set_font(style.font, size)
        self._pdf.set_text_color(style.colour)
        self._pdf.text(x, base, _without_controls(text))

    def _is_painted(self, text: str, font: Path) -> bool:
        """Return whether a line may need letters joined or reordered: fpdf2 cannot do that."""
        return self._right_to_left or any(file != font for _, file in runs(text, font))

    def _paint(self, x: float, base: float, text: str, size: float, style: TextStyle) -> None:
        pixels = round(size * _TEXT_PIXELS)
        width = ceil(canvas.text_width(text, pixels, font=style.font)) + pixels
        picture = Image.new("RGBA", (width, 2 * pixels), f"{style.colour}00")
        at = (pixels / 2, 1.3 * pixels)
        draw = ImageDraw.Draw(picture)
        canvas.draw_text(draw, at, text, pixels, style.font, style.colour, self._right_to_left)
        scale = size / pixels
        self._pdf.image(picture, x - at[0] * scale, base - at[1] * scale, width * scale, 2 * size)

    def _area(self, width: float, height: float, style: TextStyle) -> TextArea:
        measure = partial(self._width, font=style.font)
        return TextArea(width, height, style.sizes, measure, style.leading)

    def _width(self, text: str, size: float, *, font: Path) -> float:
        unit_width = self._unit_widths.get((text, font))
        if unit_width is None:
            if self._is_painted(text, font):
                unit_width = canvas.text_width(text, _MEASURE_SIZE, font=font) / _MEASURE_SIZE
            else:
                self._set_font(font, 1)
                unit_width = float(self._pdf.get_string_width(_without_controls(text)))
            self._unit_widths[text, font] = unit_width
        return unit_width * size

    def _set_font(self, font: Path, size: float) -> None:
        if font.stem not in self._fonts:
            self._fonts.add(font.stem)
            self._pdf.add_font(font.stem, fname=font)
        self._pdf.set_font(font.stem, size=size * _POINTS)


def _without_controls(text: str) -> str:
    """Return the text without format controls, which fpdf2 would print as glyphs."""
    return "".join(char for char in printable(text) if category(char) != "Cf")
