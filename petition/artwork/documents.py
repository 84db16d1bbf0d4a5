"""PDF documents on A4: a poster, and sheets for signatures on paper. Lengths are in mm."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, pairwise

from petition.artwork.card import ArtworkText, CardText, count_colour, split_count
from petition.artwork.fonts import BOLD, REGULAR, serif
from petition.artwork.pdf import HEIGHT, WIDTH, Column, PdfDocument, TextStyle
from petition.artwork.qr_code import matrix
from petition.core import colours

_FIELD_HEIGHT = 128  # of the coloured field of a poster
_PHOTO_WIDTH = 72
_CODE_SIDE = 70
_STRIPS, _STRIP_HEIGHT = 8, 56  # to tear off

_MIN_ROWS, _ROW_HEIGHT, _LABELS_HEIGHT = 12, 9.2, 7  # of the table on a sheet
_TABLE_BOTTOM = 266
_PRIVACY_HEIGHT, _LEGIBLE = 9, 2.5  # of the line below the table; 2.5 mm are 7 pt
_COLUMN_SHARES = (5, 3, 5, 2, 4)  # name, country, email, date, signature


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetText(ArtworkText):
    """The texts of a sheet. `columns` are in the order of `_COLUMN_SHARES`."""

    demands: Sequence[str]
    columns: Sequence[str]
    number: str  # contains {number}
    organiser: str
    privacy: str


def poster(
    text: CardText,
    *,
    colour: str,
    address: str,
    organiser: str,
    created_at: datetime,
    photo: bytes | None,
) -> bytes:
    """Return a poster of one page as PDF. The QR code holds `address`, with its scheme."""
    pdf = PdfDocument(text, author=text.site, created_at=created_at)
    pdf.add_page()
    _draw_field(pdf, text, colour, photo)
    _draw_call(pdf, text, colour, address)
    pdf.line(pdf.column(15, 195), 235, organiser, TextStyle(REGULAR, _sizes(4, 2.4)))
    _draw_strips(pdf, text)
    return pdf.content()


def sheet(
    text: SheetText, *, address: str, first: int = 1, sheets: int = 1, created_at: datetime
) -> bytes:
    """Return sheets for signatures as PDF, one a page, numbered from `first`."""
    pdf = PdfDocument(text, author=text.organiser, created_at=created_at)
    for number in range(first, first + sheets):
        pdf.add_page()
        top = _draw_heading(pdf, text, address)
        label = text.number.replace("{number}", str(number))
        style = TextStyle(BOLD, _sizes(4, 2.4))
        pdf.line(pdf.column(147, 197), 45.5, label, style, at_end=True)
        _draw_table(pdf, text.columns, top)
        _draw_footer(pdf, text)
    return pdf.content()


def _sizes(largest: float, smallest: float) -> list[float]:
    """Return type sizes, each 5 % smaller than the one before."""
    sizes = [largest]
    while sizes[-1] * 0.95 > smallest:
        sizes.append(sizes[-1] * 0.95)
    return [*sizes, smallest]


def _draw_field(pdf: PdfDocument, text: CardText, colour: str, photo: bytes | None) -> None:
    """Draw the upper part of a poster: target, headline and photograph."""
    pdf.fill(0, 0, WIDTH, _FIELD_HEIGHT, colour)
    column = pdf.column(15, 195)
    if photo:
        left = pdf.column(WIDTH - _PHOTO_WIDTH, WIDTH).left
        pdf.picture(left, 0, _PHOTO_WIDTH, _FIELD_HEIGHT, photo)
        column = pdf.column(15, WIDTH - _PHOTO_WIDTH - 9)
    on_field = colours.text_colour_on(colour)
    pdf.block(column, 18, 15, text.to, TextStyle(REGULAR, _sizes(6.5, 4), on_field))
    headline = TextStyle(serif(text.headline, BOLD), _sizes(26, 7), on_field, 1.12)
    pdf.block(column, 40, _FIELD_HEIGHT - 40 - 14, text.headline, headline, at_bottom=True)


def _draw_call(pdf: PdfDocument, text: CardText, colour: str, address: str) -> None:
    """Draw the lower part of a poster: QR code, count, call to sign, and the address to type."""
    top = _FIELD_HEIGHT + 12
    pdf.qr_code(pdf.column(15, 15 + _CODE_SIDE).left, top, _CODE_SIDE, matrix(address))
    beside = pdf.column(15 + _CODE_SIDE + 12, 195)
    if text.counted:
        number, rest = split_count(text.counted)
        font = serif(number, BOLD)
        style = TextStyle(font, _sizes(24, 8), count_colour(colour, "#ffffff"))
        pdf.line(beside, top + 18, number, style)
        pdf.line(beside, top + 30, rest, TextStyle(REGULAR, _sizes(7, 4)))
    call = TextStyle(serif(text.call, BOLD), _sizes(11, 5))
    pdf.block(beside, top + 40, _CODE_SIDE - 40, text.call, call, at_bottom=True)
    base = top + _CODE_SIDE + 17
    pdf.line(pdf.column(15, 195), base, text.address, TextStyle(BOLD, _sizes(12, 3)))


def _draw_strips(pdf: PdfDocument, text: CardText) -> None:
    """Draw the strips at the bottom of a poster, to cut apart and tear off."""
    top, width = HEIGHT - _STRIP_HEIGHT, WIDTH / _STRIPS
    pdf.rule((0, top), (WIDTH, top), dashed=True)
    host, slash, path = text.address.partition("/")
    # The left-to-right mark keeps the slash before the path in a right-to-left language.
    address = f"{host}\n\u200e{slash}{path}" if path else host
    # Most printers leave the last millimetres of a page white.
    bottom, length = HEIGHT - 8, _STRIP_HEIGHT - 12
    for number in range(_STRIPS):
        left = number * width
        if number:
            pdf.rule((left, top), (left, HEIGHT), dashed=True)
        call, rest = Column(left + 4.5, left + 9.5), Column(left + 11, left + width - 2)
        pdf.upright(call, bottom, length, text.call, TextStyle(BOLD, _sizes(3.6, 2)))
        pdf.upright(rest, bottom, length, address, TextStyle(REGULAR, _sizes(4.4, 2.8)))


def _draw_heading(pdf: PdfDocument, text: SheetText, address: str) -> float:
    """Draw what stands above the table of a sheet; return where the table begins."""
    code = pdf.column(170, 197)
    pdf.qr_code(code.left, 13, code.width, matrix(address))
    beside = pdf.column(13, 161)
    headline = TextStyle(serif(text.headline, BOLD), _sizes(8, 4.2), leading=1.14)
    base = pdf.block(beside, 13, 19, text.headline, headline)
    base = pdf.block(beside, base + 4, 9, text.to, TextStyle(REGULAR, _sizes(4.6, 3)))
    top = max(base + 5, 50 if base > 40 else 0)
    height = _TABLE_BOTTOM - _LABELS_HEIGHT - _MIN_ROWS * _ROW_HEIGHT - 6 - top
    column = pdf.column(13, 197) if top > 48 else beside
    demands, style = "\n".join(text.demands), TextStyle(REGULAR, _sizes(3.9, 2.5))
    base = pdf.block(column, top, height, demands, style, dashes=len(text.demands) > 1)
    return max(base, 45.5) + 5


def _draw_table(pdf: PdfDocument, labels: Sequence[str], top: float) -> None:
    """Draw as many empty rows as there is room for."""
    rows = int((_TABLE_BOTTOM - top - _LABELS_HEIGHT) / _ROW_HEIGHT)
    bottom = top + _LABELS_HEIGHT + rows * _ROW_HEIGHT
    shares = [0, *accumulate(_COLUMN_SHARES)]
    edges = [13 + share * (197 - 13) / shares[-1] for share in shares]
    for (start, end), label in zip(pairwise(edges), labels, strict=True):
        column = pdf.column(start + 1.2, end - 1.2)
        pdf.line(column, top + 4.8, label, TextStyle(BOLD, _sizes(3.2, 1.8)))
    for edge in edges:
        x = pdf.column(edge, edge).left
        pdf.rule((x, top), (x, bottom))
    for row in range(rows + 1):
        y = top + _LABELS_HEIGHT + row * _ROW_HEIGHT
        pdf.rule((13, y), (197, y))
    pdf.rule((13, top), (197, top))


def _draw_footer(pdf: PdfDocument, text: SheetText) -> None:
    column, style = pdf.column(13, 197), TextStyle(REGULAR, _sizes(3.4, _LEGIBLE))
    base = pdf.block(column, _TABLE_BOTTOM + 3, _PRIVACY_HEIGHT, text.privacy, style)
    pdf.line(column, max(base + 5, 281), f"{text.organiser} · {text.address}", style)
