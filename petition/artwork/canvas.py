"""Raster drawing with Pillow: boxes, text and a photograph on a page; the result is a small PNG."""

from collections.abc import Sequence
from functools import cache, lru_cache, partial
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps, features

from petition.artwork.fonts import runs
from petition.artwork.typesetting import TextArea
from petition.core import colours

MAX_BYTES = 299_000
_CAP_HEIGHT = 0.711  # of Roboto, as a share of the font size
_MIN_SIZE = 18  # px: still readable on a phone
_TEXT_COLOURS = 96  # colours of the palette for everything but the photograph


class Box(NamedTuple):
    """A rectangle in px, right and bottom exclusive."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top


class Canvas:
    """A page in the colour of paper; `size` is its width and height in px."""

    def __init__(self, size: tuple[int, int], right_to_left: bool, centred: bool) -> None:
        self._image = Image.new("RGB", size, colours.PAPER)
        self._draw = ImageDraw.Draw(self._image)
        self._right_to_left = right_to_left
        self._centred = centred

    def fill(self, box: Box, colour: str) -> None:
        """Fill a box."""
        self._draw.rectangle((box.left, box.top, box.right - 1, box.bottom - 1), colour)

    def cross(self, box: Box, colour: str) -> None:
        """Draw a cross from corner to corner."""
        left, top, right, bottom = box
        for line in ((left, top, right, bottom), (left, bottom, right, top)):
            self._draw.line(line, colour, max(3, box.width // 7))

    def split(self, box: Box, side: int) -> tuple[Box, Box]:
        """Split a box into a square at its bottom, where lines start, and the rest beside it."""
        gap = side // 2 + 4
        square = box._replace(top=box.bottom - side)
        if self._right_to_left:
            square = square._replace(left=box.right - side)
            return square, box._replace(right=square.left - gap)
        square = square._replace(right=box.left + side)
        return square, box._replace(left=square.right + gap)

    def line(self, box: Box, text: str, font: Path, colour: str) -> None:
        """Write one line, its capitals as high as the box, or smaller to fit the width."""
        sizes = range(round(box.height / _CAP_HEIGHT), _MIN_SIZE - 1, -1)
        text, size = _area(box, sizes, font).fit_line(text)
        self._write(box, box.bottom, text, size, font, colour)

    def block(
        self, places: Sequence[tuple[Box, int, int]], text: str, font: Path, colour: str
    ) -> None:
        """Write lines in the first of the (box, largest size, smallest size) where they fit."""
        for box, largest, smallest in places:
            area = _area(box, range(largest, smallest - 1, -2), font)
            if block := area.try_fit(text):
                break
        else:
            block = area.fit(text)
        step = block.size * area.leading
        base = box.bottom - step * (len(block.lines) - 1)
        if self._centred:
            base -= (base - _CAP_HEIGHT * block.size - box.top) / 2
        for number, line in enumerate(block.lines):
            self._write(box, base + number * step, line.text, block.size, font, colour)

    def picture(self, box: Box, photo: bytes) -> None:
        """Fill a box with a photograph, cropped to its proportions."""
        self._image.paste(crop(photo, box.width, box.height), (box.left, box.top))

    def png(self, photo_box: Box | None) -> bytes:
        """Return a PNG of less than 300 kB; the photograph is reduced as far as that takes."""
        if photo_box is None:
            return _png(self._image)
        for max_colours, blur in ((160, 0), (64, 1), (32, 3), (16, 8)):
            content = _png(_reduce(self._image, photo_box, max_colours, blur))
            if len(content) <= MAX_BYTES:
                break
        return content

    def _write(
        self, box: Box, base: float, text: str, size: float, font: Path, colour: str
    ) -> None:
        width = text_width(text, size, font=font)
        x = box.right - width if self._right_to_left else box.left
        if self._centred:
            x = box.left + (box.width - width) / 2
        draw_text(self._draw, (x, base), text, size, font, colour, self._right_to_left)


def text_width(text: str, size: float, *, font: Path) -> float:
    """Return the width of a text in px."""
    return sum(_load(file, size).getlength(run) for run, file in runs(text, font))


def draw_text(
    draw: ImageDraw.ImageDraw,
    at: tuple[float, float],
    text: str,
    size: float,
    font: Path,
    colour: str,
    right_to_left: bool,
) -> None:
    """Draw a text; `at` is the left end of its base line."""
    x, base = at
    direction = ("rtl" if right_to_left else "ltr") if _has_raqm() else None
    pieces = runs(text, font)
    for run, file in reversed(pieces) if right_to_left else pieces:
        loaded = _load(file, size)
        draw.text((x, base), run, colour, loaded, anchor="ls", direction=direction)
        x += loaded.getlength(run)


def crop(photo: bytes, width: int, height: int) -> Image.Image:
    """Return a photograph scaled and cropped to a size in px."""
    eyes = (0.5, 0.35)  # where they usually are
    with Image.open(BytesIO(photo)) as image:
        whole = image.convert("RGB")
    return ImageOps.fit(whole, (width, height), Image.Resampling.LANCZOS, centering=eyes)


@cache
def _has_raqm() -> bool:
    """Return whether Pillow can order and join letters of every script."""
    return bool(features.check("raqm"))


def _area(box: Box, sizes: Sequence[float], font: Path) -> TextArea:
    return TextArea(box.width, box.height, sizes, partial(text_width, font=font))


@lru_cache(maxsize=256)
def _load(file: Path, size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(file, size)


def _reduce(image: Image.Image, photo_box: Box, max_colours: int, blur: int) -> Image.Image:
    """Return the image in a palette; only the photograph loses colours and sharpness."""
    photograph = image.crop(photo_box)
    if blur:
        photograph = photograph.filter(ImageFilter.GaussianBlur(blur))
    photograph = photograph.quantize(max_colours)
    page = image.copy()
    page.paste(colours.PAPER, photo_box)
    page = page.quantize(_TEXT_COLOURS)
    size = 3 * _TEXT_COLOURS
    palette = bytes(page.getpalette() or ())[:size].ljust(size, b"\0")
    page.putpalette(palette + bytes(photograph.getpalette() or ()))
    page.paste(photograph.point([min(i + _TEXT_COLOURS, 255) for i in range(256)]), photo_box)
    return page


def _png(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
