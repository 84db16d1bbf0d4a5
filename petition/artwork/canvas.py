"""A picture in the making: boxes, lines of text, a photograph; at the end a small PNG."""

from collections.abc import Sequence
from functools import cache, lru_cache, partial
from io import BytesIO
from pathlib import Path
from typing import Literal, NamedTuple

from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps, features

from petition.artwork.fonts import runs
from petition.artwork.typesetting import Space, fit, fit_line, fits
from petition.core import colours

Align = Literal["start", "middle"]

MOST_BYTES = 299_000
_CAPITAL = 0.711  # height of Roboto's capitals, of the font's size
_SMALLEST = 18  # px: what is still read on a telephone
_REST = 96  # colours of a palette that are not the photograph's


class Box(NamedTuple):
    """A rectangle in px; right and bottom lie outside it. Text fills it from the top of the
    capitals to the base line.
    """

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
    """A sheet of paper of so many px. `align` is start or middle; where a line starts depends on
    the way the language is written.
    """

    def __init__(self, size: tuple[int, int], right_to_left: bool, align: Align) -> None:
        self._image = Image.new("RGB", size, colours.PAPER)
        self._draw = ImageDraw.Draw(self._image)
        self._right_to_left = right_to_left
        self._align = align

    def fill(self, box: Box, colour: str) -> None:
        """Paint a box."""
        self._draw.rectangle((box.left, box.top, box.right - 1, box.bottom - 1), colour)

    def cross(self, box: Box, colour: str) -> None:
        """Paint a cross from corner to corner."""
        left, top, right, bottom = box
        for start, end in (((left, top), (right, bottom)), ((left, bottom), (right, top))):
            self._draw.line((start, end), colour, max(3, box.width // 7))

    def beside(self, box: Box, side: int) -> tuple[Box, Box]:
        """Divide a box into a square at the foot of its starting side, and the rest."""
        gap = side // 2 + 4
        top = box.bottom - side
        if self._right_to_left:
            square = Box(box.right - side, top, box.right, box.bottom)
            return square, box._replace(right=square.left - gap)
        square = Box(box.left, top, box.left + side, box.bottom)
        return square, box._replace(left=square.right + gap)

    def line(self, box: Box, text: str, face: Path, colour: str) -> None:
        """Write one line, its capitals as high as the box or smaller if it gets too wide."""
        sizes = range(round(box.height / _CAPITAL), _SMALLEST - 1, -1)
        shown, size = fit_line(text, box.width, sizes, partial(width, face=face))
        self._write(box, box.bottom, shown, size, face, colour)

    def block(
        self, places: Sequence[tuple[Box, int, int]], text: str, face: Path, colour: str
    ) -> None:
        """Write lines in the first place in which they fit, each given as a box, the largest and
        the smallest size. They stand at the foot of it, or in the middle if they are centred.
        """
        measure = partial(width, face=face)
        for box, largest, smallest in places:
            space = Space(box.width, box.height, range(largest, smallest - 1, -2))
            block = fits(text, space, measure)
            if block:
                break
        else:
            block = fit(text, space, measure)
        step = block.size * space.leading
        base = box.bottom - step * (len(block.lines) - 1)
        if self._align == "middle":
            base -= (base - _CAPITAL * block.size - box.top) / 2
        for number, line in enumerate(block.lines):
            self._write(box, base + number * step, line.text, block.size, face, colour)

    def picture(self, box: Box, face: bytes) -> None:
        """Fill a box with a photograph, cutting off what is too wide or too high."""
        with Image.open(BytesIO(face)) as opened:
            cut = ImageOps.fit(
                opened.convert("RGB"),
                (box.width, box.height),
                Image.Resampling.LANCZOS,
                centering=(0.5, 0.35),  # where the eyes mostly are
            )
        self._image.paste(cut, (box.left, box.top))

    def png(self, photograph: Box | None) -> bytes:
        """Return the picture in less than 300 kB, the photograph in it as coarse as it takes."""
        if photograph is None:
            return _png(self._image)
        for few, blur in ((160, 0), (64, 1), (32, 3), (16, 8)):
            content = _png(_coarser(self._image, photograph, few, blur))
            if len(content) <= MOST_BYTES:
                break
        return content

    def _write(
        self, box: Box, base: float, text: str, size: float, face: Path, colour: str
    ) -> None:
        wide = width(text, size, face=face)
        if self._align == "middle":
            x = box.left + (box.width - wide) / 2
        else:
            x = box.right - wide if self._right_to_left else box.left
        letter(self._draw, (x, base), text, size, face, colour, self._right_to_left)


def width(text: str, size: float, *, face: Path) -> float:
    """Return how wide a text is, in px."""
    return sum(_font(file, size).getlength(run) for run, file in runs(text, face))


def letter(
    draw: ImageDraw.ImageDraw,
    at: tuple[float, float],
    text: str,
    size: float,
    face: Path,
    colour: str,
    right_to_left: bool,
) -> None:
    """Draw a text, its left end on the base line at a point."""
    x, base = at
    direction = ("rtl" if right_to_left else "ltr") if _shapes() else None
    pieces = runs(text, face)
    for run, file in reversed(pieces) if right_to_left else pieces:
        font = _font(file, size)
        draw.text((x, base), run, colour, font, anchor="ls", direction=direction)
        x += font.getlength(run)


@cache
def _shapes() -> bool:
    """Say whether Pillow can put letters in order and join them (raqm)."""
    return bool(features.check("raqm"))


@lru_cache(maxsize=256)
def _font(file: Path, size: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(file, size)


def _coarser(image: Image.Image, photograph: Box, few: int, blur: int) -> Image.Image:
    """Return the picture in a palette, the photograph in it with few colours and blurred by so many
    px. Text and fields keep their colours.
    """
    photo = image.crop(photograph)
    if blur:
        photo = photo.filter(ImageFilter.GaussianBlur(blur))
    rest = image.copy()
    rest.paste(colours.PAPER, photograph)
    both = rest.quantize(_REST)
    coarse = photo.quantize(few)
    table = (both.getpalette() or [])[: 3 * _REST]
    table += [0] * (3 * _REST - len(table))
    both.putpalette(table + (coarse.getpalette() or []))
    both.paste(coarse.point([min(index + _REST, 255) for index in range(256)]), photograph)
    return both


def _png(image: Image.Image) -> bytes:
    file = BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
