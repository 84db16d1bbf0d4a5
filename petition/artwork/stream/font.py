"""A font of a PDF file: the glyphs that are used, cut out by HarfBuzz at the end."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import uharfbuzz as hb

_UNSHAPED_TABLES = ("GSUB", "GPOS", "GDEF", "BASE", "STAT", "VORG", "vhea", "vmtx", "kern", "post")
_SUBSET_FLAGS = (
    hb.SubsetFlags.RETAIN_GIDS
    | hb.SubsetFlags.NO_HINTING
    | hb.SubsetFlags.NO_LAYOUT_CLOSURE
    | hb.SubsetFlags.DOWNGRADE_CFF2
    | hb.SubsetFlags.CFF_IDENTITY_CHARSET
)


class FontProgram(NamedTuple):
    """The part of a font that goes into the file, its key there, and its box in 1/1000."""

    name: str
    key: str
    data: bytes
    box: tuple[int, int, int, int]


class PdfFont:
    """A font of a file, and which of its glyphs are used, with the text that each stands for."""

    def __init__(self, number: int, path: Path, index: int, weight: int) -> None:
        self.number, self._path, self._weight = number, path, weight
        self._face = hb.Face(hb.Blob.from_file_path(str(path)), index)
        self.font = hb.Font(self._face)
        self.scale = 1000 / self._face.upem
        self._is_variable = "wght" in {axis.tag for axis in self._face.axis_infos}
        if self._is_variable:
            self.font.set_variations({"wght": weight})
        self._used: dict[int, str] = {0: ""}

    def has(self, char: str) -> bool:
        """Return whether there is a glyph for a character."""
        return bool(self.font.get_nominal_glyph(ord(char)))

    def use(self, glyph: int, text: str) -> bool:
        """Note a glyph and the text that it stands for; return whether it always does.

        A glyph stands for what it stood for first. One of many for a letter stands for none.
        """
        return self._used.setdefault(glyph, text) == text != ""

    def width(self, glyph: int) -> int:
        """Return the width of a glyph, in 1/1000."""
        advance: float = self.font.get_glyph_h_advance(glyph)
        scale: float = self.scale
        return round(advance * scale)

    def widths(self) -> Iterator[tuple[int, int]]:
        """Yield the glyphs that were used and their widths."""
        for glyph in sorted(self._used):
            yield glyph, self.width(glyph)

    def to_unicode(self) -> str:
        """Return the map by which text is copied and searched."""
        used = sorted((glyph, text) for glyph, text in self._used.items() if text)
        blocks = []
        for start in range(0, len(used), 100):
            block = used[start : start + 100]
            lines = [f"<{glyph:04X}> <{text.encode('utf-16-be').hex()}>" for glyph, text in block]
            blocks.append("\n".join([f"{len(block)} beginbfchar", *lines, "endbfchar"]))
        return "\n".join(
            [
                "/CIDInit /ProcSet findresource begin 12 dict begin begincmap",
                "/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def",
                "/CMapName /Adobe-Identity-UCS def /CMapType 2 def",
                "1 begincodespacerange <0000> <FFFF> endcodespacerange",
                *blocks,
                "endcmap CMapName currentdict /CMap defineresource pop end end",
            ]
        )

    def program(self) -> FontProgram:
        """Return the glyphs that were used, at the weight of the text."""
        wanted = hb.SubsetInput()
        wanted.glyph_set.update(self._used)
        wanted.flags = _SUBSET_FLAGS
        if self._face.axis_infos:
            wanted.pin_all_axes_to_default(self._face)
        if self._is_variable:
            wanted.pin_axis_location(self._face, "wght", self._weight)
        for tag in _UNSHAPED_TABLES:
            wanted.drop_table_tag_set.add(int.from_bytes(tag.encode()))
        face = hb.subset(self._face, wanted)
        extents = self.font.get_font_extents("ltr")
        top, bottom = (round(value * self.scale) for value in (extents.ascender, extents.descender))
        name = "".join(char for char in self._path.stem if char.isascii() and char.isalnum())
        is_cff = "CFF " in face.table_tags
        data = face.reference_table("CFF ").data if is_cff else face.blob.data
        box = (-500, bottom, 2000, top)
        return FontProgram(name, "FontFile3" if is_cff else "FontFile2", bytes(data), box)
