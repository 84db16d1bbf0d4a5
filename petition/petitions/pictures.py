"""Re-encode pictures without metadata (camera, place, time) or anything else in the file."""

import warnings
from hashlib import blake2b
from io import BytesIO
from typing import Any, NamedTuple

from PIL import Image, ImageOps

from petition.core.errors import PictureInvalid

MAX_BYTES = 5 * 1024 * 1024  # bytes of an original
MAX_PIXELS = 50_000_000  # a small file can unpack to a very large picture
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF")  # by their content, whatever the name says
MAX_SIDE = 1280  # px, of a picture in an update
SCAN_SIDE = 2600  # px, of a scan: handwriting must stay legible
PORTRAIT_SIDE = 480  # px, of the portrait beside a petition's headline
PORTRAIT_MAX_BYTES = 30_000  # so that a first visit stays under 60 kB

# What Pillow raises for broken files (a SyntaxError for a PNG) and for too many pixels.
_BOMB = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_UNREADABLE = (OSError, SyntaxError, ValueError, *_BOMB)


class WebPicture(NamedTuple):
    """A re-encoded picture: WebP, its size in pixels."""

    content: bytes
    width: int
    height: int

    @property
    def digest(self) -> str:
        """The hash of the content, by which the picture is served."""
        return blake2b(self.content, digest_size=12).hexdigest()

    def columns(self) -> dict[str, Any]:
        """Return the picture by column name."""
        return {"digest": self.digest, **self._asdict()}


def make_picture(original: bytes) -> WebPicture:
    """Return a picture for an update, at most 1280 px wide and high. Raises: PictureInvalid."""
    return _encode(_decode(original, MAX_SIDE), 78)


def make_scan(original: bytes) -> WebPicture:
    """Return the scan of a sheet of paper, at most 2600 px wide and high: an A4 page at 220 dpi.

    Raises: PictureInvalid.
    """
    return _encode(_decode(original, SCAN_SIDE), 70)


def make_portrait(original: bytes) -> WebPicture:
    """Return the picture beside a headline, at most 480 px and 30 kB. Raises: PictureInvalid.

    A portrait that this function made stays as it is, so that an exported petition is imported as
    the same.
    """
    picture = _decode(original, PORTRAIT_SIDE)
    if len(original) <= PORTRAIT_MAX_BYTES and _is_bare_webp(original, picture.size):
        return WebPicture(original, *picture.size)
    for quality in (80, 70, 60, 45, 30, 15):
        portrait = _encode(picture, quality)
        if len(portrait.content) <= PORTRAIT_MAX_BYTES:
            return portrait
    raise PictureInvalid("does not get small enough: choose a calmer one")


def _is_bare_webp(original: bytes, size: tuple[int, int]) -> bool:
    """Return whether a readable file of this size is one WebP chunk of pixels and nothing else."""
    chunk, length = original[8:16], int.from_bytes(original[16:20], "little")
    if chunk != b"WEBPVP8 " or len(original) != 20 + length + length % 2:
        return False
    with Image.open(BytesIO(original)) as opened:
        return opened.size == size


def _decode(original: bytes, max_side: int) -> Image.Image:
    if len(original) > MAX_BYTES:
        raise PictureInvalid("is larger than 5 MB")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(original), formats=FORMATS) as opened:
                if opened.width * opened.height > MAX_PIXELS:
                    raise PictureInvalid("has more than 50 million pixels")
                # A JPEG is read at a fraction of its size.
                opened.thumbnail((max_side * 2, max_side * 2))
                picture = ImageOps.exif_transpose(opened).convert("RGBA")
    except _UNREADABLE as error:
        raise PictureInvalid("is no JPEG, PNG, WebP or AVIF that can be read") from error
    # Pixels alone, on white where they are transparent.
    white = Image.new("RGBA", picture.size, "white")
    picture = Image.alpha_composite(white, picture).convert("RGB")
    picture.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
    return picture


def _encode(picture: Image.Image, quality: int) -> WebPicture:
    file = BytesIO()
    picture.save(file, "WEBP", quality=quality, method=6)
    return WebPicture(file.getvalue(), *picture.size)
