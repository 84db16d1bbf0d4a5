"""Read the PDF files of a pack: their pages and the text on them, in the order of drawing."""

import re
import zlib


def objects(pdf: bytes) -> dict[int, bytes]:
    """Return the objects of a file by number, found by its own table of offsets."""
    start = int(re.findall(rb"startxref\n(\d+)\n%%EOF\n$", pdf)[0])
    lines = pdf[start:].splitlines()
    count = int(lines[1].split()[1])
    found = {}
    for number, line in enumerate(lines[3 : 2 + count], start=1):
        at = int(line.split()[0])
        head = b"%d 0 obj\n" % number
        assert pdf[at : at + len(head)] == head, "the table of offsets is wrong"
        found[number] = pdf[at + len(head) : pdf.index(b"\nendobj", at)]
    return found


def stream(content: bytes) -> bytes:
    """Return the content of a stream, unpacked."""
    return zlib.decompress(content.partition(b"\nstream\n")[2].rpartition(b"\nendstream")[0])


def pages(pdf: bytes) -> list[list[str]]:
    """Return the texts of each page."""
    found = objects(pdf)
    fonts = dict(re.findall(rb"/F(\d+) (\d+) 0 R", found[3]))
    letters = {name: _letters(found, int(number)) for name, number in fonts.items()}
    order = re.findall(rb"(\d+) 0 R", found[2].partition(b"/Kids[")[2])
    return [
        [
            line
            for number in re.findall(rb"(\d+) 0 R", found[int(page)].partition(b"/Contents[")[2])
            for line in _lines(stream(found[int(number)]), letters)
        ]
        for page in order
    ]


def _letters(found: dict[int, bytes], font: int) -> dict[str, str]:
    number = re.findall(rb"/ToUnicode (\d+) 0 R", found[font])[0]
    pairs = re.findall(rb"<(\w{4})> <(\w+)>\n", stream(found[int(number)]))
    return {
        glyph.decode(): bytes.fromhex(text.decode()).decode("utf-16-be") for glyph, text in pairs
    }


def _lines(content: bytes, letters: dict[bytes, dict[str, str]]) -> list[str]:
    lines = []
    for block in re.findall(rb"BT (.*?)ET", content, re.DOTALL):
        line, font = "", b""
        tokens = rb"/F(\d+) |ActualText<FEFF(\w+)>>>BDC .*?EMC|<(\w+)>"
        for name, actual, codes in re.findall(tokens, block, re.DOTALL):
            if name:
                font = name
            elif actual:
                line += bytes.fromhex(actual.decode()).decode("utf-16-be")
            else:
                glyphs = re.findall(r"\w{4}", codes.decode())
                line += "".join(letters[font][glyph] for glyph in glyphs)
        lines.append(line)
    return lines
