"""Choose a font with a glyph for each character: Roboto, shipped with the site, or a system font.

Headlines are in a serif font, as on the pages, if one is installed that has all their characters.

The missing-glyph box (.notdef) is never drawn: a middle dot replaces characters without a glyph.
"""

import re
import struct
from collections.abc import Iterator
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from unicodedata import bidirectional, category

from fontTools.ttLib import TTFont, TTLibError
from PIL import ImageFont

_ROBOTO = Path(str(files("font_roboto"))) / "files"
REGULAR = _ROBOTO / "Roboto-Regular.ttf"
BOLD = _ROBOTO / "Roboto-Bold.ttf"
ITALIC = _ROBOTO / "Roboto-Italic.ttf"
_SERIFS = ("NotoSerif", "LiberationSerif", "DejaVuSerif")  # free fonts, the preferred one first

PLACEHOLDER = "·"  # replaces one or more characters without a glyph
_JOINERS = "\u200c\u200d\u200e\u200f"  # control how neighbours are joined and ordered
_FOLDERS = (
    *("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts"),
    *("/System/Library/Fonts", "/Library/Fonts", "~/Library/Fonts", "C:/Windows/Fonts"),
)
# Styles that look out of place in a line of Roboto are tried last.
_SPECIAL = re.compile(
    "italic|oblique|condensed|narrow|mono|serif|light|thin|black|semi", re.IGNORECASE
)
_LAST_RESORT = "lastresort"  # a macOS font with a box for every character


@cache
def system_fonts() -> tuple[Path, ...]:
    """Return the font files of this machine, plain styles first. They are searched for once."""
    files = {
        file
        for folder in _FOLDERS
        for file in _files(folder)
        if file.suffix.lower() in {".ttf", ".otf", ".ttc"}
        and not file.stem.lower().startswith(_LAST_RESORT)
    }
    return tuple(sorted(files, key=lambda file: (len(_SPECIAL.findall(file.stem)), file)))


def missing(text: str) -> str:
    """Return the visible characters without a glyph in any font, each once, in order."""
    return "".join(dict.fromkeys(char for char in text if _is_visible(char) and not _find(char)))


def printable(text: str) -> str:
    """Return the text as it is drawn. Adjacent characters without a glyph become one middle dot,
    whitespace that Roboto lacks becomes a space, other invisible characters are removed.
    """
    chars: list[str] = []
    for char in text:
        if char.isspace():
            chars.append(char if category(char) == "Zs" and _has(REGULAR, char) else " ")
        elif not _is_visible(char):
            chars.append(char if char in _JOINERS else "")
        elif _find(char):
            chars.append(char)
        elif chars[-1:] != [PLACEHOLDER]:
            chars.append(PLACEHOLDER)
    return "".join(chars)


def serif(text: str, font: Path) -> Path:
    """Return a serif font in the style of `font` with a glyph for the whole text, else `font`."""
    style = font.stem.partition("-")[2]
    names = [f"{family}-{style}" for family in _SERIFS]
    installed = [file for file in system_fonts() if file.stem in names and file.suffix == ".ttf"]
    visible = [char for char in printable(text) if _is_visible(char)]
    for file in sorted(installed, key=lambda file: names.index(file.stem)):
        if all(_has(file, char) for char in visible):
            return file
    return font


def runs(text: str, font: Path = REGULAR) -> list[tuple[str, Path]]:
    """Split the printable text into runs, each with a font file that has all its glyphs.

    A right-to-left text stays one run if any font has all of it: it is reordered as a whole.
    """
    text = printable(text)
    if any(bidirectional(char) in {"R", "AL"} for char in text):
        visible = [char for char in text if _is_visible(char)]
        for file in (font, *_fallbacks(font)):
            if all(_has(file, char) for char in visible):
                return [(text, file)]
    pieces: list[tuple[str, Path]] = []
    for char in text:
        last = pieces[-1][1] if pieces else font
        # Spaces, marks and joiners stay with the character before, to be shaped together.
        stays = char in _JOINERS or (category(char)[0] in "ZM" and _has(last, char))
        file = last if stays else _find(char, font) or font
        if pieces and file == last:
            pieces[-1] = (pieces[-1][0] + char, last)
        else:
            pieces.append((char, file))
    return pieces


def _files(folder: str) -> Iterator[Path]:
    try:
        return Path(folder).expanduser().rglob("*")
    except RuntimeError:  # the user has no home directory
        return iter(())


def _is_visible(char: str) -> bool:
    """Return whether a character is not a space, control, joiner or variation selector."""
    return not (char.isspace() or category(char) in {"Cc", "Cf"} or "\ufe00" <= char <= "\ufe0f")


@lru_cache(maxsize=8_192)
def _find(char: str, font: Path = REGULAR) -> Path | None:
    if _has(font, char):
        return font
    return next((file for file in _fallbacks(font) if _has(file, char)), None)


def _fallbacks(font: Path) -> list[Path]:
    """Return the system fonts, those of the same weight as `font` first."""
    return sorted(system_fonts(), key=lambda file: ("bold" in file.stem.lower()) != (font == BOLD))


def _has(file: Path, char: str) -> bool:
    return ord(char) in _code_points(file)


@cache
def _code_points(file: Path) -> frozenset[int]:
    """Return the code points of a font with outlines in one colour; none if it is unreadable."""
    try:
        ImageFont.truetype(file, 20)
        with TTFont(file, fontNumber=0, lazy=True) as font:
            has_outlines = "glyf" in font or "CFF " in font
            is_coloured = {"COLR", "CBDT", "sbix"} & set(font.keys())
            if not has_outlines or is_coloured:
                return frozenset()
            return frozenset(font.getBestCmap() or ())
    except (TTLibError, OSError, ValueError, KeyError, AssertionError, EOFError, struct.error):
        return frozenset()
