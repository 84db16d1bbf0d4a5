"""Which font has a glyph for a character: Roboto, which comes with the site, or one of the machine.

A box (.notdef) is never drawn: what no font can show becomes a middle dot, and `missing` names it.
"""

import re
import struct
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files
from itertools import chain
from pathlib import Path
from unicodedata import bidirectional, category

from fontTools.ttLib import TTFont, TTLibError
from PIL import ImageFont

_ROBOTO = Path(str(files("font_roboto"))) / "files"
REGULAR = _ROBOTO / "Roboto-Regular.ttf"
BOLD = _ROBOTO / "Roboto-Bold.ttf"
ITALIC = _ROBOTO / "Roboto-Italic.ttf"

UNSEEN = "·"  # stands for one or more characters that no font has
_JOINERS = "\u200c\u200d\u200e\u200f"  # they shape and order what stands beside them
_FOLDERS = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "~/.fonts",
    "~/.local/share/fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "~/Library/Fonts",
    "C:/Windows/Fonts",
)
# Cuts that look out of place within a line of Roboto come last.
_SPECIAL = re.compile(
    "italic|oblique|condensed|narrow|mono|serif|light|thin|black|semi", re.IGNORECASE
)
# It has a box for every character, which is what must not be drawn.
_LAST_RESORT = "lastresort"


@cache
def system_fonts() -> tuple[Path, ...]:
    """Return the font files of this machine, plain cuts first. They are searched for once."""
    found = {
        file
        for folder in _FOLDERS
        for file in _within(folder)
        if file.suffix.lower() in {".ttf", ".otf", ".ttc"}
        and not file.stem.lower().startswith(_LAST_RESORT)
    }
    return tuple(sorted(found, key=lambda file: (len(_SPECIAL.findall(file.stem)), file)))


def missing(text: str) -> str:
    """Return the characters that no font here can show, each once, in order. Whitespace and
    characters that only steer others are never among them.
    """
    return "".join(dict.fromkeys(char for char in text if _is_inked(char) and not _has_font(char)))


def printable(text: str) -> str:
    """Return the text as it is drawn: what no font can show is one middle dot for each stretch, a
    line break or a space that Roboto lacks is a plain space, and what has no ink is left out.
    """
    shown: list[str] = []
    for char in text:
        if char.isspace():
            shown.append(char if category(char) == "Zs" and _has(REGULAR, char) else " ")
        elif not _is_inked(char):
            shown.append(char if char in _JOINERS else "")
        elif _has_font(char):
            shown.append(char)
        elif shown[-1:] != [UNSEEN]:
            shown.append(UNSEEN)
    return "".join(shown)


def runs(text: str, face: Path = REGULAR) -> list[tuple[str, Path]]:
    """Return the printable text in pieces, each with the font file that has all its glyphs: `face`
    where it can. A text written right to left is one piece if any font has all of it, so that it
    can be put in order as a whole. Raises nothing.
    """
    shown = printable(text)
    if any(bidirectional(char) in {"R", "AL"} for char in shown):
        inked = [char for char in shown if _is_inked(char)]
        for file in (face, *_fallbacks(face)):
            if all(_has(file, char) for char in inked):
                return [(shown, file)]
    pieces: list[tuple[str, Path]] = []
    for char in shown:
        last = pieces[-1][1] if pieces else face
        # Spaces, marks and joiners stay with what they follow, so that it is shaped together.
        stays = char in _JOINERS or (category(char)[0] in "ZM" and _has(last, char))
        font = last if stays else _font(char, face) or face
        if pieces and font == last:
            pieces[-1] = (pieces[-1][0] + char, last)
        else:
            pieces.append((char, font))
    return pieces


def _within(folder: str) -> Iterator[Path]:
    try:
        return Path(folder).expanduser().rglob("*")
    except RuntimeError:  # who runs this has no home
        return iter(())


def _is_inked(char: str) -> bool:
    """Say whether a character shows: not a space, a control, a joiner or a choice of variant."""
    return not (char.isspace() or category(char) in {"Cc", "Cf"} or "\ufe00" <= char <= "\ufe0f")


def _has_font(char: str) -> bool:
    return _font(char, REGULAR) is not None


@lru_cache(maxsize=8_192)
def _font(char: str, face: Path) -> Path | None:
    return next((file for file in chain((face,), _fallbacks(face)) if _has(file, char)), None)


def _fallbacks(face: Path) -> Iterator[Path]:
    """Yield the machine's fonts, those as bold as the face first."""
    bold = face == BOLD
    yield from sorted(system_fonts(), key=lambda file: ("bold" in file.stem.lower()) != bold)


def _has(file: Path, char: str) -> bool:
    return ord(char) in _reach(file)


@cache
def _reach(file: Path) -> frozenset[int]:
    """Return the code points of a font that are drawn in one colour; none if it cannot be read."""
    try:
        ImageFont.truetype(file, 20)
        with TTFont(file, fontNumber=0, lazy=True) as font:
            drawn = "glyf" in font or "CFF " in font
            coloured = {"COLR", "CBDT", "sbix"} & set(font.keys())
            if not drawn or coloured:
                return frozenset()
            return frozenset(font.getBestCmap() or ())
    except (TTLibError, OSError, ValueError, KeyError, AssertionError, EOFError, struct.error):
        return frozenset()
