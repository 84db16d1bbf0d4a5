"""What is drawn: share card, story, QR code, poster, paper signature sheet."""

from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path

from petition.artwork.fonts import system_fonts
from petition.core import colours


@cache
def edition() -> str:
    """Return a name for what draws as it is now, the libraries and all fonts too: a drawing kept by
    another is out of date, as one with a dot is where a font has come that has the letter.
    """
    digest = blake2b(digest_size=8)
    for source in [*sorted(Path(__file__).parent.glob("*.py")), Path(colours.__file__)]:
        digest.update(source.read_bytes())
    for package in ("pillow", "fpdf2", "segno", "fonttools", "font-roboto"):
        digest.update(f"{package} {version(package)}".encode())
    digest.update("\n".join(map(str, system_fonts())).encode())
    return digest.hexdigest()
