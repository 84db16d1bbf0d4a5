"""The pictures that go along with a link: a card for previews and a tall one for stories."""

import re
from dataclasses import dataclass, replace

from petition.artwork.canvas import Align, Box, Canvas
from petition.artwork.fonts import BOLD, ITALIC, REGULAR
from petition.core import colours

_FIGURES = re.compile(r"\d(?:[\d\s.,’'٬]*\d)?\+?")


@dataclass(frozen=True, slots=True)
class CardText:
    """What the artwork says, already in `language`. `counted` may be empty; `address` is without
    its scheme.
    """

    language: str
    headline: str
    to: str
    counted: str
    call: str
    site: str
    address: str
    right_to_left: bool = False


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where things stand, in px. `headlines` are tried in turn, each with its largest and its
    smallest size. `sign_alone` is where one signs when there is no count yet.
    """

    size: tuple[int, int]
    fields: tuple[Box, ...]
    picture: Box | None
    to: tuple[Box, int, int]
    headlines: tuple[tuple[Box, int, int], ...]
    figures: Box
    sign: Box
    sign_alone: Box
    foot: Box
    align: Align


_CARD = _Layout(
    size=(1200, 630),
    fields=(Box(0, 0, 1200, 398),),
    picture=None,
    to=(Box(72, 40, 1128, 92), 32, 22),
    # First within the square in the middle, to which some programs cut the picture.
    headlines=((Box(300, 112, 900, 358), 92, 60), (Box(72, 112, 1128, 358), 84, 34)),
    figures=Box(300, 434, 548, 534),
    sign=Box(576, 434, 900, 512),
    sign_alone=Box(300, 434, 900, 512),
    foot=Box(72, 568, 1128, 590),
    align="middle",
)
_CARD_WITH_FACE = replace(
    _CARD,
    fields=(Box(0, 0, 790, 398),),
    picture=Box(790, 0, 1200, 630),
    to=(Box(60, 40, 744, 92), 32, 22),
    headlines=((Box(60, 112, 744, 350), 88, 34),),
    figures=Box(60, 434, 344, 534),
    sign=Box(386, 434, 744, 512),
    sign_alone=Box(60, 434, 744, 512),
    foot=Box(60, 568, 744, 590),
    align="start",
)
# Above 250 and below 1660 px the programs put their own buttons over a story.
_STORY = _Layout(
    size=(1080, 1920),
    fields=(Box(0, 0, 1080, 1130), Box(0, 1716, 1080, 1920)),
    picture=None,
    to=(Box(96, 262, 984, 352), 50, 34),
    headlines=((Box(96, 400, 984, 1040), 156, 50),),
    figures=Box(96, 1200, 984, 1398),
    sign=Box(96, 1440, 984, 1552),
    sign_alone=Box(96, 1330, 984, 1442),
    foot=Box(96, 1618, 984, 1650),
    align="start",
)
_STORY_WITH_FACE = replace(
    _STORY,
    fields=(Box(0, 680, 1080, 1224), Box(0, 1716, 1080, 1920)),
    picture=Box(0, 0, 1080, 680),
    to=(Box(96, 724, 984, 806), 44, 32),
    headlines=((Box(96, 838, 984, 1164), 118, 44),),
    figures=Box(96, 1274, 984, 1430),
    sign=Box(96, 1452, 984, 1560),
    sign_alone=Box(96, 1366, 984, 1474),
    foot=Box(96, 1618, 984, 1650),
)


def card(words: CardText, *, colour: str, face: bytes | None = None) -> bytes:
    """Draw the picture for link previews: a PNG of 1200 by 630 px and less than 300 kB. `colour` is
    `#rrggbb`, `face` a picture that Pillow reads.
    """
    return _drawn(words, colour, face, _CARD_WITH_FACE if face else _CARD)


def story(words: CardText, *, colour: str, face: bytes | None = None) -> bytes:
    """Draw the picture for stories: a PNG of 1080 by 1920 px and less than 300 kB. `colour` is
    `#rrggbb`, `face` a picture that Pillow reads.
    """
    return _drawn(words, colour, face, _STORY_WITH_FACE if face else _STORY)


def figures(counted: str) -> tuple[str, str]:
    """Split "12,300+ signatures" into its number, which is set large, and the other words."""
    number = _FIGURES.search(counted)
    if number is None:
        return "", counted
    around = (counted[: number.start()].strip(), counted[number.end() :].strip())
    return number[0], " ".join(part for part in around if part)


def _drawn(words: CardText, colour: str, face: bytes | None, layout: _Layout) -> bytes:
    canvas = Canvas(layout.size, words.right_to_left, layout.align)
    for field in layout.fields:
        canvas.fill(field, colour)
    if face and layout.picture:
        canvas.picture(layout.picture, face)
    on_field = colours.text_colour_on(colour)
    canvas.block((layout.to,), words.to, REGULAR, on_field)
    canvas.block(layout.headlines, words.headline, BOLD, on_field)
    if words.counted:
        # The colour if it reads on paper.
        reads = colours.contrast(colour, colours.PAPER) >= colours.READABLE
        _count(canvas, layout.figures, words.counted, colour if reads else colours.INK)
    _place_to_sign(canvas, layout.sign if words.counted else layout.sign_alone, words.call, colour)
    foot = " · ".join(part for part in (words.site, words.address) if part)
    canvas.line(layout.foot, foot, REGULAR, colours.INK)
    return canvas.png(layout.picture if face else None)


def _count(canvas: Canvas, box: Box, counted: str, colour: str) -> None:
    number, rest = figures(counted)
    canvas.line(box._replace(bottom=box.top + box.height * 58 // 100), number, BOLD, colour)
    canvas.line(box._replace(top=box.bottom - box.height * 22 // 100), rest, REGULAR, colours.INK)


def _place_to_sign(canvas: Canvas, box: Box, call: str, colour: str) -> None:
    """Draw what is on paper where one signs: a cross, a line, and what to do on the line."""
    rule = box.bottom - max(2, box.height // 36)
    canvas.fill(box._replace(top=rule), colours.INK)
    on_line = Box(box.left, box.top + box.height // 4, box.right, rule - box.height // 5)
    cross, written = canvas.beside(on_line, box.height // 3)
    canvas.cross(cross, colour)
    canvas.line(written, call, ITALIC, colours.INK)
