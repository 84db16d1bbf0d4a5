"""Icons that browsers ask for by name: the signature of static/icon.svg on the site's colour."""

from collections.abc import Iterator
from io import BytesIO

from PIL import Image, ImageDraw

_SIDE = 32.0  # of the drawing, in its own units
_PAPER = "#fbf9f4"
_LINE = ((6.0, 23.0), (26.0, 23.0))
# The signature: where it begins, and each curve's two control points and end (cubic Bézier).
_START = (8.0, 19.0)
_CURVES = (
    ((11, 10), (14, 7), (16, 8)),
    ((18, 9), (12, 17), (14, 19)),
    ((16, 21), (19, 14), (21, 14)),
    ((23, 14), (20, 19), (22, 19)),
    ((24, 19), (24, 17), (25, 16)),
)
_STEPS = 60  # of a curve
_FINER = 4  # drawn so much larger, then reduced

TOUCH_SIDE = 180  # px, of the icon on a phone's home screen
FAVICON_SIDES = (16, 32, 48)  # px


def touch_icon(*, colour: str) -> bytes:
    """Return the icon for a phone's home screen as PNG."""
    return _save(_draw(TOUCH_SIDE, colour), "PNG", optimize=True)


def favicon(*, colour: str) -> bytes:
    """Return the icon of tabs and bookmarks as ICO in three sizes."""
    icons = [_draw(side, colour) for side in FAVICON_SIDES]
    sizes = [icon.size for icon in icons]
    return _save(icons[-1], "ICO", sizes=sizes, append_images=icons[:-1])


def _draw(side: int, colour: str) -> Image.Image:
    scale = side * _FINER / _SIDE
    image = Image.new("RGB", (side * _FINER, side * _FINER), colour)
    draw = ImageDraw.Draw(image)
    for x, y in _stroke():
        draw.ellipse([(x - 1) * scale, (y - 1) * scale, (x + 1) * scale, (y + 1) * scale], _PAPER)
    return image.resize((side, side), Image.Resampling.BOX)


def _stroke() -> Iterator[tuple[float, float]]:
    """Yield points so close that circles around them make the lines, with round ends."""
    (left, y), (right, _) = _LINE
    for step in range(_STEPS + 1):
        yield left + (right - left) * step / _STEPS, y
    x0, y0 = _START
    for (x1, y1), (x2, y2), (x3, y3) in _CURVES:
        for step in range(_STEPS + 1):
            t = step / _STEPS
            a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
            yield a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3
        x0, y0 = x3, y3


def _save(image: Image.Image, kind: str, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()
