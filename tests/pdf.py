"""Read the PDF files of this site: their pages and the text on them."""

import re
import zlib


def printed(pdf: bytes) -> list[str]:
    """Return the lines of a PDF of ours, in the order in which they were printed."""
    streams = re.findall(rb"stream\n(.*?)\nendstream", pdf, re.DOTALL)
    letters = [
        {
            int(glyph, 16): bytes.fromhex(letter.decode()).decode("utf-16-be")
            for glyph, letter in re.findall(rb"<(\w{4})> <(\w{4,8})>\n", stream)
        }
        for stream in streams
        if stream.startswith(b"/CIDInit")
    ]
    lines, font = [], 0
    for stream in pages(pdf):
        for name, text in re.findall(rb"/F(\d) [\d.]+ Tf|Td \((.*?)\) Tj ET", stream, re.DOTALL):
            if name:
                font = int(name) - 1
                continue
            codes = re.sub(rb"\\(.)", lambda c: b"\r" if c[1] == b"r" else c[1], text)
            pairs = zip(codes[::2], codes[1::2], strict=True)
            line = "".join(letters[font][high * 256 + low] for high, low in pairs)
            lines.append(line.replace("\u00a0", " "))
    return lines


def pages(pdf: bytes) -> list[bytes]:
    """Return the content of each page, uncompressed."""
    numbers = re.findall(rb"/Contents (\d+) 0 R", pdf)
    return [
        zlib.decompress(
            re.findall(rb"\n%s 0 obj.*?stream\n(.*?)\nendstream" % number, pdf, re.DOTALL)[0]
        )
        for number in numbers
    ]
