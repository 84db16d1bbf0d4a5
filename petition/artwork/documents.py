"""What is printed on A4: a poster, and sheets for signatures."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, pairwise

from petition.artwork.card import CardText, figures
from petition.artwork.fonts import BOLD, REGULAR
from petition.artwork.pdf import HEIGHT, WIDTH, PdfDocument, Span, TextStyle
from petition.artwork.qr_code import matrix
from petition.core import colours

_FIELD = 128  # height of the poster's field
_PICTURE = 72  # width of the photograph beside it
_CODE = 70  # side of the poster's QR code
_SLIPS, _SLIP = 8, 56  # to tear off: how many, and how high

_ROWS, _ROW, _HEADER = 12, 9.2, 7  # of a sheet: at least so many rows, each so high
_TABLE_ENDS = 266
_SHARES = (5, 3, 5, 2, 4)  # of a row: name, country, email, date, signature


@dataclass(frozen=True, slots=True)
class SheetText:
    """What a sheet says, already in `language`. `columns` are name, country, email, date and
    signature; `number` has {number} where the sheet's number belongs; `address` is without its
    scheme.
    """

    language: str
    headline: str
    to: str
    demands: Sequence[str]
    columns: Sequence[str]
    number: str
    organiser: str
    privacy: str
    address: str
    right_to_left: bool = False


def poster(
    words: CardText,
    *,
    colour: str,
    address: str,
    organiser: str,
    made: datetime,
    face: bytes | None = None,
) -> bytes:
    """Return a poster as PDF, one page. `address` with its scheme is in the QR code, `colour` is
    `#rrggbb`, `face` a picture that Pillow reads, `made` the time that the file says it was made.
    """
    press = PdfDocument(
        title=words.headline,
        author=words.site,
        language=words.language,
        made=made,
        right_to_left=words.right_to_left,
    )
    press.page()
    _field(press, words, colour, face)
    _invitation(press, words, colour, address)
    press.line(press.span(15, 195), 235, organiser, TextStyle(REGULAR, _sizes(4, 2.4)))
    _slips(press, words)
    return press.content()


def sheet(
    words: SheetText, *, address: str, first: int = 1, sheets: int = 1, made: datetime
) -> bytes:
    """Return so many sheets for signatures as PDF, numbered from `first`, one to a page. `address`
    with its scheme is in the QR code, `made` the time that the file says it was made.
    """
    press = PdfDocument(
        title=words.headline,
        author=words.organiser,
        language=words.language,
        made=made,
        right_to_left=words.right_to_left,
    )
    for number in range(first, first + sheets):
        press.page()
        top = _heading(press, words, address)
        numbered = words.number.replace("{number}", str(number))
        press.line(press.span(147, 197), 45.5, numbered, TextStyle(BOLD, _sizes(4, 2.4)), "end")
        _table(press, words.columns, top)
        _foot(press, words)
    return press.content()


def _sizes(largest: float, smallest: float) -> list[float]:
    """Return sizes in mm, each a twentieth smaller than the one before."""
    sizes = [largest]
    while sizes[-1] * 0.95 > smallest:
        sizes.append(sizes[-1] * 0.95)
    return [*sizes, smallest]


def _field(press: PdfDocument, words: CardText, colour: str, face: bytes | None) -> None:
    """Draw the upper part of a poster: to whom, what for, and the photograph."""
    press.fill(0, 0, WIDTH, _FIELD, colour)
    span = press.span(15, 195)
    if face:
        picture = press.span(WIDTH - _PICTURE, WIDTH)
        press.picture(picture.left, 0, _PICTURE, _FIELD, face)
        span = press.span(15, WIDTH - _PICTURE - 9)
    on_field = colours.text_colour_on(colour)
    press.block(span, 18, 15, words.to, TextStyle(REGULAR, _sizes(6.5, 4), on_field))
    press.block(
        span,
        40,
        _FIELD - 40 - 14,
        words.headline,
        TextStyle(BOLD, _sizes(26, 7), on_field, 1.12),
        at_foot=True,
    )


def _invitation(press: PdfDocument, words: CardText, colour: str, address: str) -> None:
    """Draw the lower part of a poster: QR code, count, what to do, and the address to type."""
    top = _FIELD + 12
    press.squares(press.span(15, 15 + _CODE).left, top, _CODE, matrix(address))
    beside = press.span(15 + _CODE + 12, 195)
    if words.counted:
        number, rest = figures(words.counted)
        reads = colours.contrast(colour, "#ffffff") >= colours.READABLE
        figure = TextStyle(BOLD, _sizes(24, 8), colour if reads else colours.INK)
        press.line(beside, top + 18, number, figure)
        press.line(beside, top + 30, rest, TextStyle(REGULAR, _sizes(7, 4)))
    press.block(
        beside, top + 40, _CODE - 40, words.call, TextStyle(BOLD, _sizes(11, 5)), at_foot=True
    )
    press.line(press.span(15, 195), top + _CODE + 17, words.address, TextStyle(BOLD, _sizes(12, 3)))


def _slips(press: PdfDocument, words: CardText) -> None:
    """Draw the slips at the foot of a poster, to be cut apart and torn off."""
    top, wide = HEIGHT - _SLIP, WIDTH / _SLIPS
    press.rule((0, top), (WIDTH, top), dashed=True)
    host, slash, path = words.address.partition("/")
    # The mark keeps the stroke before the path where the language is written right to left.
    address = f"{host}\n\u200e{slash}{path}" if path else host
    for number in range(_SLIPS):
        left = number * wide
        if number:
            press.rule((left, top), (left, HEIGHT), dashed=True)
        # Not at the very foot: most printers leave the last millimetres of a page white.
        span, foot, length = Span(left + 4.5, left + wide - 2), HEIGHT - 8, _SLIP - 12
        call = Span(span.left, span.left + 5)
        press.upright(call, foot, length, words.call, TextStyle(BOLD, _sizes(3.6, 2)))
        rest = Span(call.right + 1.5, span.right)
        press.upright(rest, foot, length, address, TextStyle(REGULAR, _sizes(4.4, 2.8)))


def _heading(press: PdfDocument, words: SheetText, address: str) -> float:
    """Draw what stands above the table, and return where it ends."""
    code = press.span(170, 197)
    press.squares(code.left, 13, code.width, matrix(address))
    beside, whole = press.span(13, 161), press.span(13, 197)
    base = press.block(
        beside, 13, 19, words.headline, TextStyle(BOLD, _sizes(8, 4.2), leading=1.14)
    )
    base = press.block(beside, base + 4, 9, words.to, TextStyle(REGULAR, _sizes(4.6, 3)))
    top = max(base + 5, 50 if base > 40 else 0)
    most = _TABLE_ENDS - _HEADER - _ROWS * _ROW - 6 - top
    demands = "\n".join(words.demands)
    several = len(words.demands) > 1
    span = whole if top > 48 else beside
    base = press.block(
        span, top, most, demands, TextStyle(REGULAR, _sizes(3.9, 2.5)), dashes=several
    )
    return max(base, 45.5) + 5


def _table(press: PdfDocument, columns: Sequence[str], top: float) -> None:
    """Draw as many empty rows as there is room for."""
    rows = int((_TABLE_ENDS - top - _HEADER) / _ROW)
    foot = top + _HEADER + rows * _ROW
    shares = [0, *accumulate(_SHARES)]
    edges = [13 + share * (197 - 13) / shares[-1] for share in shares]
    for (start, end), label in zip(pairwise(edges), columns, strict=True):
        span = press.span(start + 1.2, end - 1.2)
        press.line(span, top + 4.8, label, TextStyle(BOLD, _sizes(3.2, 1.8)))
    for edge in edges:
        x = press.span(edge, edge).left
        press.rule((x, top), (x, foot))
    for row in range(rows + 1):
        y = top + _HEADER + row * _ROW
        press.rule((13, y), (197, y))
    press.rule((13, top), (197, top))


def _foot(press: PdfDocument, words: SheetText) -> None:
    span = press.span(13, 197)
    base = press.block(span, _TABLE_ENDS + 3, 7, words.privacy, TextStyle(REGULAR, _sizes(3, 2.2)))
    end = f"{words.organiser} · {words.address}"
    press.line(span, max(base + 5, 281), end, TextStyle(REGULAR, _sizes(3, 2.2)))
