"""The objects of a PDF file, in the order in which they are written (ISO 32000-1)."""

import zlib
from collections.abc import Callable, Iterator
from datetime import datetime

from petition.artwork.stream.font import PdfFont
from petition.artwork.stream.shaping import ShapedText

WIDTH, HEIGHT = 595.28, 841.89  # points: A4


class Content:
    """The drawing instructions of a page, or of a part of it. Lengths are in points, y goes up."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def text(self, x: float, y: float, size: float, text: ShapedText, grey: float = 0) -> None:
        """Draw text from its left end, on a base line."""
        part = [f"BT {grey:.2g} g"]
        for run in text.runs:
            part.append(
                f"/F{run.font.number} {size:.4g} Tf 1 0 0 1 {x:.2f} {y:.2f} Tm {run.shown(size)}"
            )
            x += run.width * size / 1000
        self._parts.append(" ".join([*part, "ET"]))

    def rule(self, x: float, y: float, width: float) -> None:
        """Draw a thin line to the right."""
        self._parts.append(f"0.5 w 0.6 G {x:.2f} {y:.2f} m {x + width:.2f} {y:.2f} l S")

    def data(self) -> bytes:
        """Return the instructions."""
        return "\n".join(self._parts).encode("ascii")


class StreamedPdf:
    """A PDF whose pages are written as they come. `take` returns what is new.

    Equal input gives equal bytes. Of each page a number stays in memory.
    """

    def __init__(self) -> None:
        self._offsets: list[int] = [0, 0, 0, 0]  # catalogue, pages, resources, information
        self._bodies: list[int] = []  # object numbers of the pages' contents
        self._size = 0
        self._new: list[bytes] = []
        self._write(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")

    @property
    def pages(self) -> int:
        """How many pages there are so far."""
        return len(self._bodies)

    def add_page(self, content: Content) -> None:
        """Write what is on the next page, but its foot."""
        self._bodies.append(self._stream(content.data()))

    def finish(
        self,
        fonts: list[PdfFont],
        foot: Callable[[int, int], Content],
        *,
        title: str,
        author: str,
        language: str,
        created_at: datetime,
    ) -> Iterator[bytes]:
        """Yield the rest: the feet of the pages, each by its number and their total, and fonts."""
        total, kids = self.pages, []
        for number, body in enumerate(self._bodies, start=1):
            end = self._stream(foot(number, total).data())
            page = (
                f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {WIDTH} {HEIGHT}]/Resources 3 0 R"
                f"/Contents[{body} 0 R {end} 0 R]>>"
            )
            kids.append(self._object(page.encode()))
            if number % 100 == 0:
                yield self.take()
        self._object(f"<</Type/Pages/Count {total}/Kids[{_refs(kids)}]>>".encode(), 2)
        references = " ".join(f"/F{font.number} {self._font(font)} 0 R" for font in fonts)
        self._object(f"<</Font<<{references}>>>>".encode(), 3)
        moment = f"(D:{created_at:%Y%m%d%H%M%S}Z)"
        information = f"/Title{_text(title)}/Author{_text(author)}/CreationDate{moment}"
        self._object(f"<<{information}>>".encode(), 4)
        shown = "/ViewerPreferences<</DisplayDocTitle true>>"
        catalogue = f"<</Type/Catalog/Pages 2 0 R/Lang{_text(language)}{shown}>>"
        self._object(catalogue.encode(), 1)
        self._end()
        yield self.take()

    def take(self) -> bytes:
        """Return what was written since the last call."""
        new, self._new = b"".join(self._new), []
        return new

    def _end(self) -> None:
        start, count = self._size, len(self._offsets) + 1
        lines = "".join(f"{offset:010} 00000 n \n" for offset in self._offsets)
        self._write(f"xref\n0 {count}\n0000000000 65535 f \n{lines}".encode())
        trailer = f"trailer\n<</Size {count}/Root 1 0 R/Info 4 0 R>>\nstartxref\n{start}\n%%EOF\n"
        self._write(trailer.encode())

    def _font(self, font: PdfFont) -> int:
        """Write a composite font with the glyphs that were used; return its object number."""
        program = font.program()
        extra = (
            f"/Length1 {len(program.data)}"
            if program.key == "FontFile2"
            else "/Subtype/CIDFontType0C"
        )
        file = self._stream(program.data, extra)
        box = " ".join(map(str, program.box))
        name = f"/AAAA{chr(65 + font.number // 26)}{chr(65 + font.number % 26)}+{program.name}"
        descriptor = self._object(
            f"<</Type/FontDescriptor/FontName{name}/Flags 4/FontBBox[{box}]/ItalicAngle 0"
            f"/Ascent {program.box[3]}/Descent {program.box[1]}/CapHeight 700/StemV 80"
            f"/{program.key} {file} 0 R>>".encode()
        )
        kind = "CIDFontType2/CIDToGIDMap/Identity" if program.key == "FontFile2" else "CIDFontType0"
        widths = " ".join(f"{glyph}[{width}]" for glyph, width in font.widths())
        system = "/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>"
        descendant = self._object(
            f"<</Type/Font/Subtype/{kind}/BaseFont{name}/FontDescriptor {descriptor} 0 R/DW 0"
            f"{system}/W[{widths}]>>".encode()
        )
        characters = self._stream(font.to_unicode().encode())
        return self._object(
            f"<</Type/Font/Subtype/Type0/BaseFont{name}/Encoding/Identity-H"
            f"/DescendantFonts[{descendant} 0 R]/ToUnicode {characters} 0 R>>".encode()
        )

    def _stream(self, data: bytes, extra: str = "") -> int:
        packed = zlib.compress(data, 6)
        head = f"<</Filter/FlateDecode/Length {len(packed)}{extra}>>\nstream\n".encode()
        return self._object(b"".join((head, packed, b"\nendstream")))

    def _object(self, content: bytes, number: int = 0) -> int:
        if not number:
            self._offsets.append(0)
            number = len(self._offsets)
        self._offsets[number - 1] = self._size
        self._write(b"".join((f"{number} 0 obj\n".encode(), content, b"\nendobj\n")))
        return number

    def _write(self, data: bytes) -> None:
        self._new.append(data)
        self._size += len(data)


def _refs(numbers: list[int]) -> str:
    return " ".join(f"{number} 0 R" for number in numbers)


def _text(text: str) -> str:
    """Return a text string as PDF has it: UTF-16 with a byte order mark, in hexadecimal."""
    return f"<FEFF{text.encode('utf-16-be').hex().upper()}>"
