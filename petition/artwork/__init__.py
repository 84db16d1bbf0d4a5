"""Drawings: share card, story, QR code, poster, paper signature sheet, icons. No database.

Only `web` and `cli` use it; they pass the texts in. Drawing takes far longer than a request,
so the pages cache every result.
Begin with `card` (PNG) and `documents` (PDF).
"""

from functools import cache
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path

from petition.artwork.fonts import system_fonts
from petition.core import colours


@cache
def version_hash() -> str:
    """Return a hash of the drawing code, its libraries and the installed fonts. A drawing cached
    under another hash is out of date.
    """
    digest = blake2b(digest_size=8)
    for source in [*sorted(Path(__file__).parent.glob("*.py")), Path(colours.__file__)]:
        digest.update(source.read_bytes())
    for package in ("pillow", "fpdf2", "segno", "fonttools", "font-roboto"):
        digest.update(f"{package} {version(package)}".encode())
    digest.update("\n".join(map(str, system_fonts())).encode())
    return digest.hexdigest()
