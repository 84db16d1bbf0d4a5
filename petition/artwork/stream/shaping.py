"""Text as glyphs: a font for each character, joined and ordered as its script wants.

Fonts are Roboto, then Noto Sans for other scripts, which packages ship, then those of the system.
HarfBuzz shapes runs of one font and direction, and cuts out the glyphs that were used at the end.
"""

from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple
from unicodedata import bidirectional, category

import uharfbuzz as hb
from fpdf.bidi import BidiParagraph

from petition.artwork import fonts
from petition.artwork.stream.font import PdfFont

REGULAR_WEIGHT, BOLD_WEIGHT = 400, 700
MEMORY = 2_000  # shaped texts, such as names of countries

# The glyphs of Chinese characters differ by country; the font has five sets of them.
_CJK = "NotoSansCJK-VF.otf.ttc"
_CJK_SETS = {"JP": 0, "KR": 1, "KP": 1, "TW": 3, "HK": 4, "MO": 4}
_CJK_SIMPLIFIED = 2
_RIGHT_TO_LEFT = {"R", "AL", "RLE", "RLO", "RLI"}


class _Glyph(NamedTuple):
    id: int
    advance: int
    x_offset: int
    y_offset: int
    width: int  # that readers of the file advance by


@dataclass(frozen=True, slots=True)
class Run:
    """Glyphs of one font, from left to right, in 1/1000 of the size."""

    font: PdfFont
    glyphs: tuple[_Glyph, ...]
    text: str = ""  # if the glyphs one by one do not tell it
    width: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "width", sum(glyph.advance for glyph in self.glyphs))

    def shown(self, size: float) -> str:
        """Return the instruction that draws the glyphs where HarfBuzz puts them."""
        instructions: list[str] = []
        parts: list[str] = []
        codes = ""
        rise = shift = 0
        for glyph in self.glyphs:
            shift += glyph.x_offset
            if glyph.y_offset != rise:
                parts, codes = _close(parts, codes)
                instructions += [_array(parts), f"{glyph.y_offset * size / 1000:.2f} Ts"]
                parts, rise = [], glyph.y_offset
            if shift:
                parts, codes = _close(parts, codes)
                parts.append(str(-shift))
            codes += f"{glyph.id:04X}"
            shift = glyph.advance - glyph.width - glyph.x_offset
        parts, _ = _close(parts, codes)
        instructions.append(_array(parts))
        if rise:
            instructions.append("0 Ts")
        shown = " ".join(filter(None, instructions))
        if not self.text:
            return shown
        actual = self.text.encode("utf-16-be").hex().upper()
        return f"/Span<</ActualText<FEFF{actual}>>>BDC {shown} EMC"


def _close(parts: list[str], codes: str) -> tuple[list[str], str]:
    return ([*parts, f"<{codes}>"] if codes else parts), ""


def _array(parts: list[str]) -> str:
    if len(parts) == 1 and parts[0].startswith("<"):
        return f"{parts[0]} Tj"
    return f"[{''.join(parts)}] TJ" if parts else ""


class ShapedText(NamedTuple):
    """Runs from left to right, and their width in 1/1000 of the size."""

    runs: tuple[Run, ...]
    width: int


class FontSet:
    """The fonts of a file: each is opened when a character needs it."""

    def __init__(self) -> None:
        self._fonts: dict[tuple[Path, int, int], PdfFont] = {}
        self.shape = lru_cache(maxsize=MEMORY)(self._shape)
        self._find = lru_cache(maxsize=20_000)(self._find_font)

    @property
    def used(self) -> list[PdfFont]:
        """The fonts that were opened."""
        return [*self._fonts.values()]

    def _shape(self, text: str, bold: bool = False, country: str = "") -> ShapedText:
        """Return a line of text as glyphs. `country` chooses among forms of Chinese characters."""
        runs: list[Run] = []
        for part, direction in _in_visual_order(_visible(text)):
            split = self._split(part, bold, country)
            runs += [
                self._shape_run(run, font, direction)
                for run, font in (split if direction == "ltr" else reversed(split))
            ]
        return ShapedText(tuple(runs), sum(run.width for run in runs))

    def _split(self, text: str, bold: bool, country: str) -> list[tuple[str, PdfFont]]:
        """Split a text by font. Marks, joiners and blanks stay with what is before them."""
        pieces: list[tuple[str, PdfFont]] = []
        for char in text:
            last = pieces[-1][1] if pieces else None
            stays = category(char)[0] in "MZ" or category(char) == "Cf"
            font = last if last and stays and (category(char) == "Cf" or last.has(char)) else None
            font = font or self._find(char, bold, country)
            if pieces and font is last:
                pieces[-1] = (pieces[-1][0] + char, font)
            else:
                pieces.append((char, font))
        return pieces

    def _find_font(self, char: str, bold: bool, country: str) -> PdfFont:
        weight = BOLD_WEIGHT if bold else REGULAR_WEIGHT
        for path in _font_files(bold):
            index = _CJK_SETS.get(country, _CJK_SIMPLIFIED) if path.name == _CJK else 0
            if ord(char) in _code_points(path):
                return self._open(path, index, weight)
        return self._open(_font_files(bold)[0], 0, weight)

    def _open(self, path: Path, index: int, weight: int) -> PdfFont:
        key = (path, index, weight)
        if key not in self._fonts:
            self._fonts[key] = PdfFont(len(self._fonts) + 1, path, index, weight)
        return self._fonts[key]

    @staticmethod
    def _shape_run(text: str, font: PdfFont, direction: str) -> Run:
        buffer = hb.Buffer()
        buffer.add_str(text)
        buffer.guess_segment_properties()
        buffer.direction = direction
        hb.shape(font.font, buffer)
        infos, positions = buffer.glyph_infos, buffer.glyph_positions
        starts = sorted({info.cluster for info in infos})
        ends = dict(zip(starts, [*starts[1:], len(text)], strict=True))
        told: set[int] = set()
        glyphs, is_told = [], True
        for info, position in zip(infos, positions, strict=True):
            cluster = "" if info.cluster in told else text[info.cluster : ends[info.cluster]]
            told.add(info.cluster)
            is_told &= font.use(info.codepoint, cluster)
            advance, x_offset, y_offset = (
                round(value * font.scale)
                for value in (position.x_advance, position.x_offset, position.y_offset)
            )
            width = font.width(info.codepoint)
            glyphs.append(_Glyph(info.codepoint, advance, x_offset, y_offset, width))
        return Run(font, tuple(glyphs), "" if is_told else text)


def _visible(text: str) -> str:
    """Return a text with a dot for each character that no font has, as other drawings do."""
    return "".join(
        char if _is_drawn(char) else (" " if char.isspace() else fonts.PLACEHOLDER) for char in text
    )


@lru_cache(maxsize=20_000)
def _is_drawn(char: str) -> bool:
    if category(char) == "Cf":
        return True  # a joiner, or a mark of direction
    return any(ord(char) in _code_points(path) for path in _font_files(False))


def _in_visual_order(text: str) -> list[tuple[str, str]]:
    """Return runs of one direction, from left to right, by the Unicode bidirectional algorithm."""
    if not any(bidirectional(char) in _RIGHT_TO_LEFT for char in text):
        return [(text, "ltr")] if text else []
    characters = BidiParagraph(text).characters
    levels = [(one.embedding_level, one.character) for one in characters]
    runs = [
        (level, "".join(char for _, char in run)) for level, run in groupby(levels, itemgetter(0))
    ]
    # UAX #9, L2: from the highest level to the lowest odd one, reverse what is at least as high.
    for level in range(max(run[0] for run in runs), 0, -1):
        runs = _reverse_from(level, runs)
    return [(part, "rtl" if level % 2 else "ltr") for level, part in runs]


def _reverse_from(level: int, runs: list[tuple[int, str]]) -> list[tuple[int, str]]:
    reordered: list[tuple[int, str]] = []
    for is_high, group in groupby(runs, lambda run: run[0] >= level):
        piece = [*group]
        reordered += reversed(piece) if is_high else piece
    return reordered


@lru_cache(maxsize=2)
def _font_files(bold: bool) -> tuple[Path, ...]:
    """Return the font files, the preferred ones first."""
    noto = Path(str(files("manimgx_fonts")))
    scripts = sorted(noto.glob("NotoSans*.ttf"), key=lambda file: file.name)
    upright = [file for file in scripts if "Italic" not in file.name]
    emoji = [noto / "NotoEmoji[wght].ttf"]
    cjk = [Path(str(files("manimgx_fonts_cjk"))) / _CJK]
    first = fonts.BOLD if bold else fonts.REGULAR
    return (first, *upright, *cjk, *fonts.system_fonts(), *emoji)


@lru_cache(maxsize=500)
def _code_points(path: Path) -> frozenset[int]:
    try:
        face = hb.Face(hb.Blob.from_file_path(str(path)), 0)
        return frozenset(face.unicodes)
    except (hb.HarfBuzzError, OSError, ValueError):
        return frozenset()
