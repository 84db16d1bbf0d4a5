"""Share pictures as PNG: a card for link previews and a tall one for stories."""

import re
from dataclasses import dataclass, replace

from petition.artwork.canvas import Box, Canvas
from petition.artwork.fonts import BOLD, ITALIC, REGULAR, serif
from petition.core import colours

_NUMBER = re.compile(r"\d(?:[\d\s.,’'٬]*\d)?\+?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtworkText:
    """The texts that every drawing has, in `language`. `address` has no scheme."""

    language: str
    headline: str
    to: str
    address: str
    right_to_left: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CardText(ArtworkText):
    """The texts of a card, story or poster. `counted` may be empty."""

    counted: str
    call: str
    site: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """Boxes in px, some with a largest and a smallest type size.

    `headlines` are tried in turn. `sign_alone` replaces `sign` while there is no count.
    """

    size: tuple[int, int]
    fields: tuple[Box, ...]
    picture: Box | None = None
    to: tuple[Box, int, int]
    headlines: tuple[tuple[Box, int, int], ...]
    count: Box
    sign: Box
    sign_alone: Box
    footer: Box
    centred: bool = False


_CARD = _Layout(
    size=(1200, 630),
    fields=(Box(0, 0, 1200, 398),),
    to=(Box(72, 40, 1128, 92), 32, 22),
    # First within the central square: some programs crop the picture to it.
    headlines=((Box(300, 112, 900, 358), 92, 60), (Box(72, 112, 1128, 358), 84, 34)),
    count=Box(300, 434, 548, 534),
    sign=Box(576, 434, 900, 512),
    sign_alone=Box(300, 434, 900, 512),
    footer=Box(72, 568, 1128, 590),
    centred=True,
)
_CARD_WITH_PHOTO = replace(
    _CARD,
    fields=(Box(0, 0, 790, 398),),
    picture=Box(790, 0, 1200, 630),
    to=(Box(60, 40, 744, 92), 32, 22),
    headlines=((Box(60, 112, 744, 350), 88, 34),),
    count=Box(60, 434, 344, 534),
    sign=Box(386, 434, 744, 512),
    sign_alone=Box(60, 434, 744, 512),
    footer=Box(60, 568, 744, 590),
    centred=False,
)
# Programs cover a story above 250 px and below 1660 px with their own buttons.
_STORY = _Layout(
    size=(1080, 1920),
    fields=(Box(0, 0, 1080, 1130), Box(0, 1716, 1080, 1920)),
    to=(Box(96, 262, 984, 352), 50, 34),
    headlines=((Box(96, 400, 984, 1040), 156, 50),),
    count=Box(96, 1200, 984, 1398),
    sign=Box(96, 1440, 984, 1552),
    sign_alone=Box(96, 1330, 984, 1442),
    footer=Box(96, 1618, 984, 1650),
)
_STORY_WITH_PHOTO = replace(
    _STORY,
    fields=(Box(0, 680, 1080, 1224), Box(0, 1716, 1080, 1920)),
    picture=Box(0, 0, 1080, 680),
    to=(Box(96, 724, 984, 806), 44, 32),
    headlines=((Box(96, 838, 984, 1164), 118, 44),),
    count=Box(96, 1274, 984, 1430),
    sign=Box(96, 1452, 984, 1560),
    sign_alone=Box(96, 1366, 984, 1474),
)


def card(text: CardText, *, colour: str, photo: bytes | None = None) -> bytes:
    """Return the picture for link previews: a PNG of 1200 by 630 px and less than 300 kB."""
    return _draw(text, colour, photo, _CARD_WITH_PHOTO if photo else _CARD)


def story(text: CardText, *, colour: str, photo: bytes | None = None) -> bytes:
    """Return the picture for stories: a PNG of 1080 by 1920 px, otherwise like `card`."""
    return _draw(text, colour, photo, _STORY_WITH_PHOTO if photo else _STORY)


def split_count(counted: str) -> tuple[str, str]:
    """Split "12,300+ signatures" into the number and the other words."""
    number = _NUMBER.search(counted)
    if number is None:
        return "", counted
    before, after = counted[: number.start()].strip(), counted[number.end() :].strip()
    return number[0], f"{before} {after}".strip()


def count_colour(colour: str, background: str) -> str:
    """Return the colour of the count: `colour` if it is readable on the background, else ink."""
    return colour if colours.contrast(colour, background) >= colours.READABLE else colours.INK


def _draw(text: CardText, colour: str, photo: bytes | None, layout: _Layout) -> bytes:
    canvas = Canvas(layout.size, text.right_to_left, layout.centred)
    for field in layout.fields:
        canvas.fill(field, colour)
    if photo and layout.picture:
        canvas.picture(layout.picture, photo)
    on_field = colours.text_colour_on(colour)
    canvas.block((layout.to,), text.to, REGULAR, on_field)
    canvas.block(layout.headlines, text.headline, serif(text.headline, BOLD), on_field)
    if text.counted:
        box = layout.count
        number, rest = split_count(text.counted)
        number_box = box._replace(bottom=box.top + box.height * 58 // 100)
        rest_box = box._replace(top=box.bottom - box.height * 22 // 100)
        number_colour = count_colour(colour, colours.PAPER)
        canvas.line(number_box, number, serif(number, BOLD), number_colour)
        canvas.line(rest_box, rest, REGULAR, colours.INK)
    sign = layout.sign if text.counted else layout.sign_alone
    _draw_signature_line(canvas, sign, text.call, colour)
    footer = " · ".join(part for part in (text.site, text.address) if part)
    canvas.line(layout.footer, footer, REGULAR, colours.INK)
    return canvas.png(layout.picture if photo else None)


def _draw_signature_line(canvas: Canvas, box: Box, call: str, colour: str) -> None:
    """Draw a signature line as on paper: a cross, a rule, and the call to sign on it."""
    rule = box.bottom - max(2, box.height // 36)
    canvas.fill(box._replace(top=rule), colours.INK)
    on_rule = Box(box.left, box.top + box.height // 4, box.right, rule - box.height // 5)
    cross_box, call_box = canvas.split(on_rule, box.height // 3)
    canvas.cross(cross_box, colour)
    canvas.line(call_box, call, serif(call, ITALIC), colours.INK)
