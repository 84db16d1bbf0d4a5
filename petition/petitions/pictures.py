"""Pictures as they are handed in, made anew: what the file says of camera, place and time is left
behind, and whatever else was hidden in it.
"""

import warnings
from dataclasses import dataclass
from hashlib import blake2b
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError

from petition.core.errors import PictureInvalid

LARGEST = 5 * 1024 * 1024  # bytes handed in
MOST_PIXELS = 50_000_000  # a small file can unpack to a very large picture
KINDS = ("JPEG", "PNG", "WEBP", "AVIF")  # by their content, whatever the name says
WIDEST = 1280  # px, of a picture in the news
FACE = 480  # px, of the one beside a petition's headline
FACE_BYTES = 30_000  # so that a first visit stays under 60 kB


_UNREADABLE = (
    UnidentifiedImageError,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
    OSError,
    SyntaxError,  # Pillow's word for a broken PNG
    ValueError,
)


@dataclass(frozen=True, slots=True)
class WebPicture:
    """A picture made anew: WebP, its size in pixels, and a digest of its content."""

    content: bytes
    width: int
    height: int

    @property
    def digest(self) -> str:
        """The name under which it is served: another picture has another."""
        return blake2b(self.content, digest_size=12).hexdigest()


def make_picture(handed_in: bytes) -> WebPicture:
    """Return a picture for the news, at most 1280 px wide and high. Raises PictureRefused."""
    return _written(_read(handed_in, WIDEST), 78)


def make_portrait(handed_in: bytes) -> WebPicture:
    """Return the picture for a petition's headline, of at most 30 kB. Raises PictureRefused."""
    picture = _read(handed_in, FACE)
    for quality in (80, 70, 60, 45, 30, 15):
        made = _written(picture, quality)
        if len(made.content) <= FACE_BYTES:
            return made
    raise PictureInvalid("does not get small enough: choose a calmer one")


def _read(handed_in: bytes, most: int) -> Image.Image:
    if len(handed_in) > LARGEST:
        raise PictureInvalid("is larger than 5 MB")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(handed_in), formats=KINDS) as opened:
                if opened.width * opened.height > MOST_PIXELS:
                    raise PictureInvalid("has more than 50 million pixels")
                opened.thumbnail((most * 2, most * 2))  # a JPEG is read at a fraction of its size
                upright = ImageOps.exif_transpose(opened)
                picture = _on_white(upright)
    except _UNREADABLE as error:
        raise PictureInvalid("is no JPEG, PNG, WebP or AVIF that can be read") from error
    picture.thumbnail((most, most), Image.Resampling.LANCZOS)
    return picture


def _on_white(picture: Image.Image) -> Image.Image:
    """Return the pixels alone, on white where they are transparent; nothing else comes along."""
    seen = picture.convert("RGBA")
    paper = Image.new("RGBA", seen.size, "white")
    return Image.alpha_composite(paper, seen).convert("RGB")


def _written(picture: Image.Image, quality: int) -> WebPicture:
    file = BytesIO()
    picture.save(file, "WEBP", quality=quality, method=6)
    return WebPicture(file.getvalue(), picture.width, picture.height)
